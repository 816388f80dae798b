//! The other side of a CRM's ports.

use async_trait::async_trait;
use kopru_domain::{CompanyId, FieldCode};
use kopru_ports::Clock;
use kopru_ports::crm::{CrmCatalog, CrmWriter};
use secrecy::SecretString;

use super::trouble::Trouble;

/// A portal without leads, one company that is connected to it, and the adapter under test. Its author arranges
/// what a clause asks for, by other means than the adapter.
#[async_trait]
pub trait CrmWorld: Send + Sync {
    /// The adapter.
    fn writer(&self) -> &dyn CrmWriter;
    /// The adapter.
    fn catalog(&self) -> &dyn CrmCatalog;
    /// The clock that the adapter holds deadlines against.
    fn clock(&self) -> &dyn Clock;
    /// Who is connected.
    fn company(&self) -> CompanyId;
    /// Two fields of leads that hold any text; the second one can be empty.
    fn texts(&self) -> [FieldCode; 2];
    /// The field of leads that holds phones.
    fn phones(&self) -> FieldCode;
    /// The settings with which the company is connected.
    fn settings(&self) -> SecretString;
    /// The same with credentials that the portal does not accept.
    fn wrong_settings(&self) -> SecretString;

    /// Makes a lead as the portal's people do, with these texts; its id.
    async fn put(&self, texts: [&str; 2]) -> String;
    /// A lead's two texts, where there is such a lead.
    async fn read(&self, id: &str) -> Option<[String; 2]>;
    /// How many leads there are.
    async fn count(&self) -> usize;
    /// The portal's people make a field for leads.
    async fn add_field(&self, code: &FieldCode);
    /// The next call to the portal meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the portal's address. Its name stays.
    async fn cut_off(&self);
}
