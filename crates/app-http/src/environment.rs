//! Vendors' accounts from the environment: they serve a company only when it is the only one, or the operator names
//! it. A company's own settings go before them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use async_trait::async_trait;
use clap::Args;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::identity::IdentityStore;
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// What stands in the database for a company that the environment serves: its status is kept there, its secrets are not.
const FROM_ENVIRONMENT: &str = "\"environment\"";
/// Vendors that the environment knows.
const KINDS: [IntegrationKind; 2] = [IntegrationKind::Twilio, IntegrationKind::Resend];

/// Vendors' accounts.
#[derive(Debug, Clone, Default, Args)]
pub struct Environment {
    /// The company that the accounts below serve; the only one where it is not given.
    #[arg(long = "environment-company", env = "KOPRU_ENVIRONMENT_COMPANY")]
    serves: Option<CompanyId>,
    /// Twilio's account.
    #[arg(long, env = "TWILIO_ACCOUNT_SID")]
    twilio_account_sid: Option<String>,
    /// Its token.
    #[arg(long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true)]
    twilio_auth_token: Option<SecretString>,
    /// The number that SMS come from.
    #[arg(long, env = "TWILIO_PHONE_NUMBER")]
    twilio_phone_number: Option<String>,
    /// The number that WhatsApp messages come from, with or without `whatsapp:`.
    #[arg(long, env = "TWILIO_WHATSAPP_NUMBER")]
    twilio_whatsapp_number: Option<String>,
    /// Resend's key.
    #[arg(long, env = "RESEND_API_KEY", hide_env_values = true)]
    resend_api_key: Option<SecretString>,
    /// From whom e-mails are that do not say it: `Acme <satis@acme.com>`.
    #[arg(long, env = "RESEND_FROM")]
    resend_from: Option<String>,
    /// The signing secret of Resend's webhook.
    #[arg(long, env = "RESEND_WEBHOOK_SECRET", hide_env_values = true)]
    resend_webhook_secret: Option<SecretString>,
}

impl Environment {
    fn given(&self, vendor: IntegrationKind) -> Option<SecretString> {
        let secret = |given: &Option<SecretString>| given.as_ref().map(|given| given.expose_secret().to_owned());
        let fields = match vendor {
            IntegrationKind::Twilio => vec![
                ("account_sid", self.twilio_account_sid.clone()),
                ("auth_token", secret(&self.twilio_auth_token)),
                ("from_sms", self.twilio_phone_number.clone()),
                ("from_whatsapp", self.twilio_whatsapp_number.clone()),
            ],
            IntegrationKind::Resend => vec![
                ("api_key", secret(&self.resend_api_key)),
                ("from", self.resend_from.clone()),
                ("webhook_secret", secret(&self.resend_webhook_secret)),
            ],
            _ => return None,
        };
        // Without an account or key the others are of no use.
        fields.first().and_then(|(_, value)| value.as_ref())?;
        let given =
            fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
        Some(json!(given.collect::<HashMap<_, _>>()).to_string().into())
    }

    /// The stored settings, with the environment's behind them.
    pub fn behind(
        &self,
        stored: Arc<dyn IntegrationStore>,
        identity: Arc<dyn IdentityStore>,
    ) -> Arc<dyn IntegrationStore> {
        let given = KINDS.into_iter().filter_map(|kind| Some((kind, self.given(kind)?)));
        let (company, many) = (self.serves.clone(), AtomicBool::new(false));
        Arc::new(Behind { stored, identity, company, settings: given.collect(), many })
    }

    /// Whether vendors can use what the environment gives for them.
    ///
    /// # Errors
    /// Names the setting at fault.
    pub fn check(&self, vendors: &[Arc<dyn VendorSettings>]) -> anyhow::Result<()> {
        for vendor in vendors {
            let given = self.given(vendor.vendor());
            let Some(Err(error)) = given.map(|given| vendor.read(&given)) else { continue };
            let SettingsErrorKind::Field(field) = &error.kind else { return Err(error.into()) };
            bail!("{} in the environment: {field} is missing or cannot be used", vendor.vendor().name());
        }
        Ok(())
    }
}

struct Behind {
    stored: Arc<dyn IntegrationStore>,
    identity: Arc<dyn IdentityStore>,
    company: Option<CompanyId>,
    settings: HashMap<IntegrationKind, SecretString>,
    /// Companies become more, hardly ever fewer: they are not counted again.
    many: AtomicBool,
}

