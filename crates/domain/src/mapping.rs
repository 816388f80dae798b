//! Which column feeds which field.

use serde::{Deserialize, Serialize};

use crate::field::FieldCode;

/// What a column means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Target {
    /// A field of the entity.
    Field(FieldCode),
    /// Given name and surname in one cell, to be split into `NAME` and `LAST_NAME`.
    FullName,
}

impl From<String> for Target {
    fn from(text: String) -> Self {
        if text == "FULL_NAME" { Self::FullName } else { Self::Field(FieldCode::from(text.as_str())) }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        match target {
            Target::FullName => "FULL_NAME".to_owned(),
            Target::Field(code) => code.as_str().to_owned(),
        }
    }
}

/// The sign between a number's whole and its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1.234,50`
    Comma,
    /// `1,234.50`
    Dot,
}

/// How days with ambiguous numbers are read (`01/02/2026`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

/// How a column's texts are read: decided once for the whole column, never cell by cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnStyle {
    /// Decimal mark.
    pub decimal: DecimalMark,
    /// Order of ambiguous dates.
    pub dates: DateOrder,
    /// ISO 3166 region of phone numbers without a country code, such as `TR`.
    pub region: String,
    /// IANA name of the spreadsheet's time zone, such as `Europe/Istanbul`.
    pub time_zone: String,
    /// ISO 4217 currency of amounts that name none.
    pub currency: String,
}

impl ColumnStyle {
    /// What people in Türkiye write.
    #[must_use]
    pub fn turkish() -> Self {
        Self {
            decimal: DecimalMark::Comma,
            dates: DateOrder::DayFirst,
            region: "TR".to_owned(),
            time_zone: "Europe/Istanbul".to_owned(),
            currency: "TRY".to_owned(),
        }
    }
}

impl ColumnStyle {
    /// What people write whose spreadsheet has `locale` (`tr_TR`, `en_US`, `de_DE`, …): the start from
    /// which a column's own evidence is weighed.
    #[must_use]
    pub fn for_locale(locale: &str, time_zone: &str) -> Self {
        let (language, region) = locale.split_once(['_', '-']).unwrap_or((locale, ""));
        let decimal = if matches!(language, "en" | "zh" | "ja" | "ko" | "he" | "th") {
            DecimalMark::Dot
        } else {
            DecimalMark::Comma
        };
        let dates = if region == "US" || locale == "en" { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        let home = match language {
            "tr" => "TR",
            "en" => "US",
            "de" => "DE",
            "ru" => "RU",
            _ => "",
        };
        let region = if region.len() == 2 { region } else { home };
        let currency = match region {
            "TR" => "TRY",
            "GB" => "GBP",
            "RU" => "RUB",
            "DE" | "AT" | "FR" | "NL" | "ES" | "IT" => "EUR",
            _ => "USD",
        };
        Self {
            decimal,
            dates,
            region: region.to_owned(),
            time_zone: time_zone.to_owned(),
            currency: currency.to_owned(),
        }
    }
}

impl ColumnStyle {
    /// The field whose value nothing can be read by; `None` where all of them can be used.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let letters = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_uppercase());
        match self {
            _ if jiff::tz::TimeZone::get(&self.time_zone).is_err() => Some("mapping.columns.style.time_zone"),
            _ if !letters(&self.currency, 3) => Some("mapping.columns.style.currency"),
            _ if !self.region.is_empty() && !letters(&self.region, 2) => Some("mapping.columns.style.region"),
            _ => None,
        }
    }
}

/// A spreadsheet has no more columns (<https://support.google.com/drive/answer/37603>).
const MOST_COLUMNS: usize = 18_278;

impl Mapping {
    /// The field whose value cannot be used.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let of = |mapped: &ColumnMapping| match mapped.column {
            MOST_COLUMNS.. => Some("mapping.columns.column"),
            _ => mapped.style.fault(),
        };
        self.columns.iter().find_map(of)
    }
}

/// One column that feeds a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMapping {
    /// Position in the tab when it was mapped, 0 for column A.
    pub column: usize,
    /// The header's text, by which the column is found again when it moves.
    pub header: String,
    /// What it feeds.
    pub target: Target,
    /// How its cells are read.
    pub style: ColumnStyle,
}

/// All that a tab feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The columns, in the sheet's order.
    pub columns: Vec<ColumnMapping>,
    /// Where the record's `TITLE` comes from when no column is mapped to it: headers in groups, best group
    /// first; the texts of the first group that has any are joined (given name and surname). Empty for
    /// entities without a title or with one mapped.
    pub title_from: Vec<Vec<String>>,
}

