//! [`SessionStore`]'s clauses.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::StoreErrorKind;
use kopru_ports::identity::{ApiKey, IdentityStore, Scope};
use kopru_ports::sessions::{Session, SessionKind, SessionStore};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// A company with a key, and a session of one of its people.
pub(super) async fn session(store: &impl IdentityStore) -> Session {
    let company = "acme".parse().expect("an id");
    store.add_company(&company, "Acme", NOW).await.expect("a company");
    let key = ApiKey {
        id: Uuid::now_v7(),
        company: company.clone(),
        name: String::new(),
        last_four: "wxyz".into(),
        scopes: vec![Scope::Admin],
        created: NOW,
        revoked: None,
    };
    store.add_key(&key, "hash of a key").await.expect("a key");
    Session {
        company,
        user: "ayse".parse().expect("an id"),
        kind: SessionKind::Embedded,
        scopes: vec![Scope::MessagesSend],
        key: key.id,
        expires: NOW + Duration::from_mins(15),
    }
}

/// A session is found by its token's hash until its time is over.
pub async fn a_session_is_found_until_it_expires(store: Arc<impl SessionStore + IdentityStore>) {
    let session = session(&*store).await;
    store.begin_session("hash", &session, NOW).await.expect("begun");
    assert_eq!(store.session("hash", NOW).await.expect("an answer"), Some(session.clone()));
    assert_eq!(store.session("other", NOW).await.expect("an answer"), None);
    assert_eq!(store.session("hash", session.expires).await.expect("an answer"), None);
    let twice = store.begin_session("hash", &session, NOW).await.expect_err("a hash is one session's");
    assert_eq!(twice.kind, StoreErrorKind::Conflict);
}

/// Whoever ends a session has what it was, once, and not after its time.
pub async fn a_session_is_ended_once(store: Arc<impl SessionStore + IdentityStore>) {
    let session = session(&*store).await;
    for hash in ["in time", "late"] {
        store.begin_session(hash, &session, NOW).await.expect("begun");
    }
    assert_eq!(store.end_session("in time", NOW).await.expect("an answer"), Some(session.clone()));
    assert_eq!(store.end_session("in time", NOW).await.expect("an answer"), None);
    assert_eq!(store.end_session("late", session.expires).await.expect("an answer"), None);
}

/// A revoked key has no sessions, and none can be begun with it.
pub async fn sessions_end_with_their_key(store: Arc<impl SessionStore + IdentityStore>) {
    let session = session(&*store).await;
    store.begin_session("hash", &session, NOW).await.expect("begun");
    assert!(store.revoke_key(&session.company, session.key, NOW).await.expect("an answer"));
    assert_eq!(store.session("hash", NOW).await.expect("an answer"), None);
    let unknown = Session { key: Uuid::now_v7(), ..session.clone() };
    for dead in [session, unknown] {
        let error = store.begin_session("other", &dead, NOW).await.expect_err("no such key");
        assert_eq!(error.kind, StoreErrorKind::Conflict);
    }
}
