//! Given names and surname out of one cell.
//!
//! Words of courtesy (`Sn.`, `Bay`, `Mr.`, a final `Bey` or `Hanım`) are no part of a name and are left
//! out. Titles (`Dr.`, `Av.`) are part of what was said and stay with the given names.

use super::blank::{is_placeholder, tidy};
use crate::field::FieldKind;
use crate::text::fold;

/// Given names and surname of `text`: the surname is the last word with the particles before it (`van
/// der Berg`), or what stands before a comma (`Yılmaz, Ayşe`). One word alone is a given name.
#[must_use]
pub fn split_name(text: &str) -> (String, String) {
    let text = tidy(text);
    if is_placeholder(text, FieldKind::Text) {
        return (String::new(), String::new());
    }
    if let Some((surname, given)) = text.split_once(',').filter(|(_, given)| !given.contains(',')) {
        let (surname, given) = (words(surname), words(given));
        if !surname.is_empty() && !given.is_empty() {
            return (given.join(" "), surname.join(" "));
        }
    }
    let words = words(text);
    let (given, surname) = words.split_at(surname_start(&words));
    (given.join(" "), surname.join(" "))
}

/// The words without those of courtesy, which stay where nothing else is left.
fn words(text: &str) -> Vec<&str> {
    const BEFORE: &str = " sn bay bayan mr mrs ms mister herr frau hr fr г н г жа господин госпожа ";
    // Names too: courtesy only where a given name and a surname follow.
    const PERHAPS: &str = " sayin miss ";
    const AFTER: [&str; 4] = ["bey", "hanim", "beyefendi", "hanimefendi"];
    let mut words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).map(tidy).collect();
    words.retain(|word| !word.is_empty());
    let is_among = |list: &str, word: &str| list.contains(&format!(" {} ", fold(word)));
    while words.len() > 1 && (is_among(BEFORE, words[0]) || (words.len() > 2 && is_among(PERHAPS, words[0]))) {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|word| AFTER.contains(&fold(word).as_str())) {
        words.pop();
    }
    words
}

fn surname_start(words: &[&str]) -> usize {
    const PARTICLES: [&str; 24] = [
        "van", "von", "vom", "zu", "zum", "zur", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "do",
        "du", "la", "le", "bin", "ibn", "al", "el", "ter",
    ];
    // A last word without letters (`🎉`, `2.`) belongs to the one before it.
    let said = words.iter().rposition(|word| word.contains(char::is_alphabetic)).unwrap_or(0);
    let mut start = if said == 0 { words.len() } else { said };
    while start > 1 && PARTICLES.contains(&words[start - 1].to_lowercase().as_str()) {
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Yönetmen Zengin", "Yönetmen", "Zengin")]
    #[case("  ÖZPETEK\u{a0} ERDOĞAN ", "ÖZPETEK", "ERDOĞAN")]
    #[case("Ayşe Nur Yılmaz", "Ayşe Nur", "Yılmaz")]
    #[case("Yılmaz, Ayşe Nur", "Ayşe Nur", "Yılmaz")]
    #[case("Ayşe,", "Ayşe,", "")]
    #[case("Ayşe", "Ayşe", "")]
    #[case("Sn. Ayşe Yılmaz", "Ayşe", "Yılmaz")]
    #[case("Sayın Ayşe Yılmaz", "Ayşe", "Yılmaz")]
    #[case("SAYIN TARHAN", "SAYIN", "TARHAN")]
    #[case("Mr. John Smith", "John", "Smith")]
    #[case("Bay Ahmet", "Ahmet", "")]
    #[case("Ahmet Bey", "Ahmet", "")]
    #[case("Bey", "Bey", "")]
    #[case("Dr. Ayşe Yılmaz", "Dr. Ayşe", "Yılmaz")]
    #[case("Vincent van Gogh", "Vincent", "van Gogh")]
    #[case("Anna von der Leyen", "Anna", "von der Leyen")]
    #[case("Usama bin Zayd", "Usama", "bin Zayd")]
    #[case("van Gogh", "van", "Gogh")]
    #[case("Ayşe Nur Çelik 🎉", "Ayşe Nur", "Çelik 🎉")]
    #[case("Ayşe 🎉", "Ayşe 🎉", "")]
    #[case("yok", "", "")]
    #[case("", "", "")]
    fn names(#[case] text: &str, #[case] given: &str, #[case] surname: &str) {
        assert_eq!(split_name(text), (given.to_owned(), surname.to_owned()));
    }

    proptest! {
        #[test]
        fn both_parts_give_the_name_back(words in proptest::collection::vec("[A-ZÇŞ][a-zğı]{4,9}", 2..5)) {
            let name = words.join(" ");
            let (given, surname) = split_name(&words.join("  "));
            prop_assert_eq!(format!("{given} {surname}"), name);
        }
    }
}
