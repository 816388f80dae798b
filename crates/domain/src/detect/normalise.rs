//! A header's words, in the forms in which they are compared.

use std::borrow::Cow;

use crate::text::fold;

/// What signs are called.
const SIGNS: [(char, &str); 6] = [('₺', "tl"), ('$', "usd"), ('€', "eur"), ('£', "gbp"), ('₽', "rub"), ('%', PERCENT)];

/// The word for `%`.
pub(super) const PERCENT: &str = "percent";

/// "Your" at the end of a Turkish word: `adınız`, `adresinizi`, `firmanızın`, `şirketinizde`.
const YOUR: [&str; 10] = ["niz", "nuz", "nizi", "nuzu", "nizin", "nuzun", "nizde", "nuzda", "nizda", "nuzde"];

/// A header as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// Folded words; `createdTime`, `E-Mail` and `phone2` are taken apart or put together as people mean them.
    pub tokens: Vec<String>,
}

impl Words {
    /// The words of `header`.
    pub fn of(header: &str) -> Self {
        let folded = fold(&spaced(header));
        let mut tokens: Vec<String> = Vec::new();
        for token in folded.split(' ').filter(|token| !token.is_empty()) {
            match tokens.last_mut() {
                Some(last) if last == "e" && (token.contains("mail") || token.starts_with("post")) => {
                    last.push_str(token);
                }
                Some(last) if last == "whats" && token == "app" => last.push_str(token),
                _ => tokens.push(token.to_owned()),
            }
        }
        Self { tokens }
    }

    /// The same words without those that `drop` names.
    pub fn without(&self, drop: impl Fn(&str) -> bool) -> Self {
        Self { tokens: self.tokens.iter().filter(|token| !drop(token)).cloned().collect() }
    }

    /// Letters and digits only: `E-Mail`, `e mail` and `email` are the same, so are a field's code and
    /// its camel-case twin.
    pub fn squashed(&self) -> String {
        self.tokens.concat()
    }

    /// The words' stems in alphabetical order: `Telefonu (Müşteri)` and `müşteri telefon` are the same.
    pub fn stems(&self) -> String {
        let mut stems: Vec<String> = self.tokens.iter().map(|token| stem(token)).collect();
        stems.sort_unstable();
        stems.join(" ")
    }
}

/// Blanks where a word begins without one: before a capital after a small letter, between letters and
/// digits. Signs that are read as words become words.
fn spaced(header: &str) -> String {
    let mut out = String::with_capacity(header.len() + 4);
    let mut last = ' ';
    // `Account #` is its number, `Address #2` the second one.
    let header = header.strip_suffix('#').map_or(Cow::from(header), |rest| format!("{rest} no").into());
    for c in header.chars() {
        if let Some((_, word)) = SIGNS.iter().find(|(sign, _)| *sign == c) {
            out.extend([" ", word, " "]);
            last = ' ';
            continue;
        }
        let camel = last.is_lowercase() && c.is_uppercase();
        if camel || (last.is_alphabetic() && c.is_ascii_digit()) || (last.is_ascii_digit() && c.is_alphabetic()) {
            out.push(' ');
        }
        out.push(c);
        last = c;
    }
    out
}

/// The word without Turkish possessive endings (`adresi`, `kaynağı`) or Russian case endings (`сделки`).
/// Other languages' words lose letters too, always the same ones, which does no harm to a comparison.
fn stem(token: &str) -> String {
    let russian = |c: char| "аеиоуыэюяь".contains(c);
    let letters = token.chars().count();
    if token.chars().any(|c| ('а'..='я').contains(&c)) {
        let bare = token.trim_end_matches(russian);
        return if letters > 3 && bare.chars().count() > 1 { bare } else { token }.to_owned();
    }
    let your = YOUR.iter().filter_map(|end| token.strip_suffix(end)).find(|rest| rest.chars().count() > 1);
    let mut word = your.unwrap_or(token);
    let ends = ["lari", "leri", "lar", "ler", "si", "su", "i", "u"];
    let long = |word: &&str| word.chars().count() > 3;
    while word.chars().count() > 5
        && let Some(shorter) = ends.iter().find_map(|end| word.strip_suffix(end).filter(long))
    {
        word = shorter;
    }
    match word.strip_suffix('g') {
        Some(soft) if word.len() < token.len() => format!("{soft}k"),
        _ => word.to_owned(),
    }
}

/// The pieces of a header that names its content twice (`Telefon / GSM`, `Tutar (TL)`).
pub(super) fn parts(header: &str) -> Vec<&str> {
    let pieces = header.split(['/', '|', '\n', '(', ')', '[', ']', ',', ';', ':']);
    pieces.map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("createdTime", "created_time")]
    #[case("Teklif (₺)", "teklif TL")]
    #[case("E-Mail", "EMAIL")]
    #[case("ufCrm_1747309879", "UF_CRM_1747309879")]
    #[case("TELEFON NUMARASI", "telefon numarası")]
    fn headers_that_squash_alike(#[case] one: &str, #[case] other: &str) {
        assert_eq!(Words::of(one).squashed(), Words::of(other).squashed());
    }

    #[rstest]
    #[case("Telefon numaranızı", "telefon numarası")]
    #[case("Mesleğiniz", "meslek")]
    #[case("Firmanızın adı", "firma adı")]
    #[case("Müşteri Kaynağı", "müşteri kaynak")]
    #[case("Satış Temsilcisi", "satış temsilci")]
    #[case("Стадия сделки", "сделка, стадии")]
    #[case("Name der Firma", "der Firma Name")]
    fn headers_with_the_same_stems(#[case] one: &str, #[case] other: &str) {
        assert_eq!(Words::of(one).stems(), Words::of(other).stems());
    }

    #[test]
    fn short_words_keep_their_ends() {
        assert_eq!(Words::of("Adı").stems(), "adi");
        assert_eq!(Words::of("Имя").stems(), "имя");
    }
}
