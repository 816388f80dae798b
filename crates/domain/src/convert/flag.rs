//! Yes or no.

use crate::reason::Reason;
use crate::text::fold;
use crate::value::FieldValue;

/// Reads a word or a sign for yes or no.
pub(super) fn read(text: &str) -> Result<FieldValue, Reason> {
    meaning(text).map(FieldValue::Flag).ok_or(Reason::NotAFlag)
}

/// What a word or sign in Turkish, English, German or Russian answers.
pub(super) fn meaning(text: &str) -> Option<bool> {
    const YES: &str = "|evet|e|var|dogru|acik|aktif|onayli|onaylandi|onay verdi|izinli|izin var|kabul|tamam\
                       |yes|y|true|t|on|active|ok|x|1|ja|j|wahr|aktiv|vorhanden|да|д|истина|есть|вкл|";
    const NO: &str = "|hayir|h|yok|yanlis|kapali|pasif|onaysiz|onay yok|izinsiz|izin yok|red|reddedildi|degil\
                      |no|n|false|f|off|inactive|0|nein|falsch|inaktiv|нет|н|ложь|выкл|";
    match text.trim_end_matches('\u{fe0f}') {
        "✓" | "✔" | "☑" | "✅" | "+" | "√" => return Some(true),
        "✗" | "✘" | "✖" | "❌" | "☐" => return Some(false),
        _ => {}
    }
    let word = format!("|{}|", fold(text));
    match (YES.contains(&word), NO.contains(&word)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn yes(
        #[values(
            "evet",
            "EVET",
            "E",
            "var",
            "✓",
            "✔\u{fe0f}",
            "x",
            "X",
            "1",
            "TRUE",
            "yes",
            "ja",
            "да",
            "Açık",
            "AKTİF",
            "Doğru"
        )]
        text: &str,
    ) {
        assert_eq!(read(text), Ok(FieldValue::Flag(true)));
    }

    #[rstest]
    fn no(
        #[values("hayır", "HAYIR", "H", "yok", "0", "false", "No", "nein", "нет", "kapalı", "PASİF", "❌", "Yanlış")]
        text: &str,
    ) {
        assert_eq!(read(text), Ok(FieldValue::Flag(false)));
    }

    #[rstest]
    fn neither(#[values("belki", "2", "evet hayır", "★", "||")] text: &str) {
        assert_eq!(read(text), Err(Reason::NotAFlag));
    }
}
