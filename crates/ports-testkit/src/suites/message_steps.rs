//! The clauses about messages' steps: by turns, by what the vendor reports, by whoever cancels them.

use std::sync::Arc;
use std::time::Duration;

use kopru_domain::message::{Channel, Hold, MessageStatus, OptOutCause, Trouble};
use kopru_ports::delivery::{Lease, NewAttempt, Outcome, Settlement};
use kopru_ports::messages::Report;
use kopru_ports::outbox::{Message, MessageChange, OptOut};
use serde_json::json;

use super::outbox::{LATER, NOW, Store, company, found, id, leased, message, number, report, sent, told};

async fn settle(store: &impl Store, lease: &Lease, messages: Vec<MessageChange>) {
    store.settle(lease, LATER, Settlement { messages, ..Settlement::default() }).await.expect("a settlement");
}

/// What a turn learnt of its messages is recorded with it, and takes back nothing that was reported meanwhile.
pub async fn a_turn_moves_its_messages_forward(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 1..=4).await;
    let stale = leased(&*store, NOW).await;
    let lease = leased(&*store, NOW + Duration::from_secs(31)).await;
    let to = |last, status| MessageChange::to(id(last), status);
    let skip = MessageChange { trouble: Some(Trouble::WindowClosed), ..to(1, MessageStatus::Skipped) };
    let settlement = Settlement { messages: vec![skip.clone()], ..Settlement::default() };
    store.settle(&stale, LATER, settlement).await.expect_err("stale");
    assert_eq!(found(&*store, &acme, 1).await.updated, NOW);
    let doubt = |last| MessageChange { trouble: Some(Trouble::OutcomeUnknown), ..to(last, MessageStatus::Unknown) };
    let hold = MessageChange { hold: Some(Hold::QuietHours), ..to(3, MessageStatus::Queued) };
    told(&*store, &acme, Some(4), Report { provider_id: "SM4".into(), ..report(MessageStatus::Sent) }).await;
    settle(&*store, &lease, vec![skip, doubt(2), hold, doubt(4), to(9, MessageStatus::Sent)]).await;
    let mut after = Vec::new();
    for last in 1..=4 {
        let message = found(&*store, &acme, last).await;
        assert_eq!(message.updated, LATER);
        after.push((message.status, message.trouble, message.hold));
    }
    let expected = [
        (MessageStatus::Skipped, Some(Trouble::WindowClosed), None),
        (MessageStatus::Unknown, Some(Trouble::OutcomeUnknown), None),
        (MessageStatus::Queued, None, Some(Hold::QuietHours)),
        (MessageStatus::Sent, None, None),
    ];
    assert_eq!(after, expected);
    let taken = |last, status, provider: &str| MessageChange {
        provider_id: Some(provider.into()),
        code: Some("30003".into()),
        trouble: Some(Trouble::Unreachable),
        ..to(last, status)
    };
    let steps = vec![taken(3, MessageStatus::Queued, "SM3"), taken(3, MessageStatus::Undelivered, "SM9")];
    settle(&*store, &lease, steps).await;
    let expected = Message {
        batch: id(900),
        status: MessageStatus::Undelivered,
        trouble: Some(Trouble::Unreachable),
        code: Some("30003".into()),
        provider_id: Some("SM3".into()),
        updated: LATER,
        ..message(3)
    };
    assert_eq!(found(&*store, &acme, 3).await, expected);
}

/// A vendor that refuses a number because its owner wants no messages is remembered; that we skipped it is not.
pub async fn an_opt_out_that_the_vendor_knows_is_learnt(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 1..=3).await;
    let lease = leased(&*store, NOW).await;
    let out = |last, status| MessageChange { trouble: Some(Trouble::OptedOut), ..MessageChange::to(id(last), status) };
    let changes = vec![out(1, MessageStatus::Failed), out(2, MessageStatus::Skipped)];
    settle(&*store, &lease, changes.clone()).await;
    let refused = Report { trouble: Some(Trouble::OptedOut), ..report(MessageStatus::Undelivered) };
    told(&*store, &acme, Some(3), refused).await;
    let since = async |last| {
        let contact = store.contact(&acme, Channel::Sms, &number(last)).await.expect("an answer");
        contact.opted_out.map(|(since, _)| since)
    };
    assert_eq!([since(1).await, since(2).await, since(3).await], [Some(LATER), None, Some(LATER)]);
    let back = OptOut { channel: Channel::Sms, address: number(1), since: LATER, cause: OptOutCause::Asked };
    store.set_opt_out(&acme, &back, false).await.expect("taken up");
    settle(&*store, &lease, changes).await;
    assert_eq!(since(1).await, None, "what was known is no news");
}

