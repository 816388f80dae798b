//! How a column's texts are read, decided once for all its cells.

use super::{figure, moment};
use crate::cell::CellValue;
use crate::mapping::{ColumnStyle, DecimalMark};

/// The style that the column's unambiguous cells speak for: `13/02/2025` says that days come first,
/// `1,234.50` that a point begins the decimals. Where they are silent or contradict each other,
/// `default` stands.
#[must_use]
pub fn column_style<'a>(cells: impl Iterator<Item = &'a CellValue> + Clone, default: &ColumnStyle) -> ColumnStyle {
    let texts = cells.filter_map(|cell| if let CellValue::Text(text) = cell { Some(text.as_str()) } else { None });
    let dates = unanimous(texts.clone().filter_map(moment::order), default.dates);
    ColumnStyle { decimal: decimal_mark(texts, default.decimal), dates, ..default.clone() }
}

/// `1.5` may be a slip in a column of `833.467,00`: it counts only where nothing surer does.
fn decimal_mark<'a>(texts: impl Iterator<Item = &'a str> + Clone, default: DecimalMark) -> DecimalMark {
    let votes = texts.filter_map(figure::vote);
    let any_sure = votes.clone().any(|(_, sure)| sure);
    unanimous(votes.filter(|(_, sure)| *sure == any_sure).map(|(mark, _)| mark), default)
}

fn unanimous<T: PartialEq + Copy>(mut votes: impl Iterator<Item = T>, default: T) -> T {
    match votes.next() {
        Some(first) if votes.all(|vote| vote == first) => first,
        _ => default,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::mapping::DateOrder::{self, DayFirst, MonthFirst};
    use DecimalMark::{Comma, Dot};

    fn style(cells: &[&str], default: &ColumnStyle) -> ColumnStyle {
        let cells: Vec<CellValue> = cells.iter().map(|text| CellValue::from(*text)).collect();
        column_style(cells.iter(), default)
    }

    #[rstest]
    #[case(&["01/02/2025", "13/02/2025"], MonthFirst, DayFirst)]
    #[case(&["01/02/2025", "02/13/2025"], DayFirst, MonthFirst)]
    #[case(&["13/02/2025", "02/13/2025"], MonthFirst, MonthFirst)]
    #[case(&["01/02/2025", "yok"], MonthFirst, MonthFirst)]
    #[case(&["2025-12-29", "5 Mart 2026"], DayFirst, DayFirst)]
    fn dates(#[case] cells: &[&str], #[case] default: DateOrder, #[case] expected: DateOrder) {
        let default = ColumnStyle { dates: default, ..ColumnStyle::turkish() };
        assert_eq!(style(cells, &default).dates, expected);
    }

    #[rstest]
    #[case(&["137.653", "833.467,00"], Dot, Comma)]
    #[case(&["137.653", "1,234.50"], Comma, Dot)]
    #[case(&["833.467,00", "1,234.50"], Dot, Dot)]
    #[case(&["833.467,00", "1.5"], Dot, Comma)]
    #[case(&["1.2 milyon", "137.653"], Comma, Comma)]
    #[case(&["99.95", "137.653"], Comma, Dot)]
    #[case(&["12", "yok"], Comma, Comma)]
    fn decimals(#[case] cells: &[&str], #[case] default: DecimalMark, #[case] expected: DecimalMark) {
        let default = ColumnStyle { decimal: default, ..ColumnStyle::turkish() };
        assert_eq!(style(cells, &default).decimal, expected);
    }
}
