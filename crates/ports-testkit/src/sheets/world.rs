use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kopru_domain::CellValue;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{Area, Spreadsheets, TabRef};
use kopru_ports::tokens::TokenKey;

use super::grid::Grid;
use super::{File, MemorySheets, TAB};
use crate::suites::spreadsheets::SheetsWorld;
use crate::suites::trouble::Trouble;

const EVERYTHING: Area = Area { rows: 0..u32::MAX, columns: 0..u32::MAX };

#[async_trait]
impl SheetsWorld for MemorySheets {
    fn sheets(&self) -> &dyn Spreadsheets {
        self
    }

    fn connection(&self) -> TokenKey {
        self.connection.clone()
    }

    async fn put(&self, title: &str, rows: Vec<Vec<CellValue>>) -> TabRef {
        let mut state = self.state();
        let number = state.files.keys().next_back().map_or(1, |last| last + 1);
        let spreadsheet: kopru_domain::SpreadsheetId = format!("file-{number}").parse().expect("an id");
        let modified = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(number.cast_signed());
        let file = File { id: spreadsheet.clone(), title: title.to_owned(), modified, grid: Grid::of(rows) };
        state.files.insert(number, file);
        TabRef { connection: self.connection(), spreadsheet, gid: TAB, urgency: Urgency::Bulk }
    }

    async fn rows(&self, tab: &TabRef) -> Vec<Vec<CellValue>> {
        self.state().grid(tab).and_then(|grid| grid.read(&EVERYTHING)).unwrap_or_default()
    }

    async fn notes(&self, tab: &TabRef) -> Vec<(u32, u32, String)> {
        let mut state = self.state();
        let notes = state.grid(tab).map(|grid| grid.notes.clone()).unwrap_or_default();
        notes.into_iter().map(|((row, column), note)| (row, column, note)).collect()
    }

    async fn hidden_columns(&self, tab: &TabRef) -> Vec<u32> {
        self.state().grid(tab).map(|grid| grid.hidden.iter().copied().collect()).unwrap_or_default()
    }

    async fn disconnect(&self) {
        self.state().disconnected = true;
    }

    async fn next(&self, trouble: Trouble) {
        self.state().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.state().gone = true;
    }
}
