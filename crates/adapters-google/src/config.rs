use secrecy::SecretString;
use serde::Deserialize;

/// Where Google is, and as whom we come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleConfig {
    /// The OAuth client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Google's addresses; another one's for a stand-in.
    #[serde(default)]
    pub addresses: GoogleAddresses,
}

/// Base addresses, without a slash at their end; Google's own where none is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoogleAddresses {
    /// The consent page's host.
    pub accounts: String,
    /// The host of `/token` and `/revoke`.
    pub oauth2: String,
    /// The host of `/v1/userinfo`.
    pub openid: String,
    /// The host of `/v4/spreadsheets`.
    pub sheets: String,
    /// The host of `/drive/v3`.
    pub drive: String,
    /// The host of `/calendar/v3`.
    pub calendar: String,
    /// The host of `/upload/gmail/v1`.
    pub gmail: String,
}

impl Default for GoogleAddresses {
    fn default() -> Self {
        Self {
            accounts: "https://accounts.google.com".to_owned(),
            oauth2: "https://oauth2.googleapis.com".to_owned(),
            openid: "https://openidconnect.googleapis.com".to_owned(),
            sheets: "https://sheets.googleapis.com".to_owned(),
            drive: "https://www.googleapis.com".to_owned(),
            calendar: "https://www.googleapis.com".to_owned(),
            gmail: "https://gmail.googleapis.com".to_owned(),
        }
    }
}

impl GoogleConfig {
    /// Google itself.
    #[must_use]
    pub fn new(client_id: String, client_secret: SecretString) -> Self {
        Self { client_id, client_secret, addresses: GoogleAddresses::default() }
    }

    /// A stand-in that serves everything below one address.
    #[must_use]
    pub fn at(client_id: String, client_secret: SecretString, base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let addresses = GoogleAddresses {
            accounts: base.clone(),
            oauth2: base.clone(),
            openid: base.clone(),
            sheets: base.clone(),
            drive: base.clone(),
            calendar: base.clone(),
            gmail: base,
        };
        Self { client_id, client_secret, addresses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_can_be_another_and_nothing_is_misspelt_in_silence() {
        let read = serde_json::from_str::<GoogleConfig>;
        let text = r#"{"client_id":"a","client_secret":"s3cret","addresses":{"drive":"http://127.0.0.1:1"}}"#;
        let config = read(text).unwrap();
        assert_eq!(config.addresses.drive, "http://127.0.0.1:1");
        assert_eq!(config.addresses.sheets, "https://sheets.googleapis.com");
        assert!(!format!("{config:?}").contains("s3cret"));
        assert!(read(&text.replace("drive", "drvie")).is_err());
    }

    #[test]
    fn a_stand_in_has_everything_below_one_address() {
        let config = GoogleConfig::at("a".into(), "b".into(), "http://127.0.0.1:1/google/");
        let at = config.addresses;
        let all = [at.accounts, at.oauth2, at.openid, at.sheets, at.drive, at.calendar, at.gmail];
        assert!(all.iter().all(|at| at == "http://127.0.0.1:1/google"));
    }
}
