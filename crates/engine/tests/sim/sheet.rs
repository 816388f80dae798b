//! A sheet that people edit, and Köprü's way to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kopru_domain::{CellValue, Gid, Language, SpreadsheetId, SystemColumns};
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{
    Area, CellWrite, FilePage, NewColumn, SheetsError, SheetsErrorKind, SpreadsheetInfo, Spreadsheets, Tab, TabRef,
};
use kopru_ports::tokens::TokenKey;
use kopru_ports::{Clock, PortError, Retry};

use crate::faults::{Chance, Fate, Freezer};

/// Title, comment, and Köprü's three columns.
pub const WIDTH: usize = 5;
pub const ID: usize = 4;
pub const STATUS: usize = 2;
pub const RECORD: usize = 3;

pub type Row = [String; WIDTH];

/// The tab below its header.
#[derive(Default)]
pub struct Cells {
    pub rows: Vec<Row>,
    pub calm: bool,
}

impl Cells {
    fn read(&self, areas: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError> {
        let rows = self.rows.iter().map(|row| row.iter().map(|text| cell(text)).collect());
        let grid: Vec<Vec<CellValue>> = std::iter::once(header()).chain(rows).collect();
        let table = |area: &Area| {
            let (first, end) = (area.rows.start as usize, (area.rows.end as usize).min(grid.len()));
            let rows = grid.get(first..end).ok_or_else(|| failed(SheetsErrorKind::Invalid, Retry::Never))?;
            let columns = area.columns.start as usize..(area.columns.end as usize).min(WIDTH);
            Ok(rows.iter().map(|row| row[columns.clone()].to_vec()).collect())
        };
        areas.iter().map(table).collect()
    }

    fn write(&mut self, writes: &[CellWrite]) -> Result<(), SheetsError> {
        if writes.iter().any(|write| write.row as usize > self.rows.len()) {
            return Err(failed(SheetsErrorKind::Invalid, Retry::Never));
        }
        for write in writes {
            self.rows[write.row as usize - 1][write.column as usize] = write.value.to_text();
        }
        Ok(())
    }
}

/// One worker's way to the sheet.
pub struct Sheet {
    pub cells: Arc<Mutex<Cells>>,
    pub clock: Arc<dyn Clock>,
    pub chance: Chance,
    pub freezer: Freezer,
}

impl Sheet {
    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call's way there: it may end before anything was done.
    async fn arrive(&self) -> Result<Fate, SheetsError> {
        self.freezer.pass().await;
        self.clock.sleep_until(self.clock.now() + self.chance.millis(300)).await;
        let fate = Fate::by(&self.chance, self.cells().calm);
        match fate {
            Fate::Busy => Err(failed(SheetsErrorKind::RateLimited, Retry::After(Some(self.chance.millis(3_000))))),
            Fate::Unsent => Err(failed(SheetsErrorKind::Unavailable, Retry::After(None))),
            Fate::Dropped => Err(failed(SheetsErrorKind::Unavailable, Retry::OutcomeUnknown)),
            other => Ok(other),
        }
    }
}

fn failed(kind: SheetsErrorKind, retry: Retry) -> SheetsError {
    PortError::new("sheet", kind, retry)
}

fn cell(text: &str) -> CellValue {
    if text.is_empty() { CellValue::Empty } else { CellValue::Text(text.to_owned()) }
}

pub fn header() -> Vec<CellValue> {
    let own = SystemColumns::headers(Language::Tr);
    ["TITLE", "COMMENTS"].into_iter().chain(own).map(cell).collect()
}

#[async_trait]
impl Spreadsheets for Sheet {
    async fn list(&self, _: &TokenKey, _: Option<&str>, _: Option<&str>) -> Result<FilePage, SheetsError> {
        Ok(FilePage::default())
    }

    async fn describe(&self, _: &TokenKey, _: &SpreadsheetId, _: Urgency) -> Result<SpreadsheetInfo, SheetsError> {
        self.arrive().await?;
        let rows = u32::try_from(self.cells().rows.len()).expect("few") + 1;
        let tab = Tab { gid: Gid(0), title: "tab".into(), rows, columns: u32::try_from(WIDTH).expect("few") };
        Ok(SpreadsheetInfo {
            title: "sheet".into(),
            locale: "tr_TR".into(),
            time_zone: "Europe/Istanbul".into(),
            tabs: vec![tab],
        })
    }

    async fn read(&self, _: &TabRef, areas: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError> {
        self.arrive().await?;
        let read = self.cells().read(areas);
        self.freezer.pass().await;
        read
    }

    async fn write(&self, _: &TabRef, writes: &[CellWrite]) -> Result<(), SheetsError> {
        let fate = self.arrive().await?;
        self.cells().write(writes)?;
        self.freezer.pass().await;
        match fate {
            Fate::Lost | Fate::Partial => Err(failed(SheetsErrorKind::Unavailable, Retry::OutcomeUnknown)),
            _ => Ok(()),
        }
    }

    async fn add_columns(&self, _: &TabRef, _: &[NewColumn]) -> Result<(), SheetsError> {
        Ok(())
    }
}
