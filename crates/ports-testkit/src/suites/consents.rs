//! [`ConsentStore`]'s clause.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::audit::Actor;
use kopru_ports::identity::IdentityStore;
use kopru_ports::oauth::{ConsentStore, PendingConsent};

use super::tokens::key;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// Somebody's consent under way.
pub(super) fn consent() -> PendingConsent {
    PendingConsent {
        key: key(),
        sealed_verifier: "sealed".into(),
        return_to: "/".into(),
        session: None,
        by_code: false,
        sealed_code: None,
        actor: Actor::default(),
    }
}

/// A state works once, and not after its time.
pub async fn a_consent_is_taken_once_and_in_time(store: Arc<impl ConsentStore + IdentityStore>) {
    store.add_company(&key().company, "", NOW).await.expect("a company");
    let consent = consent();
    let until = NOW + Duration::from_mins(10);
    for state in ["a", "b"] {
        store.put(state, consent.clone(), NOW..until).await.expect("stored");
    }
    assert!(store.take("a", NOW).await.expect("an answer").is_some());
    assert!(store.take("a", NOW).await.expect("an answer").is_none());
    assert!(store.take("b", until).await.expect("an answer").is_none());
}
