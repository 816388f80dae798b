use async_trait::async_trait;
use kopru_domain::message::Trouble;
use kopru_http_client::PrivateAddresses;
use kopru_ports::PortError;
use kopru_ports::form::{self, Form, SettingsError};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use secrecy::SecretString;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::config::{Security, SmtpConfig, is_this_machine};
use crate::error::{ADAPTER, Phase, broken};
use crate::fields::{FORM, OAUTH};
use crate::options::SmtpOptions;
use crate::sender::Smtp;

const SECRETS: [&str; 3] = ["password", "client_secret", "refresh_token"];

#[async_trait]
impl VendorSettings for Smtp {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Smtp
    }

    fn read(&self, given: &SecretString) -> Result<SecretString, SettingsError> {
        let mut kept = filled(&FORM, FORM.parse(given)?)?;
        if let Some(Value::Object(oauth)) = kept.remove("oauth") {
            kept.insert("oauth".to_owned(), filled(&OAUTH, oauth)?.into());
        }
        let kept = SecretString::from(Value::Object(kept).to_string());
        let config = SmtpConfig::read(&kept).map_err(|_| FORM.wrong("settings"))?;
        agrees(&config, &self.options).map_or(Ok(kept), |wrong| Err(FORM.wrong(wrong)))
    }

    fn show(&self, settings: &SecretString) -> Value {
        form::shown(settings, &SECRETS)
    }

    /// Signs in and out again.
    async fn reach(&self, settings: &SecretString) -> Result<String, SettingsError> {
        SmtpConfig::read(settings).map_err(|_| FORM.wrong("settings"))?;
        let account = self.account_by(settings.clone()).map_err(unreached)?;
        let call = async {
            let mut connection = self.open(&account).await?;
            connection.noop().await.map(|()| connection)
        };
        let reached = timeout(self.options.before, call).await.unwrap_or_else(|_| Err(broken(Phase::Hello)));
        reached.map_err(unreached)?.quit().await;
        Ok(account.config.username)
    }
}

fn filled(form: &Form, given: Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
    let filled = form.filled(given)?;
    form.check(&filled, |_| false)?;
    Ok(filled)
}

fn unreached(cause: SendError) -> SettingsError {
    let kind = match cause.kind {
        Trouble::CredentialsRefused => SettingsErrorKind::Refused,
        Trouble::NotConfigured => SettingsErrorKind::Field("host".to_owned()),
        _ => SettingsErrorKind::Unavailable,
    };
    let found = PortError::new(ADAPTER, kind, cause.retry);
    match cause.detail.clone() {
        Some(words) => found.detail(words).caused_by(cause),
        None => found.caused_by(cause),
    }
}

/// The field by which settings do not agree with each other, or with what may be called.
fn agrees(config: &SmtpConfig, options: &SmtpOptions) -> Option<&'static str> {
    let is_open = config.security == Security::None;
    let may_be_open = options.private_addresses == PrivateAddresses::Allow;
    let is_fetched = |url: &str| url.starts_with("https://") || (may_be_open && url.starts_with("http://"));
    match (&config.password, &config.oauth) {
        _ if !options.allows_port(config.port()) => Some("port"),
        _ if is_open && !is_this_machine(&config.host) => Some("security"),
        (None, None) => Some("password"),
        (Some(_), Some(_)) => Some("oauth"),
        (_, Some(oauth)) if !is_fetched(&oauth.token_url) => Some("oauth.token_url"),
        _ => None,
    }
}
