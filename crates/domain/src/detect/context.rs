//! What other columns and the values say of a header that means several things.

use super::Why;
use super::fields::Fields;
use super::lexicon::Concept;
use super::recognise::Guess;
use super::values::{Values, fit};
use crate::mapping::{ColumnStyle, Target};

/// Settles ambiguous headers of a whole tab.
pub(super) fn settle(guesses: &mut [Guess], values: &[Values<'_>], fields: &Fields<'_>, style: &ColumnStyle) {
    let beside = Beside {
        concepts: guesses.iter().filter_map(|guess| guess.concept).collect(),
        title: guesses.iter().any(|guess| !is_bare_name(guess) && is_field(guess, "TITLE")),
    };
    let firm_taken = guesses.iter().any(|guess| is_field(guess, "COMPANY_TITLE"));
    for (guess, values) in guesses.iter_mut().zip(values) {
        let better = match guess.concept {
            Some("BARE_NAME" | "BARE_GIVEN_NAME") => beside.bare_name(values, fields),
            Some("IL") if beside.has("ADDRESS_CITY") => Some("ADDRESS_PROVINCE"),
            Some("TITLE_OR_POST") if values.are_jobs() => Some("POST"),
            Some("TITLE_OR_POST") if values.are_forms_of_address() => Some("HONORIFIC"),
            Some("UNVAN") if values.are_firms() && !firm_taken => Some("COMPANY_TITLE"),
            _ => name_for_number(guess, values, fields, style),
        };
        if let Some(target) = better.and_then(|name| fields.target(name)) {
            *guess = Guess { target: Some(target), ..guess.clone() };
        } else if guess.target.is_none() && guess.why == Why::Unknown {
            *guess = values.guess(fields).unwrap_or_else(|| guess.clone());
        }
    }
}

/// What else the tab holds.
struct Beside {
    concepts: Vec<Concept>,
    title: bool,
}

impl Beside {
    fn has(&self, concept: &str) -> bool {
        self.concepts.contains(&concept)
    }

    /// What `Name` alone is. A given name only beside a surname; beside a given name it is what Germans
    /// mean by it, the surname. Otherwise the record's title, or a person's whole name.
    fn bare_name(&self, values: &Values<'_>, fields: &Fields<'_>) -> Option<&'static str> {
        fields.get("LAST_NAME")?;
        match (self.has("NAME"), self.has("LAST_NAME")) {
            (false, true) => Some("NAME"),
            (true, false) => Some("LAST_NAME"),
            (false, false) if fields.get("TITLE").is_some() => self.title.then_some("FULL_NAME"),
            (false, false) if values.are_several_words() => Some("FULL_NAME"),
            (false, false) if values.are_one_word() => Some("NAME"),
            _ => None,
        }
    }
}

/// A lead can hold a firm's or person's name where the column was taken for the number of its record.
fn name_for_number(
    guess: &Guess,
    values: &Values<'_>,
    fields: &Fields<'_>,
    style: &ColumnStyle,
) -> Option<&'static str> {
    let target = guess.target.as_ref()?;
    let name = match (is_field(guess, "COMPANY_ID"), is_field(guess, "CONTACT_ID")) {
        (true, _) => "COMPANY_TITLE",
        (_, true) => "FULL_NAME",
        _ => return None,
    };
    (values.are_words() && !fit(target, values, fields, style)).then_some(name)
}

fn is_bare_name(guess: &Guess) -> bool {
    matches!(guess.concept, Some("BARE_NAME" | "BARE_GIVEN_NAME"))
}

fn is_field(guess: &Guess, name: &str) -> bool {
    matches!(&guess.target, Some(Target::Field(code)) if code.as_str() == name)
}
