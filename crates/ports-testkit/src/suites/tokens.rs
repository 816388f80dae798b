//! [`TokenStore`]'s clauses.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::identity::IdentityStore;
use kopru_ports::tokens::{ConnectionStatus, Saved, Service, StoredToken, TokenKey, TokenStore};
use secrecy::{ExposeSecret, SecretString};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

pub(super) fn key() -> TokenKey {
    TokenKey {
        company: "acme".parse().expect("an id"),
        user: "ayse".parse().expect("an id"),
        service: Service::GoogleSheets,
    }
}

pub(super) fn token(version: i64, access: &str) -> StoredToken {
    StoredToken {
        version,
        access: SecretString::from(access),
        refresh: Some(SecretString::from("refresh")),
        expires_at: NOW,
        scopes: vec!["a".into(), "b".into()],
        account_id: "7".into(),
        account_email: "a@example.com".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

async fn company(store: &impl IdentityStore) {
    store.add_company(&key().company, "", NOW).await.expect("a company");
}

/// A save against another version than the stored one changes nothing; version 0 replaces.
pub async fn a_token_is_saved_against_its_version(store: Arc<impl TokenStore + IdentityStore>) {
    company(&*store).await;
    assert!(store.load(&key()).await.expect("an answer").is_none());
    assert_eq!(store.save(&key(), token(0, "one")).await.expect("saved"), Saved::At(1));
    assert_eq!(store.save(&key(), token(1, "two")).await.expect("saved"), Saved::At(2));
    assert_eq!(store.save(&key(), token(1, "three")).await.expect("an answer"), Saved::Conflict);
    let found = store.load(&key()).await.expect("an answer").expect("a token");
    assert_eq!((found.version, found.access.expose_secret()), (2, "two"));
    assert_eq!((found.scopes.len(), found.expires_at), (2, NOW));
    assert_eq!(store.save(&key(), token(0, "consent")).await.expect("saved"), Saved::At(3));
    assert_eq!(store.count_for_account("7").await.expect("a count"), 1);
    store.delete(&key()).await.expect("deleted");
    store.delete(&key()).await.expect("deleted again");
    assert_eq!(store.save(&key(), token(3, "late")).await.expect("an answer"), Saved::Conflict);
    assert!(store.load(&key()).await.expect("an answer").is_none(), "a late refresh brings no connection back");
}

/// A refresh belongs to one caller until it is saved or its time is over.
pub async fn one_caller_refreshes_at_a_time(store: Arc<impl TokenStore + IdentityStore>) {
    company(&*store).await;
    store.save(&key(), token(0, "one")).await.expect("saved");
    let until = NOW + Duration::from_secs(30);
    assert!(store.begin_refresh(&key(), 1, NOW, until).await.expect("an answer"));
    assert!(!store.begin_refresh(&key(), 1, NOW, until).await.expect("an answer"));
    assert!(store.begin_refresh(&key(), 1, until, until + Duration::from_secs(30)).await.expect("an answer"));
    store.save(&key(), token(1, "two")).await.expect("saved");
    assert!(!store.begin_refresh(&key(), 1, NOW, until).await.expect("an answer"), "an old version");
    assert!(store.begin_refresh(&key(), 2, NOW, until).await.expect("an answer"));
}

/// What went wrong is told, and the connection is as it was.
pub async fn a_status_touches_neither_tokens_nor_version(store: Arc<impl TokenStore + IdentityStore>) {
    company(&*store).await;
    store.save(&key(), token(0, "one")).await.expect("saved");
    store.set_status(&key(), ConnectionStatus::Error, Some("why".into())).await.expect("recorded");
    let found = store.load(&key()).await.expect("an answer").expect("a token");
    assert_eq!((found.status, found.last_error.as_deref()), (ConnectionStatus::Error, Some("why")));
    assert_eq!((found.version, found.access.expose_secret()), (1, "one"));
    store.set_status(&key(), ConnectionStatus::Active, None).await.expect("recorded");
    let found = store.load(&key()).await.expect("an answer").expect("a token");
    assert_eq!((found.status, found.last_error), (ConnectionStatus::Active, None));
}

/// Whatever one person does with a connection, another one's is left alone, also where both are of one account.
pub async fn peoples_connections_are_kept_apart(store: Arc<impl TokenStore + IdentityStore>) {
    company(&*store).await;
    let other = TokenKey { user: "mehmet".parse().expect("an id"), ..key() };
    store.save(&key(), token(0, "one")).await.expect("saved");
    store.save(&other, token(0, "two")).await.expect("saved");
    assert_eq!(store.count_for_account("7").await.expect("a count"), 2);
    assert_eq!(store.count_for_account("8").await.expect("a count"), 0);
    store.set_status(&key(), ConnectionStatus::Error, None).await.expect("recorded");
    store.delete(&key()).await.expect("deleted");
    assert_eq!(store.count_for_account("7").await.expect("a count"), 1);
    let found = store.load(&other).await.expect("an answer").expect("a token");
    assert_eq!((found.access.expose_secret(), found.status), ("two", ConnectionStatus::Active));
}
