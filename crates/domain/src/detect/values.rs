//! What a column's values say.

use super::Why;
use super::fields::Fields;
use super::recognise::Guess;
use crate::cell::CellValue;
use crate::convert::convert;
use crate::field::{FieldKind, FieldMeta};
use crate::mapping::{ColumnStyle, Target};
use crate::text::fold;

/// As many values as are looked at: more would not change the answer.
const SAMPLE: usize = 200;
/// Fewer values than this prove nothing by themselves.
const FEWEST: usize = 3;

/// Whether a text is of some kind.
type Accepts = fn(&str) -> bool;

/// A column's cells that are not blank, at most [`SAMPLE`].
pub(super) struct Values<'a>(Vec<&'a CellValue>);

impl<'a> Values<'a> {
    /// The cells of `column`.
    pub fn of(rows: &'a [Vec<CellValue>], column: usize) -> Self {
        let cells = rows.iter().filter_map(|row| row.get(column));
        Self(cells.filter(|cell| !cell.is_blank()).take(SAMPLE).collect())
    }

    /// All of them.
    pub fn cells(&self) -> impl Iterator<Item = &'a CellValue> + Clone {
        self.0.iter().copied()
    }

    /// Whether at least half of the values can be read for the field. Choices are not tried where
    /// nobody said which there are.
    pub fn fit(&self, meta: &FieldMeta, style: &ColumnStyle) -> bool {
        let is_choice = matches!(meta.kind, FieldKind::Choice | FieldKind::User);
        if is_choice && meta.choices.is_empty() {
            return true;
        }
        let unread = self.0.iter().filter(|cell| convert(cell, meta, style).is_err()).count();
        unread * 2 <= self.0.len()
    }

    /// Whether more than half of the values are several words.
    pub fn are_several_words(&self) -> bool {
        self.most(2, |text| text.split_whitespace().count() > 1)
    }

    /// Whether more than half of the values are one word.
    pub fn are_one_word(&self) -> bool {
        self.most(2, |text| text.split_whitespace().count() == 1)
    }

    /// Whether more than half of the values are words, not numbers or addresses.
    pub fn are_words(&self) -> bool {
        self.most(2, |text| text.contains(char::is_alphabetic) && !is_email(text) && !is_link(text))
    }

    /// Whether more than half of the values name a firm's legal form.
    pub fn are_firms(&self) -> bool {
        self.most(2, is_firm)
    }

    /// Whether more than half of the values name a job.
    pub fn are_jobs(&self) -> bool {
        self.most(2, is_job)
    }

    /// Whether more than half of the values say how a person is addressed.
    pub fn are_forms_of_address(&self) -> bool {
        self.most(2, is_form_of_address)
    }

    /// What the values are when the header says nothing.
    pub fn guess(&self, fields: &Fields<'_>) -> Option<Guess> {
        let kinds: [(&str, f64, Accepts); 5] = [
            ("EMAIL", 0.65, is_email),
            ("WEB", 0.6, is_link),
            ("PHONE", 0.6, is_phone),
            ("OPPORTUNITY", 0.5, is_money),
            ("FULL_NAME", 0.5, is_person),
        ];
        let enough = self.0.len() >= FEWEST;
        let (name, confidence, _) = kinds.into_iter().find(|(.., accepts)| enough && self.most(5, *accepts))?;
        // Statuses and cities are capitalised words too, but they repeat.
        if name == "FULL_NAME" && !self.differ() {
            return None;
        }
        Some(Guess { concept: None, target: Some(fields.target(name)?), confidence, why: Why::Values })
    }

    /// Whether all but a `share`-th of the values are texts that are accepted, and there are any.
    fn most(&self, share: usize, accepts: impl Fn(&str) -> bool) -> bool {
        let passed = self.0.iter().filter(|cell| matches!(cell, CellValue::Text(text) if accepts(text.trim()))).count();
        (self.0.len() - passed) * share < self.0.len()
    }

    fn differ(&self) -> bool {
        let mut texts: Vec<String> = self.0.iter().map(|cell| cell.to_text()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len() * 10 > self.0.len() * 9
    }
}

