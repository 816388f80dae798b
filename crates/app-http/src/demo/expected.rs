//! The right values, made by hand: a line `row, header, value` and one for each cell, separated by tabs.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::table::Table;

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

/// Reads the file and holds its rows and headers against the sheet's.
pub fn read(path: &Path, table: &Table) -> anyhow::Result<Vec<Expected>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    parse(&text, table).with_context(|| format!("{} cannot be used", path.display()))
}

fn parse(text: &str, table: &Table) -> anyhow::Result<Vec<Expected>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).from_reader(text.as_bytes());
    ensure!(
        *reader.headers()? == ["row", "header", "value"][..],
        "its first line has to be row⇥header⇥value, with tabs between; a line for each cell follows"
    );
    let mut list: Vec<Expected> = Vec::new();
    for (line, entry) in (2..).zip(reader.deserialize()) {
        let expected: Expected = entry
            .with_context(|| format!("line {line} is not a row's number, a header and a value with tabs between"))?;
        let bottom = table.rows.len() + 1;
        ensure!(
            (2..=bottom).contains(&expected.row),
            "line {line}: the sheet has rows 2 to {bottom} below its headers"
        );
        ensure!(
            table.headers.iter().any(|header| header.trim() == expected.header.trim()),
            "line {line}: the sheet has no column {}",
            expected.header
        );
        list.push(expected);
    }
    ensure!(!list.is_empty(), "it has no values below its first line");
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("junk", "first line")]
    #[case("2\tAd\tAyşe", "first line")]
    #[case("row\theader\tvalue\n", "no values")]
    #[case("row\theader\tvalue\nx\tAd\tAyşe", "line 2")]
    #[case("row\theader\tvalue\n2\tAd\tAyşe\n2\tYaş\t5", "line 3: the sheet has no column Yaş")]
    #[case("row\theader\tvalue\n3\tAd\tAyşe", "rows 2 to 2")]
    fn a_file_that_says_nothing_of_the_sheet_is_refused(#[case] text: &str, #[case] why: &str) {
        let table = Table::parse(b"Ad,Tel\nx,y\n").unwrap();
        let error = parse(text, &table).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(parse("row\theader\tvalue\n2\tAd\tx\n", &table).unwrap().len(), 1);
    }
}