impl Behind {
    /// What the environment gives that company.
    async fn given(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<&SecretString>, StoreError> {
        let Some(settings) = self.settings.get(&kind) else { return Ok(None) };
        let serves = match &self.company {
            Some(named) => named == company,
            None if self.many.load(Ordering::Relaxed) => false,
            None => {
                let companies = self.identity.companies().await?;
                self.many.store(companies.len() > 1, Ordering::Relaxed);
                companies.len() == 1 && companies[0].0 == *company
            }
        };
        Ok(serves.then_some(settings))
    }
}

fn is_own(found: &Integration) -> bool {
    found.settings.expose_secret() != FROM_ENVIRONMENT
}

#[async_trait]
impl IntegrationStore for Behind {
    async fn get(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        let stored = self.stored.get(company, kind).await?;
        if stored.as_ref().is_some_and(is_own) {
            return Ok(stored);
        }
        let Some(settings) = self.given(company, kind).await? else { return Ok(None) };
        let settings = settings.clone();
        Ok(Some(match stored {
            Some(known) => Integration { settings, ..known },
            None => Integration::unused(settings, 0),
        }))
    }

    async fn put(&self, company: &CompanyId, kind: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        self.stored.put(company, kind, settings).await
    }

    async fn set_status(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.settings.contains_key(&kind)
            && self.stored.get(company, kind).await?.is_none()
            && self.given(company, kind).await?.is_some()
        {
            self.stored.put(company, kind, FROM_ENVIRONMENT.into()).await?;
        }
        self.stored.set_status(company, kind, status, error, now).await
    }

    async fn delete(&self, company: &CompanyId, kind: IntegrationKind) -> Result<(), StoreError> {
        self.stored.delete(company, kind).await
    }
}

#[cfg(test)]
mod tests {
    use kopru_ports_testkit::MemoryStore;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

    async fn behind(named: Option<&str>, companies: &[&str]) -> (Behind, Arc<MemoryStore>) {
        let store = Arc::new(MemoryStore::default());
        for company in companies {
            store.add_company(&company.parse().unwrap(), "", NOW).await.unwrap();
        }
        let settings = HashMap::from([(IntegrationKind::Twilio, SecretString::from("{\"env\":1}"))]);
        let company = named.map(|named| named.parse().unwrap());
        let behind =
            Behind { stored: store.clone(), identity: store.clone(), company, settings, many: AtomicBool::new(false) };
        (behind, store)
    }

    async fn serves(behind: &Behind, company: &str) -> bool {
        behind.get(&company.parse().unwrap(), IntegrationKind::Twilio).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn it_serves_the_only_company_or_the_one_that_is_named() {
        let (only, store) = behind(None, &["acme"]).await;
        assert!(serves(&only, "acme").await);
        store.add_company(&"beta".parse().unwrap(), "", NOW).await.unwrap();
        assert!(!serves(&only, "acme").await && !serves(&only, "beta").await);
        let (named, _) = behind(Some("beta"), &["acme", "beta"]).await;
        assert!(!serves(&named, "acme").await && serves(&named, "beta").await);
    }

    #[tokio::test]
    async fn its_status_is_kept_and_its_secrets_are_not_and_own_settings_go_first() {
        let (behind, store) = behind(None, &["acme"]).await;
        let (acme, twilio) = ("acme".parse().unwrap(), IntegrationKind::Twilio);
        behind.set_status(&acme, twilio, ConnectionStatus::Error, Some("away".into()), NOW).await.unwrap();
        let found = behind.get(&acme, twilio).await.unwrap().unwrap();
        assert_eq!((found.status, found.last_error.as_deref()), (ConnectionStatus::Error, Some("away")));
        assert_eq!(found.settings.expose_secret(), "{\"env\":1}");
        let kept = store.get(&acme, twilio).await.unwrap().unwrap();
        assert_eq!(kept.settings.expose_secret(), FROM_ENVIRONMENT);
        behind.put(&acme, twilio, "{\"own\":1}".into()).await.unwrap();
        assert_eq!(behind.get(&acme, twilio).await.unwrap().unwrap().settings.expose_secret(), "{\"own\":1}");
        behind.delete(&acme, twilio).await.unwrap();
        assert_eq!(behind.get(&acme, twilio).await.unwrap().unwrap().settings.expose_secret(), "{\"env\":1}");
    }
}
