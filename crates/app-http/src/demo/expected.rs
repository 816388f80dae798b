//! The right values, made by hand: `row, header, value`, separated by tabs.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// What one cell means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Expected {
    /// The row's number as people see it: the header is row 1.
    pub row: usize,
    /// The column's header.
    pub header: String,
    /// The value: phones as E.164 with a blank between two, money with two decimals, ISO dates.
    pub value: String,
}

/// Reads the file.
pub fn read(path: &Path) -> anyhow::Result<Vec<Expected>> {
    let named = || format!("{} cannot be read as row, header, value separated by tabs", path.display());
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).from_path(path).with_context(named)?;
    let list: Vec<Expected> = reader.deserialize().collect::<Result<_, _>>().with_context(named)?;
    ensure!(list.iter().all(|expected| expected.row > 1), "{}: row 1 is the header", path.display());
    Ok(list)
}
