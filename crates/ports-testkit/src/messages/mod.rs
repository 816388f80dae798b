//! A vendor of messages in memory, and the phones behind it: for engines and for the suite itself.

mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber, Trouble as Reason};
use kopru_ports::messages::{Content, MessageSender, Report, Search, SendError, SendRequest, Sender};
use kopru_ports::{Clock, Retry};

use crate::line::{Line, error};
use crate::suites::trouble::Trouble;

/// How many messages a sender takes in a second.
const PACE: f64 = 10.0;

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// What was asked for.
    pub request: SendRequest,
    /// What is said of it.
    pub report: Report,
    /// When it was taken.
    pub created: Timestamp,
}

#[derive(Debug, Default)]
struct State {
    line: Line,
    sent: Vec<SentMessage>,
    refused: BTreeMap<PhoneNumber, Reason>,
}

/// Takes messages and remembers them; what becomes of them, and what goes wrong, tests decide.
pub struct MemoryMessages {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryMessages {
    /// A vendor at which nobody has an account.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The company has an account from now on.
    pub fn connect(&self, company: CompanyId) {
        self.state().line.accounts.insert(company);
    }

    /// Takes nothing to that number, for that reason.
    pub fn refuse(&self, number: PhoneNumber, reason: Reason) {
        self.state().refused.insert(number, reason);
    }

    /// The next call meets `trouble`; the one after it, what is told next.
    pub fn trouble(&self, trouble: Trouble) {
        self.state().line.next.push_back(trouble);
    }

    /// A message reaches a status, for a reason where it is a bad one.
    pub fn reach(&self, provider_id: &str, status: MessageStatus, reason: Option<Reason>) {
        if let Some(sent) = self.state().find(provider_id) {
            let code = reason.map(|reason| reason.code().to_owned());
            sent.report = Report { status, trouble: reason, code, ..sent.report.clone() };
        }
    }

    /// What was taken, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<SentMessage> {
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
    fn take(&mut self, request: SendRequest, created: Timestamp) -> Result<Report, SendError> {
        if let Some(reason) = self.refused.get(&request.to) {
            return Err(error(*reason, Retry::Never).detail(reason.code()));
        }
        let status = request.send_at.map_or(MessageStatus::Queued, |_| MessageStatus::Scheduled);
        let provider_id = format!("m{}", self.sent.len() + 1);
        let report = Report { provider_id, status, trouble: None, code: None };
        self.sent.push(SentMessage { request, report: report.clone(), created });
        Ok(report)
    }

    fn find(&mut self, provider_id: &str) -> Option<&mut SentMessage> {
        self.sent.iter_mut().find(|sent| sent.report.provider_id == provider_id)
    }

    fn fitting(&self, search: &Search) -> Vec<Report> {
        let fits = |sent: &&SentMessage| {
            let request = &sent.request;
            let content = matches!(search.content, Content::Text(_)) && search.content == request.content;
            (&request.company, request.channel, &request.to) == (&search.company, search.channel, &search.to)
                && content
                && sent.created >= search.since
        };
        self.sent.iter().rev().filter(fits).map(|sent| sent.report.clone()).collect()
    }
}

#[async_trait]
impl MessageSender for MemoryMessages {
    async fn sender(&self, company: &CompanyId, channel: Channel) -> Result<Sender, SendError> {
        self.state().line.account(company)?;
        Ok(Sender { account: company.to_string(), name: channel.to_string(), per_second: PACE })
    }

    async fn send(&self, request: SendRequest) -> Result<Report, SendError> {
        let now = self.clock.now();
        self.call(&request.company.clone(), |state| state.take(request, now))
    }

    async fn search(&self, search: &Search) -> Result<Vec<Report>, SendError> {
        self.call(&search.company, |state| Ok(state.fitting(search))).map_err(SendError::sent_nothing)
    }

    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError> {
        let found = |state: &mut State| Ok(state.find(provider_id).map(|sent| sent.report.clone()));
        self.call(company, found).map_err(SendError::sent_nothing)
    }

    async fn cancel(&self, company: &CompanyId, provider_id: &str) -> Result<bool, SendError> {
        let cancel = |state: &mut State| {
            let report = state.find(provider_id).map(|sent| &mut sent.report);
            Ok(report.is_some_and(|report| {
                if report.status == MessageStatus::Scheduled {
                    report.status = MessageStatus::Canceled;
                }
                report.status == MessageStatus::Canceled
            }))
        };
        self.call(company, cancel).map_err(SendError::sent_nothing)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use super::MemoryMessages;
    use crate::ManualClock;

    fn world() -> MemoryMessages {
        let messages = MemoryMessages::new(Arc::<ManualClock>::default());
        messages.connect("acme".parse().expect("an id"));
        messages
    }

    crate::message_sender_suite!(ready(world()));
}
