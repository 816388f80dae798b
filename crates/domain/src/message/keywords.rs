//! The words by which a recipient ends and resumes messages.

use serde::{Deserialize, Serialize};

use crate::text::fold;

/// What a recipient asks for with a word of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptWord {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// What this is about.
    Help,
}

/// What `text`, a whole incoming message, asks for. Case, accents, punctuation and the two letters i make
/// no difference; a sentence with such a word in it asks for nothing. The English words are those that
/// Twilio obeys by itself.
#[must_use]
pub fn opt_word(text: &str) -> Option<OptWord> {
    match fold(text).as_str() {
        "stop" | "stopall" | "stop all" | "unsubscribe" | "end" | "quit" | "revoke" | "optout" | "opt out"
        | "cancel" | "dur" | "durdur" | "iptal" | "ret" | "red" | "cik" => Some(OptWord::Stop),
        "start" | "unstop" | "yes" | "basla" | "baslat" => Some(OptWord::Start),
        "help" | "info" | "yardim" => Some(OptWord::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use OptWord::{Help, Start, Stop};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const WORDS: [(&str, OptWord); 24] = [
        ("STOP", Stop),
        ("STOPALL", Stop),
        ("STOP ALL", Stop),
        ("UNSUBSCRIBE", Stop),
        ("END", Stop),
        ("QUIT", Stop),
        ("REVOKE", Stop),
        ("OPTOUT", Stop),
        ("OPT OUT", Stop),
        ("CANCEL", Stop),
        ("DUR", Stop),
        ("DURDUR", Stop),
        ("İPTAL", Stop),
        ("RET", Stop),
        ("RED", Stop),
        ("ÇIK", Stop),
        ("START", Start),
        ("UNSTOP", Start),
        ("YES", Start),
        ("BAŞLA", Start),
        ("BAŞLAT", Start),
        ("HELP", Help),
        ("INFO", Help),
        ("YARDIM", Help),
    ];

    /// Lower case by Turkish rules.
    fn turkish_lower(text: &str) -> String {
        text.replace('I', "ı").replace('İ', "i").to_lowercase()
    }

    #[test]
    fn every_word_counts_in_any_case_by_either_language() {
        for (word, asked) in WORDS {
            let title: String = word.chars().take(1).chain(turkish_lower(word).chars().skip(1)).collect();
            for text in [word.to_owned(), word.to_lowercase(), turkish_lower(word), title, word.replace('İ', "I")] {
                assert_eq!(opt_word(&text), Some(asked), "{text}");
                assert_eq!(opt_word(&format!(" \n«{text}»!.. 🙏")), Some(asked), "{text}");
            }
        }
    }

    #[rstest]
    #[case("Opt-out")]
    #[case("stop  all.")]
    #[case("CIK")]
    #[case("ＳＴＯＰ")]
    fn loose_spellings_count(#[case] text: &str) {
        assert_eq!(opt_word(text), Some(Stop));
    }

    #[rstest]
    #[case("")]
    #[case("...")]
    #[case("Siparişi iptal etmeyin")]
    #[case("Please do not stop")]
    #[case("evet gelirim")]
    #[case("durak")]
    #[case("s t o p")]
    #[case("yarın ararım")]
    fn sentences_ask_for_nothing(#[case] text: &str) {
        assert_eq!(opt_word(text), None);
    }

    proptest! {
        #[test]
        fn a_word_beside_it_makes_a_sentence(at in 0..WORDS.len(), other in "[a-zşç]{1,8}") {
            prop_assume!(other != "all");
            prop_assert_eq!(opt_word(&format!("{} {other}", WORDS[at].0)), None);
        }
    }
}
