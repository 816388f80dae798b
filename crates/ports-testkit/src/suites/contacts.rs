//! [`ContactStore`]'s clauses, together with what people's own messages change.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Address, Channel, OptOutCause, OptWord};
use kopru_ports::StoreErrorKind;
use kopru_ports::identity::IdentityStore;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::outbox::{
    Caps, Contact, ContactStore, CountedDay, KnownAddress, NewBatch, OptOut, OutboxStore, Tally, Told,
};

use super::outbox::{batch, company, id as message_id, mailbox, message, number};

/// All that these clauses need of a store.
pub trait Store: OutboxStore + ContactStore + IdentityStore {}
impl<T: OutboxStore + ContactStore + IdentityStore> Store for T {}

fn at(second: i64) -> Timestamp {
    Timestamp::constant(1_700_000_000 + second, 0)
}

async fn wrote(store: &impl Store, company: &CompanyId, id: &str, word: Option<OptWord>, second: i64) {
    let message = InboundMessage {
        provider_id: id.into(),
        channel: Channel::Sms,
        from: number(1).to_string().try_into().expect("a number"),
        text: "Tamam".into(),
        word: None,
    };
    let about = store.told(company, Told::Message(message, word), at(second)).await.expect("an answer");
    assert_eq!(about, None, "of no message of ours");
}

async fn contact(store: &impl Store, company: &CompanyId, channel: Channel) -> (Option<Timestamp>, Option<Timestamp>) {
    let Contact { opted_out, last_inbound } = store.contact(company, channel, &number(1)).await.expect("an answer");
    (opted_out.map(|(since, _)| since), last_inbound)
}

/// A word ends or takes up messages on its channel; the first moment of an opt-out and the last of a message count.
pub async fn people_end_and_take_up_messages_by_a_word(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    assert_eq!(contact(&*store, &acme, Channel::Sms).await, (None, None));
    for (id, word, second, expected) in [
        ("1", None, 10, (None, 10)),
        ("2", Some(OptWord::Stop), 20, (Some(20), 20)),
        ("3", Some(OptWord::Stop), 30, (Some(20), 30)),
        ("4", Some(OptWord::Help), 25, (Some(20), 30)),
        ("5", None, 40, (Some(20), 40)),
        ("6", Some(OptWord::Start), 50, (None, 50)),
        ("7", Some(OptWord::Stop), 60, (Some(60), 60)),
    ] {
        wrote(&*store, &acme, id, word, second).await;
        let (out, last) = expected;
        assert_eq!(contact(&*store, &acme, Channel::Sms).await, (out.map(at), Some(at(last))), "after {id}");
    }
    assert_eq!(contact(&*store, &acme, Channel::WhatsApp).await, (None, None));
    assert_eq!(contact(&*store, &beta, Channel::Sms).await, (None, None));
}

/// What a vendor tells again undoes no later word, and nobody wrote anew.
pub async fn a_repeated_message_changes_nothing(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    wrote(&*store, &acme, "1", Some(OptWord::Stop), 10).await;
    wrote(&*store, &acme, "2", Some(OptWord::Start), 20).await;
    wrote(&*store, &acme, "1", Some(OptWord::Stop), 30).await;
    assert_eq!(contact(&*store, &acme, Channel::Sms).await, (None, Some(at(20))));
    wrote(&*store, &beta, "1", Some(OptWord::Stop), 30).await;
    assert_eq!(contact(&*store, &beta, Channel::Sms).await, (Some(at(30)), Some(at(30))));
}

