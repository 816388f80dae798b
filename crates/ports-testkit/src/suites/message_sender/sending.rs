//! What becomes of messages when all goes well, and when the vendor says no.

use jiff::SignedDuration;
use kopru_domain::message::{Channel, MessageStatus, Trouble as Reason};
use kopru_ports::Retry;
use kopru_ports::messages::{Search, SendError, SendRequest};

use super::{MessagesWorld, Taken, number, request, sent, text};

const CHANNELS: [Channel; 2] = [Channel::Sms, Channel::WhatsApp];

/// The same one whenever it is asked for.
pub async fn each_channel_has_a_sender(world: impl MessagesWorld) {
    for channel in CHANNELS {
        let sender = world.messages().sender(&world.company(), channel).await.expect("a sender");
        assert!(!sender.account.is_empty() && !sender.name.is_empty() && sender.per_second > 0.0, "{sender:?}");
        assert_eq!(world.messages().sender(&world.company(), channel).await.expect("a sender"), sender);
    }
}

/// Every letter of it, and its pictures in order.
pub async fn a_message_is_taken_as_it_is(world: impl MessagesWorld) {
    let said = "Sayın Işıl Ğ., %20 & +90 = \"çok\"\n‘iyi’ 👍";
    let media: Vec<_> = ["b", "a"].map(|name| format!("https://example.com/{name}.png?x=1&y=2")).into();
    let media: Vec<_> = media.iter().map(|url| url.parse().expect("an address")).collect();
    let request = SendRequest { media: media.clone(), ..request(&world, &number(12), text(said)) };
    let report = world.messages().send(request).await.expect("taken");
    assert_eq!((report.status, report.trouble, report.code), (MessageStatus::Queued, None, None));
    let taken =
        Taken { provider_id: report.provider_id, channel: Channel::Sms, to: number(12), text: said.to_owned(), media };
    assert_eq!(world.taken().await, [taken]);
}

/// Also to who has never written.
pub async fn a_template_goes_by_whatsapp(world: impl MessagesWorld) {
    let content = world.template().await;
    let request = SendRequest { channel: Channel::WhatsApp, ..request(&world, &number(12), content) };
    let report = world.messages().send(request).await.expect("taken");
    let taken = world.taken().await.remove(0);
    assert_eq!((taken.provider_id, taken.channel, taken.to), (report.provider_id, Channel::WhatsApp, number(12)));
}

/// With the reason where it did not arrive, and only there.
pub async fn a_report_follows_its_message(world: impl MessagesWorld) {
    let (good, bad) = (sent(&world, "a").await.provider_id, sent(&world, "b").await.provider_id);
    world.becomes(&good, MessageStatus::Delivered).await;
    world.becomes(&bad, MessageStatus::Undelivered).await;
    for (id, status) in [(&good, MessageStatus::Delivered), (&bad, MessageStatus::Undelivered)] {
        let report = world.messages().report(&world.company(), id).await.expect("a report").expect("a message");
        assert_eq!((&report.provider_id, report.status), (id, status));
        let is_bad = status == MessageStatus::Undelivered;
        assert_eq!((report.trouble.is_some(), report.code.is_some()), (is_bad, is_bad), "{report:?}");
    }
}

/// However often.
pub async fn a_message_for_later_can_be_taken_back(world: impl MessagesWorld) {
    let send_at = Some(world.now().await + SignedDuration::from_hours(1));
    let request = SendRequest { send_at, ..request(&world, &number(11), text("a")) };
    let report = world.messages().send(request).await.expect("taken");
    assert_eq!(report.status, MessageStatus::Scheduled);
    let (company, id) = (world.company(), report.provider_id);
    for _ in 0..2 {
        assert!(world.messages().cancel(&company, &id).await.expect("an answer"));
    }
    let report = world.messages().report(&company, &id).await.expect("a report").expect("a message");
    assert_eq!(report.status, MessageStatus::Canceled);
}

/// And stays what it is.
pub async fn what_went_cannot_be_taken_back(world: impl MessagesWorld) {
    let id = sent(&world, "a").await.provider_id;
    world.becomes(&id, MessageStatus::Sent).await;
    assert!(!world.messages().cancel(&world.company(), &id).await.expect("an answer"));
    let report = world.messages().report(&world.company(), &id).await.expect("a report").expect("a message");
    assert_eq!(report.status, MessageStatus::Sent);
}

/// Neither of its state nor that it was taken back.
pub async fn of_what_the_vendor_does_not_know_nothing_is_said(world: impl MessagesWorld) {
    let (company, id) = (world.company(), world.unknown_id());
    assert_eq!(world.messages().report(&company, &id).await.expect("an answer"), None);
    assert!(!world.messages().cancel(&company, &id).await.expect("an answer"));
}

/// With the vendor's code for people, and never tried again.
pub async fn what_the_vendor_refuses_is_not_sent(world: impl MessagesWorld) {
    let error = world.messages().send(request(&world, &world.refused_number(), text("a"))).await;
    let error = error.expect_err("refused");
    assert_eq!(error.retry, Retry::Never);
    assert!(error.detail.is_some_and(|code| !code.is_empty()));
    assert_eq!(world.taken().await, []);
}

/// Of any method.
pub async fn without_settings_nothing_is_asked(world: impl MessagesWorld) {
    let stranger = || "stranger".parse().expect("an id");
    let (messages, channel, to, since) = (world.messages(), Channel::Sms, number(11), world.now().await);
    let request = SendRequest { company: stranger(), ..request(&world, &to, text("a")) };
    let search = Search { company: stranger(), channel, to, content: text("a"), since };
    let refusals: [Option<SendError>; 5] = [
        messages.sender(&stranger(), channel).await.err(),
        messages.send(request).await.err(),
        messages.search(&search).await.err(),
        messages.report(&stranger(), &world.unknown_id()).await.err(),
        messages.cancel(&stranger(), &world.unknown_id()).await.err(),
    ];
    for refusal in refusals {
        let refusal = refusal.expect("nobody knows the company");
        assert_eq!((refusal.kind, refusal.retry), (Reason::NotConfigured, Retry::Never));
    }
    assert_eq!(world.taken().await, []);
}
