//! The number of another record.

use crate::reason::Reason;
use crate::value::FieldValue;

/// Reads `12` or `#12`. A record's name is not looked up: several may bear it.
pub(super) fn read(text: &str) -> Result<FieldValue, Reason> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let number = digits.parse::<u64>().ok().filter(|number| *number > 0 && !digits.starts_with('+'));
    number.map(|number| FieldValue::Choice(number.to_string())).ok_or(Reason::NotARecordNumber)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12", Some("12"))]
    #[case("#12", Some("12"))]
    #[case("0", None)]
    #[case("12.5", None)]
    #[case("-3", None)]
    #[case("Şişecam", None)]
    fn only_record_numbers(#[case] text: &str, #[case] expected: Option<&str>) {
        let expected = expected.map(|id| FieldValue::Choice(id.to_owned())).ok_or(Reason::NotARecordNumber);
        assert_eq!(read(text), expected);
    }
}
