//! The words of four languages by which headers are known; data files beside this one, parsed once.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::normalise::Words;
use super::rules::{Glob, Rules};
use crate::entity::EntityKind;

const CONCEPTS: &str = include_str!("lexicon/concepts.txt");
const RULES: &str = include_str!("lexicon/rules.txt");
const LANGUAGES: [&str; 4] = [
    include_str!("lexicon/tr.txt"),
    include_str!("lexicon/en.txt"),
    include_str!("lexicon/ru.txt"),
    include_str!("lexicon/de.txt"),
];

/// Two spellings with a slip in as many letters are taken for one word.
const LETTERS_PER_SLIP: usize = 8;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::parse);

/// What a header can mean, by its name in `concepts.txt`; the same for all kinds of records.
pub(super) type Concept = &'static str;

/// All that is known of headers.
#[derive(Debug)]
pub(super) struct Lexicon {
    fields: HashMap<Concept, Vec<Candidate>>,
    exact: HashMap<String, Vec<Concept>>,
    stems: HashMap<String, Vec<Concept>>,
    /// The keys of `exact` by their numbers of letters.
    lengths: BTreeMap<usize, Vec<String>>,
    /// Every term as words.
    terms: Vec<(Words, Concept)>,
    /// Words that qualify a header without changing what it means, by language.
    pub qualifiers: Vec<Qualifiers>,
    /// Words for abbreviations, by language.
    shorts: Vec<HashMap<String, &'static str>>,
    /// Rules that go before qualifiers are taken away, and those that go after.
    pub rules: Rules,
}

#[derive(Debug)]
struct Candidate {
    only: Option<&'static str>,
    field: &'static str,
}

/// One language's qualifying words, by what they say: `company` in `Company Phone`.
#[derive(Debug, Default)]
pub(super) struct Qualifiers(HashMap<&'static str, Vec<Glob>>);

impl Qualifiers {
    /// Whether `token` is one of the words under `name`.
    pub fn has(&self, name: &str, token: &str) -> bool {
        self.0.get(name).is_some_and(|globs| globs.iter().any(|glob| glob.fits(token)))
    }
}

/// The lexicon.
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn parse() -> Self {
        let mut lexicon = Self {
            fields: lines(CONCEPTS).map(|(concept, fields)| (concept, candidates(fields))).collect(),
            exact: HashMap::new(),
            stems: HashMap::new(),
            lengths: BTreeMap::new(),
            terms: Vec::new(),
            qualifiers: Vec::new(),
            shorts: Vec::new(),
            rules: Rules::parse(RULES),
        };
        for language in LANGUAGES {
            lexicon.add(language);
        }
        for term in lexicon.exact.keys() {
            lexicon.lengths.entry(term.chars().count()).or_default().push(term.clone());
        }
        lexicon
    }

    fn add(&mut self, language: &'static str) {
        let mut qualifiers = Qualifiers::default();
        let mut shorts = HashMap::new();
        for (name, terms) in lines(language) {
            let terms = terms.split(',').map(str::trim);
            if let Some(name) = name.strip_prefix('~') {
                qualifiers.0.insert(name, terms.map(Glob::new).collect());
                continue;
            }
            if let Some(word) = name.strip_prefix('=') {
                shorts.extend(terms.map(|short| (Words::of(short).squashed(), word)));
                continue;
            }
            for words in terms.map(Words::of) {
                push(&mut self.exact, words.squashed(), name);
                push(&mut self.stems, words.stems(), name);
                self.terms.push((words, name));
            }
        }
        self.qualifiers.push(qualifiers);
        self.shorts.push(shorts);
    }

    /// The words with abbreviations written out, in each language that knows one of them.
    pub fn written_out(&self, words: &Words) -> impl Iterator<Item = Words> {
        let full = |shorts: &HashMap<String, &'static str>| {
            let tokens = words.tokens.iter().map(|token| shorts.get(token).copied().unwrap_or(token));
            Words::of(&tokens.collect::<Vec<_>>().join(" "))
        };
        self.shorts.iter().map(full).filter(move |full| full != words)
    }

    /// What exactly these words mean.
    pub fn exact(&self, words: &Words) -> &[Concept] {
        self.exact.get(&words.squashed()).map_or(&[], Vec::as_slice)
    }

    /// What these words mean in any order and with any ending.
    pub fn stemmed(&self, words: &Words) -> &[Concept] {
        self.stems.get(&words.stems()).map_or(&[], Vec::as_slice)
    }

    /// What the known header means that is spelled like these words but for a few slips, none of them
    /// in the first letter.
    pub fn nearest(&self, words: &Words) -> &[Concept] {
        let key = words.squashed();
        let (first, length) = (key.chars().next(), key.chars().count());
        // A letter too many or too few is a slip: terms of other lengths need no closer look.
        let lengths = length - length / LETTERS_PER_SLIP..=length + length / (LETTERS_PER_SLIP - 1);
        let terms =
            self.lengths.range(lengths).flat_map(|(of, terms)| terms.iter().map(move |term| (length.max(*of), term)));
        let begun = terms.filter(|(_, term)| term.chars().next() == first);
        let counted = begun.map(|(longer, term)| (strsim::osa_distance(&key, term), longer, term));
        let alike = counted.filter(|(slips, longer, _)| slips * LETTERS_PER_SLIP <= *longer);
        // The term breaks ties, so that the same header always means the same.
        let best = alike.min_by_key(|(slips, _, term)| (*slips, *term));
        best.and_then(|(.., term)| self.exact.get(term)).map_or(&[], Vec::as_slice)
    }

    /// What the terms mean whose words begin with these.
    pub fn begun(&self, words: &Words) -> impl Iterator<Item = Concept> {
        let begins = |term: &Words| {
            let pairs = || term.tokens.iter().zip(&words.tokens);
            term.tokens.len() == words.tokens.len() && pairs().all(|(word, start)| word.starts_with(start))
        };
        self.terms.iter().filter(move |(term, _)| begins(term)).map(|(_, concept)| *concept)
    }

    /// The names of the fields that can hold `concept` in a record of `kind`, best first.
    pub fn fields(&self, concept: &str, kind: EntityKind) -> impl Iterator<Item = &'static str> {
        let kind = kind_name(kind);
        let all = self.fields.get(concept).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |one| one.only.is_none_or(|only| only == kind)).map(|one| one.field)
    }
}