/// A [`Mapping`] against the headers that the tab has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedMapping<'a> {
    /// Position now, and what the column feeds.
    pub columns: Vec<(usize, &'a ColumnMapping)>,
    /// Positions of the columns from which the title is built, in groups.
    pub title_from: Vec<Vec<usize>>,
    /// Mapped columns that the tab does not have any more.
    pub missing: Vec<&'a ColumnMapping>,
}

impl Mapping {
    /// Finds the mapped columns by their headers. Where a header stands twice, only the position that was
    /// mapped counts; a column that is not found is missing, never guessed. Without one of its columns no
    /// title is built.
    #[must_use]
    pub fn resolve(&self, headers: &[String]) -> ResolvedMapping<'_> {
        let stands = |at: usize, header: &str| headers.get(at).is_some_and(|found| found.trim() == header.trim());
        let only = |header: &str| {
            let mut places = (0..headers.len()).filter(|at| stands(*at, header));
            places.next().filter(|_| places.next().is_none())
        };
        let at_home = |column: &ColumnMapping| stands(column.column, &column.header);
        let taken: Vec<usize> =
            self.columns.iter().filter(|column| at_home(column)).map(|column| column.column).collect();
        let mut resolved = ResolvedMapping { columns: Vec::new(), title_from: Vec::new(), missing: Vec::new() };
        for column in &self.columns {
            let moved = || only(&column.header).filter(|at| !taken.contains(at));
            match at_home(column).then_some(column.column).or_else(moved) {
                Some(at) => resolved.columns.push((at, column)),
                None => resolved.missing.push(column),
            }
        }
        let first = |header: &String| (0..headers.len()).find(|at| stands(*at, header));
        let places: Option<Vec<Vec<usize>>> =
            self.title_from.iter().map(|group| group.iter().map(first).collect()).collect();
        resolved.title_from = places.unwrap_or_default();
        resolved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(column: usize, header: &str) -> ColumnMapping {
        let target = Target::Field(header.into());
        ColumnMapping { column, header: header.to_owned(), target, style: ColumnStyle::turkish() }
    }

    #[test]
    fn columns_are_found_again_where_they_moved_and_missed_where_they_are_gone() {
        let mapping = Mapping {
            columns: vec![column(0, "Ad"), column(1, "Tel"), column(2, "Not")],
            title_from: vec![vec!["Ad".into()]],
        };
        let headers = ["Tel", "Yeni", "Ad "].map(str::to_owned);
        let resolved = mapping.resolve(&headers);
        let places: Vec<_> = resolved.columns.iter().map(|(at, c)| (*at, c.header.as_str())).collect();
        assert_eq!(places, [(2, "Ad"), (0, "Tel")]);
        assert_eq!(resolved.missing, [&mapping.columns[2]]);
        assert_eq!(resolved.title_from, [[2]]);
    }

    #[test]
    fn a_locale_says_how_people_write() {
        assert_eq!(ColumnStyle::for_locale("tr_TR", "Europe/Istanbul"), ColumnStyle::turkish());
        let american = ColumnStyle::for_locale("en_US", "America/New_York");
        assert_eq!((american.decimal, american.dates), (DecimalMark::Dot, DateOrder::MonthFirst));
        assert_eq!(ColumnStyle::for_locale("en_GB", "Europe/London").dates, DateOrder::DayFirst);
        assert_eq!(ColumnStyle::for_locale("de_DE", "Europe/Berlin").currency, "EUR");
    }

    #[test]
    fn of_two_equal_headers_that_moved_neither_is_guessed() {
        let mapping =
            Mapping { columns: vec![column(0, "Tel"), column(1, "Tel")], title_from: vec![vec!["Ad".into()]] };
        let moved = ["Yeni", "Tel", "Tel"].map(str::to_owned);
        let resolved = mapping.resolve(&moved);
        assert_eq!(resolved.columns.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1]);
        assert_eq!(resolved.missing, [&mapping.columns[0]]);
        assert!(resolved.title_from.is_empty());
        let one = ["Tel"].map(str::to_owned);
        assert_eq!(mapping.resolve(&one).columns.len(), 1);
    }

    #[test]
    fn of_two_equal_headers_the_mapped_position_counts() {
        let mapping = Mapping { columns: vec![column(1, "Tel")], title_from: vec![] };
        let headers = ["Tel", "Tel"].map(str::to_owned);
        assert_eq!(mapping.resolve(&headers).columns[0].0, 1);
    }
}
