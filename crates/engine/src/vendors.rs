//! A company's own accounts at vendors: connected, tried, shown without their secrets, forgotten.

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::audit::AuditAction;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::tokens::ConnectionStatus;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use crate::Engine;
use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::mailboxes::Mailbox;

/// How a company's account at a vendor is doing.
#[derive(Debug, Clone, Serialize)]
pub struct VendorStatus {
    /// Which vendor.
    pub vendor: IntegrationKind,
    /// Its settings; of secrets, the last four characters.
    pub settings: Value,
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
}

impl Engine {
    fn vendor(&self, name: &str) -> Result<&dyn VendorSettings, EngineError> {
        let found = self.ports.vendors.iter().find(|vendor| vendor.vendor().name() == name);
        found.map(AsRef::as_ref).ok_or(EngineError::NotFound("integration"))
    }

    /// Keeps a company's settings for a vendor, once the vendor has taken them; how it is then.
    ///
    /// # Errors
    /// [`EngineError::BadSetting`] and [`Problem::CredentialsRefused`]: nothing is kept then.
    pub async fn connect_vendor(
        &self,
        caller: &Caller,
        name: &str,
        given: &SecretString,
    ) -> Result<VendorStatus, EngineError> {
        let vendor = self.vendor(name)?;
        let kind = vendor.vendor();
        let settings = vendor.read(given).map_err(|error| unusable(error.kind))?;
        vendor.reach(&settings).await.map_err(|error| unusable(error.kind))?;
        self.record(caller, AuditAction::VendorConnected, name).await?;
        self.ports.integrations.put(&caller.company, kind, settings).await?;
        self.set_vendor(&caller.company, kind, ConnectionStatus::Active, None).await?;
        self.vendor_status(&caller.company, name).await
    }

    /// How a company's account is doing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where there is none.
    pub async fn vendor_status(&self, company: &CompanyId, name: &str) -> Result<VendorStatus, EngineError> {
        if let Some(mailbox) = Mailbox::named(name) {
            return self.mailbox_status(company, mailbox).await;
        }
        let vendor = self.vendor(name)?;
        let found = self.ports.integrations.get(company, vendor.vendor()).await?;
        let found = found.ok_or(EngineError::NotFound("integration"))?;
        Ok(VendorStatus {
            vendor: vendor.vendor(),
            settings: vendor.show(&found.settings),
            status: found.status,
            last_error: found.last_error,
            last_used: found.last_used,
        })
    }

    /// Asks the vendor whether the settings still hold; how the account is then.
    pub async fn test_vendor(&self, company: &CompanyId, name: &str) -> Result<VendorStatus, EngineError> {
        if let Some(mailbox) = Mailbox::named(name) {
            return self.test_mailbox(company, mailbox).await;
        }
        let vendor = self.vendor(name)?;
        let found = self.ports.integrations.get(company, vendor.vendor()).await?;
        let found = found.ok_or(EngineError::NotFound("integration"))?;
        let (status, error) = match vendor.reach(&found.settings).await {
            Ok(_) => (ConnectionStatus::Active, None),
            Err(error) if error.kind == SettingsErrorKind::Refused => {
                (ConnectionStatus::ReconnectRequired, Some(error.to_string()))
            }
            Err(error) => (ConnectionStatus::Error, Some(error.to_string())),
        };
        self.set_vendor(company, vendor.vendor(), status, error).await?;
        self.vendor_status(company, name).await
    }

    /// Forgets a company's settings for a vendor; what waits for it stays.
    pub async fn disconnect_vendor(&self, caller: &Caller, name: &str) -> Result<(), EngineError> {
        if let Some(mailbox) = Mailbox::named(name) {
            return self.disconnect_mailbox(caller, mailbox).await;
        }
        let kind = self.vendor(name)?.vendor();
        self.record(caller, AuditAction::VendorDisconnected, name).await?;
        Ok(self.ports.integrations.delete(&caller.company, kind).await?)
    }

    pub(crate) async fn set_vendor(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        Ok(self.ports.integrations.set_status(company, kind, status, error, now).await?)
    }
}

fn unusable(kind: SettingsErrorKind) -> EngineError {
    match kind {
        SettingsErrorKind::Field(field) => EngineError::BadSetting(field),
        SettingsErrorKind::Refused => Problem::CredentialsRefused.refused(),
        _ => EngineError::VendorAway,
    }
}
