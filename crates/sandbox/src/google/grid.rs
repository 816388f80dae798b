//! One tab: cells, their formats and notes, and its rows and columns.

use std::{collections::BTreeSet, ops::Range};

use serde_json::{Map, Value, json};

use super::errors::{ApiError, invalid};

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cell {
    /// Null, a bool, a number or a text.
    pub value: Value,
    /// `userEnteredFormat`.
    pub format: Map<String, Value>,
    pub note: Option<String>,
}

impl Cell {
    pub fn is_blank(&self) -> bool {
        self.value.is_null()
    }

    /// `DATE`, `TIME`, `DATE_TIME`, `CURRENCY`, …
    pub fn number_type(&self) -> Option<&str> {
        self.format.get("numberFormat")?.get("type")?.as_str()
    }
}

/// Half-open rows and columns, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Area {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub gid: i64,
    pub title: String,
    pub hidden: bool,
    pub row_count: usize,
    pub column_count: usize,
    pub frozen_rows: usize,
    pub frozen_columns: usize,
    pub hidden_columns: BTreeSet<usize>,
    pub hidden_rows: BTreeSet<usize>,
    pub protected: Vec<Value>,
    pub bandings: Vec<Value>,
    /// Only as far as anything was written.
    cells: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Rows,
    Columns,
}

impl Tab {
    pub fn new(gid: i64, title: &str, values: Vec<Vec<Value>>) -> Self {
        let cells: Vec<Vec<Cell>> = values.into_iter().map(|row| row.into_iter().map(seeded).collect()).collect();
        let widest = cells.iter().map(Vec::len).max().unwrap_or_default();
        Self {
            gid,
            title: title.to_owned(),
            hidden: false,
            // Room below what is there, as a sheet that people type into has.
            row_count: (cells.len() + 100).max(1000),
            column_count: widest.max(26),
            frozen_rows: 0,
            frozen_columns: 0,
            hidden_columns: BTreeSet::new(),
            hidden_rows: BTreeSet::new(),
            protected: Vec::new(),
            bandings: Vec::new(),
            cells,
        }
    }

