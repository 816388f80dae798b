use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldMeta};
use kopru_ports::crm::{CrmCatalog, CrmError};
use secrecy::SecretString;
use serde_json::json;

use crate::client::{Bitrix24, read_settings};
use crate::describe::Described;
use crate::entity::methods;

impl Bitrix24 {
    /// What is kept of an entity, or read anew.
    pub(crate) async fn described(&self, company: &CompanyId, entity: EntityKind) -> Result<Arc<Described>, CrmError> {
        let methods = methods(entity)?;
        let load = async {
            let portal = self.portal_of(company).await?;
            self.describe(company, &portal, methods).await.map_err(CrmError::without_effect)
        };
        self.known.get((company.clone(), entity), self.clock.now(), load).await
    }
}

#[async_trait]
impl CrmCatalog for Bitrix24 {
    async fn fields(&self, company: &CompanyId, entity: EntityKind) -> Result<Vec<FieldMeta>, CrmError> {
        Ok(self.described(company, entity).await?.fields.clone())
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
