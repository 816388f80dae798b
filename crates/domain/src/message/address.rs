//! Where a message goes, on whichever channel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::phone::PhoneNumber;
use super::region::Region;
use super::trouble::Trouble;
use crate::email::EmailAddress;

/// Where a message goes: a telephone's number, or a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// A number, of SMS and WhatsApp.
    Phone(PhoneNumber),
    /// A mailbox, of e-mail.
    Email(EmailAddress),
}

impl Address {
    /// What a person or program wrote as `text` for a message on that channel; a number without a country code is one
    /// of `region`.
    pub fn parse(text: &str, region: Option<Region>, channel: Channel) -> Result<Self, Trouble> {
        match channel {
            Channel::Email => text.parse().map(Self::Email).map_err(Trouble::BadAddress),
            _ => PhoneNumber::parse(text, region, channel).map(Self::Phone).map_err(Trouble::BadNumber),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_str(),
            Self::Email(address) => address.as_str(),
        }
    }
}

/// The text is no address as addresses are stored. Does not repeat it: it is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a number in its international form nor an e-mail address")]
pub struct UnknownAddress;

/// As it is stored: no number has an `@`, and every mailbox has one.
impl FromStr for Address {
    type Err = UnknownAddress;
    fn from_str(text: &str) -> Result<Self, UnknownAddress> {
        if text.contains('@') {
            return text.parse().map(Self::Email).map_err(|_| UnknownAddress);
        }
        text.parse().map(Self::Phone).map_err(|_| UnknownAddress)
    }
}

impl TryFrom<String> for Address {
    type Error = UnknownAddress;
    fn try_from(text: String) -> Result<Self, UnknownAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        match address {
            Address::Phone(number) => number.into(),
            Address::Email(address) => address.into(),
        }
    }
}

impl From<PhoneNumber> for Address {
    fn from(number: PhoneNumber) -> Self {
        Self::Phone(number)
    }
}

impl From<EmailAddress> for Address {
    fn from(address: EmailAddress) -> Self {
        Self::Email(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Channel::Sms, "0532 123 45 67", "+905321234567")]
    #[case(Channel::WhatsApp, "whatsapp:+905321234567", "+905321234567")]
    #[case(Channel::Email, "Ayse@Example.com", "ayse@example.com")]
    fn it_is_kept_and_read_as_one_text(#[case] channel: Channel, #[case] text: &str, #[case] expected: &str) {
        let address = Address::parse(text, Some(Region::TR), channel).unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), format!("\"{expected}\""));
        assert_eq!(expected.parse(), Ok(address));
    }

    #[test]
    fn a_channel_takes_its_own_addresses_alone() {
        let number = Address::parse("+905321234567", None, Channel::Email).unwrap_err();
        let mailbox = Address::parse("ayse@example.com", Some(Region::TR), Channel::Sms).unwrap_err();
        assert_eq!((number.code(), mailbox.code()), ("email_no_at", "phone_letters"));
    }
}
