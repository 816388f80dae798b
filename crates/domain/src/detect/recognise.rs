//! What a header alone says.

use super::Why;
use super::fields::{Fields, is_custom};
use super::lexicon::{Concept, Qualifiers, kind_name, lexicon};
use super::normalise::{PERCENT, Words, parts};
use crate::field::FieldKind;
use crate::mapping::Target;

const PORTAL: f64 = 1.0;
const EXACT: f64 = 0.95;
const STEMMED: f64 = 0.9;
const QUALIFIED: f64 = 0.85;
const RULE: f64 = 0.8;
const PART: f64 = 0.75;
const SHORTENED: f64 = 0.75;
const SCALED: f64 = 0.6;
const UNSURE: f64 = 0.6;

/// Fewer letters begin too many words.
const SHORTEST_BEGUN: usize = 3;
/// As many letters leave little doubt.
const TELLING_BEGUN: usize = 6;
const ALIKE: f64 = 0.7;

/// What is longer is a text, not a header; only the portal can have a field of that name.
const LONGEST: usize = 200;

/// What is thought of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guess {
    /// What the header means, also where the record has no field for it.
    pub concept: Option<Concept>,
    /// What it feeds.
    pub target: Option<Target>,
    /// 0 to 1.
    pub confidence: f64,
    /// Why.
    pub why: Why,
}

impl Guess {
    fn unknown() -> Self {
        Self { concept: None, target: None, confidence: 0.0, why: Why::Unknown }
    }

    /// The first of `concepts` that the record has a field for; otherwise no field.
    fn of(concepts: &[Concept], fields: &Fields<'_>, confidence: f64) -> Option<Self> {
        let why = if confidence >= EXACT { Why::KnownHeader } else { Why::SimilarHeader };
        let held = concepts.iter().find_map(|concept| fields.holding(concept).map(|target| (*concept, target)));
        if let Some((concept, target)) = held {
            return Some(Self { concept: Some(concept), target: Some(target), confidence, why });
        }
        concepts.first().map(|concept| Self { concept: Some(concept), target: None, confidence, why: Why::NoField })
    }
}

/// The header's meaning for this kind of record, surest evidence first.
pub(super) fn recognise(header: &str, fields: &Fields<'_>) -> Guess {
    let words = Words::of(header);
    if words.tokens.is_empty() {
        // A lone sign, such as `#`, stands over row numbers.
        let why = if header.trim().is_empty() { Why::Unknown } else { Why::NoField };
        return Guess { why, ..Guess::unknown() };
    }
    if header.chars().count() > LONGEST {
        return as_portal_field(&words, fields).unwrap_or_else(Guess::unknown);
    }
    as_portal_field(&words, fields)
        .or_else(|| as_known(header, &words, fields).map(|guess| measured(guess, &words, fields)))
        .unwrap_or_else(Guess::unknown)
}

/// What the dictionary says.
fn as_known(header: &str, words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    as_whole(words, fields)
        .or_else(|| as_shortened(words, fields))
        .or_else(|| as_parts(header, fields))
        .or_else(|| as_numbered(words, fields))
        .or_else(|| as_begun(words, fields).filter(|_| header.contains('.')))
        .or_else(|| Guess::of(&[lexicon().rules.last(words)?], fields, RULE))
        .or_else(|| Guess::of(lexicon().nearest(words), fields, ALIKE))
}

/// An amount in thousands or millions cannot be written as it stands, and a share is no amount.
fn measured(guess: Guess, words: &Words, fields: &Fields<'_>) -> Guess {
    let kind = guess.target.as_ref().and_then(|target| fields.meta(target)).map(|meta| meta.kind);
    let says = |name: &str| {
        words.tokens.iter().any(|token| lexicon().qualifiers.iter().any(|qualifiers| qualifiers.has(name, token)))
    };
    match kind {
        Some(FieldKind::Double) if says("scale") => {
            Guess { confidence: guess.confidence.min(SCALED), why: Why::Scaled, ..guess }
        }
        Some(kind) if kind != FieldKind::Integer && words.tokens.iter().any(|token| token == PERCENT) => {
            Guess::unknown()
        }
        _ => guess,
    }
}