/// Reports may come late, twice and in any order: the message ends at the same.
pub async fn reports_come_in_any_order(store: Arc<impl Store>) {
    use MessageStatus::{Delivered, Queued, Read, Sent};
    let acme = company(&*store, "acme").await;
    let orders = [[Queued, Sent, Delivered, Read], [Read, Delivered, Sent, Queued], [Delivered, Read, Read, Sent]];
    sent(&*store, &acme, 0..3).await;
    for (last, order) in (0..).zip(orders) {
        for status in order {
            let report = Report { provider_id: format!("SM{last}"), ..report(status) };
            told(&*store, &acme, Some(last), report).await.expect("the message");
        }
        let message = found(&*store, &acme, last).await;
        assert_eq!((message.status, message.provider_id), (Read, Some(format!("SM{last}"))));
    }
}

/// A report is about the message of our id, and binds the vendor's; where ours is not known, the vendor's counts.
pub async fn a_report_finds_its_message_by_either_id(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, [1, 2]).await;
    assert_eq!(told(&*store, &acme, None, report(MessageStatus::Sent)).await, None);
    let bound = told(&*store, &acme, Some(1), report(MessageStatus::Sent)).await.expect("the message");
    assert_eq!((bound.provider_id.as_deref(), bound.status), (Some("SM1"), MessageStatus::Sent));
    assert_eq!(bound, found(&*store, &acme, 1).await);
    for of in [None, Some(77)] {
        let report = Report { code: Some("1".into()), ..report(MessageStatus::Delivered) };
        let message = told(&*store, &acme, of, report).await.expect("the message");
        assert_eq!((message.id, message.status), (id(1), MessageStatus::Delivered));
    }
    assert_eq!(found(&*store, &acme, 2).await.status, MessageStatus::Queued);
}

/// What waits here is taken back, once.
pub async fn what_waits_here_is_cancelled(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, [1]).await;
    let lease = leased(&*store, NOW).await;
    let hold = MessageChange { hold: Some(Hold::DailyLimit), ..MessageChange::to(id(1), MessageStatus::Queued) };
    settle(&*store, &lease, vec![hold]).await;
    for _ in 0..2 {
        let message = store.cancel(&acme, id(1), LATER).await.expect("an answer").expect("the message");
        assert_eq!((message.status, message.hold, message.updated), (MessageStatus::Canceled, None, LATER));
        assert_eq!(message, found(&*store, &acme, 1).await);
    }
    settle(&*store, &lease, vec![MessageChange::to(id(1), MessageStatus::Queued)]).await;
    assert_eq!(found(&*store, &acme, 1).await.status, MessageStatus::Canceled);
    assert_eq!(store.cancel(&acme, id(2), LATER).await.expect("an answer"), None);
}

/// What is on the wire, at the vendor, in doubt or settled stays as it is.
pub async fn what_may_have_gone_is_not_cancelled(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 1..=4).await;
    let lease = leased(&*store, NOW).await;
    store.freeze(&lease, vec![attempt(1)]).await.expect("frozen");
    told(&*store, &acme, Some(2), report(MessageStatus::Queued)).await;
    let (doubt, refused) = (MessageStatus::Unknown, MessageStatus::Failed);
    settle(&*store, &lease, vec![MessageChange::to(id(3), doubt), MessageChange::to(id(4), refused)]).await;
    let queued = MessageStatus::Queued;
    for (last, status) in [(1, queued), (2, queued), (3, doubt), (4, refused)] {
        let message = store.cancel(&acme, id(last), LATER).await.expect("an answer").expect("the message");
        assert_eq!(message.status, status, "message {last}");
    }
    for (last, in_doubt) in [(1, true), (2, false), (9, false)] {
        assert_eq!(store.is_in_doubt(&acme, id(last)).await.expect("an answer"), in_doubt, "message {last}");
    }
    let outcomes = vec![(id(1).to_string(), 1, Outcome::Retry { due: LATER, error: "not sent".into() })];
    store.settle(&lease, NOW, Settlement { outcomes, ..Settlement::default() }).await.expect("a settlement");
    let message = store.cancel(&acme, id(1), LATER).await.expect("an answer").expect("the message");
    assert_eq!(message.status, MessageStatus::Canceled, "it waits here again");
    assert!(!store.is_in_doubt(&acme, id(1)).await.expect("an answer"));
}

fn attempt(last: u128) -> NewAttempt {
    NewAttempt { key: id(last).to_string(), generation: 1, payload: json!("frozen"), deadline: LATER }
}

/// Once a message is frozen nobody takes it back whom its sender has not seen doing so.
pub async fn a_sender_that_has_frozen_a_message_sees_whether_it_was_cancelled(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 0..20).await;
    let lease = leased(&*store, NOW).await;
    for last in 0..20 {
        let frozen = async {
            store.freeze(&lease, vec![attempt(last)]).await.expect("frozen");
            found(&*store, &acme, last).await.status
        };
        let (seen, _) = tokio::join!(frozen, store.cancel(&acme, id(last), LATER));
        assert_eq!(seen, found(&*store, &acme, last).await.status);
    }
}
