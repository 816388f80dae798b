//! One configuration: its events, rows and history, and what a settlement changes in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kopru_domain::{CompanyId, RowId, RowState};
use kopru_ports::configs::SyncConfig;
use kopru_ports::sync::{HistoryEntry, RowSeen, RowWritten, ScanProgress, SheetEvent, SyncChanges, SyncRow};

use super::{State, kept};

#[derive(Debug)]
pub(super) struct Tab {
    pub config: SyncConfig,
    pub events: BTreeMap<String, Event>,
    pub rows: BTreeMap<RowId, Row>,
    pub history: BTreeMap<i64, HistoryEntry>,
}

#[derive(Debug)]
pub(super) struct Event {
    pub event: SheetEvent,
    pub processed: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub row: SyncRow,
    pub shown: i64,
}

impl State {
    /// All changes, or none where rows or entries are for a configuration that does not exist.
    /// A configuration that was deleted while a turn ran has nothing to record.
    pub(super) fn apply(&mut self, company: &CompanyId, now: Timestamp, list: Vec<SyncChanges>) {
        for changes in list {
            if let Some(tab) = self.tabs.get_mut(&(company.clone(), changes.config)) {
                tab.apply(changes, now, &mut self.entries);
            }
        }
    }
}

impl Tab {
    fn apply(&mut self, changes: SyncChanges, now: Timestamp, entries: &mut i64) {
        for id in &changes.events {
            if let Some(event) = self.events.get_mut(id) {
                event.processed = Some(kept(now));
            }
        }
        for seen in changes.seen {
            self.see(seen);
        }
        for written in changes.written {
            self.write(written);
        }
        for (id, revision) in &changes.shown {
            if let Some(row) = self.rows.get_mut(id) {
                row.shown = row.shown.max(*revision);
            }
        }
        for id in &changes.unshown {
            if let Some(row) = self.rows.get_mut(id) {
                row.shown = 0;
            }
        }
        for entry in changes.history {
            *entries += 1;
            self.history.insert(*entries, HistoryEntry { at: kept(entry.at), ..entry });
        }
        if let Some(scan) = changes.scan {
            self.progress(scan);
        }
    }

    /// A reading that says nothing new changes neither state nor revision.
    fn see(&mut self, seen: RowSeen) {
        let Some(Row { row, .. }) = self.rows.get_mut(&seen.id) else {
            self.rows.insert(seen.id.clone(), Row::new(seen));
            return;
        };
        if row.desired != seen.desired || row.refusals != seen.refusals {
            row.state = RowState::Pending;
            row.revision += 1;
        }
        row.place = seen.place;
        row.scan = seen.scan.or(row.scan);
        row.desired = seen.desired;
        row.refusals = seen.refusals;
    }

    fn write(&mut self, written: RowWritten) {
        let Some(Row { row, .. }) = self.rows.get_mut(&written.id) else { return };
        row.state = if row.revision == written.revision { written.state } else { RowState::Pending };
        row.revision += 1;
        row.record = written.record;
        row.acked = written.acked;
        row.rejected = written.rejected;
        row.error = written.error;
    }

    /// A scan that was begun anew meanwhile is not set back.
    fn progress(&mut self, scan: ScanProgress) {
        if self.config.scan.is_some_and(|begun| begun.id > scan.id) {
            return;
        }
        self.config.scan = Some(scan);
        if !scan.finished {
            return;
        }
        self.config.held = false;
        for Row { row, shown } in self.rows.values_mut() {
            match row.scan {
                Some(seen) if seen < scan.id => *shown = row.revision,
                Some(_) => {}
                // It came while this scan ran: the next one decides about it.
                None => row.scan = Some(scan.id),
            }
        }
    }
}

impl Row {
    fn new(seen: RowSeen) -> Self {
        let row = SyncRow {
            id: seen.id,
            place: seen.place,
            record: None,
            desired: seen.desired,
            acked: BTreeMap::new(),
            refusals: seen.refusals,
            rejected: BTreeMap::new(),
            state: RowState::Pending,
            error: None,
            revision: 1,
            scan: seen.scan,
        };
        Self { row, shown: 0 }
    }
}
