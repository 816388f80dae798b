//! [`SealedTexts`]'s clauses. The texts need not be sealed: a store knows nothing of what it keeps.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::audit::Actor;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use kopru_ports::seal::{SealedPlace, SealedTexts};
use kopru_ports::tokens::{Service, TokenKey, TokenStore};
use secrecy::{ExposeSecret, SecretString};

use super::sync::Store;
use super::tokens::{key, token};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// Something in every place: tokens with and without a refresh token, settings, a configuration.
async fn fill<S>(store: &S) -> Vec<(SealedPlace, String)>
where
    S: Store + TokenStore + IntegrationStore + ConsentStore,
{
    let company = key().company;
    let without = TokenKey::of_company(&company, Service::Bitrix24);
    let config = super::sync::config(store, company.as_str()).await;
    store.save(&key(), token(0, "access")).await.expect("saved");
    let bare = kopru_ports::tokens::StoredToken { refresh: None, ..token(0, "company access") };
    store.save(&without, bare).await.expect("saved");
    IntegrationStore::put(store, &company, IntegrationKind::Bitrix24, SecretString::from("settings"))
        .await
        .expect("put");
    let consent = PendingConsent {
        key: key(),
        sealed_verifier: "verifier".into(),
        return_to: "/".into(),
        session: None,
        by_code: true,
        sealed_code: Some("code".into()),
        actor: Actor::default(),
    };
    ConsentStore::put(store, "state", consent, NOW..NOW + Duration::from_mins(2)).await.expect("stored");
    vec![
        (SealedPlace::Verifier(key(), "state".to_owned()), "verifier".to_owned()),
        (SealedPlace::Code(key(), "state".to_owned()), "code".to_owned()),
        (SealedPlace::Access(key()), "access".to_owned()),
        (SealedPlace::Refresh(key()), "refresh".to_owned()),
        (SealedPlace::Access(without), "company access".to_owned()),
        (SealedPlace::Settings(company.clone(), IntegrationKind::Bitrix24), "settings".to_owned()),
        (SealedPlace::WebhookSecret(company, config.id), config.sealed_secret),
    ]
}

/// Every place is listed once, and another company's are not.
pub async fn all_that_a_company_has_sealed_is_listed_with_its_place<S>(store: Arc<S>)
where
    S: Store + TokenStore + IntegrationStore + ConsentStore + SealedTexts,
{
    let expected = fill(&*store).await;
    let found = store.sealed(&key().company).await.expect("a list");
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for entry in &expected {
        assert!(found.contains(entry), "{entry:?} is missing");
    }
    let other: CompanyId = "other".parse().expect("an id");
    store.add_company(&other, "", NOW).await.expect("a company");
    assert_eq!(store.sealed(&other).await.expect("a list"), []);
}

/// Compared and replaced in one step; nothing but the text changes.
pub async fn a_text_is_replaced_unless_another_one_stands_there<S>(store: Arc<S>)
where
    S: Store + TokenStore + IntegrationStore + ConsentStore + SealedTexts,
{
    let mut places = fill(&*store).await;
    places.push((SealedPlace::Probe, store.vault_probe("probe").await.expect("a probe")));
    for (place, text) in &places {
        assert!(!store.reseal(place, "something else", "anew").await.expect("an answer"), "{place:?}");
        assert!(store.reseal(place, text, &format!("{text} anew")).await.expect("an answer"), "{place:?}");
        assert!(!store.reseal(place, text, "again").await.expect("an answer"), "{place:?}");
    }
    let stored = TokenStore::load(&*store, &key()).await.expect("an answer").expect("a token");
    assert_eq!((stored.version, stored.access.expose_secret()), (1, "access anew"));
    assert_eq!(stored.refresh.expect("a refresh token").expose_secret(), "refresh anew");
    assert_eq!(store.sealed(&key().company).await.expect("a list").len(), 7);
    let consent = store.take("state", NOW).await.expect("an answer").expect("a consent");
    assert_eq!(
        (consent.sealed_verifier.as_str(), consent.sealed_code.as_deref()),
        ("verifier anew", Some("code anew"))
    );
    assert_eq!(store.vault_probe("other").await.expect("a probe"), "probe anew");
}

/// Whatever comes later, the first probe is the one that keys are held against.
pub async fn the_first_vault_probe_is_kept(store: Arc<impl SealedTexts>) {
    assert_eq!(store.vault_probe("one").await.expect("a probe"), "one");
    assert_eq!(store.vault_probe("two").await.expect("a probe"), "one");
}
