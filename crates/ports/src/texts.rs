//! A company's message templates, and how its messages may go.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Policy, Template};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// A template under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTemplate {
    /// Its name, unique in the company.
    pub name: String,
    /// What it says.
    pub template: Template,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// Keeps templates and policies.
#[async_trait]
pub trait TextStore: Send + Sync {
    /// Stores a template under its name, in place of an earlier one. Repeatable.
    async fn put_template(&self, company: &CompanyId, template: &NamedTemplate) -> Result<(), StoreError>;
    /// The template of that name.
    async fn template(&self, company: &CompanyId, name: &str) -> Result<Option<NamedTemplate>, StoreError>;
    /// Templates by name, after the one given.
    async fn templates(
        &self,
        company: &CompanyId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NamedTemplate>, StoreError>;
    /// Forgets a template; false where there is none.
    async fn delete_template(&self, company: &CompanyId, name: &str) -> Result<bool, StoreError>;
    /// How the company's messages may go; the default where nothing was set.
    async fn policy(&self, company: &CompanyId) -> Result<Policy, StoreError>;
    /// Sets it.
    async fn set_policy(&self, company: &CompanyId, policy: &Policy) -> Result<(), StoreError>;
}
