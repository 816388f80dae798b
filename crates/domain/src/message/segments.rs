//! What an SMS costs: networks cut it into segments, and the sender pays for each.
//!
//! The count is the one of Twilio's own calculator, `sms-segments-calculator`, which
//! `scripts/test-messages` compares. It knows the clusters of Unicode 10, this one those of today: a
//! cluster of newer kind at a segment's end can make the last segment more or less.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of the GSM 03.38 alphabet besides letters and digits of ASCII.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those of its extension, which take an escape before them.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a message is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// The alphabet of GSM 03.38, in units of seven bits.
    Gsm7,
    /// UTF-16, for all other characters.
    Ucs2,
}

/// An SMS as the network counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segments {
    /// The encoding that all its characters allow.
    pub encoding: Encoding,
    /// Its length in the encoding's units.
    pub units: u32,
    /// How many segments are paid; an empty text is one.
    pub count: u32,
}

impl Segments {
    /// The segments of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) {
            return Self::cut(Encoding::Gsm7, 160, 153, text.chars().filter_map(septets));
        }
        // No cluster is cut, but for the line break that is one by Unicode.
        let clusters = text.split_inclusive('\r').flat_map(|part| part.graphemes(true));
        Self::cut(Encoding::Ucs2, 70, 67, clusters.map(utf16_units))
    }

    /// `sizes` in one segment of `alone` units, or in several of `part`, which leave room for their order.
    fn cut(encoding: Encoding, alone: u32, part: u32, sizes: impl Iterator<Item = u32> + Clone) -> Self {
        let units = sizes.clone().sum();
        let (mut count, mut filled) = (1, 0);
        if units > alone {
            for size in sizes {
                if filled + size > part {
                    count += 1;
                    filled = 0;
                }
                filled += size;
            }
        }
        Self { encoding, units, count }
    }
}

fn septets(c: char) -> Option<u32> {
    match c {
        c if c.is_ascii_alphanumeric() || BASIC.contains(c) => Some(1),
        c if EXTENSION.contains(c) => Some(2),
        _ => None,
    }
}

fn utf16_units(cluster: &str) -> u32 {
    cluster.chars().map(|c| if c > '\u{ffff}' { 2 } else { 1 }).sum()
}

/// The characters of `text` that force [`Encoding::Ucs2`], each once, as they come.
#[must_use]
pub fn costly_characters(text: &str) -> Vec<char> {
    let mut found = Vec::new();
    for c in text.chars().filter(|c| septets(*c).is_none()) {
        if !found.contains(&c) {
            found.push(c);
        }
    }
    found
}

