//! Who did what: told before it is done.

use kopru_domain::CompanyId;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry};
use uuid::Uuid;

use crate::Engine;
use crate::callers::{Caller, Proof};
use crate::error::EngineError;

impl Caller {
    /// Who the caller is, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        let key = if let Proof::Key(key) = self.by { Some(key) } else { None };
        Actor { key, user: self.user.clone() }
    }
}

impl Engine {
    pub(crate) async fn record(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: impl ToString,
    ) -> Result<(), EngineError> {
        self.record_as(&caller.company, caller.actor(), action, subject).await
    }

    pub(crate) async fn record_as(
        &self,
        company: &CompanyId,
        actor: Actor,
        action: AuditAction,
        subject: impl ToString,
    ) -> Result<(), EngineError> {
        let (id, at) = (self.ports.ids.next(), self.ports.clock.now());
        let entry = AuditEntry { id, company: company.clone(), at, actor, action, subject: subject.to_string() };
        Ok(self.ports.audit.record(&entry).await?)
    }

    /// The company's audit log, newest first, before the entry `before`.
    pub async fn audit_log(
        &self,
        company: &CompanyId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, EngineError> {
        Ok(self.ports.audit.audit_log(company, before, limit).await?)
    }
}
