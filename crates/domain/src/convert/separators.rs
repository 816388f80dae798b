//! Points and commas in a written number: what they say by themselves, and reading it once that is known.

use rust_decimal::Decimal;

use crate::mapping::DecimalMark;

/// What a number's own spelling says of its decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// No mark in it.
    None,
    /// One mark before three digits (`137.653`): the column has to say.
    Open(DecimalMark),
    /// One mark that cannot group thousands (`421604,78`).
    Single(DecimalMark),
    /// Both marks, or one repeated (`833.467,00`, `1.234.567`): the decimal mark.
    Sure(DecimalMark),
}

impl DecimalMark {
    fn sign(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Dot => '.',
        }
    }

    /// The mark that groups thousands beside this one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Comma => Self::Dot,
            Self::Dot => Self::Comma,
        }
    }
}

/// What `digits` (digits, points, commas, blanks, apostrophes) says of its decimal mark.
pub(super) fn evidence(digits: &str) -> Evidence {
    let Some(last) = digits.rfind(['.', ',']) else { return Evidence::None };
    let mark = if digits[last..].starts_with(',') { DecimalMark::Comma } else { DecimalMark::Dot };
    let (before, after) = (&digits[..last], &digits[last + 1..]);
    if before.contains(mark.other().sign()) {
        return if before.contains(mark.sign()) { Evidence::Sure(mark.other()) } else { Evidence::Sure(mark) };
    }
    if before.contains(mark.sign()) {
        return Evidence::Sure(mark.other());
    }
    let may_group = after.len() == 3
        && matches!(before.len(), 1..=3)
        && !before.starts_with('0')
        && before.chars().all(|c| c.is_ascii_digit());
    if may_group { Evidence::Open(mark) } else { Evidence::Single(mark) }
}

/// The number that `digits` is when `mark` begins its decimals. `None` when the other signs in it do not
/// stand between groups of three digits.
pub(super) fn parse(digits: &str, mark: DecimalMark) -> Option<Decimal> {
    let (whole, fraction) = digits.split_once(mark.sign()).unwrap_or((digits, ""));
    let groups: Vec<&str> = whole.split([mark.other().sign(), ' ', '\'']).collect();
    let (first, rest) = groups.split_first()?;
    let grouped = rest.is_empty() || matches!(first.len(), 1..=3) && rest.iter().all(|group| group.len() == 3);
    if !grouped || !fraction.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let plain = format!("0{}.{fraction}0", groups.concat());
    plain.parse::<Decimal>().ok().map(|number| number.normalize())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use DecimalMark::{Comma, Dot};

    #[rstest]
    #[case("455210", Evidence::None)]
    #[case("1 234 567", Evidence::None)]
    #[case("137.653", Evidence::Open(Dot))]
    #[case("137,653", Evidence::Open(Comma))]
    #[case("0.125", Evidence::Single(Dot))]
    #[case("1234.567", Evidence::Single(Dot))]
    #[case("1 234,567", Evidence::Single(Comma))]
    #[case("421604,78", Evidence::Single(Comma))]
    #[case("833.467,00", Evidence::Sure(Comma))]
    #[case("1,234.50", Evidence::Sure(Dot))]
    #[case("1.234.567", Evidence::Sure(Comma))]
    #[case("1,234,567", Evidence::Sure(Dot))]
    fn spelling_tells_the_mark(#[case] digits: &str, #[case] expected: Evidence) {
        assert_eq!(evidence(digits), expected);
    }

    #[rstest]
    #[case("1.234.567,89", Comma, Some("1234567.89"))]
    #[case("1'234.50", Dot, Some("1234.5"))]
    #[case(",5", Comma, Some("0.5"))]
    #[case("12.05.2026", Comma, None)]
    #[case("1.2345,6", Comma, None)]
    #[case("1234 567", Comma, None)]
    #[case("1,2,3", Comma, None)]
    fn groups_have_three_digits(#[case] digits: &str, #[case] mark: DecimalMark, #[case] expected: Option<&str>) {
        assert_eq!(parse(digits, mark).map(|number| number.to_string()).as_deref(), expected);
    }
}
