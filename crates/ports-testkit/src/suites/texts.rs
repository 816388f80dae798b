//! [`TextStore`]'s clauses.

use std::sync::Arc;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Policy, Template};
use kopru_ports::StoreErrorKind;
use kopru_ports::identity::IdentityStore;
use kopru_ports::texts::{NamedTemplate, TextStore};

use super::outbox::company;

/// Templates are kept under their names, replaced, listed page by page, and forgotten; each company has its own.
pub async fn templates_are_kept_under_their_names(store: Arc<impl TextStore + IdentityStore>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    let nobody: CompanyId = "nobody".parse().expect("an id");
    let named = |name: &str, text: &str| NamedTemplate {
        name: name.into(),
        template: Template::parse(text).expect("a template"),
        changed: Timestamp::UNIX_EPOCH,
    };
    let put = async |template: &NamedTemplate| store.put_template(&acme, template).await.expect("kept");
    let (reminder, second, third) =
        (named("reminder", "Yarın {{time}}"), named("Z", "{{{{"), named("ödeme", "\"x\"\n"));
    put(&named("reminder", "old")).await;
    for template in [&third, &reminder, &second] {
        put(template).await;
    }
    let listed = async |after: Option<&str>, limit| store.templates(&acme, after, limit).await.expect("templates");
    assert_eq!(listed(None, 9).await, [second.clone(), reminder.clone(), third.clone()]);
    assert_eq!(listed(Some("Z"), 1).await, std::slice::from_ref(&reminder));
    assert_eq!(store.template(&acme, "reminder").await.expect("an answer"), Some(reminder));
    assert_eq!(store.template(&beta, "reminder").await.expect("an answer"), None);
    assert!(!store.delete_template(&beta, "reminder").await.expect("an answer"), "another company's");
    assert!(store.delete_template(&acme, "reminder").await.expect("an answer"));
    assert!(!store.delete_template(&acme, "reminder").await.expect("an answer"));
    assert_eq!(listed(None, 9).await, [second.clone(), third]);
    let error = store.put_template(&nobody, &second).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}

/// A policy is the default until it is set, and is replaced as a whole.
pub async fn a_policy_is_the_default_until_it_is_set(store: Arc<impl TextStore + IdentityStore>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    let nobody: CompanyId = "nobody".parse().expect("an id");
    assert_eq!(store.policy(&acme).await.expect("a policy"), Policy::default());
    let capped = Policy { daily_messages: Some(5), ..Policy::default() };
    let other = Policy { daily_segments: Some(u32::MAX), region: "DE".parse().expect("a region"), ..Policy::default() };
    for policy in [capped, other] {
        store.set_policy(&acme, &policy).await.expect("kept");
        assert_eq!(store.policy(&acme).await.expect("a policy"), policy);
    }
    assert_eq!(store.policy(&beta).await.expect("a policy"), Policy::default());
    let error = store.set_policy(&nobody, &Policy::default()).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}
