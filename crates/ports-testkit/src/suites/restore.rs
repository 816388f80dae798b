//! [`RestoreStore`]'s clauses; by what a store notices a restore is its own matter.

use std::sync::Arc;
use std::time::Duration;

use kopru_ports::StoreErrorKind;
use kopru_ports::audit::Actor;
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::delivery::{Claim, Lease, NewAttempt, Outcome, Settlement};
use kopru_ports::identity::IdentityStore;
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use kopru_ports::restore::RestoreStore;
use kopru_ports::sessions::SessionStore;
use kopru_ports::sync::{ScanProgress, SyncChanges};
use serde_json::{Value, json};

use super::outbox::{LATER, NOW, company, id, leased, sent};
use super::sync::{apply, config};
use super::tokens::key;
use super::{outbox, sessions, sync};

/// A store that was just made is the one that it is, however often it is asked.
pub async fn nothing_is_noticed_where_nothing_was_restored(store: Arc<impl RestoreStore + sync::Store>) {
    let config = config(&*store, "acme").await;
    for _ in 0..2 {
        assert!(!store.notice(NOW).await.expect("an answer"));
    }
    assert_eq!(ConfigStore::get(&*store, &config.company, config.id).await.expect("an answer"), Some(config));
    store.restored(NOW).await.expect("held");
    assert!(!store.notice(NOW).await.expect("an answer"), "it is known by now");
}

/// All companies' configurations are held until a scan ends that began afterwards; that they were restored stays.
pub async fn configurations_are_held_until_their_tabs_were_read(store: Arc<impl RestoreStore + sync::Store>) {
    let (acme, other) = (config(&*store, "acme").await, config(&*store, "other").await);
    let restored = LATER.as_microsecond();
    for _ in 0..2 {
        store.restored(LATER).await.expect("held");
    }
    let of = |config: &SyncConfig| (config.company.clone(), config.id);
    assert_eq!(store.held().await.expect("an answer"), [of(&acme), of(&other)]);
    let now = async || ConfigStore::get(&*store, &acme.company, acme.id).await.expect("an answer").expect("it");
    assert_eq!(now().await.scan, Some(ScanProgress::begun(restored)));
    for (id, finished, held) in [(restored - 1, true, true), (restored, false, true), (restored, true, false)] {
        let scan = Some(ScanProgress { id, read: 1, total: 1, finished });
        apply(&*store, &acme, SyncChanges { scan, ..SyncChanges::of(acme.id) }).await;
        assert_eq!((now().await.held, now().await.restored), (held, Some(LATER)), "{scan:?}");
    }
    assert_eq!(store.held().await.expect("an answer"), [of(&other)]);
    store.begin_scan(&acme.company, acme.id, restored + 1).await.expect("begun");
    assert!(!now().await.held, "a later scan holds nothing");
}

/// What waits to be sent, also at a later day or for a person, is due and has an open attempt: its own, or one that
/// says nothing.
pub async fn what_waits_to_be_sent_is_in_doubt(store: Arc<impl RestoreStore + outbox::Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 1..=3).await;
    let lease = leased(&*store, NOW).await;
    let (text, tomorrow) = (|last| id(last).to_string(), NOW + Duration::from_hours(24));
    let attempt = NewAttempt { key: text(2), generation: 1, payload: json!("sent"), deadline: tomorrow };
    store.freeze(&lease, vec![attempt]).await.expect("frozen");
    let settlement = Settlement {
        outcomes: vec![
            (text(1), 1, Outcome::Again { due: tomorrow, payload: Value::Null }),
            (text(2), 1, Outcome::Open { until: LATER }),
            (text(3), 1, Outcome::Parked { error: String::new() }),
        ],
        ..Settlement::default()
    };
    store.settle(&lease, NOW, settlement).await.expect("settled");
    store.restored(LATER).await.expect("held");
    let lease = leased(&*store, LATER).await;
    let claim = Claim { urgency: None, limit: 9, skip: Vec::new() };
    let due = store.claim(&lease, LATER, claim).await.expect("an answer");
    let due: Vec<_> = due.into_iter().map(|work| (work.key, work.open_attempt)).collect();
    let doubt = |last, payload| (text(last), Some(payload));
    assert_eq!(due, [doubt(1, Value::Null), doubt(2, json!("sent")), doubt(3, Value::Null)]);
}

/// Whoever held a lane records nothing any more, whatever leases there were between backup and restore.
pub async fn leases_of_before_record_nothing(store: Arc<impl RestoreStore + outbox::Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, [1]).await;
    let lease = leased(&*store, NOW).await;
    store.restored(LATER).await.expect("held");
    let next = leased(&*store, LATER).await;
    for epoch in [lease.epoch, lease.epoch + 1, lease.epoch + 1_000_000] {
        let stale = Lease { epoch, ..lease.clone() };
        let refused = store.settle(&stale, LATER, Settlement::default()).await.expect_err("of before");
        assert_eq!(refused.kind, StoreErrorKind::StaleLease);
    }
    store.settle(&next, LATER, Settlement::default()).await.expect("of now");
}

/// They may have been ended since: sessions, and consents under way.
pub async fn sessions_and_consents_end(store: Arc<impl RestoreStore + SessionStore + ConsentStore + IdentityStore>) {
    let session = sessions::session(&*store).await;
    store.begin_session("hash", &session, NOW).await.expect("begun");
    let consent = PendingConsent {
        key: key(),
        sealed_verifier: "sealed".into(),
        return_to: "/".into(),
        session: None,
        by_code: false,
        sealed_code: None,
        actor: Actor::default(),
    };
    store.add_company(&consent.key.company, "", NOW).await.expect("a company");
    store.put("state", consent, NOW..session.expires).await.expect("stored");
    store.restored(NOW).await.expect("held");
    assert_eq!(store.session("hash", NOW).await.expect("an answer"), None);
    assert!(store.take("state", NOW).await.expect("an answer").is_none());
    assert_eq!(store.keys(&session.company).await.expect("an answer").len(), 1, "keys stay");
}
