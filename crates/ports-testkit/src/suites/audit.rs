//! [`AuditLog`]'s clause.

use std::sync::Arc;

use jiff::Timestamp;
use kopru_ports::StoreErrorKind;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::identity::IdentityStore;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// Newest first, page by page, of one company.
pub async fn entries_are_paged_from_the_newest(store: Arc<impl AuditLog + IdentityStore>) {
    let [acme, beta] = ["acme", "beta"].map(|id| id.parse().expect("an id"));
    store.add_company(&acme, "", NOW).await.expect("a company");
    let actors = [
        Actor::default(),
        Actor { key: Some(Uuid::from_u128(9)), user: None },
        Actor { key: None, user: Some("ayse".parse().expect("an id")) },
    ];
    let entry = |number: usize| AuditEntry {
        id: Uuid::from_u128(number as u128),
        company: acme.clone(),
        at: NOW,
        actor: actors[number].clone(),
        action: AuditAction::ConfigChanged,
        subject: format!("subject {number}"),
    };
    for number in 0..3 {
        store.record(&entry(number)).await.expect("recorded");
    }
    assert_eq!(store.audit_log(&acme, None, 2).await.expect("entries"), [entry(2), entry(1)]);
    assert_eq!(store.audit_log(&acme, Some(entry(1).id), 2).await.expect("entries"), [entry(0)]);
    assert_eq!(store.audit_log(&beta, None, 2).await.expect("entries"), []);
    let error = store.record(&AuditEntry { company: beta, ..entry(0) }).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}
