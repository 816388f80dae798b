//! Web addresses.

use crate::field::FieldKind;
use crate::multi::{distinct, work};
use crate::reason::Reason;
use crate::value::FieldValue;

/// The one address of a cell.
pub(super) fn read(text: &str) -> Result<FieldValue, Reason> {
    address(text).map(FieldValue::Text).ok_or(Reason::NotALink)
}

/// All the addresses of a cell.
pub(super) fn read_all(text: &str) -> Result<FieldValue, Reason> {
    let words = text.split(|c: char| c.is_whitespace() || c == '|').filter(|word| word.contains(char::is_alphanumeric));
    let found = words.map(several).collect::<Option<Vec<_>>>().ok_or(Reason::NotALink)?.concat();
    if found.is_empty() {
        return Err(Reason::NotALink);
    }
    Ok(FieldValue::Contacts(distinct(FieldKind::Web, found.into_iter().map(work).collect())))
}

/// A comma may belong to an address or stand between two.
fn several(word: &str) -> Option<Vec<String>> {
    let parts = word.split([',', ';']).filter(|part| !part.is_empty());
    parts.map(address).collect::<Option<Vec<_>>>().or_else(|| address(word).map(|one| vec![one]))
}

/// `text` as an address with its scheme; `https` where none is given.
fn address(text: &str) -> Option<String> {
    let text =
        text.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | '.') || c.is_whitespace());
    if text.contains(char::is_whitespace) {
        return None;
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let rest = scheme.map_or(text, |scheme| &text[scheme.len()..]);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#', ':']).unwrap_or(rest.len()));
    let host = host.replace('İ', "i").to_lowercase();
    // Without a scheme `Ltd.Şti` looks like a host: the last part has to be one that is registered so.
    let certain = scheme.is_some() || host.starts_with("www.") || host.rsplit('.').next().is_some_and(str::is_ascii);
    let port_is_whole = path.strip_prefix(':').is_none_or(|port| port.starts_with(|c: char| c.is_ascii_digit()));
    (certain && port_is_whole && is_host(&host)).then(|| format!("{}{host}{path}", scheme.unwrap_or("https://")))
}

/// Whether `host` is a name of two or more labels, the last without digits (`xn--` apart).
pub(super) fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, top)) = host.rsplit_once('.') else { return false };
    let top_level = top.chars().count() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    host.len() <= 253 && top_level && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://www.shea.biz/", "http://www.shea.biz/")]
    #[case("www.x.com", "https://www.x.com")]
    #[case("x.com.tr/Yol?a=B", "https://x.com.tr/Yol?a=B")]
    #[case("WWW.FİRMA.COM.", "https://www.firma.com")]
    #[case("HTTPS://Firma.com:8443/a,b", "https://firma.com:8443/a,b")]
    #[case("https://müller.de", "https://müller.de")]
    fn addresses(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(read(text), Ok(FieldValue::Text(expected.to_owned())));
        assert_eq!(read_all(text), Ok(FieldValue::Contacts(vec![work(expected)])));
    }

    #[rstest]
    #[case("instagram")]
    #[case("Ltd.Şti")]
    #[case("A.Ş.")]
    #[case("ali@firma.com")]
    #[case("12.05.2026")]
    #[case("http://localhost")]
    #[case("ftp://firma.com")]
    #[case("bizim site firma.com")]
    fn words_are_refused(#[case] text: &str) {
        assert_eq!(read(text), Err(Reason::NotALink));
    }

    #[test]
    fn a_cell_may_hold_several() {
        let expected = FieldValue::Contacts(vec![work("https://a.com"), work("https://b.com"), work("http://c.com")]);
        assert_eq!(read_all("a.com,b.com; http://c.com\nA.com"), Ok(expected));
    }
}
