//! The rows of synced tabs: what was read, what was written, what is to be shown.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{
    CellRefusal, CompanyId, ConfigId, FieldChange, FieldCode, Fields, Mapping, Rejection, RowId, RowState, Target,
};
use serde::{Deserialize, Serialize};

use crate::delivery::NewWork;
use crate::error::StoreError;

/// A hint that something changed in a tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetEvent {
    /// The sender's id of the event: the only thing by which repetitions are known.
    pub id: String,
    /// Which rows may have changed, from 0, half-open; `None`: the whole tab has to be looked at.
    pub rows: Option<(u32, u32)>,
    /// When it arrived.
    pub received: Timestamp,
}

/// Whether an event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Stored, and its work made due.
    Stored,
    /// Known already; nothing changed.
    Duplicate,
}

/// A row as Köprü knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncRow {
    /// Our id in the hidden column.
    pub id: RowId,
    /// Where it was seen last, from 0. A hint: rows move.
    pub place: u32,
    /// The record, once there is one.
    pub record: Option<String>,
    /// What the sheet says.
    pub desired: Fields,
    /// What the CRM has confirmed.
    pub acked: Fields,
    /// Cells that could not be read.
    pub refusals: Vec<CellRefusal>,
    /// Values that the CRM refused.
    pub rejected: BTreeMap<FieldCode, Rejection>,
    /// Where it stands.
    pub state: RowState,
    /// Why it stands there, when it failed as a whole.
    pub error: Option<CellRefusal>,
    /// Grows with everything that can change the status cell.
    pub revision: i64,
    /// The scan that saw it last.
    pub scan: Option<i64>,
}

/// A row was read in the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSeen {
    /// Its id.
    pub id: RowId,
    /// Where.
    pub place: u32,
    /// What it says.
    pub desired: Fields,
    /// What it says that could not be read.
    pub refusals: Vec<CellRefusal>,
    /// The scan that saw it, if one did.
    pub scan: Option<i64>,
}

/// The CRM answered for a row, or nothing had to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowWritten {
    /// Its id.
    pub id: RowId,
    /// The record.
    pub record: Option<String>,
    /// The row's revision on which this rests: a row that changed since stays pending.
    pub revision: i64,
    /// What the CRM has confirmed, all of it.
    pub acked: Fields,
    /// What it refused, all of it.
    pub rejected: BTreeMap<FieldCode, Rejection>,
    /// Where the row stands.
    pub state: RowState,
    /// Why, when it failed as a whole.
    pub error: Option<CellRefusal>,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The row.
    pub row: RowId,
    /// Its number as people see it, from 1.
    pub number: u32,
    /// The record, once there is one.
    pub record: Option<String>,
    /// Old and new value of each field that was sent.
    pub fields: BTreeMap<FieldCode, FieldChange>,
    /// What came of it.
    pub state: RowState,
    /// What was not written, and why.
    pub refusals: Vec<CellRefusal>,
    /// When.
    pub at: Timestamp,
}

/// How far the reading of a whole tab is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanProgress {
    /// The scan; later scans have greater numbers.
    pub id: i64,
    /// Rows read so far.
    pub read: u32,
    /// Rows to read.
    pub total: u32,
    /// Whether it has ended.
    pub finished: bool,
}

impl ScanProgress {
    /// A reading that is about to begin.
    #[must_use]
    pub const fn begun(id: i64) -> Self {
        Self { id, read: 0, total: 0, finished: false }
    }
}

/// All that a turn changes in one configuration's rows.
#[derive(Debug, Clone)]
pub struct SyncChanges {
    /// The configuration.
    pub config: ConfigId,
    /// Events that are dealt with.
    pub events: Vec<String>,
    /// Rows that were read.
    pub seen: Vec<RowSeen>,
    /// Rows that the CRM answered for.
    pub written: Vec<RowWritten>,
    /// Rows whose status cell shows that revision.
    pub shown: Vec<(RowId, i64)>,
    /// Rows whose status cell shows something else: it is due again.
    pub unshown: Vec<RowId>,
    /// What to remember.
    pub history: Vec<HistoryEntry>,
    /// How far a scan is. With its end, rows that it did not see need no status any more.
    pub scan: Option<ScanProgress>,
}

