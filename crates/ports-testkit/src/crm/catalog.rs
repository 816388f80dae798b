use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldMeta};
use kopru_ports::Retry;
use kopru_ports::crm::{CrmCatalog, CrmError, CrmErrorKind};
use kopru_ports::delivery::Urgency;
use secrecy::{ExposeSecret as _, SecretString};

use super::{MemoryCrm, PORTAL, error};

#[async_trait]
impl CrmCatalog for MemoryCrm {
    async fn fields(&self, company: &CompanyId, _: EntityKind, _: Urgency) -> Result<Vec<FieldMeta>, CrmError> {
        self.call(company, |state| state.described.clone()).map_err(CrmError::without_effect)
    }

    async fn forget(&self, _: &CompanyId) {}

    async fn portal(&self, company: &CompanyId) -> Result<String, CrmError> {
        let connected = (*company == self.company).then(|| PORTAL.to_owned());
        connected.ok_or_else(|| error(CrmErrorKind::NotConnected, Retry::Never))
    }

    async fn reach(&self, _: &CompanyId, settings: &SecretString) -> Result<String, CrmError> {
        match settings.expose_secret().split_once('@') {
            Some(("right", PORTAL)) => Ok(PORTAL.to_owned()),
            Some((_, PORTAL)) => Err(error(CrmErrorKind::Credentials, Retry::Never)),
            _ => Err(error(CrmErrorKind::NotConnected, Retry::Never)),
        }
    }
}
