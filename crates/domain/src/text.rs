//! Folding of text for comparison: Turkish letters, case and accents made alike.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` for comparison by people's eyes: no case, no accents, dotted and dotless i alike, runs of
/// anything but letters and digits as one blank. `TELEFON NUMARASI`, `İSİM` and `Işık_Şube` become
/// `telefon numarasi`, `isim` and `isik sube`.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    for c in plain.filter(|c| !is_combining_mark(*c)) {
        match c {
            'ı' => out.push('i'),
            'ß' => out.push_str("ss"),
            c if c.is_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn turkish_capitals_fold_to_the_same_letters() {
        assert_eq!(fold("TELEFON NUMARASI"), "telefon numarasi");
        assert_eq!(fold("İSİM"), "isim");
        assert_eq!(fold("  Işık_Şube. "), "isik sube");
        assert_eq!(fold("Straße Größe"), "strasse grosse");
        assert_eq!(fold("ЙОГУРТ"), fold("йогурт"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
