use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::Policy;
use kopru_ports::StoreError;
use kopru_ports::texts::{NamedTemplate, TextStore};

use super::{MemoryStore, kept, most};

#[async_trait]
impl TextStore for MemoryStore {
    async fn put_template(&self, company: &CompanyId, template: &NamedTemplate) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_known(company)?;
        let stored = NamedTemplate { changed: kept(template.changed), ..template.clone() };
        state.templates.insert((company.clone(), template.name.clone()), stored);
        Ok(())
    }

    async fn template(&self, company: &CompanyId, name: &str) -> Result<Option<NamedTemplate>, StoreError> {
        Ok(self.state().templates.get(&(company.clone(), name.to_owned())).cloned())
    }

    async fn templates(
        &self,
        company: &CompanyId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NamedTemplate>, StoreError> {
        let state = self.state();
        let own = state.templates.iter().filter(|((of, _), _)| of == company);
        let rest = own.filter(|((_, name), _)| after.is_none_or(|after| name.as_str() > after));
        Ok(rest.take(most(limit)).map(|(_, template)| template.clone()).collect())
    }

    async fn delete_template(&self, company: &CompanyId, name: &str) -> Result<bool, StoreError> {
        Ok(self.state().templates.remove(&(company.clone(), name.to_owned())).is_some())
    }

    async fn policy(&self, company: &CompanyId) -> Result<Policy, StoreError> {
        Ok(self.state().policies.get(company).cloned().unwrap_or_default())
    }

    async fn set_policy(&self, company: &CompanyId, policy: &Policy) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_known(company)?;
        state.policies.insert(company.clone(), policy.clone());
        Ok(())
    }
}
