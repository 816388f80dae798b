//! A vendor of e-mail in memory, with idempotency keys: for engines and for the suite itself.

mod world;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::email::EmailAddress;
use kopru_domain::message::{MessageStatus, Trouble as Reason};
use kopru_ports::Retry;
use kopru_ports::emails::{Doubt, EmailAccount, EmailRequest, EmailSender};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::{Report, SendError, Sender};

use crate::line::{Line, error};
use crate::suites::trouble::Trouble;

/// How many e-mails the vendor takes in a second.
const PACE: f64 = 10.0;
const MOST_BYTES: usize = 40_000_000;
/// So long the vendor knows a key.
const REPEATABLE: Duration = Duration::from_hours(24);

/// An e-mail that was taken.
#[derive(Debug, Clone)]
pub struct SentEmail {
    /// What was asked for.
    pub request: EmailRequest,
    /// What is said of it.
    pub report: Report,
}

#[derive(Debug, Default)]
struct State {
    line: Line,
    sent: Vec<SentEmail>,
    refused: BTreeSet<EmailAddress>,
}

/// Takes e-mails and remembers them; what becomes of them, and what goes wrong, tests decide.
#[derive(Debug, Default)]
pub struct MemoryEmails(Mutex<State>);

impl MemoryEmails {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The company has an account from now on.
    pub fn connect(&self, company: CompanyId) {
        self.state().line.accounts.insert(company);
    }

    /// Takes nothing to that address.
    pub fn refuse(&self, address: EmailAddress) {
        self.state().refused.insert(address);
    }

    /// The next call meets `trouble`; the one after it, what is told next.
    pub fn trouble(&self, trouble: Trouble) {
        self.state().line.next.push_back(trouble);
    }

    /// An e-mail reaches a status, for a reason where it is a bad one.
    pub fn reach(&self, provider_id: &str, status: MessageStatus, reason: Option<Reason>) {
        if let Some(sent) = self.state().find(provider_id) {
            sent.report = Report { status, trouble: reason, ..sent.report.clone() };
        }
    }

    /// What was taken, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<SentEmail> {
        self.state().sent.clone()
    }

    /// One call: what is carried out of it, and what the caller hears.
    fn call<T>(
        &self,
        company: &CompanyId,
        effect: impl FnOnce(&mut State) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let mut state = self.state();
        state.line.begin(company)?.of(|| effect(&mut state))
    }
}

impl State {
    fn take(&mut self, request: EmailRequest) -> Result<Report, SendError> {
        if self.refused.contains(&request.envelope.to) {
            return Err(error(Reason::RecipientInvalid, Retry::Never).detail("refused"));
        }
        let is_known = |sent: &&SentEmail| sent.request.envelope.id == request.envelope.id;
        if let Some(known) = self.sent.iter().find(is_known) {
            return Ok(Report { status: MessageStatus::Queued, ..known.report.clone() });
        }
        let provider_id = format!("e{}", self.sent.len() + 1);
        let report = Report { provider_id, status: MessageStatus::Queued, trouble: None, code: None };
        self.sent.push(SentEmail { request, report: report.clone() });
        Ok(report)
    }

    fn find(&mut self, provider_id: &str) -> Option<&mut SentEmail> {
        self.sent.iter_mut().find(|sent| sent.report.provider_id == provider_id)
    }
}

#[async_trait]
impl EmailSender for MemoryEmails {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Resend
    }

    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError> {
        self.state().line.account(company)?;
        let sender = Sender { account: company.to_string(), name: "email".to_owned(), per_second: PACE };
        Ok(EmailAccount { sender, from: None, most_bytes: MOST_BYTES, doubt: Doubt::Repeat(REPEATABLE) })
    }

    async fn send(&self, request: EmailRequest) -> Result<Report, SendError> {
        self.call(&request.company.clone(), |state| state.take(request))
    }

    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError> {
        let found = self.call(company, |state| Ok(state.find(provider_id).map(|sent| sent.report.clone())));
        found.map_err(SendError::sent_nothing)
    }

    async fn search(&self, request: &EmailRequest) -> Result<Option<Report>, SendError> {
        let id = request.envelope.id;
        let found =
            self.state().sent.iter().find(|sent| sent.request.envelope.id == id).map(|sent| sent.report.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::MemoryEmails;

    fn world() -> MemoryEmails {
        let emails = MemoryEmails::default();
        emails.connect("acme".parse().expect("an id"));
        emails
    }

    crate::email_sender_suite!(ready(world()));
}