    pub fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.cells.get(row)?.get(column)
    }

    pub fn value(&self, row: usize, column: usize) -> Value {
        self.cell(row, column).map(|cell| cell.value.clone()).unwrap_or_default()
    }

    pub fn cell_mut(&mut self, row: usize, column: usize) -> &mut Cell {
        if self.cells.len() <= row {
            self.cells.resize_with(row + 1, Vec::new);
        }
        let cells = &mut self.cells[row];
        if cells.len() <= column {
            cells.resize_with(column + 1, Cell::default);
        }
        &mut cells[column]
    }

    /// An empty text clears, as in Google's `values`.
    pub fn set(&mut self, row: usize, column: usize, value: Value) {
        self.cell_mut(row, column).value = if value == "" { Value::Null } else { value };
    }

    pub fn whole(&self) -> Area {
        Area { rows: 0..self.row_count, columns: 0..self.column_count }
    }

    /// Rows up to the last that holds a value.
    pub fn used_rows(&self) -> usize {
        let last = self.cells.iter().rposition(|row| row.iter().any(|cell| !cell.is_blank()));
        last.map_or(0, |row| row + 1)
    }

    pub fn row_is_blank(&self, row: usize) -> bool {
        self.cells.get(row).is_none_or(|row| row.iter().all(Cell::is_blank))
    }

    /// Names of the columns that have one, by the first row.
    pub fn header(&self, column: usize) -> String {
        super::render::plain(&self.value(0, column))
    }

    pub fn row_len(&self, row: usize) -> usize {
        self.cells.get(row).map_or(0, Vec::len)
    }

    pub fn insert(&mut self, dimension: Dimension, at: usize, count: usize) {
        match dimension {
            Dimension::Rows => {
                if at < self.cells.len() {
                    let blank = std::iter::repeat_with(Vec::new).take(count);
                    self.cells.splice(at..at, blank);
                }
                self.row_count += count;
                shift_up(&mut self.hidden_rows, at, count);
            }
            Dimension::Columns => {
                for row in self.cells.iter_mut().filter(|row| at < row.len()) {
                    let blank = std::iter::repeat_with(Cell::default).take(count);
                    row.splice(at..at, blank);
                }
                self.column_count += count;
                shift_up(&mut self.hidden_columns, at, count);
            }
        }
    }

    pub fn delete(&mut self, dimension: Dimension, range: &Range<usize>) {
        match dimension {
            Dimension::Rows => {
                let end = range.end.min(self.cells.len());
                self.cells.drain(range.start.min(end)..end);
                self.row_count -= range.len();
                shift_down(&mut self.hidden_rows, range);
            }
            Dimension::Columns => {
                for row in &mut self.cells {
                    let end = range.end.min(row.len());
                    row.drain(range.start.min(end)..end);
                }
                self.column_count -= range.len();
                shift_down(&mut self.hidden_columns, range);
            }
        }
    }

    /// Sorts the rows below the header, blanks last, as the menu does.
    pub fn sort_by(&mut self, column: usize) {
        let end = self.used_rows();
        if end < 2 {
            return;
        }
        let key = |row: &Vec<Cell>| {
            let value = row.get(column).map(|cell| cell.value.clone()).unwrap_or_default();
            let rank = match value {
                Value::Number(_) => 0,
                Value::String(_) => 1,
                Value::Bool(_) => 2,
                _ => 3,
            };
            (rank, value.as_f64().unwrap_or_default(), super::render::plain(&value).to_lowercase())
        };
        self.cells[1..end].sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
        });
    }

    pub fn limits(&self) -> String {
        format!("Max rows: {}, max columns: {}", self.row_count, self.column_count)
    }

    /// A write beyond the grid is refused: whoever needs columns adds them first.
    pub fn must_hold(&self, area: &Area) -> Result<(), ApiError> {
        if area.rows.end <= self.row_count && area.columns.end <= self.column_count {
            return Ok(());
        }
        let range = super::a1::format(&self.title, area);
        Err(invalid(format!("Range ({range}) exceeds grid limits. {}", self.limits())))
    }

    /// For `/_control`: values, and in `shown` as a person sees them.
    pub(super) fn snapshot(&self, locale: &str) -> Value {
        let rows = self.used_rows();
        let cells: Vec<Vec<&Value>> =
            self.cells[..rows].iter().map(|row| row.iter().map(|cell| &cell.value).collect()).collect();
        let shown = |row: &Vec<Cell>| -> Vec<String> {
            row.iter().map(|cell| super::render::formatted(cell, locale)).collect()
        };
        let shown: Vec<Vec<String>> = self.cells[..rows].iter().map(shown).collect();
        let mut notes = Vec::new();
        for (index, row) in self.cells.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                notes.extend(cell.note.as_ref().map(|note| json!({"row": index + 1, "column": column, "note": note})));
            }
        }
        json!({
            "gid": self.gid,
            "title": self.title,
            "row_count": self.row_count,
            "column_count": self.column_count,
            "hidden_columns": self.hidden_columns,
            "protected": self.protected,
            "cells": cells,
            "shown": shown,
            "notes": notes,
        })
    }
}

/// A seed writes a date as `{"date": <serial>}`; all else is the value itself.
pub(crate) fn seeded(value: Value) -> Cell {
    let Some(serial) = value.get("date").cloned() else {
        let value = if value == "" { Value::Null } else { value };
        return Cell { value, ..Cell::default() };
    };
    let format = json!({"type": "DATE", "pattern": "dd.mm.yyyy"});
    Cell { value: serial, format: Map::from_iter([("numberFormat".to_owned(), format)]), note: None }
}

fn shift_up(hidden: &mut BTreeSet<usize>, at: usize, count: usize) {
    *hidden = hidden.iter().map(|index| if *index >= at { index + count } else { *index }).collect();
}

fn shift_down(hidden: &mut BTreeSet<usize>, gone: &Range<usize>) {
    let kept = hidden.iter().filter(|index| !gone.contains(index));
    *hidden = kept.map(|index| if *index >= gone.end { index - gone.len() } else { *index }).collect();
}
