//! From which columns a record's title is built when no column is the title.

use super::Proposal;
use super::fields::Fields;
use super::lexicon::Concept;
use super::recognise::Guess;
use crate::mapping::Target;

/// What titles are made of, best first.
const SOURCES: [&[Concept]; 4] = [
    &["PERSON", "CUSTOMER", "CONTACT", "BARE_NAME", "BARE_GIVEN_NAME"],
    &["NAME"],
    &["LAST_NAME"],
    &["FIRM", "COMPANY"],
];

/// Headers of the columns that can name the record; empty if it has no title or a column for it.
/// A given name and a surname make one title together.
pub(super) fn title_from(proposals: &[Proposal], guesses: &[Guess], fields: &Fields<'_>) -> Vec<Vec<String>> {
    let title = fields.target("TITLE");
    let has_column = proposals.iter().any(|proposal| proposal.writable && proposal.field == title);
    if title.is_none() || has_column {
        return Vec::new();
    }
    let rank = |guess: &Guess| source(guess).and_then(|it| SOURCES.iter().position(|group| group.contains(&it)));
    let mut ranked: Vec<(usize, &Proposal)> =
        guesses.iter().zip(proposals).filter_map(|(guess, proposal)| Some((rank(guess)?, proposal))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let is_name = |rank: usize| matches!(SOURCES[rank], ["NAME" | "LAST_NAME"]);
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut before = false;
    for (rank, proposal) in ranked {
        match groups.last_mut() {
            Some(group) if before && is_name(rank) => group.push(proposal.header.clone()),
            _ => groups.push(vec![proposal.header.clone()]),
        }
        before = is_name(rank);
    }
    groups
}

/// What the column holds of a name: by its field, which values and neighbours decided, else by its header.
fn source(guess: &Guess) -> Option<Concept> {
    match guess.target.as_ref() {
        Some(Target::FullName) => Some("PERSON"),
        Some(Target::Field(code)) => match code.as_str() {
            "NAME" => Some("NAME"),
            "LAST_NAME" => Some("LAST_NAME"),
            "COMPANY_TITLE" | "COMPANY_ID" => Some("FIRM"),
            "CONTACT_ID" => Some("PERSON"),
            _ => None,
        },
        None => guess.concept,
    }
}
