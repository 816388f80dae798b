//! Clauses of [`IdentityStore`], [`IntegrationStore`] and [`ConfigStore`].

use std::sync::Arc;

use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreErrorKind;
use kopru_ports::configs::ConfigStore;
use kopru_ports::identity::{ApiKey, IdentityStore, Scope};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::sync::{Store, config};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

fn company() -> CompanyId {
    "acme".parse().expect("an id")
}

/// A key is known by its hash only, belongs to its company, and can be revoked by it alone.
pub async fn a_key_is_found_by_its_hash_until_it_is_revoked(store: Arc<impl IdentityStore>) {
    store.add_company(&company(), "Acme", NOW).await.expect("a company");
    store.add_company(&company(), "Other name", NOW).await.expect("adding again is no error");
    assert_eq!(store.companies().await.expect("companies"), [(company(), "Acme".to_owned())]);
    let key = ApiKey {
        id: Uuid::now_v7(),
        company: company(),
        name: "n".into(),
        last_four: "wxyz".into(),
        scopes: vec![Scope::SyncManage],
        created: NOW,
        revoked: None,
    };
    store.add_key(&key, "hash").await.expect("a key");
    assert_eq!(store.key_by_hash("hash").await.expect("an answer"), Some(key.clone()));
    assert_eq!(store.key_by_hash("other").await.expect("an answer"), None);
    let stranger = "stranger".parse().expect("an id");
    assert!(!store.revoke_key(&stranger, key.id, NOW).await.expect("an answer"));
    assert!(store.revoke_key(&company(), key.id, NOW).await.expect("an answer"));
    assert_eq!(store.keys(&company()).await.expect("keys")[0].revoked, Some(NOW));
}

/// New settings replace old ones and begin as inactive; a status does not touch them.
pub async fn settings_are_replaced_and_forgotten(store: Arc<impl IntegrationStore + IdentityStore>) {
    let kind = IntegrationKind::Bitrix24;
    store.add_company(&company(), "", NOW).await.expect("a company");
    assert!(store.get(&company(), kind).await.expect("an answer").is_none());
    store.put(&company(), kind, SecretString::from("one")).await.expect("stored");
    store.set_status(&company(), kind, ConnectionStatus::Error, Some("why".into()), NOW).await.expect("set");
    let found = store.get(&company(), kind).await.expect("an answer").expect("settings");
    assert_eq!(
        (found.settings.expose_secret(), found.status, found.last_used),
        ("one", ConnectionStatus::Error, Some(NOW))
    );
    store.put(&company(), kind, SecretString::from("two")).await.expect("stored");
    let found = store.get(&company(), kind).await.expect("an answer").expect("settings");
    assert_eq!((found.version, found.status, found.last_error), (2, ConnectionStatus::Inactive, None));
    store.delete(&company(), kind).await.expect("deleted");
    assert!(store.get(&company(), kind).await.expect("an answer").is_none());
}

/// One configuration for a tab; the webhook's key leads to it; changes are kept.
pub async fn configurations_are_unique_and_found_by_their_webhook_key(store: Arc<impl Store>) {
    let mut first = config(&*store, "acme").await;
    let twin = kopru_ports::configs::SyncConfig {
        id: ConfigId(Uuid::now_v7()),
        webhook_key_hash: "twin".into(),
        ..first.clone()
    };
    assert_eq!(store.add(&twin).await.expect_err("a twin").kind, StoreErrorKind::Conflict);
    let found = store.by_webhook_key(&first.webhook_key_hash).await.expect("an answer");
    assert_eq!(found, Some(first.clone()));
    assert_eq!(store.by_webhook_key("twin").await.expect("an answer"), None);
    first.enabled = false;
    first.mapping.title_from = vec![vec!["Ad".into()]];
    assert!(store.update(&first).await.expect("an answer"));
    assert_eq!(ConfigStore::get(&*store, &first.company, first.id).await.expect("an answer"), Some(first.clone()));
    let page = store.list(&first.company, None, 10).await.expect("a list");
    assert_eq!(page, [first.clone()]);
    assert!(store.list(&first.company, Some(first.id), 10).await.expect("a list").is_empty());
}
