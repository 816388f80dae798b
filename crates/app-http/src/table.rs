//! Reading a file of values separated by signs, as people's programs write them.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1254};
use kopru_domain::CellValue;

/// A sheet from a file: headers, and rows below them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The first line.
    pub headers: Vec<String>,
    /// The lines below it, as wide as the headers.
    pub rows: Vec<Vec<CellValue>>,
}

/// A spreadsheet has no more cells than this.
const MOST_CELLS: usize = 10_000_000;

impl Table {
    /// Reads a file in UTF-8, UTF-16 with its mark, or Windows-1254, separated by `,`, `;` or tabs.
    ///
    /// # Errors
    /// When nothing can be read of it; the text says what to do.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = decode(bytes);
        ensure!(!text.contains('\0'), "this is not a text file: save the sheet as CSV (UTF-8)");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(&text))
            .from_reader(text.as_bytes());
        let mut lines = reader.records();
        let Some(first) = lines.next() else { bail!("the file is empty: it needs a line of headers") };
        let mut headers: Vec<String> = first?.iter().map(|header| header.trim().to_owned()).collect();
        ensure!(
            headers.iter().any(|header| !header.is_empty()),
            "the first line has no headers: write column headers into it"
        );
        let mut rows = Vec::new();
        for line in lines {
            let row: Vec<CellValue> =
                line.context("a line cannot be read: check its quotation marks")?.iter().map(CellValue::from).collect();
            ensure!(
                (rows.len() + 1) * headers.len() <= MOST_CELLS,
                "the file has more cells than a spreadsheet can hold (10 million)"
            );
            rows.push(row);
        }
        // A line longer than the first has cells without a header: they are kept, as columns without a name.
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0).max(headers.len());
        headers.resize(widest, String::new());
        for row in &mut rows {
            row.resize(widest, CellValue::Empty);
        }
        Ok(Self { headers, rows })
    }
}

/// A mark at the beginning says the encoding; without one it is UTF-8 if it can be, else what Turkish
/// Windows writes.
fn decode(bytes: &[u8]) -> String {
    let encoding = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = encoding.unwrap_or(if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1254 });
    encoding.decode(bytes).0.into_owned()
}

/// The sign that divides most lines as it divides the first one.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().take(20).collect();
    let score = |sign: u8| {
        let first = lines.first().map_or(0, |line| count(line, sign));
        let alike = lines.iter().filter(|line| first > 0 && count(line, sign) == first).count();
        (alike, first)
    };
    // Of equals the last one wins: a comma.
    [b'\t', b';', b','].into_iter().max_by_key(|sign| score(*sign)).unwrap_or(b',')
}

/// How often a sign stands outside quotation marks.
fn count(line: &str, sign: u8) -> usize {
    let mut quoted = false;
    let stands = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && *byte == sign
    };
    line.as_bytes().iter().copied().filter(stands).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(bytes: &[u8]) -> Vec<String> {
        Table::parse(bytes).unwrap().headers
    }

    #[test]
    fn separators_and_encodings_are_recognised() {
        assert_eq!(headers("Ad;Telefon, cep\nx;y".as_bytes()), ["Ad", "Telefon, cep"]);
        assert_eq!(headers("\u{feff}Şehir,Ad\n".as_bytes()), ["Şehir", "Ad"]);
        assert_eq!(headers(b"\xDEehir,\xDDl\n"), ["Şehir", "İl"]);
        assert_eq!(headers(b"A\tB\n"), ["A", "B"]);
        assert_eq!(headers(b"\xff\xfeA\x00,\x00B\x00"), ["A", "B"]);
    }

    #[test]
    fn ragged_lines_lose_nothing() {
        let table = Table::parse(b"A,B\n1\n1,2,3\n").unwrap();
        assert_eq!(table.headers, ["A", "B", ""]);
        assert_eq!(table.rows[0], ["1".into(), CellValue::Empty, CellValue::Empty]);
        assert_eq!(table.rows[1][2], "3".into());
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_reason() {
        for (bytes, reason) in
            [(&b""[..], "empty"), (b" , \nx,y\n", "no headers"), (b"PK\x03\x04\x00\x00", "not a text file")]
        {
            let error = Table::parse(bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
