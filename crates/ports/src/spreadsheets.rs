//! A person's spreadsheets.
//!
//! Rows and columns count from 0 here; what people see as row 1 is row 0.

use std::ops::Range;

use async_trait::async_trait;
use kopru_domain::{CellValue, Gid, SpreadsheetId};

use crate::delivery::Urgency;
use crate::error::PortError;
use crate::tokens::TokenKey;

/// Why a spreadsheet cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SheetsErrorKind {
    /// The connection ended: the person has to connect again.
    ReconnectRequired,
    /// The person did not grant what is needed, or has no right on the file.
    NotAllowed,
    /// The file is gone; also the tab, where the vendor tells that from [`SheetsErrorKind::Invalid`].
    NotFound,
    /// The vendor refuses the request as it is: cells beyond the grid, a tab that is gone (it is missing from the
    /// file's outline then), a damaged file, or a defect of ours.
    Invalid,
    /// The vendor's quota is used up for now; the error says for how long.
    RateLimited,
    /// The vendor does not answer, or not as agreed.
    Unavailable,
}

/// A spreadsheet's failure.
pub type SheetsError = PortError<SheetsErrorKind>;

/// One of a person's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadsheetFile {
    /// The file.
    pub id: SpreadsheetId,
    /// Its name.
    pub name: String,
    /// RFC 3339 moment of its last change.
    pub modified: String,
    /// Whether the person may edit it.
    pub editable: bool,
}

/// A page of files, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePage {
    /// The files.
    pub files: Vec<SpreadsheetFile>,
    /// Opaque; present where there are more.
    pub next: Option<String>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Stable number.
    pub gid: Gid,
    /// Title, which people change.
    pub title: String,
    /// Rows of the grid, also empty ones.
    pub rows: u32,
    /// Columns of the grid, also empty ones.
    pub columns: u32,
}

/// A spreadsheet's outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadsheetInfo {
    /// Title of the file.
    pub title: String,
    /// Locale that decides how it shows numbers, such as `tr_TR`.
    pub locale: String,
    /// IANA time zone of its dates.
    pub time_zone: String,
    /// Its tabs with cells, in order.
    pub tabs: Vec<Tab>,
}

/// A rectangle of cells; half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Rows from 0.
    pub rows: Range<u32>,
    /// Columns from 0.
    pub columns: Range<u32>,
}

/// Which tab, by whose connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabRef {
    /// Whose grant is used.
    pub connection: TokenKey,
    /// The file.
    pub spreadsheet: SpreadsheetId,
    /// The tab.
    pub gid: Gid,
    /// Whether a person waits.
    pub urgency: Urgency,
}

/// One cell to write.
#[derive(Debug, Clone, PartialEq)]
pub struct CellWrite {
    /// From 0.
    pub row: u32,
    /// From 0.
    pub column: u32,
    /// Written as it is, never read as a formula; [`CellValue::Empty`] clears.
    pub value: CellValue,
    /// The cell's note; empty removes it.
    pub note: String,
}

/// Columns to make at a tab's right end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewColumn {
    /// From 0.
    pub column: u32,
    /// Its header.
    pub header: String,
    /// Whether people do not see it.
    pub hidden: bool,
}

/// Reads and writes spreadsheets.
#[async_trait]
pub trait Spreadsheets: Send + Sync {
    /// A page of the person's spreadsheets, newest first: of all, or of those whose name contains a text; the first
    /// one, or the one that the last page named as its next. Repeatable.
    async fn list(
        &self,
        connection: &TokenKey,
        name_contains: Option<&str>,
        page: Option<&str>,
    ) -> Result<FilePage, SheetsError>;

    /// A spreadsheet's outline. Repeatable.
    async fn describe(
        &self,
        connection: &TokenKey,
        spreadsheet: &SpreadsheetId,
        urgency: Urgency,
    ) -> Result<SpreadsheetInfo, SheetsError>;

    /// The areas' cells in one call: one table an area, in order, rows and cells cut where only blanks follow. An
    /// area may end beyond the grid, but not begin there. A table that was not read is an error, never an empty
    /// one. Repeatable.
    async fn read(&self, tab: &TabRef, areas: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError>;

    /// Writes all cells with their notes in one call, or none, and touches no other. Repeatable: the same cells
    /// give the same sheet.
    async fn write(&self, tab: &TabRef, cells: &[CellWrite]) -> Result<(), SheetsError>;

    /// Widens the grid where needed and writes headers. Repeatable.
    async fn add_columns(&self, tab: &TabRef, columns: &[NewColumn]) -> Result<(), SheetsError>;
}
