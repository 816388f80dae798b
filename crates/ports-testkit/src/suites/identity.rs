//! [`IdentityStore`]'s clause.

use std::sync::Arc;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::identity::{ApiKey, IdentityStore, Scope};
use uuid::Uuid;

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
