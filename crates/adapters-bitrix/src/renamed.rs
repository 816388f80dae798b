//! The same portal at another address. A renamed portal answers 302 from its old one, whoever asks
//! ([change of the domain](https://apidocs.bitrix24.com/settings/how-to-call-rest-api/change-domen.html)).

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_http_client::{HttpClient, Method};
use kopru_ports::connections::PortalConnections;
use kopru_ports::crm::CrmError;
use kopru_ports::oauth::OAuthProvider;
use secrecy::SecretString;
use url::Url;

use crate::client::{Bitrix24, read_settings};
use crate::config::{Portal, site};

#[async_trait]
impl PortalConnections for Bitrix24 {
    async fn recognised(
        &self,
        company: &CompanyId,
        settings: &SecretString,
        names: &[String],
    ) -> Result<SecretString, CrmError> {
        let portal = read_settings(settings)?;
        let stored = self.portal_of(company).await.ok();
        let former = match stored {
            Some(stored) if is_same_portal(&self.http, stored.site(), portal.site()).await => Some(stored.name),
            _ => self.former_name(&portal, names).await,
        };
        Ok(Portal { name: former.unwrap_or(portal.name.clone()), ..portal }.settings())
    }

    async fn consent(&self, company: &CompanyId) -> Result<Box<dyn OAuthProvider>, CrmError> {
        Ok(Box::new(self.consent_of(company).await?))
    }
}

impl Bitrix24 {
    /// The name whose address sends on to the portal's.
    async fn former_name(&self, portal: &Portal, names: &[String]) -> Option<String> {
        for name in names.iter().filter(|name| **name != portal.name) {
            let old = named(portal.site(), name)?;
            if is_same_portal(&self.http, &old, portal.site()).await {
                return Some(name.clone());
            }
        }
        None
    }
}

/// The site with another host and port.
fn named(site: &str, name: &str) -> Option<String> {
    let url = Url::parse(site).ok()?;
    Some(format!("{}://{name}{}", url.scheme(), url.path().trim_end_matches('/')))
}

/// Whether `old` is the place `new`, or sends calls on to it. No secret is shown to `old`: a name that was given
/// up can be somebody else's by now.
pub(crate) async fn is_same_portal(http: &HttpClient, old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    let Ok(reply) = http.send(http.request(Method::POST, &format!("{old}/rest/profile"))).await else { return false };
    let moved = (300..400).contains(&reply.status);
    moved && reply.location().is_some_and(|location| location.ends_with("/rest/profile") && site(location) == new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_where_the_portals_host_does() {
        assert_eq!(named("https://new.bitrix24.com", "old.bitrix24.com").unwrap(), "https://old.bitrix24.com");
        assert_eq!(named("http://127.0.0.1:4000/b", "127.0.0.1:5000").unwrap(), "http://127.0.0.1:5000/b");
    }
}
