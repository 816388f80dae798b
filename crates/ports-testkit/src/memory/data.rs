use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kopru_domain::{CompanyId, ConfigId, UserId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::outbox::Message;
use kopru_ports::sessions::Session;

use super::erasure::Bites;
use super::rows::Event;
use super::{MemoryStore, State, kept, most};

#[async_trait]
impl DataStore for MemoryStore {
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError> {
        Ok(self.state().retention.get(company).copied().unwrap_or_default())
    }

    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.companies.contains_key(company) {
            state.retention.insert(company.clone(), retention);
        }
        Ok(())
    }

    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        Ok(self.state().prune(company, kept(now), most(limit)))
    }

    async fn connections(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError> {
        let state = self.state();
        let own = state.tokens.iter().filter(|(key, _)| key.company == *company);
        let mut own: Vec<_> = own.map(|(key, connection)| connection.without_tokens(key)).collect();
        own.sort_by(|one, other| (&one.user, one.service.name()).cmp(&(&other.user, other.service.name())));
        Ok(own)
    }

    async fn sessions(&self, company: &CompanyId) -> Result<Vec<Session>, StoreError> {
        let state = self.state();
        let mut own: Vec<_> = state.sessions.values().filter(|session| session.company == *company).cloned().collect();
        own.sort_by(|one, other| (&one.user, one.expires).cmp(&(&other.user, other.expires)));
        Ok(own)
    }

    async fn event_log(
        &self,
        company: &CompanyId,
        config: ConfigId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let state = self.state();
        let events = state.tabs.get(&(company.clone(), config)).into_iter().flat_map(|tab| &tab.events);
        let later = events.filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let logged =
            later.map(|(_, Event { event, processed })| LoggedEvent { event: event.clone(), processed: *processed });
        Ok(logged.take(most(limit)).collect())
    }

    async fn erase(
        &self,
        company: &CompanyId,
        person: Option<&UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        Ok(self.state().erase(company, person, kept(now), most(limit)))
    }
}

impl State {
    fn prune(&mut self, company: &CompanyId, now: Timestamp, limit: usize) -> bool {
        let retention = self.retention.get(company).copied().unwrap_or_default();
        let before = |days: Option<u16>| days.map(|days| now - SignedDuration::from_hours(24 * i64::from(days)));
        let is_old = |at: Timestamp, days| before(days).is_some_and(|before| at < before);
        let mut bites = Bites::of(limit);
        for (_, tab) in self.tabs.iter_mut().filter(|((of, _), _)| of == company) {
            tab.history.retain(|_, entry| bites.stays("history", is_old(entry.at, retention.history)));
            let done = |event: &Event| event.processed.is_some_and(|at| is_old(at, retention.events));
            tab.events.retain(|_, event| bites.stays("event", done(event)));
        }
        self.audit.retain(|(of, _), entry| bites.stays("audit", of == company && is_old(entry.at, retention.audit)));
        let ended =
            self.messages_of(company).filter(|one| is_old(one.created, retention.messages) && self.is_ended(one));
        let ended = ended.filter(|_| !bites.stays("message", true)).map(|message| message.id).collect();
        self.forget_messages(company, &ended);
        let is_old = |at| is_old(at, retention.messages);
        self.inbound.retain(|(of, _), at| bites.stays("inbound", of == company && is_old(*at)));
        let first = before(retention.messages).map(|before| before.to_zoned(TimeZone::UTC).date());
        self.days.retain(|(of, day), _| bites.stays("day", of == company && first.is_some_and(|first| *day < first)));
        self.prune_what_says_nothing(company, now, &mut bites);
        bites.more()
    }

    fn prune_what_says_nothing(&mut self, company: &CompanyId, now: Timestamp, bites: &mut Bites) {
        self.sessions.retain(|_, one| bites.stays("session", one.company == *company && one.expires <= now));
        self.consents.retain(|_, (one, end)| bites.stays("consent", one.key.company == *company && *end <= now));
        self.limits.retain(|_, (_, full_at)| bites.stays("limit", *full_at < now - SignedDuration::from_hours(1)));
        self.drop_lanes(|(of, _), lane| of == company && lane.is_idle(now));
    }

    /// Whether a message is settled or handed over, and nothing waits to be done for it.
    fn is_ended(&self, message: &Message) -> bool {
        let key = message.id.to_string();
        !message.waits_here() && !self.lanes.values().any(|lane| lane.jobs.contains_key(&key))
    }
}
