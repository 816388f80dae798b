//! Addresses as they are written into headers: RFC 5322, without comments and groups.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    /// What people are shown; empty where there is none.
    pub name: String,
    /// `local@domain`, as it was written.
    pub email: String,
}

impl Address {
    /// `email@example.com` or `Name <email@example.com>`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, email) = match text.strip_suffix('>') {
            Some(named) => named.rsplit_once('<')?,
            None => ("", text),
        };
        let name = name.trim().trim_matches('"').replace("\\\"", "\"");
        is_valid(email).then(|| Self { name, email: email.to_owned() })
    }

    /// What names the mailbox.
    pub fn mailbox(&self) -> String {
        self.email.to_lowercase()
    }

    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { f.write_str(&self.email) } else { write!(f, "{} <{}>", self.name, self.email) }
    }
}

/// All of them, or nothing where one is none.
pub(crate) fn addresses<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Vec<Address>> {
    texts.into_iter().map(Address::parse).collect()
}

fn is_valid(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let in_local = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    (1..=64).contains(&local.len())
        && local.chars().all(in_local)
        && !local.split('.').any(str::is_empty)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a@example.com", Some(("", "a@example.com")))]
    #[case("Ayşe Örnek <a.b+c@example.com>", Some(("Ayşe Örnek", "a.b+c@example.com")))]
    #[case(r#""Örnek, A.Ş." <a@example.com>"#, Some(("Örnek, A.Ş.", "a@example.com")))]
    #[case("<a@example.com>", Some(("", "a@example.com")))]
    #[case("a@example", None)]
    #[case("a@b@example.com", None)]
    #[case("a b@example.com", None)]
    #[case("a..b@example.com", None)]
    #[case("@example.com", None)]
    #[case("a@-.", None)]
    #[case("ayşe@example.com", None)]
    #[case("Ayşe <a@example.com", None)]
    #[case("a@example.com, b@example.com", None)]
    #[case("", None)]
    fn one_address(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        let found = Address::parse(text);
        assert_eq!(found.as_ref().map(|found| (found.name.as_str(), found.email.as_str())), expected);
    }
}
