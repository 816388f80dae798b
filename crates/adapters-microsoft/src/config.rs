use secrecy::SecretString;
use serde::Deserialize;

/// Where Microsoft is, and as whom we come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicrosoftConfig {
    /// The registered application's id.
    pub client_id: String,
    /// Its secret's value, which ends after two years at the most.
    pub client_secret: SecretString,
    /// Microsoft's addresses; another one's for a stand-in or a national cloud.
    #[serde(default)]
    pub addresses: MicrosoftAddresses,
}

/// Base addresses, without a slash at their end; Microsoft's own where none is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MicrosoftAddresses {
    /// Where people sign in, without the tenant.
    pub authority: String,
    /// Who may sign in: `common` (everybody), `organizations`, `consumers`, or one tenant's id or domain.
    pub tenant: String,
    /// Microsoft Graph, with its version.
    pub graph: String,
}

impl Default for MicrosoftAddresses {
    fn default() -> Self {
        Self {
            authority: "https://login.microsoftonline.com".to_owned(),
            tenant: "common".to_owned(),
            graph: "https://graph.microsoft.com/v1.0".to_owned(),
        }
    }
}

impl MicrosoftAddresses {
    /// An endpoint of the tenant's.
    pub(crate) fn oauth(&self, name: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{name}", self.authority, self.tenant)
    }
}

impl MicrosoftConfig {
    /// Microsoft itself.
    #[must_use]
    pub fn new(client_id: String, client_secret: SecretString) -> Self {
        Self { client_id, client_secret, addresses: MicrosoftAddresses::default() }
    }

    /// A stand-in that serves everything below one address.
    #[must_use]
    pub fn at(client_id: String, client_secret: SecretString, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let (authority, graph) = (base.to_owned(), format!("{base}/v1.0"));
        let addresses = MicrosoftAddresses { authority, graph, ..MicrosoftAddresses::default() };
        Self { client_id, client_secret, addresses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_can_be_another_and_nothing_is_misspelt_in_silence() {
        let read = serde_json::from_str::<MicrosoftConfig>;
        let text = r#"{"client_id":"a","client_secret":"s3cret","addresses":{"tenant":"acme.example.com"}}"#;
        let config = read(text).unwrap();
        assert_eq!(
            config.addresses.oauth("token"),
            "https://login.microsoftonline.com/acme.example.com/oauth2/v2.0/token"
        );
        assert_eq!(config.addresses.graph, "https://graph.microsoft.com/v1.0");
        assert!(!format!("{config:?}").contains("s3cret"));
        assert!(read(&text.replace("tenant", "tennant")).is_err());
    }

    #[test]
    fn a_stand_in_has_everything_below_one_address() {
        let at = MicrosoftConfig::at("a".into(), "b".into(), "http://127.0.0.1:1/microsoft/").addresses;
        assert_eq!(at.oauth("authorize"), "http://127.0.0.1:1/microsoft/common/oauth2/v2.0/authorize");
        assert_eq!(at.graph, "http://127.0.0.1:1/microsoft/v1.0");
    }
}
