use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldMeta};
use kopru_ports::crm::{CrmCatalog, CrmError};
use kopru_ports::delivery::Urgency;
use secrecy::SecretString;
use serde_json::json;

use crate::client::{Bitrix24, read_settings};
use crate::config::Portal;
use crate::describe::Described;
use crate::entity::methods;

impl Bitrix24 {
    /// What is kept of an entity, or read anew.
    pub(crate) async fn described(
        &self,
        company: &CompanyId,
        entity: EntityKind,
        urgency: Urgency,
    ) -> Result<Arc<Described>, CrmError> {
        let methods = methods(entity)?;
        let load = async {
            let portal = Portal { urgency, ..self.portal_of(company).await? };
            self.describe(company, &portal, methods).await.map_err(CrmError::without_effect)
        };
        self.known.get((company.clone(), entity), self.clock.now(), load).await
    }
}

#[async_trait]
impl CrmCatalog for Bitrix24 {
    async fn fields(
        &self,
        company: &CompanyId,
        entity: EntityKind,
        urgency: Urgency,
    ) -> Result<Vec<FieldMeta>, CrmError> {
        Ok(self.described(company, entity, urgency).await?.fields.clone())
    }

    async fn forget(&self, company: &CompanyId) {
        self.known.forget(company);
    }

    async fn portal(&self, company: &CompanyId) -> Result<String, CrmError> {
        Ok(self.portal_of(company).await?.name)
    }

    async fn reach(&self, company: &CompanyId, settings: &SecretString) -> Result<String, CrmError> {
        let portal = read_settings(settings)?;
        self.call(company, &portal, "profile", &json!({})).await.map_err(CrmError::without_effect)?;
        Ok(portal.name)
    }
}
