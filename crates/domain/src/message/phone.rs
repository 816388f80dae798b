//! Telephone numbers that messages go to. Stricter than what a sheet's cell may hold
//! ([`crate::convert`]): one number, valid, and of a country that is known.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, PhoneNumberType, ValidationError};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::phone_fault::PhoneFault;
use super::region::Region;
use crate::convert::has_extension;

/// From the shortest number of any numbering plan to the longest of E.164. Some plans have valid numbers
/// beyond it, which nobody reaches from abroad.
const DIGITS: RangeInclusive<usize> = 6..=15;

/// A telephone number in E.164: `+`, the country code, the rest, without blanks. Read from storage it is
/// not held against numbering plans, which change; [`PhoneNumber::parse`] does that where numbers enter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The number that a person or program wrote as `text`; without a country code it is one of `region`.
    pub fn parse(text: &str, region: Option<Region>, channel: Channel) -> Result<Self, PhoneFault> {
        let text = without_scheme(text.trim());
        if text.is_empty() {
            return Err(PhoneFault::Empty);
        }
        // The library takes both for a number, and `CALL-ME` for its keys.
        if has_extension(text) {
            return Err(PhoneFault::Extension);
        }
        if text.chars().any(char::is_alphabetic) {
            return Err(PhoneFault::Letters);
        }
        let number = valid(text, region).or_else(|fault| dialled(text).ok_or(fault))?;
        let unread = matches!(number.get_type(), PhoneNumberType::TollFree | PhoneNumberType::PremiumRate);
        if unread && channel == Channel::Sms {
            return Err(PhoneFault::NotTextable);
        }
        Self::try_from(number.format_as(PhoneNumberFormat::E164).into_owned())
    }

    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `text` without the scheme of an address (`tel:`, `whatsapp:`).
fn without_scheme(text: &str) -> &str {
    let rest = text.split_once(':').filter(|(scheme, _)| ["tel", "whatsapp"].contains(&&*scheme.to_ascii_lowercase()));
    rest.map_or(text, |(_, number)| number.trim_start())
}

fn valid(text: &str, region: Option<Region>) -> Result<rlibphonenumber::PhoneNumber, PhoneFault> {
    let number = PHONE_NUMBER_UTIL.parse(text, region.map(Region::of_the_library)).map_err(|error| match error {
        ParseError::InvalidCountryCode if region.is_none() && !text.contains(['+', '＋']) => PhoneFault::NoCountry,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneFault::TooShort,
        ParseError::TooLongNsn => PhoneFault::TooLong,
        ParseError::InvalidCountryCode | ParseError::NotANumber(_) => PhoneFault::Invalid,
    })?;
    // `#12` and `,,12`, which need no word before them.
    if number.extension.is_some() {
        return Err(PhoneFault::Extension);
    }
    if number.is_valid() {
        return Ok(number);
    }
    Err(match number.is_possible_with_reason() {
        Err(ValidationError::TooShort) => PhoneFault::TooShort,
        Err(ValidationError::TooLong) => PhoneFault::TooLong,
        _ => PhoneFault::Invalid,
    })
}

/// The number after `00`, which dials abroad from most countries; the library knows it of those only.
fn dialled(text: &str) -> Option<rlibphonenumber::PhoneNumber> {
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(text);
    valid(&format!("+{}", digits.strip_prefix("00")?), None).ok()
}

