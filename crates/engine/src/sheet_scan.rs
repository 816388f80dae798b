//! Reading a whole tab, page by page: imports it, and repairs what events missed.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::{Outcome, Settlement, Urgency, Work};
use kopru_ports::spreadsheets::SheetsErrorKind;
use kopru_ports::sync::{ScanProgress, SyncChanges};
use kopru_ports::{PortError, Retry};
use serde_json::{Value, json};

use crate::sheet_rows::Look;
use crate::sheet_turn::{SheetWork, Trouble};
use crate::{Engine, work};

/// Rows a page: few pages, since a person's readings a minute are counted.
const PAGE: u32 = 2000;
/// Of wide tabs fewer, so that an answer stays within the 2 MB that Google recommends.
const CELLS: u32 = 52_000;
/// The payload of a scan that goes on and that nobody wished for anew.
const ONCE: &str = "once";

pub(crate) struct SheetScan(pub(crate) Arc<Engine>);

#[async_trait]
impl SheetWork for SheetScan {
    async fn one(&self, config: &SyncConfig, work: &Work) -> Result<Settlement, Trouble> {
        let cursor = cursor(config, self.0.ports.clock.now());
        let (total, columns) = self.grid(config).await?;
        let end = total.min(cursor.next.saturating_add(PAGE.min(CELLS / columns.max(1)).max(1)));
        let mut settlement = self.page(config, cursor, end).await?;
        let (read, total) = (end.saturating_sub(1), total.saturating_sub(1));
        let finished = read >= total;
        settlement.sync[0].scan = Some(ScanProgress { id: cursor.scan, read, total, finished });
        // A wish that came while the scan ran left its own, empty payload: rows above may have changed.
        // What was held for this scan is taken up by the next one.
        let wished = config.held || cursor.next > 1 && work.payload != json!(ONCE);
        let go_on = |payload| Outcome::Again { due: self.0.ports.clock.now(), payload };
        let outcome = match (finished, wished) {
            (false, false) => go_on(json!(ONCE)),
            (_, true) => go_on(Value::Null),
            (true, false) => Outcome::Done,
        };
        if finished {
            settlement.follow_ups.push(work::status(config, Urgency::Bulk, self.0.ports.clock.now()));
        }
        settlement.outcomes.push((work.key.clone(), work.generation, outcome));
        Ok(settlement)
    }
}

impl SheetScan {
    /// Rows and columns of the tab.
    async fn grid(&self, config: &SyncConfig) -> Result<(u32, u32), Trouble> {
        let info = self.0.ports.sheets.describe(&config.connection(), &config.spreadsheet, Urgency::Bulk).await?;
        let tab = info.tabs.into_iter().find(|tab| tab.gid == config.gid);
        Ok(tab.map(|tab| (tab.rows, tab.columns)).ok_or_else(gone)?)
    }

    async fn page(&self, config: &SyncConfig, cursor: Cursor, end: u32) -> Result<Settlement, Trouble> {
        if cursor.next >= end {
            return Ok(Settlement { sync: vec![SyncChanges::of(config.id)], ..Settlement::default() });
        }
        let read = self.0.read_tab(config, Urgency::Bulk, &[(cursor.next, end)]).await?;
        let system = read.system.ok_or_else(gone)?;
        let look = Look { scan: Some(cursor.scan), urgency: Urgency::Bulk, due: self.0.ports.clock.now() };
        let found = self.0.identify(config, system, read, look).await?;
        let mut settlement =
            Settlement { follow_ups: found.follow_ups, sync: vec![found.changes], ..Settlement::default() };
        if found.moved {
            settlement.follow_ups.push(work::scan(config, self.0.ports.clock.now()));
        }
        Ok(settlement)
    }
}

/// Where a scan is.
#[derive(Clone, Copy)]
struct Cursor {
    /// Its number: the moment of its beginning, in microseconds.
    scan: i64,
    /// The next row to read, from 0.
    next: u32,
}

/// An unfinished scan goes on; after a finished one the next begins below the header.
fn cursor(config: &SyncConfig, now: Timestamp) -> Cursor {
    match config.scan {
        Some(scan) if !scan.finished => Cursor { scan: scan.id, next: scan.read + 1 },
        _ => Cursor { scan: now.as_microsecond(), next: 1 },
    }
}

/// The tab, or Köprü's columns in it, are not there any more: a person has to decide.
fn gone() -> kopru_ports::spreadsheets::SheetsError {
    PortError::new("engine", SheetsErrorKind::NotFound, Retry::Never)
}
