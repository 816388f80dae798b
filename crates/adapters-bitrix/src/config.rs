use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use kopru_ports::delivery::Urgency;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// The vendor's authorization servers. Each knows the apps of its own regions.
const SERVERS: [&str; 2] = ["https://oauth.bitrix.info/rest/", "https://oauth.bitrix24.tech/rest/"];

/// A company's settings for Bitrix24.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum BitrixConfig {
    /// An inbound webhook.
    Webhook(WebhookConfig),
    /// An app with tokens of its own.
    App(AppConfig),
}

/// The portal by an inbound webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Its address: `https://portal/rest/USER/SECRET/`.
    pub webhook: SecretString,
    /// The portal's stable name, once its address is another one.
    #[serde(default)]
    pub portal: Option<String>,
}

/// The portal by an app that somebody authorised.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// The app's code.
    pub client_id: String,
    /// Its key.
    pub client_secret: SecretString,
    /// The portal's REST address: `https://portal/rest/`.
    pub client_endpoint: String,
    /// The authorization server's, which depends on the region: `https://oauth.bitrix.info/rest/`. Told with
    /// the first tokens where it is not given.
    #[serde(default)]
    pub server_endpoint: Option<String>,
    /// The portal's own id, known after the first authorization: tokens of another one are not taken.
    #[serde(default)]
    pub member_id: Option<String>,
    /// The portal's stable name, once its address is another one.
    #[serde(default)]
    pub portal: Option<String>,
}

/// The settings name no portal. Does not repeat them: they are secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither the address of an inbound webhook (https://portal/rest/1/secret/) nor of an app's portal")]
pub struct BadSettings;

/// A portal that can be called.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    /// The host and port by which it was connected first: stable, and no secret.
    pub name: String,
    /// The address with a slash at its end.
    pub base: SecretString,
    /// The app that calls it; a webhook's address is all that is needed.
    pub app: Option<Arc<AppConfig>>,
    /// Whether a person waits for what is asked of it.
    pub urgency: Urgency,
    /// When calls must have ended, where somebody counts on it.
    pub until: Option<Timestamp>,
}

impl BitrixConfig {
    pub(crate) fn portal(&self) -> Result<Portal, BadSettings> {
        let (address, name, app) = match self {
            Self::Webhook(hook) => (hook.webhook.expose_secret(), &hook.portal, None),
            Self::App(app) => (app.client_endpoint.as_str(), &app.portal, Some(app)),
        };
        let url = checked(address)?;
        let segments: Vec<&str> = url.path_segments().ok_or(BadSettings)?.filter(|part| !part.is_empty()).collect();
        let sound = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        match (segments.as_slice(), app) {
            ([.., "rest", user, secret], None) if sound(user) && sound(secret) => {}
            ([.., "rest"], Some(app)) => app.server_endpoint.iter().try_for_each(|server| checked(server).map(drop))?,
            _ => return Err(BadSettings),
        }
        let name = name.clone().or_else(|| address_of(&url)).ok_or(BadSettings)?;
        let base = SecretString::from(format!("{}/", url.as_str().trim_end_matches('/')));
        let app = app.cloned().map(Arc::new);
        Ok(Portal { name, base, app, urgency: Urgency::Interactive, until: None })
    }
}

/// An address that secrets may be sent to.
fn checked(address: &str) -> Result<Url, BadSettings> {
    let url = Url::parse(address.trim()).map_err(|_| BadSettings)?;
    let is_bare = url.query().is_none() && url.username().is_empty() && url.password().is_none();
    if is_safe(&url) && is_bare { Ok(url) } else { Err(BadSettings) }
}

fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

/// Host and port.
fn address_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

impl Portal {
    /// The host and port at which it is now.
    pub(crate) fn address(&self) -> String {
        let url = Url::parse(self.base.expose_secret()).ok();
        url.as_ref().and_then(address_of).unwrap_or_else(|| self.name.clone())
    }

    /// Where it is, without what opens it: `https://portal`.
    pub(crate) fn site(&self) -> &str {
        site(self.base.expose_secret())
    }

