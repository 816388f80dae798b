//! A company's settings for a vendor, as the vendor's adapter sees them.

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use crate::error::PortError;
use crate::integrations::IntegrationKind;

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsErrorKind {
    /// The field is missing, unknown, or has a value that it cannot have.
    Field(String),
    /// The vendor does not accept the credentials.
    Refused,
    /// The vendor does not answer.
    Unavailable,
}

/// One vendor's settings.
#[async_trait]
pub trait VendorSettings: Send + Sync {
    /// Whose.
    fn vendor(&self) -> IntegrationKind;

    /// What an administrator gave, a JSON object, in the shape in which it is kept. Pure.
    ///
    /// # Errors
    /// [`SettingsErrorKind::Field`], which names the first field at fault.
    fn read(&self, given: &SecretString) -> Result<SecretString, PortError<SettingsErrorKind>>;

    /// What people may see: of secrets, the last four characters. Pure.
    fn show(&self, settings: &SecretString) -> Value;

    /// Asks the vendor, without effect, whether the settings hold; the account's name for people. Repeatable.
    async fn reach(&self, settings: &SecretString) -> Result<String, PortError<SettingsErrorKind>>;
}
