//! E-mail addresses.

use super::blank::tidy;
use super::label::{Label, label};
use super::link::is_host;
use crate::field::FieldKind;
use crate::multi::distinct;
use crate::reason::Reason;
use crate::text::fold;
use crate::value::{ContactKind, ContactValue, FieldValue};

/// All the addresses of a cell, also of the form `Ad Soyad <ad@firma.com>`. Words are allowed only before
/// such brackets and as labels: in `ali veli@firma.com` the address is not certain.
pub(super) fn read(text: &str) -> Result<FieldValue, Reason> {
    let named = text.contains('<') && text.contains('>');
    let mut found: Vec<ContactValue> = Vec::new();
    let mut announced = None;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/')).filter(|w| !w.is_empty())
    {
        if word.contains('@') {
            let value = address(word).ok_or(Reason::NotAnEmail)?;
            found.push(ContactValue { value, kind: announced.take().unwrap_or_default() });
            continue;
        }
        match (place(word), found.last_mut()) {
            (Some(kind), Some(last)) if word.starts_with('(') => last.kind = kind,
            (Some(kind), _) => announced = Some(kind),
            (None, _) if named || is_silent(word) => {}
            (None, _) => return Err(Reason::NotAnEmail),
        }
    }
    if found.is_empty() { Err(Reason::NotAnEmail) } else { Ok(FieldValue::Contacts(distinct(FieldKind::Email, found))) }
}

/// `iş:` before an address, `(ev)` behind it.
fn place(word: &str) -> Option<ContactKind> {
    match label(&fold(word)) {
        Some(Label::Kind(kind @ (ContactKind::Work | ContactKind::Home))) => Some(kind),
        _ => None,
    }
}

fn is_silent(word: &str) -> bool {
    const LABELS: [&str; 14] =
        ["", "e posta", "eposta", "e mail", "email", "mail", "ve", "veya", "and", "or", "und", "oder", "и", "или"];
    LABELS.contains(&fold(word).as_str())
}

/// The address in `word`, its domain in small letters.
pub(crate) fn address(word: &str) -> Option<String> {
    let bare = word.rsplit_once(['<', ':']).map_or(word, |(_, address)| address);
    let bare = tidy(bare).trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | '.'));
    let (local, domain) = bare.split_once('@')?;
    let domain = domain.replace('İ', "i").to_lowercase();
    (is_local(local) && is_host(&domain)).then(|| format!("{local}@{domain}"))
}

fn is_local(local: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-=?^_`{|}~.".contains(c);
    (1..=64).contains(&local.len()) && local.chars().all(allowed) && !local.ends_with('.') && !local.contains("..")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::multi::work;

    #[rstest]
    #[case("utkucanmanco@seven.org ", &["utkucanmanco@seven.org"])]
    #[case("mailto:Ali@Firma.COM", &["Ali@firma.com"])]
    #[case("Ali Veli <ali@firma.com>", &["ali@firma.com"])]
    #[case("Veli, Ali <ali@firma.com>; ayse@firma.com", &["ali@firma.com", "ayse@firma.com"])]
    #[case("a@b.co, c@d.co\ne@f.co / g@h.co", &["a@b.co", "c@d.co", "e@f.co", "g@h.co"])]
    #[case("a@b.co/A@b.co", &["a@b.co"])]
    #[case("E-posta: info@firma.com.tr.", &["info@firma.com.tr"])]
    #[case("bilgi@GMAİL.COM", &["bilgi@gmail.com"])]
    #[case("ayşe.öz@müller.de", &["ayşe.öz@müller.de"])]
    #[case("first.o'neil+x@sub.firma.co.uk", &["first.o'neil+x@sub.firma.co.uk"])]
    fn addresses(#[case] text: &str, #[case] expected: &[&str]) {
        let expected = expected.iter().map(|address| work(*address)).collect();
        assert_eq!(read(text), Ok(FieldValue::Contacts(expected)));
    }

    #[test]
    fn labels_say_where_an_address_is_used() {
        let home = ContactValue { value: "c@d.co".to_owned(), kind: ContactKind::Home };
        let expected = FieldValue::Contacts(vec![work("a@b.co"), home]);
        assert_eq!(read("iş: a@b.co / ev: c@d.co"), Ok(expected.clone()));
        assert_eq!(read("a@b.co (İş), c@d.co (Ev)"), Ok(expected));
    }

    #[rstest]
    #[case("a@b")]
    #[case("ali veli@firma.com")]
    #[case("info @firma.com")]
    #[case("info@firma,com")]
    #[case("info@@firma.com")]
    #[case("in..fo@firma.com")]
    #[case("info@-firma.com")]
    #[case("info@10.0.0.1")]
    #[case("firma.com")]
    #[case("a@b.co, sor")]
    fn what_is_no_address_is_refused(#[case] text: &str) {
        assert_eq!(read(text), Err(Reason::NotAnEmail));
    }
}
