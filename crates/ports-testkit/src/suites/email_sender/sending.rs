//! What becomes of e-mails when all goes well, and when the vendor says no.

use kopru_domain::email::{Attachment, Email, Tag};
use kopru_domain::message::{MessageStatus, Trouble as Reason};
use kopru_ports::Retry;
use kopru_ports::emails::EmailRequest;
use kopru_ports::messages::SendError;

use super::{EmailWorld, TakenEmail, email, mailbox, request, sent};

/// The same whenever it is asked for.
pub async fn an_account_says_what_it_takes(world: impl EmailWorld) {
    let account = world.emails().account(&world.company()).await.expect("an account");
    assert!(!account.sender.account.is_empty() && account.sender.per_second > 0.0, "{account:?}");
    assert!(account.most_bytes >= 1_000_000, "{account:?}");
    assert_eq!(world.emails().account(&world.company()).await.expect("an account"), account);
}

/// Every letter and byte of it, with all that an e-mail can have.
pub async fn an_email_is_taken_as_it_is(world: impl EmailWorld) {
    let bytes: Vec<u8> = (0..=255).collect();
    let said = Email {
        to_name: Some("Işıl \"İ\", Ğ.".to_owned()),
        cc: vec![mailbox("Çağrı <b@example.com>")],
        bcc: vec![mailbox("c@example.com"), mailbox("d@example.com")],
        reply_to: vec![mailbox("e@example.com")],
        text: "Sayın Işıl Ğ., %20 & +90 = \"çok\"\n‘iyi’ 👍".to_owned(),
        html: Some("<p>Sayın <b>Işıl</b> &amp; 👍</p>".to_owned()),
        attachments: vec![Attachment::new("teklif ğüş.bin", Some("application/x-b"), bytes).expect("a file")],
        tags: vec![Tag::new("kampanya", "bahar-1").expect("a tag")],
        unsubscribe: Some("https://example.com/u/1?a=b&c=d".to_owned()),
        ..email(&world, "Işıl’ın teklifi: %10 İNDİRİM 🎉")
    };
    let request = request(&world, 7, said.clone());
    let to = said.to(&request.envelope.to);
    let report = world.emails().send(request).await.expect("taken");
    assert!(matches!(report.status, MessageStatus::Queued | MessageStatus::Sent), "{report:?}");
    assert_eq!((report.trouble, report.code), (None, None));
    let list_headers = said.list_headers().map(|(name, value)| (name.to_owned(), value)).collect();
    let taken = TakenEmail {
        provider_id: report.provider_id,
        from: said.from,
        to: vec![to],
        cc: said.cc,
        bcc: said.bcc,
        reply_to: said.reply_to,
        subject: said.subject,
        text: said.text,
        html: said.html,
        attachments: said.attachments,
        list_headers,
    };
    assert_eq!(world.taken().await, [taken]);
}

/// However much they are alike: our id tells them apart.
pub async fn another_email_is_another_one(world: impl EmailWorld) {
    let (one, other) = (sent(&world, 1).await, sent(&world, 2).await);
    assert_ne!(one.provider_id, other.provider_id);
    assert_eq!(world.taken().await.len(), 2);
}

/// With the reason where it did not arrive, and only there.
pub async fn a_report_follows_its_email(world: impl EmailWorld) {
    let (good, bad) = (sent(&world, 1).await.provider_id, sent(&world, 2).await.provider_id);
    world.becomes(&good, MessageStatus::Delivered).await;
    world.becomes(&bad, MessageStatus::Undelivered).await;
    for (id, status) in [(&good, MessageStatus::Delivered), (&bad, MessageStatus::Undelivered)] {
        let report = world.emails().report(&world.company(), id).await.expect("a report").expect("an e-mail");
        assert_eq!((&report.provider_id, report.status), (id, status));
        assert_eq!(report.trouble.is_some(), status == MessageStatus::Undelivered, "{report:?}");
    }
}

/// Not even that it failed.
pub async fn of_what_the_vendor_does_not_know_nothing_is_said(world: impl EmailWorld) {
    let found = world.emails().report(&world.company(), &world.unknown_id()).await;
    assert_eq!(found.expect("an answer"), None);
}

/// With the vendor's code for people, and never tried again.
pub async fn what_the_vendor_refuses_is_not_sent(world: impl EmailWorld) {
    let mut request = request(&world, 7, email(&world, "a"));
    request.envelope.to = world.refused_address();
    let error = world.emails().send(request).await.expect_err("refused");
    assert_eq!(error.retry, Retry::Never);
    assert!(error.detail.is_some_and(|code| !code.is_empty()));
    assert_eq!(world.taken().await, []);
}

/// Of any method.
pub async fn without_settings_nothing_is_asked(world: impl EmailWorld) {
    let stranger = || "stranger".parse().expect("an id");
    let request = EmailRequest { company: stranger(), ..request(&world, 7, email(&world, "a")) };
    let refusals: [Option<SendError>; 3] = [
        world.emails().account(&stranger()).await.err(),
        world.emails().send(request).await.err(),
        world.emails().report(&stranger(), &world.unknown_id()).await.err(),
    ];
    for refusal in refusals {
        let refusal = refusal.expect("nobody knows the company");
        assert_eq!((refusal.kind, refusal.retry), (Reason::NotConfigured, Retry::Never));
    }
    assert_eq!(world.taken().await, []);
}