impl SyncChanges {
    /// No changes yet.
    #[must_use]
    pub fn of(config: ConfigId) -> Self {
        Self {
            config,
            events: Vec::new(),
            seen: Vec::new(),
            written: Vec::new(),
            shown: Vec::new(),
            unshown: Vec::new(),
            history: Vec::new(),
            scan: None,
        }
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowsQuery {
    /// With these ids.
    Ids(Vec<RowId>),
    /// Whose status cell is out of date and that are not pending, by place, that many at most.
    StatusDue(u32),
    /// Seen last at these places, half-open.
    Places(u32, u32),
    /// That have refused cells or failed, by place, that many at most.
    Refused(u32),
    /// All, by id, after that one, that many at most.
    After(Option<RowId>, u32),
}

/// How a configuration is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncSummary {
    /// Rows known.
    pub rows: u32,
    /// Rows equal in sheet and CRM.
    pub completed: u32,
    /// Rows written but for some cells.
    pub partly: u32,
    /// Rows still to be written.
    pub pending: u32,
    /// Rows given up for now.
    pub failed: u32,
    /// Events not dealt with yet.
    pub events: u32,
    /// Pieces of work not finished, parked ones aside.
    pub work: u32,
    /// Pieces of work parked.
    pub parked: u32,
    /// The age of the oldest event that is not dealt with, or row not written.
    pub oldest: Option<Timestamp>,
    /// The last or present reading of the whole tab.
    pub scan: Option<ScanProgress>,
}

/// Keeps events, rows and history. Rows change only by [`crate::delivery::DeliveryStore::settle`].
#[async_trait]
pub trait SyncStore: Send + Sync {
    /// Stores an event and makes its work due, together; a repetition changes nothing.
    async fn accept(
        &self,
        company: &CompanyId,
        config: ConfigId,
        event: SheetEvent,
        work: NewWork,
    ) -> Result<Accepted, StoreError>;

    /// Events not dealt with yet, oldest first.
    async fn events(&self, company: &CompanyId, config: ConfigId, limit: u32) -> Result<Vec<SheetEvent>, StoreError>;

    /// Rows of a configuration.
    async fn rows(&self, company: &CompanyId, config: ConfigId, query: RowsQuery) -> Result<Vec<SyncRow>, StoreError>;

    /// The history, newest first, before `before` (an entry's number), with the entries' numbers.
    async fn history(
        &self,
        company: &CompanyId,
        config: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, StoreError>;

    /// How a configuration is doing.
    async fn summary(&self, company: &CompanyId, config: ConfigId) -> Result<SyncSummary, StoreError>;

    /// Forgets what was refused, so that a scan finds these rows anew; how many rows there were. Repeatable.
    async fn replay(&self, company: &CompanyId, config: ConfigId) -> Result<u32, StoreError>;
}

impl SyncRow {
    /// The refusals of the CRM that still stand: the cell has said nothing else since.
    #[must_use]
    pub fn rejected_now(&self) -> BTreeMap<FieldCode, Rejection> {
        let stands = |(code, rejection): &(&FieldCode, &Rejection)| self.desired.get(*code) == Some(&rejection.value);
        self.rejected.iter().filter(stands).map(|(code, rejection)| (code.clone(), rejection.clone())).collect()
    }

    /// Every cell of the row that is not in the CRM, and why.
    #[must_use]
    pub fn all_refusals(&self, mapping: &Mapping) -> Vec<CellRefusal> {
        let header = |code: &FieldCode| {
            let fed = mapping.columns.iter().find(|column| column.target == Target::Field(code.clone()));
            fed.map_or_else(|| code.to_string(), |column| column.header.clone())
        };
        let refused = |(code, rejection): (FieldCode, Rejection)| CellRefusal {
            header: header(&code),
            value: String::new(),
            reason: rejection.reason,
        };
        let own = self.refusals.iter().cloned();
        own.chain(self.rejected_now().into_iter().map(refused)).chain(self.error.clone()).collect()
    }
}
