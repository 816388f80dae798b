use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldMeta};
use kopru_ports::crm::{CrmCatalog, CrmError};
use secrecy::SecretString;
use serde_json::json;

use crate::client::{Bitrix24, read_settings};
use crate::describe::Described;
use crate::entity::methods;

/// So long a portal's description is kept.
const KEPT: Duration = Duration::from_mins(10);

impl Bitrix24 {
    /// What is kept of an entity, or read anew.
    pub(crate) async fn described(&self, company: &CompanyId, entity: EntityKind) -> Result<Arc<Described>, CrmError> {
        let key = (company.clone(), entity);
        let now = self.clock.now();
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, described)) = kept.filter(|(read, _)| now < *read + KEPT) {
            return Ok(described);
        }
        let portal = self.portal_of(company).await?;
        let methods = methods(entity)?;
        let described = Arc::new(self.describe(company, &portal, methods).await.map_err(CrmError::without_effect)?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, described.clone()));
        Ok(described)
    }
}

#[async_trait]
impl CrmCatalog for Bitrix24 {
    async fn fields(&self, company: &CompanyId, entity: EntityKind) -> Result<Vec<FieldMeta>, CrmError> {
        Ok(self.described(company, entity).await?.fields.clone())
    }

    async fn forget(&self, company: &CompanyId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != company);
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
