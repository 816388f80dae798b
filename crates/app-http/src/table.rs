//! Reading a file of values separated by signs, as people's programs write them.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use csv::StringRecord;
use encoding_rs::{Encoding, WINDOWS_1254};
use kopru_domain::CellValue;

/// A sheet from a file: headers, and rows below them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The first line.
    pub headers: Vec<String>,
    /// The lines below it, as wide as the headers.
    pub rows: Vec<Vec<CellValue>>,
}

/// A spreadsheet has no more cells than this (<https://support.google.com/drive/answer/37603>).
const MOST_CELLS: usize = 10_000_000;

/// A cell holds no more characters than this (the same page).
const LONGEST_CELL: usize = 50_000;

impl Table {
    /// Reads a file in UTF-8, UTF-16 with its mark, or Windows-1254, separated by `,`, `;`, `|` or tabs.
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
        let text = decode(bytes)?;
        ensure!(!text.contains('\0'), "this is not a text file: save the sheet as CSV (UTF-8)");
        let mut lines = lines(&text)?.into_iter();
        let Some((_, first)) = lines.next() else { bail!("the file is empty: it needs a line of headers") };
        let mut headers: Vec<String> = first.iter().map(|header| header.trim().to_owned()).collect();
        let rest: Vec<(u64, StringRecord)> = lines.collect();
        for (line, cells) in [(1, &first)].into_iter().chain(rest.iter().map(|(line, cells)| (*line, cells))) {
            ensure!(
                cells.iter().all(|cell| cell.len() <= LONGEST_CELL || cell.chars().count() <= LONGEST_CELL),
                "line {line}: a cell has more than 50,000 characters, which no spreadsheet holds: shorten it"
            );
        }
        are_headers(&headers, &rest)?;
        ensure!(
            (rest.len() + 1) * headers.len() <= MOST_CELLS,
            "the file has more cells than a spreadsheet can hold (10 million)"
        );
        let cells = |(_, line): &(u64, StringRecord)| line.iter().map(CellValue::from).collect();
        let mut rows: Vec<Vec<CellValue>> = rest.iter().map(cells).collect();
        // A line longer than the first has cells without a header: they are kept, as columns without a name.
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0).max(headers.len());
        headers.resize(widest, String::new());
        for row in &mut rows {
            row.resize(widest, CellValue::Empty);
        }
        Ok(Self { headers, rows })
    }
}

/// What no sheet holds: with it behind the last line, a quotation mark that was never closed shows.
const END: &str = "\u{1}";

/// The file's lines, each with its number. A line can go over several of the file where it is quoted.
fn lines(text: &str) -> anyhow::Result<Vec<(u64, StringRecord)>> {
    let (named, text, before) = named_separator(text);
    // The reader counts lines that end as Windows ends them one too few.
    let text = format!("{}\n{END}\n", text.replace("\r\n", "\n").trim_end_matches('\n'));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(named.unwrap_or_else(|| separator(&text)))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for line in reader.records() {
        let line = line.context("a line cannot be read: check its quotation marks")?;
        lines.push((before + line.position().map_or(0, csv::Position::line), line));
    }
    match lines.pop() {
        Some((_, last)) if last == [END][..] => Ok(lines),
        other => bail!("line {}: a quotation mark opens here and is never closed", other.map_or(1, |(line, _)| line)),
    }
}

/// Excel's own first line `sep=;`, the text below it, and how many lines that took.
fn named_separator(text: &str) -> (Option<u8>, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some([sign]) => (Some(*sign), rest, 1),
        _ => (None, text, 0),
    }
}

/// Whether the first line can be headers.
fn are_headers(first: &[String], rest: &[(u64, StringRecord)]) -> anyhow::Result<()> {
    let filled = |cells: &StringRecord| cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    let named = first.iter().filter(|header| !header.is_empty()).count();
    ensure!(named > 0, "the first line has no headers: write column headers into it");
    if named == 1
        && let Some((line, _)) = rest.iter().take(10).find(|(_, cells)| filled(cells) > 2)
    {
        let title = first.concat();
        bail!(
            "\"{title}\" stands alone above the sheet: delete what is above line {line}, where the headers seem to be"
        );
    }
    if let Some(value) = first.iter().find(|header| is_value(header)) {
        bail!("the first line has no headers but values, such as \"{value}\": write a line of column headers above it");
    }
    Ok(())
}

