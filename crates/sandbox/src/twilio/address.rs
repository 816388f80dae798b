//! Addresses: E.164, with a channel's prefix before it.

const WHATSAPP: &str = "whatsapp:";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Sms,
    WhatsApp,
}

pub(crate) fn channel(address: &str) -> Channel {
    if address.starts_with(WHATSAPP) { Channel::WhatsApp } else { Channel::Sms }
}

/// The address without its channel.
pub(crate) fn number(address: &str) -> &str {
    address.strip_prefix(WHATSAPP).unwrap_or(address)
}

pub(crate) fn is_valid(address: &str) -> bool {
    let Some(digits) = number(address).strip_prefix('+') else { return false };
    let plausible = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    plausible && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// 1 to 11 letters, digits and spaces, of which one is a letter, or a short code.
/// <https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id>
pub(crate) fn is_sender_id(address: &str) -> bool {
    let alphanumeric = address.chars().all(|letter| letter.is_ascii_alphanumeric() || " &-_+".contains(letter))
        && address.chars().any(|letter| letter.is_ascii_alphabetic());
    let short_code = address.len() <= 6 && address.bytes().all(|digit| digit.is_ascii_digit());
    (1..=11).contains(&address.len()) && (alphanumeric || short_code)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+905551234567", true)]
    #[case("whatsapp:+905551234567", true)]
    #[case("905551234567", false)]
    #[case("+90 555 123 45 67", false)]
    #[case("+0905551234567", false)]
    #[case("+9055", false)]
    #[case("whatsapp:", false)]
    fn numbers(#[case] address: &str, #[case] valid: bool) {
        assert_eq!(is_valid(address), valid);
    }
}
