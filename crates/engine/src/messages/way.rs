//! By which account a turn's messages go.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_domain::email::{Ailing, Choice, Road, RoadState, Try, ails, choose, is_the_roads};
use kopru_domain::message::{Channel, Policy, Trouble};
use kopru_ports::emails::EmailSender;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry, StoreError};

use super::done::Done;
use super::outgoing::Task;
use crate::Engine;

/// By which account a turn's messages go.
pub(super) enum Way {
    /// By the company's account for telephones.
    Phone(Channel),
    /// By one of its roads for e-mail, of all that it has.
    Email { road: Road, trial: bool, roads: Vec<RoadState> },
}

impl Way {
    pub fn vendor(&self) -> IntegrationKind {
        match self {
            Self::Phone(_) => IntegrationKind::Twilio,
            Self::Email { road, .. } => (*road).into(),
        }
    }

    pub fn road(&self) -> Option<Road> {
        match self {
            Self::Phone(_) => None,
            Self::Email { road, .. } => Some(*road),
        }
    }

    /// So long one message may take, where one call takes `one`: the roads of e-mail make several.
    pub fn patience(&self, one: Duration) -> Duration {
        if self.road().is_some() { one * 2 } else { one }
    }

    /// So many messages at once: as a trial one, lest the trouble meets more.
    pub fn most(&self, at_hand: usize) -> usize {
        if matches!(self, Self::Email { trial: true, .. }) { 1 } else { at_hand }
    }
}

impl Engine {
    /// The adapter of a road.
    pub(super) fn road(&self, road: Road) -> Result<&dyn EmailSender, SendError> {
        let found = self.ports.emails.iter().find(|sender| sender.vendor() == road.into());
        found.map(AsRef::as_ref).ok_or_else(|| PortError::new("engine", Trouble::NotConfigured, Retry::Never))
    }

    /// The roads that the company has, the one it likes best first.
    async fn roads(&self, company: &CompanyId, policy: &Policy) -> Result<Vec<RoadState>, StoreError> {
        let mut roads = Vec::new();
        for road in policy.email_roads.roads() {
            let Some(found) = self.ports.integrations.get(company, road.into()).await? else { continue };
            let ailing = found.ailing_since.zip(found.last_used).map(|(since, last)| Ailing { since, last });
            roads.push(RoadState { road, ailing });
        }
        Ok(roads)
    }

    /// By which account those of `tasks` go that are left in it; what becomes of the others is said to `done`, or
    /// their turn comes later.
    pub(super) async fn way(
        &self,
        policy: &Policy,
        tasks: &mut Vec<Task>,
        done: &mut Done,
    ) -> Result<Option<Way>, StoreError> {
        let Some(first) = tasks.first() else { return Ok(None) };
        match first.outgoing.message.channel {
            Channel::Email => {}
            channel => return Ok(Some(Way::Phone(channel))),
        }
        let roads = self.roads(&done.company, policy).await?;
        let choose = |task: &Task| choose(&roads, &task.outgoing.message.tries, done.now);
        let open = tasks.iter().map(choose).find_map(|choice| match choice {
            Choice::Go { road, trial } => Some((road, trial)),
            _ => None,
        });
        for (choice, task) in tasks.drain(..).map(|task| (choose(&task), task)).collect::<Vec<_>>() {
            match choice {
                Choice::Go { road, .. } if open.is_some_and(|(taken, _)| taken == road) => tasks.push(task),
                Choice::Wait(until) if open.is_none() => done.wait(&task, until),
                Choice::Nowhere(trouble) => done.failed(&task, &PortError::new("engine", trouble, Retry::Never)),
                // Its turn comes later.
                Choice::Go { .. } | Choice::Wait(_) => {}
            }
        }
        Ok(open.map(|(road, trial)| Way::Email { road, trial, roads }))
    }
}

/// What a refusal on a road means for an e-mail: how it goes on, where another try may take it; its own end otherwise.
pub(super) fn after(tried: &Try, error: &SendError, roads: &[RoadState], before: &[Try]) -> Option<Choice> {
    let passes_on = ails(error.kind) || is_the_roads(error.kind);
    if error.retry == Retry::OutcomeUnknown || !passes_on {
        return None;
    }
    let mut roads = roads.to_vec();
    if let Some(state) = roads.iter_mut().find(|state| state.road == tried.road && ails(error.kind)) {
        let since = state.ailing.map_or(tried.at, |ailing| ailing.since);
        state.ailing = Some(Ailing { since, last: tried.at });
    }
    let all: Vec<Try> = before.iter().chain([tried]).cloned().collect();
    match choose(&roads, &all, tried.at) {
        Choice::Nowhere(_) => None,
        choice => Some(choice),
    }
}
