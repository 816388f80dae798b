//! Cells that say nothing: blanks, placeholders, formulas that failed.

use crate::field::FieldKind;
use crate::text::fold;

/// `text` without what people cannot see at its ends (blanks of every width, marks of direction) and
/// without the apostrophe by which spreadsheets keep a number as text.
pub(super) fn tidy(text: &str) -> &str {
    let trimmed = text.trim_matches(is_invisible);
    match trimmed.strip_prefix(['\'', '’']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || "+-=@(".contains(c)) => {
            rest.trim_matches(is_invisible)
        }
        _ => trimmed,
    }
}

fn is_invisible(c: char) -> bool {
    let mark = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    c.is_whitespace() || c.is_control() || mark || c == '\u{feff}'
}

/// Whether a formula failed: `#REF!`, `#DEĞER!`, `#SAYI/0!`, `#ИМЯ?`, the few that end without a mark,
/// and the text that stands while an import loads.
pub(super) fn is_formula_error(text: &str) -> bool {
    const UNMARKED: [&str; 8] = ["#N/A", "#YOK", "#NV", "#Н/Д", "#N/D", "#GETTING_DATA", "Loading...", "Yükleniyor..."];
    let shouted = text.strip_prefix('#').and_then(|rest| rest.strip_suffix(['!', '?'])).is_some_and(|name| {
        name.starts_with(char::is_uppercase)
            && name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_'))
    });
    shouted || UNMARKED.contains(&text)
}

/// Whether the text only marks a place where nothing is known. `yok` and `нет` answer a yes-or-no
/// question, and a text field may say more in its own words than the other kinds.
pub(super) fn is_placeholder(text: &str, kind: FieldKind) -> bool {
    const ANY: [&str; 3] = ["n a", "k a", "н д"];
    const UNLESS_FLAG: [&str; 4] = ["yok", "none", "null", "нет"];
    const UNLESS_TEXT: [&str; 14] = [
        "bos",
        "belirtilmedi",
        "belirtilmemis",
        "bilinmiyor",
        "unknown",
        "not available",
        "not applicable",
        "blank",
        "empty",
        "keine",
        "keine angabe",
        "leer",
        "нет данных",
        "неизвестно",
    ];
    if text.chars().all(|c| matches!(c, '-' | '–' | '—' | '−' | '_' | '.' | '…' | '/' | '?')) {
        return true;
    }
    let folded = fold(text);
    let says = |words: &[&str]| words.contains(&folded.as_str());
    says(&ANY)
        || kind != FieldKind::Flag && says(&UNLESS_FLAG)
        || !matches!(kind, FieldKind::Flag | FieldKind::Text) && says(&UNLESS_TEXT)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\u{a0} \u{202a}x\u{202c}\u{200b}\n", "x")]
    #[case("'+905321112233", "+905321112233")]
    #[case("'t Hooft", "'t Hooft")]
    fn ends_are_tidied(#[case] text: &str, #[case] tidied: &str) {
        assert_eq!(tidy(text), tidied);
    }

    #[rstest]
    #[case("#REF!")]
    #[case("#DEĞER!")]
    #[case("#YOK")]
    #[case("#N/A")]
    #[case("#ÖZ!")]
    #[case("#SAYI/0!")]
    #[case("#AD?")]
    #[case("#ЗНАЧ!")]
    #[case("#ÜBERLAUF!")]
    #[case("Loading...")]
    fn failed_formulas_are_known(#[case] text: &str) {
        assert!(is_formula_error(text));
    }

    #[rstest]
    #[case("#1")]
    #[case("#kampanya!")]
    #[case("# REF!")]
    #[case("#")]
    fn tags_are_no_failed_formulas(#[case] text: &str) {
        assert!(!is_formula_error(text));
    }

    #[rstest]
    #[case("-", FieldKind::Flag, true)]
    #[case("—", FieldKind::Text, true)]
    #[case("...", FieldKind::Date, true)]
    #[case("YOK", FieldKind::Phone, true)]
    #[case("yok", FieldKind::Flag, false)]
    #[case("нет", FieldKind::Flag, false)]
    #[case("N/A", FieldKind::Flag, true)]
    #[case("n.a.", FieldKind::Double, true)]
    #[case("null", FieldKind::Text, true)]
    #[case("k.A.", FieldKind::Email, true)]
    #[case("Boş", FieldKind::Text, false)]
    #[case("Boş", FieldKind::Date, true)]
    #[case("0", FieldKind::Double, false)]
    #[case("Namibya", FieldKind::Text, false)]
    fn placeholders_depend_on_the_question(#[case] text: &str, #[case] kind: FieldKind, #[case] expected: bool) {
        assert_eq!(is_placeholder(text, kind), expected);
    }
}
