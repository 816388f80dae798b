//! Reading a tab: its header row always comes along, since people move columns.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use kopru_domain::{CellValue, ConfigId, SystemColumns};
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{Area, SheetsError};

use crate::Engine;

/// To a tab's end, wherever that is.
pub(crate) const END: u32 = u32::MAX;

/// Rows of a tab together with its headers.
pub(crate) struct TabRead {
    pub headers: Vec<String>,
    /// Where Köprü's columns are; `None` when one was deleted.
    pub system: Option<SystemColumns>,
    /// Row place and cells, of all that was asked for.
    pub rows: Vec<(u32, Vec<CellValue>)>,
}

/// Where Köprü's columns were when they were looked at last: a hint that saves a read.
#[derive(Default)]
pub(crate) struct ColumnCache(Mutex<HashMap<ConfigId, SystemColumns>>);

/// When a tab's events were read last: events that come in a flood are read together.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<ConfigId, Timestamp>>);

/// The shortest time between two readings of one tab's events.
const BREATH: Duration = Duration::from_millis(250);

impl Pace {
    /// When events that arrive `now` may be read: at once, unless others have just been.
    pub(crate) fn next(&self, config: ConfigId, now: Timestamp) -> Timestamp {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(&config).map_or(now, |read| now.max(*read + BREATH))
    }

    pub(crate) fn read(&self, config: ConfigId, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(config, now);
    }
}

impl ColumnCache {
    pub(crate) fn get(&self, config: ConfigId) -> Option<SystemColumns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&config).copied()
    }

    fn put(&self, config: ConfigId, columns: Option<SystemColumns>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match columns {
            Some(columns) => known.insert(config, columns),
            None => known.remove(&config),
        };
    }
}

/// The texts of a header row.
pub(crate) fn headers(row: Option<&Vec<CellValue>>) -> Vec<String> {
    row.map(|cells| cells.iter().map(|cell| cell.to_text().trim().to_owned()).collect()).unwrap_or_default()
}

impl Engine {
    /// The header row and `spans` of rows, all columns, in one call.
    pub(crate) async fn read_tab(
        &self,
        config: &SyncConfig,
        urgency: Urgency,
        spans: &[(u32, u32)],
    ) -> Result<TabRead, SheetsError> {
        self.read_columns(config, urgency, spans, 0..END).await
    }

    /// The header row and, of `spans` of rows, the given columns. Cells stand where they stand in the tab.
    pub(crate) async fn read_columns(
        &self,
        config: &SyncConfig,
        urgency: Urgency,
        spans: &[(u32, u32)],
        columns: std::ops::Range<u32>,
    ) -> Result<TabRead, SheetsError> {
        let header = Area { rows: 0..1, columns: 0..END };
        let areas: Vec<Area> = std::iter::once(header)
            .chain(spans.iter().map(|(first, end)| Area { rows: *first..*end, columns: columns.clone() }))
            .collect();
        let mut tables = self.ports.sheets.read(&config.tab(urgency), &areas).await?.into_iter();
        let headers = headers(tables.next().unwrap_or_default().first());
        let system = SystemColumns::find(&headers);
        self.columns.put(config.id, system);
        let mut rows = Vec::new();
        for (span, table) in spans.iter().zip(tables) {
            rows.extend((span.0..span.1).zip(table.into_iter().map(|cells| shifted(cells, columns.start))));
        }
        Ok(TabRead { headers, system, rows })
    }
}

fn shifted(cells: Vec<CellValue>, by: u32) -> Vec<CellValue> {
    let blank = std::iter::repeat_n(CellValue::Empty, by as usize);
    blank.chain(cells).collect()
}
