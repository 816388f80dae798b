//! Addresses that e-mail goes to.

use std::fmt;
use std::str::FromStr;

use email_address::Options;
use serde::{Deserialize, Serialize};

use super::fault::EmailFault;

/// An e-mail address in small letters, its domain as DNS has it (`ş.com` is `xn--nga.com`): one spelling for one
/// mailbox, by which an opt-out is found again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for EmailAddress {
    type Err = EmailFault;
    fn from_str(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        let text = text.strip_prefix("mailto:").unwrap_or(text);
        if text.is_empty() {
            return Err(EmailFault::Empty);
        }
        if text.matches('@').count() > 1 || text.contains([',', ';']) {
            return Err(EmailFault::Several);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailFault::NoAt)?;
        if !local.is_ascii() {
            return Err(EmailFault::NotAscii);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailFault::Domain)?;
        // A quoted part is legal and nobody's: what is written so is a mistake.
        if local.contains(['"', '(', ' ']) || !is_sound(local, "example.com") {
            return Err(EmailFault::Local);
        }
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if is_sound(local, &domain) { Ok(Self(address)) } else { Err(EmailFault::Domain) }
    }
}

fn is_sound(local: &str, domain: &str) -> bool {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    email_address::EmailAddress::parse_with_options(&format!("{local}@{domain}"), options).is_ok()
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailFault;
    fn try_from(text: String) -> Result<Self, EmailFault> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::reason::Language;

    #[rstest]
    #[case("ayse@example.com", "ayse@example.com")]
    #[case("  Ilker.Isik+kopru@Example.COM ", "ilker.isik+kopru@example.com")]
    #[case("mailto:a@b.co", "a@b.co")]
    #[case("satis@çiçek.com", "satis@xn--iek-1lab.com")]
    #[case("o'neil_1@mail.example.com.tr", "o'neil_1@mail.example.com.tr")]
    fn an_address_has_one_spelling(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("", EmailFault::Empty)]
    #[case("  ", EmailFault::Empty)]
    #[case("ayse", EmailFault::NoAt)]
    #[case("a@b.com, c@d.com", EmailFault::Several)]
    #[case("a@b.com;c", EmailFault::Several)]
    #[case("a@b@c.com", EmailFault::Several)]
    #[case("ayşe@example.com", EmailFault::NotAscii)]
    #[case("@example.com", EmailFault::Local)]
    #[case(".a@example.com", EmailFault::Local)]
    #[case("a..b@example.com", EmailFault::Local)]
    #[case("\"a b\"@example.com", EmailFault::Local)]
    #[case("Ayse <a@example.com>", EmailFault::Domain)]
    #[case("a\r\nBcc:b@example.com", EmailFault::Local)]
    #[case("a@", EmailFault::Domain)]
    #[case("a@localhost", EmailFault::Domain)]
    #[case("a@example..com", EmailFault::Domain)]
    #[case("a@[127.0.0.1]", EmailFault::Domain)]
    #[case("a@-example.com", EmailFault::Domain)]
    #[case("a@example.com>", EmailFault::Domain)]
    fn what_is_none_says_why(#[case] text: &str, #[case] expected: EmailFault) {
        let fault = text.parse::<EmailAddress>().unwrap_err();
        assert_eq!(fault, expected);
        assert!(fault.text(Language::Tr).contains(';') && fault.text(Language::En).contains(';'));
        assert_ne!(fault.text(Language::Tr), fault.text(Language::En));
    }

    proptest! {
        #[test]
        fn what_is_read_is_read_the_same_again_and_fits_in_a_line(text in "\\PC{0,12}@?[a-zçğıİöşü.-]{0,12}[@.]?[a-z]{0,4}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert_eq!(address.as_str().parse::<EmailAddress>(), Ok(address.clone()));
                prop_assert!(address.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(address.domain().contains('.'));
            }
        }
    }
}