fn as_portal_field(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let meta = fields.named(words)?;
    // `Name` is the code of the first name, but says no more than that it is a name.
    if !is_custom(&meta.code) && lexicon().exact(words).iter().any(|concept| is_bare_name(concept)) {
        return None;
    }
    let concept = lexicon().exact(words).first().copied();
    let target = Some(Target::Field(meta.code.clone()));
    Some(Guess { concept, target, confidence: PORTAL, why: Why::PortalTitle })
}

fn as_whole(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let lexicon = lexicon();
    Guess::of(lexicon.exact(words), fields, EXACT)
        .or_else(|| Guess::of(lexicon.stemmed(words), fields, STEMMED))
        .or_else(|| as_legal_address(words, fields))
        .or_else(|| Guess::of(&[lexicon.rules.first(words)?], fields, RULE))
        .or_else(|| as_price(words, fields))
        .or_else(|| as_question(words, fields))
        .or_else(|| as_qualified(words, fields))
}

/// A sale in a currency is its amount: `Teklif (₺)`, `Deal USD`.
fn as_price(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let is_price = |qualifiers: &Qualifiers| {
        let sale = without(words, qualifiers, &["currency"]);
        let rest = without(&sale, qualifiers, &["scale", "qualifier", "deal", "quote", "invoice"]);
        sale != *words && !sale.tokens.is_empty() && rest.tokens.is_empty()
    };
    lexicon().qualifiers.iter().find(|qualifiers| is_price(qualifiers))?;
    Guess::of(&["OPPORTUNITY"], fields, QUALIFIED)
}

/// A form's question without the words that ask: `What is your budget?`, `Hangi şehirde yaşıyorsunuz?`.
fn as_question(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    lexicon().qualifiers.iter().find_map(|qualifiers| {
        if without(words, qualifiers, &["asks"]) == *words {
            return None;
        }
        let rest = without(words, qualifiers, &["asks", "filler"]);
        // Who is asked for a name is a person.
        let asked = |concept| if concept == "BARE_NAME" { "PERSON" } else { concept };
        let concepts: Vec<Concept> = meanings(&rest).map(asked).collect();
        Guess::of(&concepts, fields, QUALIFIED).or_else(|| as_qualified(&rest, fields))
    })
}

/// Without words that only qualify: `Primary City`, `Müşteri Durumu`, `Стадия сделки`, `Betrag (EUR)`.
fn as_qualified(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    const ALWAYS: [&str; 4] = ["qualifier", "currency", "scale", "any"];
    const RECORDS: [&str; 5] = ["lead", "contact", "company", "deal", "address"];
    lexicon().qualifiers.iter().find_map(|qualifiers| {
        let plain = without(words, qualifiers, &ALWAYS);
        let any_record = without(&plain, qualifiers, &[kind_name(fields.entity())]);
        let others = without(&plain, qualifiers, &RECORDS);
        known(words, &any_record, fields, |concept| !needs_all_words(concept))
            .or_else(|| known(words, &others, fields, is_of_any_record))
    })
}

/// `Legal Address City`: the same parts as of an address, in fields of their own.
fn as_legal_address(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    lexicon().qualifiers.iter().find_map(|qualifiers| {
        let rest = without(words, qualifiers, &["legal"]);
        if rest == *words {
            return None;
        }
        let part = without(&rest, qualifiers, &["qualifier", "company", "address"]);
        let part = [&rest, &part].into_iter().find_map(|words| meanings(words).find(|it| it.starts_with("ADDRESS")))?;
        let target = fields.target(&format!("REG_{part}"));
        let why = if target.is_some() { Why::SimilarHeader } else { Why::NoField };
        Some(Guess { concept: Some(part), target, confidence: QUALIFIED, why })
    })
}

