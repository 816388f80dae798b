use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId, RowState};
use kopru_ports::delivery::NewWork;
use kopru_ports::sync::{Accepted, HistoryEntry, RowsQuery, SheetEvent, SyncRow, SyncStore, SyncSummary};
use kopru_ports::{StoreError, StoreErrorKind};

use super::rows::{Event, Row, Tab};
use super::{MemoryStore, State, count, error, kept, most};

#[async_trait]
impl SyncStore for MemoryStore {
    async fn accept(
        &self,
        company: &CompanyId,
        config: ConfigId,
        event: SheetEvent,
        work: NewWork,
    ) -> Result<Accepted, StoreError> {
        let mut state = self.state();
        let tab = state.tabs.get_mut(&(company.clone(), config)).ok_or_else(|| error(StoreErrorKind::Conflict))?;
        if tab.events.contains_key(&event.id) {
            return Ok(Accepted::Duplicate);
        }
        let received = kept(event.received);
        let stored = Event { event: SheetEvent { received, ..event }, processed: None };
        tab.events.insert(stored.event.id.clone(), stored);
        state.enqueue(&work, received);
        Ok(Accepted::Stored)
    }

    async fn events(&self, company: &CompanyId, config: ConfigId, limit: u32) -> Result<Vec<SheetEvent>, StoreError> {
        let state = self.state();
        let open = state.tab(company, config).into_iter().flat_map(Tab::open_events);
        let mut open: Vec<_> = open.cloned().collect();
        open.sort_by_key(|event| event.received);
        open.truncate(most(limit));
        Ok(open)
    }

    async fn rows(&self, company: &CompanyId, config: ConfigId, query: RowsQuery) -> Result<Vec<SyncRow>, StoreError> {
        let state = self.state();
        let (limit, by_place) = match query {
            RowsQuery::Ids(_) => (u32::MAX, false),
            RowsQuery::Places(..) => (u32::MAX, true),
            RowsQuery::After(_, limit) => (limit, false),
            RowsQuery::StatusDue(limit) | RowsQuery::Refused(limit) => (limit, true),
        };
        let rows = state.tab(company, config).into_iter().flat_map(|tab| tab.rows.values());
        let mut found: Vec<_> = rows.filter(|row| row.answers(&query)).map(|row| row.row.clone()).collect();
        if by_place {
            found.sort_by_key(|row| row.place);
        }
        found.truncate(most(limit));
        Ok(found)
    }

    async fn history(
        &self,
        company: &CompanyId,
        config: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, StoreError> {
        let state = self.state();
        let history = state.tab(company, config).map(|tab| tab.history.range(..before.unwrap_or(i64::MAX)).rev());
        Ok(history.into_iter().flatten().take(most(limit)).map(|(number, entry)| (*number, entry.clone())).collect())
    }

    async fn summary(&self, company: &CompanyId, config: ConfigId) -> Result<SyncSummary, StoreError> {
        Ok(self.state().summary(company, config))
    }

    async fn replay(&self, company: &CompanyId, config: ConfigId) -> Result<u32, StoreError> {
        let mut state = self.state();
        let rows = state.tabs.get_mut(&(company.clone(), config)).into_iter().flat_map(|tab| tab.rows.values_mut());
        let mut refused = 0;
        for Row { row, .. } in rows.filter(|row| row.refused()) {
            row.rejected.clear();
            row.error = None;
            row.state = RowState::Pending;
            row.revision += 1;
            refused += 1;
        }
        Ok(refused)
    }
}

impl State {
    fn tab(&self, company: &CompanyId, config: ConfigId) -> Option<&Tab> {
        self.tabs.get(&(company.clone(), config))
    }

    fn summary(&self, company: &CompanyId, config: ConfigId) -> SyncSummary {
        let owner = config.to_string();
        let lanes = self.lanes.iter().filter(|((of, _), _)| of == company);
        let jobs: Vec<_> = lanes.flat_map(|(_, lane)| lane.jobs.values()).filter(|job| job.owner == owner).collect();
        let parked = jobs.iter().filter(|job| job.parked).count();
        let work = SyncSummary {
            work: count(jobs.len() - parked),
            parked: count(parked),
            oldest: jobs.iter().filter(|job| !job.parked).map(|job| job.since).min(),
            ..SyncSummary::default()
        };
        let Some(tab) = self.tab(company, config) else { return work };
        let in_state = |state| count(tab.rows.values().filter(|row| row.row.state == state).count());
        SyncSummary {
            rows: count(tab.rows.len()),
            completed: in_state(RowState::Completed),
            partly: in_state(RowState::Partly),
            pending: in_state(RowState::Pending),
            failed: in_state(RowState::Failed),
            events: count(tab.open_events().count()),
            scan: tab.config.scan,
            ..work
        }
    }
}

impl Tab {
    fn open_events(&self) -> impl Iterator<Item = &SheetEvent> {
        self.events.values().filter(|event| event.processed.is_none()).map(|event| &event.event)
    }
}

impl Row {
    fn refused(&self) -> bool {
        matches!(self.row.state, RowState::Partly | RowState::Failed)
    }

    fn answers(&self, query: &RowsQuery) -> bool {
        match query {
            RowsQuery::Ids(ids) => ids.contains(&self.row.id),
            RowsQuery::Places(first, end) => (*first..*end).contains(&self.row.place),
            RowsQuery::StatusDue(_) => self.shown < self.row.revision && self.row.state != RowState::Pending,
            RowsQuery::Refused(_) => self.refused(),
            RowsQuery::After(after, _) => after.as_ref().is_none_or(|after| self.row.id > *after),
        }
    }
}
