use std::collections::{BTreeMap, BTreeSet};

use kopru_domain::CellValue;
use kopru_ports::Retry;
use kopru_ports::spreadsheets::{Area, CellWrite, NewColumn, SheetsError, SheetsErrorKind};

use super::error;

/// A tab's cells, by row and column; blank ones are not kept.
#[derive(Debug)]
pub(super) struct Grid {
    pub rows: u32,
    pub columns: u32,
    pub hidden: BTreeSet<u32>,
    pub notes: BTreeMap<(u32, u32), String>,
    cells: BTreeMap<(u32, u32), CellValue>,
}

impl Grid {
    /// As large as a new tab of Google's.
    pub fn of(rows: Vec<Vec<CellValue>>) -> Self {
        let placed = (0..)
            .zip(rows)
            .flat_map(|(row, cells)| (0..).zip(cells).map(move |(column, value)| ((row, column), value)));
        Self { rows: 1_000, columns: 26, hidden: BTreeSet::new(), notes: BTreeMap::new(), cells: placed.collect() }
    }

    pub fn read(&self, area: &Area) -> Result<Vec<Vec<CellValue>>, SheetsError> {
        if area.rows.start >= self.rows || area.columns.start >= self.columns {
            return Err(error(SheetsErrorKind::Invalid, Retry::Never));
        }
        let value = |row, column| self.cells.get(&(row, column)).cloned().unwrap_or_default();
        let columns = area.columns.start..area.columns.end.min(self.columns);
        let row = |row| cut(columns.clone().map(|column| value(row, column)).collect(), CellValue::is_blank);
        Ok(cut((area.rows.start..area.rows.end.min(self.rows)).map(row).collect(), Vec::is_empty))
    }

    pub fn write(&mut self, writes: &[CellWrite]) -> Result<(), SheetsError> {
        if writes.iter().any(|write| write.row >= self.rows || write.column >= self.columns) {
            return Err(error(SheetsErrorKind::Invalid, Retry::Never));
        }
        for CellWrite { row, column, value, note } in writes {
            self.cells.insert((*row, *column), value.clone());
            self.notes.insert((*row, *column), note.clone());
        }
        self.notes.retain(|_, note| !note.is_empty());
        Ok(())
    }

    pub fn add(&mut self, columns: &[NewColumn]) -> Result<(), SheetsError> {
        let end = columns.iter().map(|column| column.column + 1).max().unwrap_or_default();
        self.columns = self.columns.max(end);
        self.hidden.extend(columns.iter().filter(|column| column.hidden).map(|column| column.column));
        let header = |NewColumn { column, header, .. }: &NewColumn| CellWrite {
            row: 0,
            column: *column,
            value: header.as_str().into(),
            note: String::new(),
        };
        self.write(&columns.iter().map(header).collect::<Vec<_>>())
    }
}

fn cut<T>(mut list: Vec<T>, is_blank: impl Fn(&T) -> bool) -> Vec<T> {
    let end = list.iter().rposition(|item| !is_blank(item)).map_or(0, |last| last + 1);
    list.truncate(end);
    list
}
