//! Names of months and weekdays in Turkish, English, German and Russian, folded.

const MONTHS: [&[&str]; 12] = [
    &["ocak", "january", "januar", "janner", "январь", "января"],
    &["subat", "february", "februar", "feber", "февраль", "февраля"],
    &["mart", "march", "marz", "mrz", "март", "марта"],
    &["nisan", "april", "апрель", "апреля"],
    &["mayis", "may", "mai", "маи", "мая"],
    &["haziran", "june", "juni", "июнь", "июня"],
    &["temmuz", "july", "juli", "июль", "июля"],
    &["agustos", "august", "август", "августа"],
    &["eylul", "september", "сентябрь", "сентября"],
    &["ekim", "october", "oktober", "октябрь", "октября"],
    &["kasim", "november", "ноябрь", "ноября"],
    &["aralik", "december", "dezember", "декабрь", "декабря"],
];

const WEEKDAYS: &[&str] = &[
    "pazartesi",
    "sali",
    "carsamba",
    "persembe",
    "cuma",
    "cumartesi",
    "pazar",
    "pzt",
    "cmt",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
    "пн",
    "вт",
    "ср",
    "чт",
    "пт",
    "сб",
    "вс",
];

/// The month (1 to 12) that a folded word names, in full or by its first letters (three or more).
pub(super) fn month(word: &str) -> Option<i8> {
    let names_it = |names: &&[&str]| names.iter().any(|name| abbreviates(word, name, 3));
    MONTHS.iter().zip(1..).find(|(names, _)| names_it(names)).map(|(_, month)| month)
}

/// Whether a folded word names a day of the week, in full or by its first letters (two or more).
pub(super) fn is_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|name| abbreviates(word, name, 2))
}

fn abbreviates(word: &str, name: &str, least: usize) -> bool {
    word.chars().count() >= least && name.starts_with(word)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::text::fold;

    #[rstest]
    #[case("Ocak", 1)]
    #[case("ŞUB", 2)]
    #[case("März", 3)]
    #[case("марта", 3)]
    #[case("May", 5)]
    #[case("май", 5)]
    #[case("Haz", 6)]
    #[case("Ağustos", 8)]
    #[case("Sept", 9)]
    #[case("EKİM", 10)]
    #[case("ноя", 11)]
    #[case("Dez", 12)]
    fn months_in_four_languages(#[case] word: &str, #[case] expected: i8) {
        assert_eq!(month(&fold(word)), Some(expected));
    }

    #[test]
    fn weekdays_and_other_words_are_no_months() {
        for word in ["Salı", "Mi", "Fri", "haftaya", "m", "вт"] {
            assert_eq!(month(&fold(word)), None, "{word}");
        }
        assert!(["Çarşamba", "Mo", "Thu", "Sonntag", "ср"].iter().all(|word| is_weekday(&fold(word))));
        assert!(!is_weekday(&fold("yarın")));
    }
}
