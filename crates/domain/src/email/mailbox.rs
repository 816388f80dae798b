//! An address with its owner's name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::address::EmailAddress;
use super::fault::EmailFault;

/// An address with its owner's name: `Ayşe Yılmaz <ayse@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mailbox {
    /// The name, in one line; none that is empty.
    name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl Mailbox {
    /// An address with a name; blanks of any kind in the name become one blank.
    #[must_use]
    pub fn new(name: Option<&str>, address: EmailAddress) -> Self {
        let name = name.map(in_one_line).filter(|name| !name.is_empty());
        Self { name, address }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// What stands in a header: a line's end in it would begin another one.
pub(super) fn in_one_line(text: &str) -> String {
    let blank = |sign: char| sign.is_whitespace() || sign.is_control();
    text.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl FromStr for Mailbox {
    type Err = EmailFault;
    fn from_str(text: &str) -> Result<Self, EmailFault> {
        let Some((name, rest)) = text.trim().rsplit_once('<') else { return Ok(Self::new(None, text.parse()?)) };
        let address = rest.strip_suffix('>').ok_or(EmailFault::Domain)?.parse()?;
        Ok(Self::new(Some(&unquoted(name.trim())), address))
    }
}

fn unquoted(name: &str) -> String {
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let Some(quoted) = quoted else { return name.to_owned() };
    let mut signs = quoted.chars();
    let mut plain = String::new();
    while let Some(sign) = signs.next() {
        plain.extend(if sign == '\\' { signs.next() } else { Some(sign) });
    }
    plain
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else { return write!(f, "{}", self.address) };
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let is_plain = quoted == *name && name.chars().all(|sign| sign.is_alphanumeric() || sign == ' ');
        if is_plain { write!(f, "{name} <{}>", self.address) } else { write!(f, "\"{quoted}\" <{}>", self.address) }
    }
}

impl TryFrom<String> for Mailbox {
    type Error = EmailFault;
    fn try_from(text: String) -> Result<Self, EmailFault> {
        text.parse()
    }
}

impl From<Mailbox> for String {
    fn from(mailbox: Mailbox) -> Self {
        mailbox.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a@example.com", None, "a@example.com")]
    #[case("<a@example.com>", None, "a@example.com")]
    #[case("Işıl Ğ <A@Example.com>", Some("Işıl Ğ"), "Işıl Ğ <a@example.com>")]
    #[case("\"Yılmaz, Ayşe\" <a@example.com>", Some("Yılmaz, Ayşe"), "\"Yılmaz, Ayşe\" <a@example.com>")]
    #[case("\"a \\\"b\\\" \\\\\" <a@example.com>", Some("a \"b\" \\"), "\"a \\\"b\\\" \\\\\" <a@example.com>")]
    fn a_name_may_stand_before_the_address(#[case] text: &str, #[case] name: Option<&str>, #[case] written: &str) {
        let mailbox: Mailbox = text.parse().unwrap();
        assert_eq!((mailbox.name(), mailbox.to_string().as_str()), (name, written));
    }

    #[rstest]
    #[case("Ayşe", EmailFault::NoAt)]
    #[case("Ayşe <a@example.com", EmailFault::Domain)]
    #[case("Ayşe <>", EmailFault::Empty)]
    fn what_is_none_says_why(#[case] text: &str, #[case] expected: EmailFault) {
        assert_eq!(text.parse::<Mailbox>(), Err(expected));
    }

    proptest! {
        #[test]
        fn any_name_is_read_as_it_was_written_and_is_one_line(name in "[\\PC\r\n\t]{0,20}") {
            let mailbox = Mailbox::new(Some(&name), "a@example.com".parse().unwrap());
            let written = mailbox.to_string();
            prop_assert!(!written.chars().any(char::is_control));
            prop_assert_eq!(written.parse::<Mailbox>(), Ok(mailbox));
        }
    }
}