/// `Telefon / GSM`, `Umsatz (EUR)`: the pieces that mean something must mean the same.
fn as_parts(header: &str, fields: &Fields<'_>) -> Option<Guess> {
    let pieces = parts(header);
    if pieces.len() < 2 {
        return None;
    }
    let mut guesses = pieces.iter().filter_map(|piece| {
        let words = Words::of(piece);
        as_whole(&words, fields).or_else(|| as_shortened(&words, fields))
    });
    let first = guesses.next()?;
    if guesses.any(|guess| guess.target != first.target) {
        return None;
    }
    let confidence = first.confidence.min(PART);
    let why = if first.target.is_some() { Why::SimilarHeader } else { first.why.clone() };
    Some(Guess { confidence, why, ..first })
}

/// `3. Firma`: a numbered question of a form.
fn as_numbered(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let (number, rest) = words.tokens.split_first()?;
    let numbered = number.chars().all(|c| c.is_ascii_digit()) && !rest.is_empty();
    let guess = as_whole(&Words { tokens: rest.to_vec() }, fields).filter(|_| numbered)?;
    Some(Guess { confidence: guess.confidence.min(PART), ..guess })
}

/// With its abbreviations written out: `Acct Mgr`, `Müş. Tem.`. Languages that read them differently prove nothing.
fn as_shortened(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let mut guesses = lexicon().written_out(words).filter_map(|full| as_whole(&full, fields));
    let first = guesses.next()?;
    let agreed = guesses.all(|guess| guess.target == first.target);
    agreed.then(|| Guess { confidence: first.confidence.min(SHORTENED), ..first })
}

/// With words cut off that no list of abbreviations knows: `Sachbearb.`, `Ansprechpart.`.
fn as_begun(words: &Words, fields: &Fields<'_>) -> Option<Guess> {
    let lengths = || words.tokens.iter().map(|token| token.chars().count());
    if lengths().min()? < SHORTEST_BEGUN {
        return None;
    }
    let confidence = if lengths().max()? >= TELLING_BEGUN { SHORTENED } else { UNSURE };
    let mut guesses = lexicon().begun(words).filter_map(|concept| Guess::of(&[concept], fields, confidence));
    let first = guesses.next()?;
    guesses.all(|guess| guess.target == first.target).then_some(first)
}

fn known(words: &Words, rest: &Words, fields: &Fields<'_>, accept: impl Fn(&Concept) -> bool) -> Option<Guess> {
    if rest == words || rest.tokens.is_empty() {
        return None;
    }
    let concepts: Vec<Concept> = meanings(rest).filter(accept).collect();
    Guess::of(&concepts, fields, QUALIFIED)
}

fn meanings(words: &Words) -> impl Iterator<Item = Concept> {
    lexicon().exact(words).iter().chain(lexicon().stemmed(words)).copied()
}

fn without(words: &Words, qualifiers: &Qualifiers, names: &[&str]) -> Words {
    words.without(|token| names.iter().any(|name| qualifiers.has(name, token)))
}

fn is_bare_name(concept: &str) -> bool {
    concept.starts_with("BARE_")
}

/// A `Lead ID` is as likely another system's number as the record's own, a `Work Name` any name.
fn needs_all_words(concept: &Concept) -> bool {
    is_bare_name(concept) || *concept == "ID"
}

/// Whether it does not matter of whom: a lead's `Company City` is the lead's city, its `Opportunity Amount`
/// the lead's amount.
fn is_of_any_record(concept: &Concept) -> bool {
    matches!(*concept, "PHONE" | "EMAIL" | "WEB" | "IM" | "IL" | "OPPORTUNITY" | "CURRENCY_ID" | "SOURCE_ID" | "POST")
        || concept.starts_with("ADDRESS")
}
