//! What becomes of an e-mail: <https://resend.com/docs/dashboard/emails/email-events>.

use serde::{Deserialize, Serialize};

use super::{
    email::{Email, Status},
    state::{State, TESTING},
};
use crate::{events::Event, server::Shared};

/// How e-mails fare when nothing else is said of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// New e-mails stay as they are until `_control` says what becomes of them.
    pub manual: bool,
    pub sent_ms: i64,
    pub delivered_ms: i64,
    pub complained_ms: i64,
    /// How long a call that sends takes.
    pub answer_ms: u64,
    /// Recipients at `example.com` are refused, as Resend does.
    pub refuses_example: bool,
    /// Requests in a second; none of these three is unlimited.
    pub rate: Option<u32>,
    /// E-mails in a day, one for each recipient.
    pub daily_quota: Option<u32>,
    pub monthly_quota: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            manual: false,
            sent_ms: 200,
            delivered_ms: 400,
            complained_ms: 1500,
            answer_ms: 0,
            refuses_example: false,
            rate: Some(5),
            daily_quota: None,
            monthly_quota: None,
        }
    }
}

/// <https://resend.com/docs/dashboard/emails/email-bounces>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Bounce {
    #[default]
    Permanent,
    Transient,
    Undetermined,
}

/// How it ends for what goes to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub event: Status,
    pub bounce: Option<Bounce>,
}

impl Outcome {
    const DELIVERED: Self = Self { event: Status::Delivered, bounce: None };

    fn arrives(self) -> bool {
        matches!(self.event, Status::Delivered | Status::Complained | Status::Opened | Status::Clicked)
    }
}

#[derive(Debug)]
struct Step {
    from: Status,
    to: Status,
    bounce: Option<Bounce>,
    at_ms: i64,
}

/// Takes the e-mail through its life, on the simulated clock.
async fn live(app: Shared, id: String) {
    loop {
        let step = app.resend().next(&id);
        let Some(step) = step else { return };
        app.clock.until(step.at_ms).await;
        if !app.resend().advance(&id, &step) {
            return;
        }
        app.tell(Event::email("resend", &id));
    }
}

impl State {
    pub(super) fn begin(&mut self, app: &Shared, id: &str) {
        if !self.settings.manual {
            self.spawn(live(app.clone(), id.to_owned()));
        }
    }

    fn next(&self, id: &str) -> Option<Step> {
        let email = self.emails.get(id)?;
        let outcome = self.outcome(email);
        let (since_ms, settings) = (email.updated_ms(), &self.settings);
        let (to, at_ms) = match (email.status, outcome.event) {
            (Status::Scheduled, _) => (Status::Queued, email.send_at_ms?),
            (Status::Queued, end @ (Status::Suppressed | Status::Failed)) => (end, since_ms + settings.sent_ms),
            (Status::Queued, _) => (Status::Sent, since_ms + settings.sent_ms),
            (Status::Sent, end @ (Status::Bounced | Status::DeliveryDelayed)) => {
                (end, since_ms + settings.delivered_ms)
            }
            (Status::Sent, Status::Sent) => return None,
            (Status::Sent, _) => (Status::Delivered, since_ms + settings.delivered_ms),
            (Status::Delivered, end @ (Status::Complained | Status::Opened | Status::Clicked)) => {
                (end, since_ms + settings.complained_ms)
            }
            _ => return None,
        };
        Some(Step { from: email.status, to, bounce: outcome.bounce, at_ms })
    }

    /// The first recipient who fares otherwise than the others decides.
    fn outcome(&self, email: &Email) -> Outcome {
        let mut fates = email.letter.recipients().into_iter().map(|mailbox| self.fate(&mailbox));
        fates.find(|fate| *fate != Outcome::DELIVERED).unwrap_or(Outcome::DELIVERED)
    }

    /// <https://resend.com/docs/dashboard/emails/send-test-emails>
    fn fate(&self, mailbox: &str) -> Outcome {
        if let Some(told) = self.addresses.get(mailbox) {
            return *told;
        }
        let local = mailbox.strip_suffix(&format!("@{TESTING}")).map(|local| local.split('+').next().unwrap_or(local));
        let event = match local {
            Some("bounced") => Status::Bounced,
            Some("complained") => Status::Complained,
            Some("suppressed") => Status::Suppressed,
            None if self.suppressions.contains_key(mailbox) => Status::Suppressed,
            _ => Status::Delivered,
        };
        Outcome { event, bounce: (event == Status::Bounced).then(Bounce::default) }
    }

    /// False where something else has happened to the e-mail meanwhile.
    fn advance(&mut self, id: &str, step: &Step) -> bool {
        let is_due = self.emails.get(id).is_some_and(|email| {
            let is_moved = email.status == Status::Scheduled && email.send_at_ms != Some(step.at_ms);
            email.status == step.from && !is_moved
        });
        if is_due {
            self.enter_at(id, step.to, step.bounce, step.at_ms);
        }
        is_due
    }

    pub fn enter(&mut self, id: &str, status: Status, bounce: Option<Bounce>) {
        self.enter_at(id, status, bounce, self.clock.now_ms());
    }

    pub(super) fn enter_at(&mut self, id: &str, status: Status, bounce: Option<Bounce>, at_ms: i64) {
        let Some(email) = self.emails.get(id) else { return };
        let is_out = matches!(status, Status::Delivered | Status::Bounced | Status::Suppressed | Status::Complained);
        let arrived = |mailbox: &String| self.fate(mailbox).arrives();
        let reached: Vec<_> =
            if is_out { email.letter.recipients().into_iter().filter(arrived).collect() } else { Vec::new() };
        let impacted = self.impacted(email, status);
        let Some(email) = self.emails.get_mut(id) else { return };
        email.status = status;
        email.bounce = bounce;
        email.history.push((status, at_ms));
        if is_out {
            email.reached = reached;
        }
        self.suppress(status, bounce, &impacted);
        let is_last = self.next(id).is_none();
        self.announce(id, &impacted, is_last);
    }

    /// Whom the event is about: with some, only those who fare so.
    fn impacted(&self, email: &Email, status: Status) -> Vec<String> {
        let all = email.letter.recipients();
        let apart = matches!(status, Status::Bounced | Status::Complained | Status::Suppressed);
        let own: Vec<_> = all.iter().filter(|mailbox| self.fate(mailbox).event == status).cloned().collect();
        if apart && !own.is_empty() { own } else { email.letter.to.iter().map(|to| to.email.clone()).collect() }
    }

    /// Who bounced for good or complained gets nothing more; the test addresses do.
    fn suppress(&mut self, status: Status, bounce: Option<Bounce>, impacted: &[String]) {
        let origin = match (status, bounce) {
            (Status::Bounced, Some(Bounce::Permanent) | None) => "bounce",
            (Status::Complained, _) => "complaint",
            _ => return,
        };
        let people = impacted.iter().filter(|mailbox| !mailbox.ends_with(&format!("@{TESTING}")));
        self.suppressions.extend(people.map(|mailbox| (mailbox.to_lowercase(), origin)));
    }
}
