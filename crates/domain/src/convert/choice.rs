//! Choices, stages and people by the names that people give them. A name that only resembles one is
//! refused with the nearest names, never taken for it.

use super::blank::{is_placeholder, tidy};
use super::{flag, money};
use crate::cell::CellValue;
use crate::field::{Choice, FieldKind, FieldMeta};
use crate::reason::Reason;
use crate::text::fold;
use crate::value::FieldValue;

/// The choice that `text` names, or the list of them where the field takes several.
pub(super) fn read(cell: &CellValue, text: &str, field: &FieldMeta) -> Result<FieldValue, Reason> {
    let found = match find(text, field) {
        Err(Reason::UnknownChoice { .. }) if is_placeholder(text, field.kind) => return Ok(FieldValue::Empty),
        Err(unknown @ Reason::UnknownChoice { .. }) => match cell {
            CellValue::Bool(flag) => vec![by_flag(*flag, field).ok_or(unknown)?],
            _ if field.multiple => several(text, field)?,
            _ => return Err(unknown),
        },
        other => vec![other?],
    };
    let mut ids = found.into_iter().map(|choice| FieldValue::Choice(choice.id.clone()));
    match ids.next() {
        Some(first) if !field.multiple => Ok(first),
        first => Ok(FieldValue::Many(first.into_iter().chain(ids).collect())),
    }
}

/// Split by `;` and line breaks, and by commas where a part is no name as a whole.
fn several<'a>(text: &str, field: &'a FieldMeta) -> Result<Vec<&'a Choice>, Reason> {
    let parts = |text: &str, signs: &[char]| -> Vec<String> {
        text.split(signs).map(tidy).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let mut found: Vec<&Choice> = Vec::new();
    for part in parts(text, &[';', '\n']) {
        match find(&part, field) {
            Err(Reason::UnknownChoice { .. }) => {
                for name in parts(&part, &[',']) {
                    found.push(find(&name, field)?);
                }
            }
            other => found.push(other?),
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|choice| seen.insert(&choice.id));
    Ok(found)
}

/// The choice of the first way of naming that fits any: its label, its id or another text for it, the same
/// without regard to case and accents, a person's names in another order, a currency's sign.
fn find<'a>(text: &str, field: &'a FieldMeta) -> Result<&'a Choice, Reason> {
    let folded = fold(text);
    let words = sorted_words(&folded);
    let iso = money::currency(text);
    let alike = |other: &str| !folded.is_empty() && fold(other) == folded;
    let ways: [&dyn Fn(&Choice) -> bool; 6] = [
        &|choice| choice.label.trim() == text,
        &|choice| choice.id == text || choice.aliases.iter().any(|alias| alias == text),
        &|choice| alike(&choice.label),
        &|choice| alike(&choice.id) || choice.aliases.iter().any(|alias| alike(alias)),
        &|choice| field.kind == FieldKind::User && words.len() > 1 && sorted_words(&fold(&choice.label)) == words,
        &|choice| iso.is_some_and(|iso| choice.id == iso),
    ];
    for names in ways {
        let mut fitting = field.choices.iter().filter(|choice| names(choice));
        let Some(first) = fitting.next() else { continue };
        let others: Vec<&Choice> = fitting.filter(|choice| choice.id != first.id).collect();
        if others.is_empty() {
            return Ok(first);
        }
        let labels = std::iter::once(first).chain(others).map(|choice| choice.label.clone()).collect();
        return Err(Reason::AmbiguousChoice { labels });
    }
    let nearest = nearest(&folded, &field.choices);
    let some = if nearest.is_empty() { some_labels(&field.choices) } else { Vec::new() };
    Err(Reason::UnknownChoice { nearest, some })
}

/// The first labels, for somebody who does not have the portal's list at hand.
fn some_labels(choices: &[Choice]) -> Vec<String> {
    choices.iter().take(5).map(|choice| choice.label.clone()).collect()
}

/// A tick box over a list of two: the one label that says the same.
fn by_flag(flag: bool, field: &FieldMeta) -> Option<&Choice> {
    let mut fitting = field.choices.iter().filter(|choice| flag::meaning(&choice.label) == Some(flag));
    fitting.next().filter(|_| fitting.next().is_none())
}

fn sorted_words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = folded.split(' ').map(str::to_owned).collect();
    words.sort_unstable();
    words
}