/// Whether the target's field can take the values; what is no single field takes any text.
pub(super) fn fit(target: &Target, values: &Values<'_>, fields: &Fields<'_>, style: &ColumnStyle) -> bool {
    fields.meta(target).is_none_or(|meta| values.fit(meta, style))
}

fn is_email(text: &str) -> bool {
    let domain = text.split_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| domain.contains('.') && !text.contains(char::is_whitespace))
}

fn is_link(text: &str) -> bool {
    ["http://", "https://", "www."].iter().any(|start| text.starts_with(start))
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let written = text.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    written && (10..=15).contains(&digits) && text.starts_with(['+', '0', '('])
}

fn is_money(text: &str) -> bool {
    let marked = ["₺", "TL", "$", "€", "£", "₽"].iter().any(|sign| text.starts_with(sign) || text.ends_with(sign));
    marked && text.contains(|c: char| c.is_ascii_digit())
}

fn is_person(text: &str) -> bool {
    let name = |word: &str| word.chars().all(char::is_alphabetic) && word.starts_with(char::is_uppercase);
    (2..=3).contains(&text.split(' ').count()) && text.split(' ').all(name)
}

fn is_firm(text: &str) -> bool {
    let forms = ["ltd", "sti", "as", "san", "tic", "inc", "llc", "gmbh", "ag", "ooo", "ооо", "ао", "corp", "co"];
    fold(&text.replace('.', "")).split(' ').any(|word| forms.contains(&word))
}

fn is_job(text: &str) -> bool {
    let jobs = [
        "ceo",
        "cto",
        "cfo",
        "coo",
        "cmo",
        "cio",
        "vp",
        "svp",
        "evp",
        "president",
        "chief",
        "head",
        "director",
        "manager",
        "officer",
        "engineer",
        "founder",
        "cofounder",
        "owner",
        "specialist",
        "consultant",
        "analyst",
        "coordinator",
        "supervisor",
        "buyer",
        "accountant",
        "executive",
        "mudur",
        "muduru",
        "uzman",
        "uzmani",
        "direktor",
        "direktoru",
        "yonetici",
        "yoneticisi",
        "kurucu",
        "muhendis",
        "muhendisi",
        "koordinator",
        "baskan",
        "baskani",
        "sef",
        "sefi",
        "geschaftsfuhrer",
        "geschaftsfuhrerin",
        "inhaber",
        "inhaberin",
        "leiter",
        "leiterin",
        "директор",
        "менеджер",
        "руководитель",
        "начальник",
        "инженер",
        "специалист",
        "бухгалтер",
    ];
    fold(text).split(' ').any(|word| jobs.contains(&word) || word.ends_with("leiter"))
}

fn is_form_of_address(text: &str) -> bool {
    let forms = ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "bay", "bayan", "sayin", "sn", "sir"];
    let folded = fold(text);
    !folded.is_empty() && folded.split(' ').all(|word| forms.contains(&word))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0532 748 12 46", true)]
    #[case("+90 (212) 259-74-37", true)]
    #[case("2021-07-26", false)]
    #[case("4829104412", false)]
    fn phones_are_written_as_such(#[case] text: &str, #[case] phone: bool) {
        assert_eq!(is_phone(text), phone);
    }

    #[rstest]
    #[case("VP Sales", true, false)]
    #[case("Satın Alma Müdürü", true, false)]
    #[case("Einkaufsleiter", true, false)]
    #[case("Prof. Dr.", false, true)]
    #[case("Web sitesi talebi", false, false)]
    fn titles_are_jobs_or_forms_of_address(#[case] text: &str, #[case] job: bool, #[case] form: bool) {
        assert_eq!((is_job(text), is_form_of_address(text)), (job, form));
    }

    #[rstest]
    #[case("Yıldız San. ve Tic. A.Ş.", true)]
    #[case("Muster GmbH", true)]
    #[case("Satış Müdürü", false)]
    fn firms_have_legal_forms(#[case] text: &str, #[case] firm: bool) {
        assert_eq!(is_firm(text), firm);
    }
}
