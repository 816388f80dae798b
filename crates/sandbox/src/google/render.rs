//! Values as the API shows them, and texts as people type them.

use jiff::{ToSpan, civil};
use serde_json::{Value, json};

use super::grid::{Area, Cell, Tab};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ValueRender {
    #[default]
    Formatted,
    Unformatted,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Render {
    pub value: ValueRender,
    /// Dates as text where values are unformatted.
    pub dates_as_text: bool,
    pub by_columns: bool,
    pub locale: String,
}

impl Render {
    fn show(&self, cell: &Cell) -> Value {
        let is_date = matches!(cell.number_type(), Some("DATE" | "DATE_TIME" | "TIME"));
        match (&cell.value, self.value) {
            (Value::Null, _) => json!(""),
            (value, ValueRender::Unformatted) if !(is_date && self.dates_as_text) => value.clone(),
            _ => json!(formatted(cell, &self.locale)),
        }
    }

    /// The cells of an area without what is empty at the ends.
    pub fn values(&self, tab: &Tab, area: &Area) -> Vec<Vec<Value>> {
        let lines = |outer: std::ops::Range<usize>, inner: std::ops::Range<usize>| {
            outer
                .map(|a| {
                    let cells = inner.clone().map(|b| {
                        let (row, column) = if self.by_columns { (b, a) } else { (a, b) };
                        tab.cell(row, column).map_or_else(|| json!(""), |cell| self.show(cell))
                    });
                    trimmed(cells.collect(), |value| value == "")
                })
                .collect()
        };
        // Below the last value there is nothing to show.
        let rows = area.rows.start..area.rows.end.min(tab.used_rows().max(area.rows.start));
        let all = if self.by_columns { lines(area.columns.clone(), rows) } else { lines(rows, area.columns.clone()) };
        trimmed(all, Vec::is_empty)
    }
}

fn trimmed<T>(mut list: Vec<T>, is_empty: impl Fn(&T) -> bool) -> Vec<T> {
    while list.last().is_some_and(&is_empty) {
        list.pop();
    }
    list
}

/// A value as plain text, without any locale.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string().to_uppercase(),
        other => other.to_string(),
    }
}

/// As the spreadsheet shows it.
pub(crate) fn formatted(cell: &Cell, locale: &str) -> String {
    let Some(number) = cell.value.as_f64() else { return plain(&cell.value) };
    match cell.number_type() {
        Some("DATE") => date(number).map(|time| time.strftime(date_pattern(cell, locale)).to_string()),
        Some("DATE_TIME") => date(number).map(|time| time.strftime("%d.%m.%Y %H:%M:%S").to_string()),
        _ => None,
    }
    .unwrap_or_else(|| {
        let text = plain(&cell.value);
        let text = text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned);
        if locale.starts_with("en") { text } else { text.replace('.', ",") }
    })
}

fn date_pattern(cell: &Cell, locale: &str) -> &'static str {
    let pattern = cell.format.get("numberFormat").and_then(|format| format.get("pattern"));
    match pattern.and_then(Value::as_str) {
        Some("dd.mm.yyyy") => "%d.%m.%Y",
        Some("yyyy-mm-dd") => "%Y-%m-%d",
        _ if locale.starts_with("en") => "%-m/%-d/%Y",
        _ => "%d.%m.%Y",
    }
}

/// Serial days since 1899-12-30 as a date and time.
fn date(serial: f64) -> Option<civil::DateTime> {
    #[expect(clippy::cast_possible_truncation, reason = "serials of this calendar fit")]
    let seconds = (serial * 86_400.0).round() as i64;
    EPOCH.checked_add(seconds.seconds()).ok()
}

const EPOCH: civil::DateTime = civil::datetime(1899, 12, 30, 0, 0, 0, 0);

/// `USER_ENTERED`: what a person's text becomes. A leading apostrophe keeps it text.
pub(crate) fn entered(text: &str, locale: &str) -> Cell {
    let literal = |value: Value| Cell { value, ..Cell::default() };
    if let Some(rest) = text.strip_prefix('\'') {
        return literal(json!(rest));
    }
    let trimmed = text.trim();
    match trimmed.to_uppercase().as_str() {
        "TRUE" | "DOĞRU" => return literal(json!(true)),
        "FALSE" | "YANLIŞ" => return literal(json!(false)),
        _ => {}
    }
    if let Some(value) = entered_number(trimmed, locale) {
        return literal(value);
    }
    entered_date(trimmed).unwrap_or_else(|| literal(json!(text)))
}

fn entered_number(text: &str, locale: &str) -> Option<Value> {
    let plain = if locale.starts_with("en") {
        text.to_owned()
    } else if text.contains('.') {
        // A point is not a decimal mark here; "12.5" is not this number.
        return None;
    } else {
        text.replace(',', ".")
    };
    let numeric = plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if !numeric {
        return None;
    }
    plain
        .parse::<i64>()
        .map(|number| json!(number))
        .ok()
        .or_else(|| plain.parse::<f64>().map(|number| json!(number)).ok())
}

fn entered_date(text: &str) -> Option<Cell> {
    let day = civil::Date::strptime("%d.%m.%Y", text).or_else(|_| civil::Date::strptime("%Y-%m-%d", text));
    let days = EPOCH.date().until(day.ok()?).ok()?.get_days();
    Some(super::grid::seeded(json!({"date": days})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("12", "tr_TR", json!(12))]
    #[case("12,5", "tr_TR", json!(12.5))]
    #[case("12.5", "en_US", json!(12.5))]
    #[case("12,5", "en_US", json!("12,5"))]
    #[case("TRUE", "en_US", json!(true))]
    #[case("'12", "en_US", json!("12"))]
    #[case("0532 748", "tr_TR", json!("0532 748"))]
    #[case::date("31.12.2024", "tr_TR", json!(45657))]
    #[case("Ayşe", "tr_TR", json!("Ayşe"))]
    fn typed_by_people(#[case] text: &str, #[case] locale: &str, #[case] expected: Value) {
        assert_eq!(entered(text, locale).value, expected);
    }

    #[test]
    fn a_date_shows_by_its_pattern_and_reads_as_its_serial() {
        let tab = Tab::new(0, "T", vec![vec![json!({"date": 45657}), json!(1.5)]]);
        let area = tab.whole();
        let shown = Render { locale: "tr_TR".to_owned(), ..Render::default() };
        assert_eq!(shown.values(&tab, &area), [[json!("31.12.2024"), json!("1,5")]]);
        let raw = Render { value: ValueRender::Unformatted, ..shown };
        assert_eq!(raw.values(&tab, &area), [[json!(45657), json!(1.5)]]);
    }

    #[test]
    fn empty_ends_are_cut() {
        let values = vec![vec![json!("a"), json!(""), json!("c"), json!("")], vec![], vec![json!("")]];
        let tab = Tab::new(0, "T", values);
        let shown = Render::default().values(&tab, &tab.whole());
        assert_eq!(shown, [[json!("a"), json!(""), json!("c")]]);
    }
}