fn nearest(folded: &str, choices: &[Choice]) -> Vec<String> {
    /// Below this, labels have little more in common than some letters.
    const ALIKE: f64 = 0.75;
    let score = |choice: &Choice| strsim::jaro_winkler(folded, &fold(&choice.label));
    let mut scored: Vec<(f64, &Choice)> = choices.iter().map(|choice| (score(choice), choice)).collect();
    scored.retain(|(score, _)| *score >= ALIKE);
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(3).map(|(_, choice)| choice.label.clone()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn field(kind: FieldKind, multiple: bool, choices: &[(&str, &str, &[&str])]) -> FieldMeta {
        let choice = |(id, label, aliases): &(&str, &str, &[&str])| Choice {
            id: (*id).to_owned(),
            label: (*label).to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        };
        FieldMeta {
            code: "X".into(),
            title: "X".to_owned(),
            kind,
            required: false,
            read_only: false,
            multiple,
            choices: choices.iter().map(choice).collect(),
        }
    }

    fn one(text: &str, field: &FieldMeta) -> Result<String, Reason> {
        match read(&CellValue::from(text), text, field)? {
            FieldValue::Choice(id) => Ok(id),
            FieldValue::Many(ids) => Ok(ids
                .iter()
                .map(|id| if let FieldValue::Choice(id) = id { id.as_str() } else { "?" })
                .collect::<Vec<_>>()
                .join("+")),
            _ => Ok(String::new()),
        }
    }

    fn stages() -> FieldMeta {
        let choices: [(&str, &str, &[&str]); 5] = [
            ("NEW", "Yeni", &["C1:NEW"]),
            ("SENT", "Teklif verildi", &[]),
            ("WON", "Kazanıldı", &[]),
            ("3", "Üç", &[]),
            ("9", "3", &[]),
        ];
        field(FieldKind::Choice, false, &choices)
    }

    #[rstest]
    #[case("Kazanıldı", "WON")]
    #[case("KAZANILDI", "WON")]
    #[case("teklif  verildi.", "SENT")]
    #[case("c1:new", "NEW")]
    #[case("won", "WON")]
    #[case("3", "9")]
    #[case("-", "")]
    #[case("yok", "")]
    fn names_find_their_choice(#[case] text: &str, #[case] id: &str) {
        assert_eq!(one(text, &stages()), Ok(id.to_owned()));
    }

    #[test]
    fn what_only_resembles_a_choice_is_refused_with_the_nearest() {
        assert_eq!(
            one("Kazanildi mi", &stages()),
            Err(Reason::UnknownChoice { nearest: vec!["Kazanıldı".to_owned()], some: vec![] })
        );
        let some = stages().choices.iter().map(|choice| choice.label.clone()).take(5).collect();
        assert_eq!(one("★", &stages()), Err(Reason::UnknownChoice { nearest: vec![], some }));
    }

    #[test]
    fn labels_that_mean_a_blank_elsewhere_are_choices_first() {
        let field = field(FieldKind::Choice, false, &[("1", "Var", &[]), ("2", "Yok", &[])]);
        assert_eq!(one("yok", &field), Ok("2".to_owned()));
    }

    #[test]
    fn alike_labels_are_told_apart_by_their_exact_spelling_only() {
        let field = field(FieldKind::Choice, false, &[("1", "Açık", &[]), ("2", "Acık", &[])]);
        assert_eq!(one("Acık", &field), Ok("2".to_owned()));
        let labels = vec!["Açık".to_owned(), "Acık".to_owned()];
        assert_eq!(one("ACIK", &field), Err(Reason::AmbiguousChoice { labels }));
    }

    #[rstest]
    #[case("Torhan Akça", Ok("1"))]
    #[case("AKÇA Torhan", Ok("1"))]
    #[case("Akça, Torhan", Ok("1"))]
    #[case("TORHAN@FIRMA.COM", Ok("1"))]
    #[case("2", Ok("2"))]
    #[case("Ali Veli", Ok("3"))]
    #[case("Torhan", Err(()))]
    #[case("Gül Giz Ay", Err(()))]
    fn people(#[case] text: &str, #[case] expected: Result<&str, ()>) {
        let choices: [(&str, &str, &[&str]); 6] = [
            ("1", "Torhan Akça", &["torhan@firma.com"]),
            ("2", "Giz Gülen", &[]),
            ("3", "Ali Veli", &[]),
            ("4", "Veli Ali", &[]),
            ("5", "Gül Ay Giz", &[]),
            ("6", "Giz Gül Ay", &[]),
        ];
        let field = field(FieldKind::User, false, &choices);
        assert_eq!(one(text, &field).map_err(|_| ()), expected.map(str::to_owned));
    }

    #[rstest]
    #[case("Kırmızı", "1")]
    #[case("kırmızı, Mavi", "1+2")]
    #[case("Siyah, beyaz; Mavi\nmavi", "3+2")]
    fn lists_are_split_unless_the_whole_is_a_label(#[case] text: &str, #[case] expected: &str) {
        let choices: [(&str, &str, &[&str]); 3] =
            [("1", "Kırmızı", &[]), ("2", "Mavi", &[]), ("3", "Siyah, Beyaz", &[])];
        let field = field(FieldKind::Choice, true, &choices);
        assert_eq!(one(text, &field), Ok(expected.to_owned()));
        assert!(matches!(read(&CellValue::from(text), text, &field), Ok(FieldValue::Many(_))));
        assert!(matches!(one("Mavi, Mor", &field), Err(Reason::UnknownChoice { .. })));
    }

    #[test]
    fn currencies_are_known_by_their_signs() {
        let field = field(FieldKind::Choice, false, &[("TRY", "Türk Lirası", &[]), ("USD", "ABD Doları", &[])]);
        assert_eq!(one("TL", &field), Ok("TRY".to_owned()));
        assert_eq!(one("$", &field), Ok("USD".to_owned()));
        assert!(one("€", &field).is_err());
    }

    #[test]
    fn a_tick_box_finds_the_label_that_says_yes() {
        let field = field(FieldKind::Choice, false, &[("7", "Evet", &[]), ("8", "Hayır", &[])]);
        assert_eq!(read(&CellValue::Bool(true), "TRUE", &field), Ok(FieldValue::Choice("7".to_owned())));
    }
}
