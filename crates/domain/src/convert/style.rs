//! How a column's texts are read, decided once for all its cells.

use super::{figure, moment};
use crate::cell::CellValue;
use crate::mapping::ColumnStyle;

/// What one cell says of a matter that has two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vote<T> {
    /// It can be read in no other way.
    Sure(T),
    /// Read in the other way it would be odd, but it may be a slip.
    Likely(T),
    /// It can be read either way, and would be a little odd in the other.
    Leans(T),
    /// It can be read either way.
    Open,
}

/// The style that the column's cells speak for: `13/02/2025` says that days come first, `1,234.50` that a
/// point begins the decimals. The sheet's own way, `default`, gives way only to the greater part of what
/// the cells say: one `$1,250.50` does not turn the `3.100` around it into three and a bit.
#[must_use]
pub fn column_style<'a>(cells: impl Iterator<Item = &'a CellValue> + Clone, default: &ColumnStyle) -> ColumnStyle {
    let texts = cells.filter_map(|cell| if let CellValue::Text(text) = cell { Some(text.as_str()) } else { None });
    let dates = elected(texts.clone().filter_map(moment::vote), default.dates);
    let decimal = elected(texts.filter_map(figure::vote), default.decimal);
    ColumnStyle { decimal, dates, ..default.clone() }
}

/// The side that outweighs `default` and all cells that are open, or else `default`.
fn elected<T: PartialEq + Copy>(votes: impl Iterator<Item = Vote<T>>, default: T) -> T {
    let (mut other, mut weight) = (default, 0);
    for vote in votes {
        let (side, counts) = match vote {
            Vote::Sure(side) => (side, 2),
            Vote::Likely(side) => (side, 1),
            Vote::Leans(side) if side != default => continue,
            Vote::Leans(_) | Vote::Open => (default, 1),
        };
        if side == default {
            weight -= counts;
        } else {
            (other, weight) = (side, weight + counts);
        }
    }
    if weight > 0 { other } else { default }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::mapping::DateOrder::{self, DayFirst, MonthFirst};
    use crate::mapping::DecimalMark::{self, Comma, Dot};

    fn style(cells: &[&str], default: &ColumnStyle) -> ColumnStyle {
        let cells: Vec<CellValue> = cells.iter().map(|text| CellValue::from(*text)).collect();
        column_style(cells.iter(), default)
    }

    #[rstest]
    #[case(&["01/02/2025", "13/02/2025"], MonthFirst, DayFirst)]
    #[case(&["01/02/2025", "02/13/2025"], DayFirst, MonthFirst)]
    #[case(&["13/02/2025", "02/13/2025"], MonthFirst, MonthFirst)]
    #[case(&["1/2/2025", "2/3/2025", "3/4/2025", "12/31/1985"], DayFirst, DayFirst)]
    #[case(&["1/2/2025", "6/24/2025", "3/4/2025", "12/31/1985"], DayFirst, MonthFirst)]
    #[case(&["5/5/2025", "2/2/2025", "3/3/2025", "12/31/1985"], DayFirst, MonthFirst)]
    #[case(&["1.2.2025", "2.3.2025", "12/31/1985"], MonthFirst, MonthFirst)]
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
    #[case(&["99.95", "137.653"], Comma, Comma)]
    #[case(&["99.95", "12.50", "137.653"], Comma, Dot)]
    #[case(&["3.100", "4.150", "12.500", "1,250.50"], Comma, Comma)]
    #[case(&["3.100", "4.150", "1250.50"], Comma, Comma)]
    #[case(&["3.100", "4.150", "12.500", "2.000", "833.467,00"], Dot, Comma)]
    #[case(&["3,100", "4,150", "12,500", "$1,250.50"], Comma, Dot)]
    #[case(&["100,50", "200,75", "7,5", "1,250.50"], Comma, Comma)]
    #[case(&["12", "yok"], Comma, Comma)]
    fn decimals(#[case] cells: &[&str], #[case] default: DecimalMark, #[case] expected: DecimalMark) {
        let default = ColumnStyle { decimal: default, ..ColumnStyle::turkish() };
        assert_eq!(style(cells, &default).decimal, expected);
    }
}