    /// The portal at the address that a call of `method` was sent on to. A renamed portal changes nothing but
    /// the host; anything else is a page for people, which must not get the webhook's secret.
    pub(crate) fn moved(&self, method: &str, location: &str) -> Option<Self> {
        let asked = Url::parse(&format!("{}{method}", self.base.expose_secret())).ok()?;
        let mut renamed = Url::parse(location).ok()?;
        renamed.set_query(None);
        let same =
            renamed.scheme() == asked.scheme() && renamed.path() == asked.path() && renamed.username().is_empty();
        let base = renamed.as_str().strip_suffix(method).filter(|_| same && is_safe(&renamed))?;
        Some(Self { base: SecretString::from(base), ..self.clone() })
    }

    /// The settings by which it is reached from now on.
    pub(crate) fn settings(&self) -> SecretString {
        let base = self.base.expose_secret();
        let settings = match &self.app {
            None => json!({ "portal": self.name, "webhook": base }),
            Some(app) => app.at(base, &self.name),
        };
        SecretString::from(settings.to_string())
    }
}

impl AppConfig {
    fn at(&self, client_endpoint: &str, name: &str) -> Value {
        json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret.expose_secret(),
            "client_endpoint": client_endpoint,
            "server_endpoint": self.server_endpoint,
            "member_id": self.member_id,
            "portal": name,
        })
    }

    /// Where tokens are given: at the app's own server, or at one of the vendor's.
    pub(crate) fn token_addresses(&self) -> Vec<String> {
        let servers = self.server_endpoint.as_deref().map_or(SERVERS.to_vec(), |server| vec![server]);
        servers.into_iter().map(|server| format!("{}oauth/token/", root(server))).collect()
    }

    /// Where a person is asked.
    pub(crate) fn authorize_address(&self) -> String {
        format!("{}oauth/authorize/", root(&self.client_endpoint))
    }
}

/// What stands before `/rest/`.
pub(crate) fn site(address: &str) -> &str {
    address.split_once("/rest/").map_or(address, |(site, _)| site)
}

