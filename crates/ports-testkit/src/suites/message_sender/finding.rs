//! What is found again.

use jiff::SignedDuration;
use kopru_domain::message::Channel;
use kopru_ports::messages::{Search, SendRequest};

use super::{MessagesWorld, Trouble, ids, number, request, search, send, sent, text};

/// The only way to know what became of it.
pub async fn a_message_in_doubt_is_found(world: impl MessagesWorld) {
    world.next(Trouble::LostAfter).await;
    send(&world, "a").await.expect_err("no answer");
    let taken = world.taken().await.remove(0);
    assert_eq!(ids(&search(&world, "a").await.expect("an answer")), [taken.provider_id]);
}

/// Number, channel, text and time.
pub async fn what_is_found_fits(world: impl MessagesWorld) {
    let said = "Merhaba Işıl,\n%20 & +1";
    let id = sent(&world, said).await.provider_id;
    let (company, since) = (world.company(), world.now().await - SignedDuration::from_mins(1));
    let fit = Search { company, channel: Channel::Sms, to: number(11), content: text(said), since };
    assert_eq!(ids(&world.messages().search(&fit).await.expect("an answer")), [id]);
    let later = world.now().await + SignedDuration::from_mins(1);
    for other in [
        Search { content: text("Merhaba Işıl"), ..fit.clone() },
        Search { to: number(12), ..fit.clone() },
        Search { channel: Channel::WhatsApp, ..fit.clone() },
        Search { since: later, ..fit.clone() },
    ] {
        assert_eq!(world.messages().search(&other).await.expect("an answer"), [], "{other:?}");
    }
}

/// All of them, however many a page of the vendor's holds.
pub async fn of_several_the_newest_comes_first(world: impl MessagesWorld) {
    let mut sent_ids = Vec::new();
    for _ in 0..60 {
        sent_ids.push(sent(&world, "a").await.provider_id);
    }
    sent_ids.reverse();
    assert_eq!(ids(&search(&world, "a").await.expect("an answer")), sent_ids);
}

/// What it said, nobody here knows: what went there meanwhile may be something else.
pub async fn a_template_is_not_guessed_at(world: impl MessagesWorld) {
    let (company, content) = (world.company(), world.template().await);
    let request = SendRequest { channel: Channel::WhatsApp, ..request(&world, &number(12), content.clone()) };
    world.messages().send(request).await.expect("taken");
    let since = world.now().await - SignedDuration::from_mins(1);
    let search = Search { company, channel: Channel::WhatsApp, to: number(12), content, since };
    assert_eq!(world.messages().search(&search).await.expect("an answer"), []);
}
