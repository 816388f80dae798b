//! Numbers: whole ones and those with decimals.

use rust_decimal::Decimal;

use super::figure::figure;
use crate::mapping::ColumnStyle;
use crate::reason::Reason;
use crate::value::FieldValue;

/// A number cell to the fifteen digits that spreadsheets work with, so that 0.1 + 0.2 is 0.3.
pub(super) fn exact(number: f64) -> Result<Decimal, Reason> {
    let read = if number.fract() == 0.0 {
        format!("{number:.0}").parse()
    } else if number.abs() < 1e-10 {
        Ok(Decimal::ZERO)
    } else {
        Decimal::from_scientific(&format!("{number:.14e}"))
    };
    read.map(|number| number.normalize()).map_err(|_| Reason::NotANumber)
}

/// A number cell as it is typed: no exponent, no `.0`.
pub(super) fn typed(number: f64) -> String {
    exact(number).map_or_else(|_| number.to_string(), |number| number.to_string())
}

/// A written number. A currency beside it does not change it: `1.200 $` in a field without a currency of
/// its own is 1200. `%12` is 12, as people fill in a probability.
pub(super) fn from_text(text: &str, style: &ColumnStyle) -> Result<Decimal, Reason> {
    let bare = text.strip_suffix("m²").or_else(|| text.strip_suffix("m2")).unwrap_or(text);
    figure(bare, style.decimal).map(|figure| figure.value).ok_or(Reason::NotANumber)
}

/// The value of a field with decimals.
pub(super) fn decimal(number: Result<Decimal, Reason>) -> Result<FieldValue, Reason> {
    number.map(FieldValue::Number)
}

/// The value of a field without decimals.
pub(super) fn whole(number: Result<Decimal, Reason>) -> Result<FieldValue, Reason> {
    let number = number?;
    if number.is_integer() { Ok(FieldValue::Number(number)) } else { Err(Reason::NotWhole) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.1 + 0.2, "0.3")]
    #[case(0.1 + 0.2 - 0.3, "0")]
    #[case(12_345_678_901.0, "12345678901")]
    #[case(9_007_199_254_740_991.0, "9007199254740991")]
    #[case(-1.50, "-1.5")]
    #[case(1e21, "1000000000000000000000")]
    fn number_cells_are_typed_without_loss(#[case] number: f64, #[case] expected: &str) {
        assert_eq!(typed(number), expected);
    }

    #[rstest]
    #[case("1.250,5 m²", "1250.5")]
    #[case("120 m2", "120")]
    #[case("1.200 $", "1200")]
    #[case("12%", "12")]
    #[case("30 gün", "30")]
    fn what_stands_beside_a_number_leaves_it(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(from_text(text, &ColumnStyle::turkish()), Ok(expected.parse().unwrap()));
    }

    #[test]
    fn decimals_are_refused_where_whole_numbers_are_needed() {
        let turkish = ColumnStyle::turkish();
        assert_eq!(whole(from_text("3,5", &turkish)), Err(Reason::NotWhole));
        assert_eq!(whole(from_text("3,00 adet", &turkish)), Ok(FieldValue::Number(3.into())));
    }
}