/// Opt-outs are set and taken back by the company too, and are listed page by page.
pub async fn opt_outs_are_listed_by_channel_and_address(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    let out = |channel, last, second| {
        let address = if channel == Channel::Email { mailbox(last) } else { number(last) };
        OptOut { channel, address, since: at(second), cause: OptOutCause::Asked }
    };
    let set = async |out: &OptOut, is_out| store.set_opt_out(&acme, out, is_out).await.expect("recorded");
    let all = [
        OptOut { cause: OptOutCause::Bounced, ..out(Channel::Email, 1, 7) },
        OptOut { cause: OptOutCause::Complained, ..out(Channel::Email, 2, 8) },
        out(Channel::Sms, 1, 1),
        out(Channel::Sms, 3, 2),
        out(Channel::WhatsApp, 1, 3),
        out(Channel::WhatsApp, 2, 4),
    ];
    for one in all.iter().rev() {
        set(one, true).await;
    }
    set(&out(Channel::Sms, 1, 9), true).await;
    set(&out(Channel::Email, 1, 9), true).await;
    set(&out(Channel::Sms, 2, 5), true).await;
    set(&out(Channel::Sms, 2, 6), false).await;
    set(&out(Channel::Sms, 7, 6), false).await;
    wrote(&*store, &acme, "1", None, 9).await;
    let listed =
        async |after: Option<(Channel, Address)>, limit| store.opt_outs(&acme, after, limit).await.expect("opt-outs");
    assert_eq!(listed(None, 9).await, all);
    assert_eq!(listed(None, 3).await, all[..3]);
    assert_eq!(listed(Some((Channel::Sms, number(3))), 9).await, all[4..]);
    let beta = company(&*store, "beta").await;
    assert_eq!(store.opt_outs(&beta, None, 9).await.expect("opt-outs"), []);
    let nobody: CompanyId = "nobody".parse().expect("an id");
    let error = store.set_opt_out(&nobody, &all[0], true).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}

/// All that is known beside messages is listed page by page: addresses, requests and days, of one company.
pub async fn what_is_known_beside_messages_is_listed(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    wrote(&*store, &acme, "1", None, 10).await;
    let out = OptOut { channel: Channel::Email, address: mailbox(2), since: at(20), cause: OptOutCause::Bounced };
    store.set_opt_out(&acme, &out, true).await.expect("recorded");
    for (id, key) in [(2, None), (1, Some("order-42"))] {
        let batch = NewBatch { key: key.map(str::to_owned), ..batch(&acme, id, vec![message(id)]) };
        store.accept(batch).await.expect("accepted");
    }
    let days = [date(2026, 1, 1), date(2026, 1, 2)];
    for (day, id) in days.into_iter().zip([1, 2]) {
        store.count(&acme, day, Caps::default(), &[message_id(id)]).await.expect("counted");
    }
    let known = |channel, address, opted_out, last_inbound| KnownAddress {
        channel,
        address,
        contact: Contact { opted_out, last_inbound },
    };
    let bounced = Some((at(20), OptOutCause::Bounced));
    let all = [known(Channel::Email, mailbox(2), bounced, None), known(Channel::Sms, number(1), None, Some(at(10)))];
    assert_eq!(store.contacts(&acme, None, 9).await.expect("addresses"), all);
    assert_eq!(store.contacts(&acme, None, 1).await.expect("addresses"), all[..1]);
    assert_eq!(store.contacts(&acme, Some((Channel::Email, mailbox(2))), 9).await.expect("addresses"), all[1..]);
    let batches = store.batches(&acme, None, 9).await.expect("requests");
    let told: Vec<_> = batches.iter().map(|one| (one.id, one.key.as_deref())).collect();
    assert_eq!(told, [(message_id(1), Some("order-42")), (message_id(2), None)]);
    assert_eq!(store.batches(&acme, Some(message_id(1)), 9).await.expect("requests"), batches[1..]);
    assert_eq!(store.batches(&acme, None, 1).await.expect("requests"), batches[..1]);
    let tally = Tally { messages: 1, segments: 2 };
    let counted = days.map(|day| CountedDay { day, tally });
    assert_eq!(store.days(&acme, None, 9).await.expect("days"), counted);
    assert_eq!(store.days(&acme, Some(days[0]), 9).await.expect("days"), counted[1..]);
    assert_eq!(store.days(&acme, None, 1).await.expect("days"), counted[..1]);
    assert_eq!(store.contacts(&beta, None, 9).await.expect("addresses"), []);
    assert_eq!(store.batches(&beta, None, 9).await.expect("requests"), []);
    assert_eq!(store.days(&beta, None, 9).await.expect("days"), []);
}
