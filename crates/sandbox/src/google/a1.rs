//! A1 notation: `'Tab adı'!A2:Z`, `Tab!3:5`, `A1`.
//! <https://developers.google.com/workspace/sheets/api/guides/concepts#cell>

use super::{
    errors::{ApiError, invalid},
    grid::{Area, Tab},
};

/// One corner: either part may be missing, as in `A:C` or `2:5`.
type Corner = (Option<usize>, Option<usize>);

/// Finds the tab and the cells; an end beyond the grid is cut to it unless
/// `exact`, a start beyond it is refused.
pub(super) fn resolve(tabs: &[Tab], text: &str, exact: bool) -> Result<(usize, Area), ApiError> {
    let unparsable = || invalid(format!("Unable to parse range: {text}"));
    let by_title = |title: &str| tabs.iter().position(|tab| tab.title == title);
    let (index, cells) = match split(text) {
        (Some(title), cells) => (by_title(&title).ok_or_else(unparsable)?, cells),
        // A bare word is a tab if there is one, else cells of the first tab.
        (None, word) => match by_title(word) {
            Some(index) => (index, ""),
            None => (0, word),
        },
    };
    let tab = tabs.get(index).ok_or_else(unparsable)?;
    if cells.is_empty() {
        return Ok((index, tab.whole()));
    }
    let area = area(tab, cells).ok_or_else(unparsable)?;
    within(tab, &area, exact).map(|area| (index, area))
}

/// Applies the grid's limits to an area.
pub(super) fn within(tab: &Tab, area: &Area, exact: bool) -> Result<Area, ApiError> {
    if exact || area.rows.start >= tab.row_count || area.columns.start >= tab.column_count {
        tab.must_hold(area)?;
    }
    Ok(Area {
        rows: area.rows.start..area.rows.end.min(tab.row_count),
        columns: area.columns.start..area.columns.end.min(tab.column_count),
    })
}

/// `'It''s'!A1` → (`It's`, `A1`).
fn split(text: &str) -> (Option<String>, &str) {
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut title = String::new();
        let mut rest = quoted;
        while let Some((part, after)) = rest.split_once('\'') {
            title.push_str(part);
            if let Some(again) = after.strip_prefix('\'') {
                title.push('\'');
                rest = again;
            } else {
                return (Some(title), after.strip_prefix('!').unwrap_or(after));
            }
        }
        return (None, text);
    }
    match text.rsplit_once('!') {
        Some((title, cells)) => (Some(title.to_owned()), cells),
        None => (None, text),
    }
}

fn area(tab: &Tab, cells: &str) -> Option<Area> {
    let Some((from, to)) = cells.split_once(':') else {
        let (Some(row), Some(column)) = corner(cells)? else { return None };
        return Some(Area { rows: row..row + 1, columns: column..column + 1 });
    };
    let (from, to) = (corner(from)?, corner(to)?);
    let rows = from.0.unwrap_or(0)..to.0.map_or(tab.row_count, |row| row + 1);
    let columns = from.1.unwrap_or(0)..to.1.map_or(tab.column_count, |column| column + 1);
    (rows.start < rows.end && columns.start < columns.end).then_some(Area { rows, columns })
}

fn corner(text: &str) -> Option<Corner> {
    let text = text.replace('$', "");
    let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (letters, digits) = text.split_at(digits);
    if text.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let number = |sum: usize, byte: u8| sum * 26 + usize::from(byte.to_ascii_uppercase() - b'A') + 1;
    let column = letters.bytes().fold(0, number).checked_sub(1);
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<usize>().ok()?.checked_sub(1)?),
    };
    Some((row, column))
}

/// 0 → A, 26 → AA.
pub(super) fn column_name(mut column: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or_default()));
        if column < 26 {
            return name.iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

/// As Google echoes it: quoted where the title needs it, one cell without a colon.
pub(super) fn format(title: &str, area: &Area) -> String {
    let plain = title.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let title = if plain { title.to_owned() } else { format!("'{}'", title.replace('\'', "''")) };
    let cell = |row: usize, column: usize| format!("{}{}", column_name(column), row + 1);
    let first = cell(area.rows.start, area.columns.start);
    let last = cell(area.rows.end.max(1) - 1, area.columns.end.max(1) - 1);
    if first == last { format!("{title}!{first}") } else { format!("{title}!{first}:{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn tabs() -> Vec<Tab> {
        vec![Tab::new(0, "Leads", Vec::new()), Tab::new(7, "Tab adı's", Vec::new())]
    }

    #[rstest]
    #[case("Leads!A1", "Leads!A1")]
    #[case("A2:B3", "Leads!A2:B3")]
    #[case("Leads", "Leads!A1:Z1000")]
    #[case("'Tab adı''s'!A2:Z2", "'Tab adı''s'!A2:Z2")]
    #[case("'Tab adı''s'", "'Tab adı''s'!A1:Z1000")]
    #[case("Leads!B:C", "Leads!B1:C1000")]
    #[case("Leads!2:3", "Leads!A2:Z3")]
    #[case("Leads!A2:Z", "Leads!A2:Z1000")]
    #[case::end_is_cut("Leads!Y1:AB2000", "Leads!Y1:Z1000")]
    fn reads(#[case] text: &str, #[case] expected: &str) {
        let tabs = tabs();
        let (index, area) = resolve(&tabs, text, false).unwrap();
        assert_eq!(format(&tabs[index].title, &area), expected);
    }

    #[rstest]
    #[case::unknown_tab("Nope!A1", false)]
    #[case::nonsense("Leads!?", false)]
    #[case::start_beyond("Leads!AA1", false)]
    #[case::end_beyond_for_a_write("Leads!Z1:AA1", true)]
    fn refuses(#[case] text: &str, #[case] exact: bool) {
        assert!(resolve(&tabs(), text, exact).is_err());
    }

    #[rstest]
    #[case(0, "A")]
    #[case(25, "Z")]
    #[case(26, "AA")]
    #[case(701, "ZZ")]
    #[case(702, "AAA")]
    fn names_columns(#[case] column: usize, #[case] name: &str) {
        assert_eq!(column_name(column), name);
    }
}
