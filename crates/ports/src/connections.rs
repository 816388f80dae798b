//! How a company comes to its CRM portal.

use async_trait::async_trait;
use kopru_domain::CompanyId;
use secrecy::SecretString;

use crate::crm::CrmError;
use crate::oauth::OAuthProvider;

/// Connects companies to portals.
#[async_trait]
pub trait PortalConnections: Send + Sync {
    /// `settings` with the name under which the company knows that portal already, be it from the stored settings
    /// or one of `names`: a portal that was renamed keeps it. Repeatable; needs no credentials.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::crm::CrmErrorKind::InvalidValue) for settings that name no portal.
    async fn recognised(
        &self,
        company: &CompanyId,
        settings: &SecretString,
        names: &[String],
    ) -> Result<SecretString, CrmError>;

    /// The consent to the app that the company's stored settings name.
    ///
    /// # Errors
    /// [`NotConnected`](crate::crm::CrmErrorKind::NotConnected) where they name none.
    async fn consent(&self, company: &CompanyId) -> Result<Box<dyn OAuthProvider>, CrmError>;
}