impl FromStr for PhoneNumber {
    type Err = PhoneFault;
    fn from_str(text: &str) -> Result<Self, PhoneFault> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneFault;
    fn try_from(text: String) -> Result<Self, PhoneFault> {
        let digits = text.strip_prefix('+').ok_or(PhoneFault::NoCountry)?;
        if digits.starts_with('0') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(PhoneFault::Invalid);
        }
        match digits.len() {
            length if length < *DIGITS.start() => Err(PhoneFault::TooShort),
            length if length > *DIGITS.end() => Err(PhoneFault::TooLong),
            _ => Ok(Self(text)),
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Country code and last two digits: a log tells numbers apart and gives none away.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = valid(&self.0, None).map(|number| number.country_code.to_string()).unwrap_or_default();
        write!(f, "+{country}…{}", &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn parse(text: &str, region: &str, channel: Channel) -> Result<String, PhoneFault> {
        PhoneNumber::parse(text, region.parse().ok(), channel).map(String::from)
    }

    #[rstest]
    #[case("0532 123 45 67", "TR", "+905321234567")]
    #[case("532 123 45 67", "TR", "+905321234567")]
    #[case("+90 532 123 45 67", "", "+905321234567")]
    #[case("+90 0532 123 45 67", "TR", "+905321234567")]
    #[case("90 532 123 45 67", "TR", "+905321234567")]
    #[case("0090 532 123 45 67", "TR", "+905321234567")]
    #[case("0090 532 123 45 67", "", "+905321234567")]
    #[case("0090 532 123 45 67", "US", "+905321234567")]
    #[case("0(532) 123-45.67", "TR", "+905321234567")]
    #[case("whatsapp:+905321234567", "", "+905321234567")]
    #[case("WhatsApp: 0532 123 45 67", "TR", "+905321234567")]
    #[case("tel:+90-532-123-45-67", "", "+905321234567")]
    #[case("\u{202a}+90 532 123 45 67\u{202c}", "", "+905321234567")]
    #[case("＋９０ ５３２ １２３ ４５ ６７", "", "+905321234567")]
    #[case("٠٥٣٢١٢٣٤٥٦٧", "TR", "+905321234567")]
    #[case("0533 860 12 34", "TR", "+905338601234")]
    #[case("0212 555 12 34", "TR", "+902125551234")]
    #[case("0850 222 0 222", "TR", "+908502220222")]
    #[case("444 0 444", "TR", "+904440444")]
    #[case("0151 23456789", "DE", "+4915123456789")]
    #[case("8 (916) 123-45-67", "RU", "+79161234567")]
    #[case("050 123 45 67", "AZ", "+994501234567")]
    #[case("+2290120211234", "", "+2290120211234")]
    #[case("+39 06 698 12345", "", "+390669812345")]
    #[case("+15005550006", "", "+15005550006")]
    fn numbers_as_people_write_them(#[case] text: &str, #[case] region: &str, #[case] expected: &str) {
        assert_eq!(parse(text, region, Channel::Sms), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case("", "TR", PhoneFault::Empty)]
    #[case(" whatsapp: ", "TR", PhoneFault::Empty)]
    #[case("hello", "TR", PhoneFault::Letters)]
    #[case("+90-555-ABC-DEFG", "TR", PhoneFault::Letters)]
    #[case("1-800-FLOWERS", "US", PhoneFault::Letters)]
    #[case("sms:+905321234567", "TR", PhoneFault::Letters)]
    #[case("+905321234567 dahili 12", "TR", PhoneFault::Extension)]
    #[case("0212 555 12 34 x5", "TR", PhoneFault::Extension)]
    #[case("0212 555 12 34 #12", "TR", PhoneFault::Extension)]
    #[case("0212 555 12 34,,12", "TR", PhoneFault::Extension)]
    #[case("0532 123 45 67", "", PhoneFault::NoCountry)]
    #[case("+999 123456789", "TR", PhoneFault::Invalid)]
    #[case("+90", "TR", PhoneFault::Invalid)]
    #[case("---", "TR", PhoneFault::Invalid)]
    #[case("0555 123 45 6", "TR", PhoneFault::Invalid)]
    #[case("+90 000 000 00 00", "TR", PhoneFault::Invalid)]
    #[case("12", "TR", PhoneFault::TooShort)]
    #[case("+90 532 1", "TR", PhoneFault::TooShort)]
    #[case("0532 123 45 67 / 68", "TR", PhoneFault::Invalid)]
    #[case("5321234567 5321234568", "TR", PhoneFault::TooLong)]
    #[case("05321234567, 05321234568", "TR", PhoneFault::Invalid)]
    #[case("+1 800 356 9377", "", PhoneFault::NotTextable)]
    #[case("0800 211 01 23", "TR", PhoneFault::NotTextable)]
    #[case("0900 555 12 34", "TR", PhoneFault::NotTextable)]
    fn what_is_refused(#[case] text: &str, #[case] region: &str, #[case] expected: PhoneFault) {
        assert_eq!(parse(text, region, Channel::Sms), Err(expected));
    }

    #[test]
    fn toll_free_numbers_can_be_on_whatsapp() {
        assert_eq!(parse("+1 800 356 9377", "", Channel::WhatsApp), Ok("+18003569377".to_owned()));
    }

    #[test]
    fn storage_holds_strict_e164_only() {
        assert!(serde_json::from_str::<PhoneNumber>("\"+905321234567\"").is_ok());
        for other in
            ["905321234567", "+0905321234567", "+90 532 123 45 67", "+", "+12345", "+1234567890123456", "+٩٠٥٣٢١"]
        {
            assert!(PhoneNumber::try_from(other.to_owned()).is_err(), "{other}");
        }
    }

    #[test]
    fn debug_and_faults_give_no_number_away() {
        let debug = |text: &str| format!("{:?}", PhoneNumber::try_from(text.to_owned()).unwrap());
        assert_eq!(debug("+905321234567"), "+90…67");
        assert_eq!(debug("+15005550006"), "+1…06");
        assert_eq!(debug("+999123456"), "+…56");
        let fault = PhoneNumber::parse("0532 ABC 45 67", None, Channel::Sms).unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("45"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[-0-9+ #,;:.()*x\n]){0,30}", region in "(TR|US|DE|)") {
            let _ = parse(&text, &region, Channel::Sms);
        }

        #[test]
        fn what_was_read_reads_the_same_again(text in "(\\+|00|0|)[0-9]{3,16}", region in "(TR|DE|US|RU|AZ|IT|AT|)") {
            if let Ok(number) = PhoneNumber::parse(&text, region.parse().ok(), Channel::WhatsApp) {
                prop_assert_eq!(parse(number.as_str(), "", Channel::WhatsApp), Ok(number.to_string()));
                prop_assert_eq!(serde_json::from_str::<PhoneNumber>(&format!("\"{number}\"")).unwrap(), number);
            }
        }
    }
}
