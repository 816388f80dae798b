//! How configurations, their state and their history are shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kopru_domain::{CellRefusal, FieldChange, FieldValue, Language, RowState};
use kopru_ports::configs::SyncConfig;
use kopru_ports::sync::{HistoryEntry, ScanProgress, SyncSummary};
use serde::Serialize;
use utoipa::ToSchema;

use super::mapping::MappingView;

/// A configuration.
#[derive(Serialize, ToSchema)]
pub struct ConfigView {
    id: String,
    name: String,
    user: String,
    spreadsheet: String,
    gid: i32,
    entity: String,
    portal: String,
    enabled: bool,
    /// Why nothing is written to the CRM for now, although it is enabled.
    held: Option<HeldView>,
    quiet_ms: u32,
    mapping: MappingView,
    #[schema(value_type = String)]
    created: Timestamp,
}

/// What holds a configuration; it goes on by itself.
#[derive(Serialize, ToSchema)]
pub struct HeldView {
    /// Always `restored`.
    code: &'static str,
    /// Why, in the caller's language.
    reason: &'static str,
    #[schema(value_type = String)]
    since: Timestamp,
}

impl HeldView {
    fn of(since: Timestamp, language: Language) -> Self {
        let reason = language.of((
            "Veritabanı bir yedekten geri yüklendi. Önce tüm sekme yeniden okunuyor; bu arada CRM'e hiçbir şey yazılmıyor. Sonra eşitleme kendiliğinden sürer.",
            "The database was restored from a backup. First the whole tab is read anew; meanwhile nothing is written to the CRM. Then the sync goes on by itself.",
        ));
        Self { code: "restored", reason, since }
    }
}

impl ConfigView {
    /// A configuration, with reasons in `language`.
    pub fn of(config: SyncConfig, language: Language) -> Self {
        let held = config.restored.filter(|_| config.held);
        Self {
            id: config.id.to_string(),
            name: config.name,
            user: config.user.into(),
            spreadsheet: config.spreadsheet.into(),
            gid: config.gid.0,
            entity: config.entity.to_string(),
            portal: config.portal,
            enabled: config.enabled,
            held: held.map(|since| HeldView::of(since, language)),
            quiet_ms: config.quiet_ms,
            mapping: config.mapping.into(),
            created: config.created,
        }
    }
}

/// How a configuration is doing.
#[derive(Serialize, ToSchema)]
pub struct SummaryView {
    /// Rows known.
    rows: u32,
    /// Rows equal in sheet and CRM.
    completed: u32,
    /// Rows written but for some cells.
    partly: u32,
    /// Rows still to be written.
    pending: u32,
    /// Rows given up until they change or somebody retries.
    failed: u32,
    /// Events of the sheet not dealt with yet.
    events: u32,
    /// Pieces of work not finished.
    work: u32,
    /// Pieces of work that wait for a person.
    parked: u32,
    /// Since when the oldest of them waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<Timestamp>,
    /// The last or present reading of the whole tab.
    scan: Option<ScanView>,
}

impl From<SyncSummary> for SummaryView {
    fn from(summary: SyncSummary) -> Self {
        Self {
            rows: summary.rows,
            completed: summary.completed,
            partly: summary.partly,
            pending: summary.pending,
            failed: summary.failed,
            events: summary.events,
            work: summary.work,
            parked: summary.parked,
            oldest: summary.oldest,
            scan: summary.scan.map(Into::into),
        }
    }
}

/// How far the reading of a whole tab is.
#[derive(Serialize, ToSchema)]
pub struct ScanView {
    /// Rows read so far.
    read: u32,
    /// Rows to read.
    total: u32,
    /// Whether it has ended.
    finished: bool,
}

impl From<ScanProgress> for ScanView {
    fn from(scan: ScanProgress) -> Self {
        Self { read: scan.read, total: scan.total, finished: scan.finished }
    }
}

/// One line of the history.
#[derive(Serialize, ToSchema)]
pub struct HistoryItem {
    #[schema(value_type = String)]
    at: Timestamp,
    /// The row's number as people see it.
    row: u32,
    record: Option<String>,
    /// Old and new value by field.
    fields: BTreeMap<String, ChangeView>,
    #[schema(value_type = String)]
    status: RowState,
    refusals: Vec<RefusalItem>,
}

impl HistoryItem {
    /// An entry with its reasons in `language`.
    pub fn of(entry: HistoryEntry, language: Language) -> Self {
        Self {
            at: entry.at,
            row: entry.number,
            record: entry.record,
            fields: entry.fields.into_iter().map(|(code, change)| (code.to_string(), change.into())).collect(),
            status: entry.state,
            refusals: entry.refusals.iter().map(|refusal| RefusalItem::of(refusal, language)).collect(),
        }
    }
}

/// A field's step: values as `{"type": …, "value": …}`, the type being `empty`, `text`, `number`, `money`, `flag`,
/// `date`, `date_time`, `choice`, `many` or `contacts`.
#[derive(Serialize, ToSchema)]
pub struct ChangeView {
    /// What the sheet last brought into the CRM.
    #[schema(value_type = Object)]
    from: FieldValue,
    /// What it says now.
    #[schema(value_type = Object)]
    to: FieldValue,
}

impl From<FieldChange> for ChangeView {
    fn from(change: FieldChange) -> Self {
        Self { from: change.from, to: change.to }
    }
}

/// A cell that was not written.
#[derive(Serialize, ToSchema)]
pub struct RefusalItem {
    column: String,
    value: String,
    code: &'static str,
    /// Why, in the caller's language.
    reason: String,
}

impl RefusalItem {
    /// A refusal with its reason in `language`.
    pub fn of(refusal: &CellRefusal, language: Language) -> Self {
        Self {
            column: refusal.header.clone(),
            value: refusal.value.clone(),
            code: refusal.reason.code(),
            reason: refusal.reason.text(language),
        }
    }
}
