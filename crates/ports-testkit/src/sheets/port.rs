use async_trait::async_trait;
use kopru_domain::{CellValue, SpreadsheetId};
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{
    Area, CellWrite, FilePage, NewColumn, SheetsError, SpreadsheetFile, SpreadsheetInfo, Spreadsheets, Tab, TabRef,
};
use kopru_ports::tokens::TokenKey;

use super::{File, MemorySheets, TAB};

/// The files of a page.
const PAGE: usize = 100;

#[async_trait]
impl Spreadsheets for MemorySheets {
    async fn list(
        &self,
        connection: &TokenKey,
        name_contains: Option<&str>,
        page: Option<&str>,
    ) -> Result<FilePage, SheetsError> {
        self.call(connection, |state| {
            let begin: u64 = page.and_then(|page| page.parse().ok()).unwrap_or(u64::MAX);
            let fits = |file: &File| name_contains.is_none_or(|part| file.title.contains(part));
            let mut found = state.files.range(..begin).rev().filter(|(_, file)| fits(file)).peekable();
            let page: Vec<(&u64, &File)> = found.by_ref().take(PAGE).collect();
            let last = page.last().map(|(number, _)| number.to_string());
            let next = last.filter(|_| found.peek().is_some());
            Ok(FilePage { files: page.into_iter().map(|(_, file)| listed(file)).collect(), next })
        })
    }

    async fn describe(
        &self,
        connection: &TokenKey,
        spreadsheet: &SpreadsheetId,
        _: Urgency,
    ) -> Result<SpreadsheetInfo, SheetsError> {
        self.call(connection, |state| {
            let file = state.file(spreadsheet)?;
            let tab = Tab { gid: TAB, title: "Sayfa1".into(), rows: file.grid.rows, columns: file.grid.columns };
            Ok(SpreadsheetInfo {
                title: file.title.clone(),
                locale: "tr_TR".into(),
                time_zone: "Europe/Istanbul".into(),
                tabs: vec![tab],
            })
        })
    }

    async fn read(&self, tab: &TabRef, areas: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError> {
        self.call(&tab.connection, |state| {
            let grid = state.grid(tab)?;
            areas.iter().map(|area| grid.read(area)).collect()
        })
    }

    async fn write(&self, tab: &TabRef, cells: &[CellWrite]) -> Result<(), SheetsError> {
        self.call(&tab.connection, |state| state.grid(tab)?.write(cells))
    }

    async fn add_columns(&self, tab: &TabRef, columns: &[NewColumn]) -> Result<(), SheetsError> {
        self.call(&tab.connection, |state| state.grid(tab)?.add(columns))
    }
}

fn listed(file: &File) -> SpreadsheetFile {
    let (id, name) = (file.id.clone(), file.title.clone());
    SpreadsheetFile { id, name, modified: file.modified.to_string(), editable: true }
}