/// `text` with plain letters and signs for those that a Turkish message pays for: `Ayşe’ye çok yakın…`
/// becomes `Ayse'ye cok yakin...`. What has no plain twin stays, and `Ç`, `ö` and `ü` cost nothing.
#[must_use]
pub fn without_turkish(text: &str) -> String {
    // Composed first: some systems write `ş` as `s` with a mark of its own.
    text.nfc().fold(String::with_capacity(text.len()), |mut out, c| {
        match plain(c) {
            Some(twin) => out.push_str(twin),
            None => out.push(c),
        }
        out
    })
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ç' => "c",
        'ğ' => "g",
        'Ğ' => "G",
        'ı' | 'î' => "i",
        'İ' | 'Î' => "I",
        'ş' => "s",
        'Ş' => "S",
        'â' => "a",
        'Â' => "A",
        'û' => "u",
        'Û' => "U",
        'ə' => "e",
        'Ə' => "E",
        '₺' => "TL",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '–' | '—' => "-",
        '…' => "...",
        '\u{a0}' => " ",
        // Programs that know no Turkish make `i` and this dot of `İ`.
        '\u{307}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use Encoding::{Gsm7, Ucs2};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn times(text: &str, count: usize) -> String {
        text.repeat(count)
    }

    #[rstest]
    #[case(String::new(), Gsm7, 0, 1)]
    #[case(times("a", 160), Gsm7, 160, 1)]
    #[case(times("a", 161), Gsm7, 161, 2)]
    #[case(times("a", 306), Gsm7, 306, 2)]
    #[case(times("a", 307), Gsm7, 307, 3)]
    #[case(times("a", 158) + "€", Gsm7, 160, 1)]
    #[case(times("a", 159) + "€", Gsm7, 161, 2)]
    #[case(times("a", 152) + "€" + &times("a", 152), Gsm7, 306, 3)]
    #[case(times("a", 152) + "€" + &times("a", 151), Gsm7, 305, 2)]
    #[case("ÇÖÜöü\r\n".to_owned(), Gsm7, 7, 1)]
    #[case("çok".to_owned(), Ucs2, 3, 1)]
    #[case("{ş}".to_owned(), Ucs2, 3, 1)]
    #[case("Merhaba Ayşe, teklifiniz hazır.".to_owned(), Ucs2, 31, 1)]
    #[case(times("ş", 70), Ucs2, 70, 1)]
    #[case(times("ş", 71), Ucs2, 71, 2)]
    #[case(times("ş", 134), Ucs2, 134, 2)]
    #[case(times("ş", 135), Ucs2, 135, 3)]
    #[case(times("a", 69) + "😀", Ucs2, 71, 2)]
    #[case(times("ş", 66) + "😀" + &times("ş", 66), Ucs2, 134, 3)]
    #[case(times("ş", 66) + "s\u{327}" + &times("ş", 66), Ucs2, 134, 3)]
    #[case(times("ş", 66) + "\r\n" + &times("ş", 66), Ucs2, 134, 2)]
    #[case(times("ş", 64) + "👍🏽" + &times("ş", 66), Ucs2, 134, 3)]
    fn segments_are_counted_as_the_network_does(
        #[case] text: String,
        #[case] encoding: Encoding,
        #[case] units: u32,
        #[case] count: u32,
    ) {
        assert_eq!(Segments::of(&text), Segments { encoding, units, count });
    }

    #[test]
    fn the_characters_that_cost_are_named_once() {
        assert_eq!(costly_characters("Şişli’de Şube 😀 çok €"), ['Ş', 'ş', '’', '😀', 'ç']);
        assert_eq!(costly_characters("Çözüm: [1] ~2€"), [' '; 0]);
    }

    #[rstest]
    #[case("Ayşe’ye çok yakın…", "Ayse'ye cok yakin...")]
    #[case("İSTANBUL IĞDIR Şişli ağaç", "ISTANBUL IGDIR Sisli agac")]
    #[case("ÇÖZÜM: 1.250 ₺ – “kâr”", "ÇÖZÜM: 1.250 TL - \"kar\"")]
    #[case("s\u{327}is\u{327}e", "sise")]
    #[case("i\u{307}stanbul", "istanbul")]
    #[case("Əli Мир 😀", "Eli Мир 😀")]
    fn plain_letters_for_turkish_ones(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(without_turkish(text), expected);
    }

    proptest! {
        #[test]
        fn a_pair_that_is_not_split_wastes_one_unit_at_the_most(text in "[a-zşıÇ€😀{}\r\n]{0,400}") {
            let Segments { encoding, units, count } = Segments::of(&text);
            prop_assert_eq!(encoding == Gsm7, costly_characters(&text).is_empty());
            let (alone, part) = if encoding == Gsm7 { (160, 153) } else { (70, 67) };
            if units <= alone {
                prop_assert_eq!(count, 1);
            } else {
                prop_assert!((units.div_ceil(part)..=units.div_ceil(part - 1)).contains(&count));
            }
        }

        #[test]
        fn plain_letters_never_cost_more_and_stay(text in "[a-z ğüşıöçĞÜŞİÖÇâîûə’]{0,200}") {
            let plain = without_turkish(&text);
            prop_assert_eq!(Segments::of(&plain).encoding, Gsm7);
            prop_assert!(Segments::of(&plain).count <= Segments::of(&text).count);
            prop_assert_eq!(without_turkish(&plain), plain.clone());
        }
    }
}
