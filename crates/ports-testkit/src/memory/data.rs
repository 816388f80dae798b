use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::sessions::Session;

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
}

impl State {
    fn prune(&mut self, company: &CompanyId, now: Timestamp, limit: usize) -> bool {
        let retention = self.retention.get(company).copied().unwrap_or_default();
        let is_old = |at: Timestamp, days: Option<u16>| {
            days.is_some_and(|days| at < now - SignedDuration::from_hours(24 * i64::from(days)))
        };
        let mut bites = [0; 5];
        let mut bite = |kind: usize, old: bool| {
            let taken = old && bites[kind] < limit;
            bites[kind] += usize::from(taken);
            !taken
        };
        for (_, tab) in self.tabs.iter_mut().filter(|((of, _), _)| of == company) {
            tab.history.retain(|_, entry| bite(0, is_old(entry.at, retention.history)));
            let done = |event: &Event| event.processed.is_some_and(|at| is_old(at, retention.events));
            tab.events.retain(|_, event| bite(1, done(event)));
        }
        self.audit.retain(|(of, _), entry| of != company || bite(2, is_old(entry.at, retention.audit)));
        self.sessions.retain(|_, session| session.company != *company || bite(3, session.expires <= now));
        self.consents.retain(|_, (consent, end)| consent.key.company != *company || bite(4, *end <= now));
        bites.contains(&limit)
    }
}
