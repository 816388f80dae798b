//! [`ConfigStore`]'s clause.

use std::sync::Arc;

use kopru_domain::ConfigId;
use kopru_ports::StoreErrorKind;
use kopru_ports::configs::ConfigStore;
use uuid::Uuid;

use super::sync::{Store, config};

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