/// What a REST address stands under.
fn root(endpoint: &str) -> &str {
    let bare = endpoint.trim().trim_end_matches('/');
    bare.strip_suffix("rest").unwrap_or(endpoint)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn hook(webhook: &str) -> BitrixConfig {
        BitrixConfig::Webhook(WebhookConfig { webhook: webhook.into(), portal: None })
    }

    fn portal(webhook: &str) -> Option<(String, String)> {
        let portal = hook(webhook).portal().ok()?;
        Some((portal.name, portal.base.expose_secret().to_owned()))
    }

    #[test]
    fn a_portal_is_known_by_its_host() {
        let acme = ("acme.bitrix24.com".to_owned(), "https://acme.bitrix24.com/rest/1/s3cret/".to_owned());
        assert_eq!(portal("https://acme.bitrix24.com/rest/1/s3cret"), Some(acme.clone()));
        assert_eq!(portal(" https://ACME.bitrix24.com/rest/1/s3cret/ "), Some(acme));
        assert_eq!(portal("http://127.0.0.1:4000/bitrix24/rest/1/abcdef/").unwrap().0, "127.0.0.1:4000");
    }

    #[rstest]
    #[case("")]
    #[case("https://acme.bitrix24.com/")]
    #[case("http://acme.bitrix24.com/rest/1/s3cret/")]
    #[case("https://acme.bitrix24.com/rest/1/s3cret/?x=1")]
    #[case("https://a:b@acme.bitrix24.com/rest/1/s3cret/")]
    #[case("https://acme.bitrix24.com/rest/1/s3cret/crm.lead.add")]
    #[case("ftp://acme.bitrix24.com/rest/1/s3cret/")]
    fn anything_else_is_refused(#[case] webhook: &str) {
        assert_eq!(portal(webhook), None);
    }

    #[rstest]
    #[case::another_host("https://new.bitrix24.com/rest/1/s3cret/crm.lead.add", true)]
    #[case::with_a_query("https://new.bitrix24.com/rest/1/s3cret/crm.lead.add?x=1", true)]
    #[case::a_page_for_people("https://new.bitrix24.com/auth/?backurl=/rest/1/s3cret/crm.lead.add", false)]
    #[case::in_clear("http://new.bitrix24.com/rest/1/s3cret/crm.lead.add", false)]
    #[case::another_scheme("file:///rest/1/s3cret/crm.lead.add", false)]
    #[case::with_a_password("https://a:b@new.bitrix24.com/rest/1/s3cret/crm.lead.add", false)]
    #[case::another_method("https://new.bitrix24.com/rest/1/s3cret/crm.lead.delete", false)]
    #[case::relative("/rest/1/s3cret/crm.lead.add", false)]
    fn a_renamed_portal_changes_nothing_but_its_host(#[case] location: &str, #[case] renamed: bool) {
        let portal = hook("https://acme.bitrix24.com/rest/1/s3cret/").portal().unwrap();
        let moved = portal.moved("crm.lead.add", location);
        let found = moved.map(|moved| {
            let stored: BitrixConfig = serde_json::from_str(moved.settings().expose_secret()).unwrap();
            let stored = stored.portal().unwrap();
            (moved.name, stored.name, stored.base.expose_secret().to_owned())
        });
        let name = || "acme.bitrix24.com".to_owned();
        assert_eq!(found, renamed.then(|| (name(), name(), "https://new.bitrix24.com/rest/1/s3cret/".to_owned())));
    }

    #[test]
    fn a_secret_does_not_go_in_clear_from_this_machine_to_another() {
        let portal = hook("http://127.0.0.1:4000/rest/1/s3cret/").portal().unwrap();
        assert!(portal.moved("batch", "http://127.0.0.1:5000/rest/1/s3cret/batch").is_some());
        assert!(portal.moved("batch", "http://10.1.2.3/rest/1/s3cret/batch").is_none());
    }

    #[test]
    fn debug_does_not_show_the_webhook() {
        let config = hook("https://a.example/rest/1/s3cret/");
        assert!(!format!("{config:?} {:?}", config.portal().unwrap()).contains("s3cret"));
    }

    fn app(client_endpoint: &str, server_endpoint: &str) -> Value {
        json!({ "client_id": "app.1", "client_secret": "s3cret", "client_endpoint": client_endpoint,
            "server_endpoint": server_endpoint })
    }

    #[test]
    fn an_apps_server_is_one_of_the_vendors_until_it_is_told() {
        let mut settings = app("https://portal.bitrix24.com/rest/", "");
        settings["server_endpoint"] = Value::Null;
        let config: BitrixConfig = serde_json::from_value(settings).unwrap();
        let vendors = ["https://oauth.bitrix.info/oauth/token/", "https://oauth.bitrix24.tech/oauth/token/"];
        assert_eq!(config.portal().unwrap().app.unwrap().token_addresses(), vendors);
    }

    #[test]
    fn an_app_has_a_portal_and_a_server() {
        let settings = app("https://portal.bitrix24.com/rest/", "https://oauth.bitrix24.tech/rest/");
        let config: BitrixConfig = serde_json::from_value(settings).unwrap();
        let portal = config.portal().unwrap();
        assert_eq!(portal.name, "portal.bitrix24.com");
        let app = portal.app.clone().unwrap();
        assert_eq!(app.token_addresses(), ["https://oauth.bitrix24.tech/oauth/token/"]);
        assert_eq!(app.authorize_address(), "https://portal.bitrix24.com/oauth/authorize/");
        assert!(!format!("{config:?} {portal:?}").contains("s3cret"));
        let again: BitrixConfig = serde_json::from_str(portal.settings().expose_secret()).unwrap();
        assert_eq!(again.portal().unwrap().settings().expose_secret(), portal.settings().expose_secret());
    }

    #[rstest]
    #[case::in_clear("http://portal.bitrix24.com/rest/", "https://oauth.bitrix.info/rest/")]
    #[case::server_in_clear("https://portal.bitrix24.com/rest/", "http://oauth.bitrix.info/rest/")]
    #[case::no_rest("https://portal.bitrix24.com/", "https://oauth.bitrix.info/rest/")]
    #[case::no_server("https://portal.bitrix24.com/rest/", "")]
    fn an_apps_addresses_are_checked(#[case] client: &str, #[case] server: &str) {
        let config: BitrixConfig = serde_json::from_value(app(client, server)).unwrap();
        assert!(config.portal().is_err());
    }
}
