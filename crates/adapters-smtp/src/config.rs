use std::net::IpAddr;

use kopru_domain::email::Mailbox;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::{SendError, Sender};
use lettre::transport::smtp::authentication::Mechanism;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::{ADAPTER, error};

/// A company's settings for its mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// The server's name or address; its certificate is for that.
    pub host: String,
    /// Where it listens: 465, 587 or 25 by its security where nothing is said.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is kept private.
    #[serde(default)]
    pub security: Security,
    /// As whom we come.
    pub username: String,
    /// The password, where there is no `oauth`.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// Where access tokens for XOAUTH2 come from, in place of a password.
    #[serde(default)]
    pub oauth: Option<SmtpOAuth>,
    /// From whom an e-mail is that does not say it.
    #[serde(default)]
    pub from: Option<Mailbox>,
    /// How many e-mails the account may send in a second.
    #[serde(default = "five")]
    pub messages_per_second: f64,
}

/// How a connection is kept private. Going on in the open where a server offers no TLS is not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the start (RFC 8314).
    #[default]
    Tls,
    /// Before anything else is said, or not at all (RFC 3207).
    Starttls,
    /// In the open: to this machine itself alone.
    None,
}

/// Where access tokens come from (RFC 6749, 6).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpOAuth {
    /// The token endpoint.
    pub token_url: String,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// What access tokens are given for. It is not replaced.
    pub refresh_token: SecretString,
}

/// What servers of small companies' hosts put up with.
fn five() -> f64 {
    5.0
}

impl SmtpConfig {
    /// What is stored.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`]; what serde says of it could hold a secret.
    pub(crate) fn read(settings: &SecretString) -> Result<Self, SendError> {
        serde_json::from_str(settings.expose_secret()).map_err(|_| error(Trouble::NotConfigured, Retry::Never))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 465,
            Security::Starttls => 587,
            Security::None => 25,
        })
    }

    /// In the order in which they are chosen from what the server offers.
    pub(crate) fn mechanisms(&self) -> &'static [Mechanism] {
        if self.oauth.is_some() { &[Mechanism::Xoauth2] } else { &[Mechanism::Plain, Mechanism::Login] }
    }

    pub(crate) fn sender(&self) -> Sender {
        Sender { account: self.account(), name: self.host.clone(), per_second: self.messages_per_second }
    }

    /// What companies with one account have in common, and two accounts have not, without its name.
    pub(crate) fn account(&self) -> String {
        let hash = Sha256::digest(format!("{} {} {}", self.host, self.port(), self.username).as_bytes());
        let hash = hash.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        format!("{ADAPTER}:{hash}")
    }
}

/// Whether a server's name is one of this machine's own.
pub(crate) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn config(more: &Value) -> Result<SmtpConfig, SendError> {
        let mut settings = json!({ "host": "mail.example.com", "username": "satis@example.com" });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        SmtpConfig::read(&settings.to_string().into())
    }

    #[test]
    fn nothing_is_misspelt_in_silence_and_no_secret_is_told() {
        let oauth = json!({ "token_url": "https://t.example.com", "client_id": "c", "client_secret": "s3cret-1",
            "refresh_token": "s3cret-2" });
        let read = config(&json!({ "password": "s3cret-3", "oauth": oauth })).unwrap();
        assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
        let error = config(&json!({ "passwort": "s3cret" })).unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[rstest]
    #[case(json!({}), 465)]
    #[case(json!({ "security": "starttls" }), 587)]
    #[case(json!({ "security": "none" }), 25)]
    #[case(json!({ "security": "starttls", "port": 2525 }), 2525)]
    fn a_security_has_its_port(#[case] more: Value, #[case] port: u16) {
        assert_eq!(config(&more).unwrap().port(), port);
    }

    /// Whatever the password: who changes it has the same account.
    #[test]
    fn an_account_is_a_servers_name_and_ours_there() {
        let account = |more| config(&more).unwrap().account();
        let ours = account(json!({ "password": "a" }));
        assert_eq!(account(json!({ "password": "b", "from": "a@example.com" })), ours);
        assert_ne!(account(json!({ "username": "destek@example.com" })), ours);
        assert!(!ours.contains("satis"), "{ours}");
    }

    #[rstest]
    #[case("localhost", true)]
    #[case("127.0.0.1", true)]
    #[case("::1", true)]
    #[case("localhost.example.com", false)]
    #[case("10.0.0.1", false)]
    fn this_machine_has_few_names(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_this_machine(host), expected);
    }
}
