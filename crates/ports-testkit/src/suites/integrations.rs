//! [`IntegrationStore`]'s clauses.

use std::sync::Arc;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::identity::IdentityStore;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::{ExposeSecret, SecretString};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
const LATER: Timestamp = Timestamp::constant(1_700_000_060, 0);

fn company() -> CompanyId {
    "acme".parse().expect("an id")
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
    store.set_status(&company(), kind, ConnectionStatus::ReconnectRequired, None, LATER).await.expect("set");
    let found = store.get(&company(), kind).await.expect("an answer").expect("settings");
    assert_eq!((found.last_used, found.ailing_since), (Some(LATER), Some(NOW)), "the trouble lasts");
    store.set_status(&company(), kind, ConnectionStatus::Active, None, LATER).await.expect("set");
    let found = store.get(&company(), kind).await.expect("an answer").expect("settings");
    assert_eq!(found.ailing_since, None, "the trouble is over");
    store.set_status(&company(), kind, ConnectionStatus::Error, None, LATER).await.expect("set");
    store.put(&company(), kind, SecretString::from("two")).await.expect("stored");
    let found = store.get(&company(), kind).await.expect("an answer").expect("settings");
    assert_eq!((found.version, found.status, found.last_error), (2, ConnectionStatus::Inactive, None));
    assert_eq!(found.ailing_since, None, "new settings, new luck");
    store.delete(&company(), kind).await.expect("deleted");
    assert!(store.get(&company(), kind).await.expect("an answer").is_none());
}

/// Neither settings nor status nor their end are another company's.
pub async fn companies_settings_are_kept_apart(store: Arc<impl IntegrationStore + IdentityStore>) {
    let (kind, other) = (IntegrationKind::Bitrix24, "other".parse().expect("an id"));
    for (company, settings) in [(&company(), "one"), (&other, "two")] {
        store.add_company(company, "", NOW).await.expect("a company");
        store.put(company, kind, SecretString::from(settings)).await.expect("stored");
    }
    store.set_status(&company(), kind, ConnectionStatus::Error, Some("why".into()), NOW).await.expect("set");
    for _ in 0..2 {
        store.delete(&company(), kind).await.expect("deleted");
    }
    let found = store.get(&other, kind).await.expect("an answer").expect("settings");
    assert_eq!((found.settings.expose_secret(), found.status), ("two", ConnectionStatus::Inactive));
}