/// The name under which a kind of record stands in the data files.
pub(super) fn kind_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Lead => "lead",
        EntityKind::Contact => "contact",
        EntityKind::Company => "company",
        EntityKind::Deal => "deal",
        EntityKind::Quote => "quote",
        EntityKind::Invoice => "invoice",
        EntityKind::Smart(_) => "smart",
    }
}

fn push(map: &mut HashMap<String, Vec<Concept>>, key: String, concept: Concept) {
    let concepts = map.entry(key).or_default();
    if !concepts.contains(&concept) {
        concepts.push(concept);
    }
}

fn candidates(fields: &'static str) -> Vec<Candidate> {
    let one = |word: &'static str| match word.split_once(':') {
        Some((only, field)) => Candidate { only: Some(only), field },
        None => Candidate { only: None, field: word },
    };
    fields.split_whitespace().map(one).collect()
}

/// A data file's `name: content` lines.
fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let content = text.lines().filter(|line| !line.starts_with('#'));
    content.filter_map(|line| line.split_once(':')).map(|(name, rest)| (name.trim(), rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_data_files_is_a_concept() {
        let lexicon = lexicon();
        let named = lexicon.exact.values().flatten().chain(lexicon.rules.concepts());
        for concept in named {
            assert!(lexicon.fields.contains_key(concept), "{concept}");
        }
    }

    #[test]
    fn no_language_gives_one_header_two_meanings() {
        for language in LANGUAGES {
            let mut seen = HashMap::new();
            for (name, terms) in lines(language).filter(|(name, _)| !name.starts_with(['~', '='])) {
                for key in terms.split(',').map(|term| Words::of(term).squashed()) {
                    let before = seen.insert(key.clone(), name);
                    assert!(before.is_none_or(|before| before == name), "{key}: {before:?} and {name}");
                }
            }
        }
    }
}
