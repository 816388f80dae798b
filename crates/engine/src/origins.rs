//! From which pages a company's people may call.

use kopru_domain::CompanyId;
use kopru_ports::audit::AuditAction;
use url::{Host, Url};

use crate::Engine;
use crate::callers::Caller;
use crate::error::{EngineError, Problem};

/// So many hosts a company may have.
const MOST: usize = 50;

impl Engine {
    /// Replaces the company's origins; as they are kept.
    ///
    /// # Errors
    /// [`Problem::BadOrigin`] for what is no origin, such as an address with a path.
    pub async fn set_origins(&self, caller: &Caller, origins: &[String]) -> Result<Vec<String>, EngineError> {
        let bad = EngineError::Invalid(Problem::BadOrigin);
        let company = &caller.company;
        self.known_company(company).await?;
        if origins.len() > MOST {
            return Err(bad);
        }
        let origins: Option<Vec<String>> = origins.iter().map(|text| origin(text)).collect();
        let origins = origins.ok_or(bad)?;
        self.record(caller, AuditAction::OriginsChanged, origins.join(" ")).await?;
        self.ports.origins.set_origins(company, &origins).await?;
        self.origins(company).await
    }

    /// The company's origins.
    pub async fn origins(&self, company: &CompanyId) -> Result<Vec<String>, EngineError> {
        Ok(self.ports.origins.origins(company).await?)
    }

    /// Whether pages of that origin are of any company.
    pub async fn is_origin(&self, origin: &str) -> Result<bool, EngineError> {
        Ok(self.ports.origins.is_origin(origin).await?)
    }

    /// Whether a person may be sent back there: to a path of this service, or to a page of the company's.
    pub(crate) async fn may_return_to(&self, company: &CompanyId, address: &str) -> Result<bool, EngineError> {
        if is_path(address) {
            return Ok(true);
        }
        let Ok(url) = Url::parse(address) else { return Ok(false) };
        let bare = url.username().is_empty() && url.password().is_none();
        Ok(bare && self.origins(company).await?.contains(&url.origin().ascii_serialization()))
    }
}

/// A path of this service, and in no browser's reading anything else.
#[must_use]
pub fn is_path(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.contains(char::is_control)
}

/// An origin as browsers write it. Over plain HTTP only this machine's: tokens travel in these pages.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let own = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let bare = bare && url.username().is_empty() && url.password().is_none();
    let sound = bare && (url.scheme() == "https" || (url.scheme() == "http" && own));
    sound.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        for (text, kept) in [
            ("https://CRM.Example.com", Some("https://crm.example.com")),
            (" https://crm.example.com:443/ ", Some("https://crm.example.com")),
            ("https://crm.example.com:8443", Some("https://crm.example.com:8443")),
            ("https://müşteri.example", Some("https://xn--mteri-kva70e.example")),
            ("http://localhost:5173", Some("http://localhost:5173")),
            ("http://127.0.0.1", Some("http://127.0.0.1")),
            ("http://crm.example.com", None),
            ("http://localhost.example.com", None),
            ("https://crm.example.com/page", None),
            ("https://crm.example.com?x", None),
            ("https://user@crm.example.com", None),
            ("crm.example.com", None),
            ("null", None),
            ("*", None),
            ("file:///x", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), kept, "{text}");
        }
    }

    #[test]
    fn a_path_is_nothing_else() {
        for (address, expected) in [
            ("/sheet-sync", true),
            ("/a?b=c#d", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/\t/evil.example", false),
            ("https://evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_path(address), expected, "{address:?}");
        }
    }
}