/// An e-mail or web address or a number of a length that no header has.
fn is_value(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let address = !text.contains(' ') && text.contains('@') && text.contains('.');
    address || text.starts_with("http") || (digits >= 7 && !text.chars().any(char::is_alphabetic))
}

/// A mark at the beginning says the encoding; without one it is UTF-8 if it can be, else what Turkish
/// Windows writes.
fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding.decode(bytes).0.into_owned());
    }
    let Err(first) = std::str::from_utf8(bytes) else { return Ok(String::from_utf8_lossy(bytes).into_owned()) };
    let (mut letters, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    // Letters of UTF-8 do not come about by chance: such a file is damaged, not of another encoding.
    let line = bytes[..first.valid_up_to()].split(|byte| *byte == b'\n').count();
    ensure!(letters <= broken, "line {line}: a character is damaged: save the sheet as CSV (UTF-8) again");
    Ok(WINDOWS_1254.decode(bytes).0.into_owned())
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
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|sign| score(*sign)).unwrap_or(b',')
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
    use rstest::rstest;

    fn headers(bytes: &[u8]) -> Vec<String> {
        Table::parse(bytes).unwrap().headers
    }

    #[test]
    fn separators_and_encodings_are_recognised() {
        assert_eq!(headers("Ad;Telefon, cep\nx;y".as_bytes()), ["Ad", "Telefon, cep"]);
        assert_eq!(headers("\u{feff}Şehir,Ad\n".as_bytes()), ["Şehir", "Ad"]);
        assert_eq!(headers(b"\xDEehir,\xDDl\n"), ["Şehir", "İl"]);
        assert_eq!(headers(b"A\tB\n"), ["A", "B"]);
        assert_eq!(headers(b"A|B, C|D\n1|2, 3|4\n"), ["A", "B, C", "D"]);
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
    fn excels_own_first_line_names_the_separator() {
        assert_eq!(headers("sep=;\r\nAd, Soyad;Telefon\r\nx;y\r\n".as_bytes()), ["Ad, Soyad", "Telefon"]);
    }

    #[test]
    fn quoted_cells_may_go_over_lines() {
        let table = Table::parse(b"A,B\n\"one\ntwo\",\"say \"\"x\"\"\"\n").unwrap();
        assert_eq!(table.rows, [["one\ntwo".into(), "say \"x\"".into()]]);
    }

    #[rstest]
    #[case("", "empty")]
    #[case(" , \nx,y\n", "no headers")]
    #[case("PK\u{3}\u{4}\0\0", "not a text file")]
    #[case("Ad,Not\nx,y\n\"open,rest\nx,y\n", "line 3")]
    #[case("sep=;\nAd;Not\n\"open;rest\nx;y", "line 3")]
    #[case("2025 list;;\r\n;;\r\nAd;Tel;Not\r\nx;y;z\r\n", "above line 3")]
    #[case("Ali,05321112233,100\nVeli,05321112234,200\n", "\"05321112233\"")]
    #[case("Ali,ali@ornek.example\n", "values")]
    fn what_cannot_be_used_is_refused_with_a_reason(#[case] text: &str, #[case] reason: &str) {
        let error = Table::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[rstest]
    #[case(format!("Ad,Not\nx,{}\n", "ş".repeat(50_001)).into_bytes(), "line 2: a cell has more than 50,000")]
    #[case(b"Ad,\xC5\x9Eehir\n\xC3\x96mer,x\nAli,Mu\xC5\n".to_vec(), "line 3: a character is damaged")]
    fn what_would_be_damaged_is_refused_by_its_line(#[case] bytes: Vec<u8>, #[case] reason: &str) {
        let error = Table::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[rstest]
    #[case("Ad,2024,2025\nx,1,2\n")]
    #[case("Ad\nx\ny\n")]
    #[case("E-posta (örn. ad@firma.com),Ad\nx,y\n")]
    fn unusual_headers_are_headers(#[case] text: &str) {
        Table::parse(text.as_bytes()).unwrap();
    }
}
