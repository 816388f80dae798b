use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

/// A company's settings for Bitrix24.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitrixConfig {
    /// The address of an inbound webhook: `https://portal/rest/USER/SECRET/`.
    pub webhook: SecretString,
    /// The portal's stable name, once its address is another one.
    #[serde(default)]
    pub portal: Option<String>,
}

/// The text is not the address of an inbound webhook. Does not repeat it: it is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of an inbound webhook: https://portal/rest/1/secret/")]
pub struct BadWebhook;

/// A portal that can be called.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    /// The host and port by which it was connected first: stable, and no secret.
    pub name: String,
    /// The address with a slash at its end.
    pub base: SecretString,
}

impl BitrixConfig {
    pub(crate) fn portal(&self) -> Result<Portal, BadWebhook> {
        let url = Url::parse(self.webhook.expose_secret().trim()).map_err(|_| BadWebhook)?;
        let host = url.host_str().ok_or(BadWebhook)?;
        let segments: Vec<&str> = url.path_segments().ok_or(BadWebhook)?.filter(|part| !part.is_empty()).collect();
        let [.., "rest", user, secret] = segments[..] else { return Err(BadWebhook) };
        let sound = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        let clear = url.scheme() == "http" && !is_loopback(host);
        if clear || !matches!(url.scheme(), "http" | "https") || !sound(user) || !sound(secret) || url.query().is_some()
        {
            return Err(BadWebhook);
        }
        let address = || url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let name = self.portal.clone().unwrap_or_else(address);
        let base = format!("{}/", url.as_str().trim_end_matches('/'));
        Ok(Portal { name, base: SecretString::from(base) })
    }
}

impl Portal {
    /// The portal at the address that a call of `method` was sent on to. A renamed portal changes nothing but
    /// the host; anything else is a page for people, which must not get the webhook's secret.
    pub(crate) fn moved(&self, method: &str, location: &str) -> Option<Self> {
        let asked = Url::parse(&format!("{}{method}", self.base.expose_secret())).ok()?;
        let mut renamed = Url::parse(location).ok()?;
        renamed.set_query(None);
        let same =
            renamed.scheme() == asked.scheme() && renamed.path() == asked.path() && renamed.username().is_empty();
        let base = renamed.as_str().strip_suffix(method).filter(|_| same && renamed.host().is_some())?;
        Some(Self { name: self.name.clone(), base: SecretString::from(base) })
    }

    /// The settings by which it is reached from now on.
    pub(crate) fn settings(&self) -> SecretString {
        SecretString::from(json!({ "webhook": self.base.expose_secret(), "portal": self.name }).to_string())
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn portal(webhook: &str) -> Option<(String, String)> {
        let portal = BitrixConfig { webhook: webhook.into(), portal: None }.portal().ok()?;
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
        let webhook = "https://acme.bitrix24.com/rest/1/s3cret/".into();
        let portal = BitrixConfig { webhook, portal: None }.portal().unwrap();
        let moved = portal.moved("crm.lead.add", location);
        let found = moved.map(|moved| {
            let stored: BitrixConfig = serde_json::from_str(moved.settings().expose_secret()).unwrap();
            (moved.name, stored.portal().unwrap().name, stored.webhook.expose_secret().to_owned())
        });
        let name = || "acme.bitrix24.com".to_owned();
        assert_eq!(found, renamed.then(|| (name(), name(), "https://new.bitrix24.com/rest/1/s3cret/".to_owned())));
    }

    #[test]
    fn debug_does_not_show_the_webhook() {
        let config = BitrixConfig { webhook: "https://a.example/rest/1/s3cret/".into(), portal: None };
        assert!(!format!("{config:?} {:?}", config.portal().unwrap()).contains("s3cret"));
    }
}
