//! Headers known by some of their words.

use super::lexicon::Concept;
use super::normalise::Words;
use crate::text::fold;

/// A word, or its beginning (`тел*`), end (`*nummer`) or middle (`*mail*`).
#[derive(Debug)]
pub(super) struct Glob {
    word: String,
    open_start: bool,
    open_end: bool,
}

impl Glob {
    /// Reads a pattern of the data files.
    pub fn new(pattern: &str) -> Self {
        let pattern = pattern.trim();
        let (open_start, open_end) = (pattern.starts_with('*'), pattern.ends_with('*'));
        Self { word: fold(pattern), open_start, open_end }
    }

    /// Whether `token` is such a word.
    pub fn fits(&self, token: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => token == self.word,
            (false, true) => token.starts_with(&self.word),
            (true, false) => token.ends_with(&self.word),
            (true, true) => token.contains(&self.word),
        }
    }
}

#[derive(Debug)]
struct Rule {
    concept: Concept,
    begins: Vec<Glob>,
    groups: Vec<Vec<Glob>>,
    but_not: Vec<Glob>,
}

impl Rule {
    fn parse(line: &'static str) -> Option<Self> {
        let (concept, rest) = line.split_once(':')?;
        let (groups, but_not) = rest.split_once('!').unwrap_or((rest, ""));
        let (begins, groups) = match groups.trim_start().strip_prefix('^') {
            Some(groups) => groups.split_once('+').unwrap_or((groups, "*")),
            None => ("*", groups),
        };
        let groups = groups.split('+').map(globs).collect();
        Some(Self { concept, begins: globs(begins), groups, but_not: globs(but_not) })
    }

    fn fits(&self, words: &Words) -> bool {
        let any = |globs: &[Glob]| words.tokens.iter().any(|token| globs.iter().any(|glob| glob.fits(token)));
        let begins = words.tokens.first().is_some_and(|token| self.begins.iter().any(|glob| glob.fits(token)));
        begins && self.groups.iter().all(|group| any(group)) && !any(&self.but_not)
    }
}

fn globs(alternatives: &str) -> Vec<Glob> {
    alternatives.split('|').filter(|word| !word.trim().is_empty()).map(Glob::new).collect()
}

/// The rules of the data file, in its order.
#[derive(Debug)]
pub(super) struct Rules {
    first: Vec<Rule>,
    last: Vec<Rule>,
}

impl Rules {
    /// Reads the data file.
    pub fn parse(text: &'static str) -> Self {
        let (first, last) = text.split_once("[last]").unwrap_or((text, ""));
        let rules = |text: &'static str| text.lines().filter(|line| !line.starts_with('#')).filter_map(Rule::parse);
        Self { first: rules(first).collect(), last: rules(last).collect() }
    }

    /// What a rule says that goes before qualifying words are taken away.
    pub fn first(&self, words: &Words) -> Option<Concept> {
        self.first.iter().find(|rule| rule.fits(words)).map(|rule| rule.concept)
    }

    /// What a rule says of a header that nothing else explains.
    pub fn last(&self, words: &Words) -> Option<Concept> {
        self.last.iter().find(|rule| rule.fits(words)).map(|rule| rule.concept)
    }

    /// All meanings that rules give.
    #[cfg(test)]
    pub fn concepts(&self) -> impl Iterator<Item = &Concept> {
        self.first.iter().chain(&self.last).map(|rule| &rule.concept)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("*mail*", "emailadresse", true)]
    #[case("mobil*", "automobil", false)]
    #[case("*nummer", "kundennummer", true)]
    #[case("öncelik", "oncelik", true)]
    fn globs_fit_whole_words(#[case] pattern: &str, #[case] token: &str, #[case] fits: bool) {
        assert_eq!(Glob::new(pattern).fits(token), fits);
    }
}
