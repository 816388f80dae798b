//! How many segments a text takes, by Twilio's own counting:
//! <https://www.twilio.com/docs/glossary/what-sms-character-limit>.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Written as an escape and a second septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

pub(super) fn count(text: &str) -> usize {
    let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (units, single, part) = match gsm {
        Some(units) => (units, 160, 153),
        None => (text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    if units.iter().sum::<usize>() <= single {
        return 1;
    }
    let (mut segments, mut filled) = (1, 0);
    for unit in units {
        // Neither an escape nor a surrogate pair is split.
        if filled + unit > part {
            segments += 1;
            filled = 0;
        }
        filled += unit;
    }
    segments
}

fn septets(letter: char) -> Option<usize> {
    if BASIC.contains(letter) {
        return Some(1);
    }
    EXTENSION.contains(letter).then_some(2)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::gsm_full("a".repeat(160), 1)]
    #[case::gsm_over("a".repeat(161), 2)]
    #[case::two_full("a".repeat(306), 2)]
    #[case::two_over("a".repeat(307), 3)]
    #[case::escape_fits("a".repeat(158) + "€", 1)]
    #[case::escape_over("a".repeat(159) + "€", 2)]
    #[case::escape_is_not_split("a".repeat(152) + "€" + &"a".repeat(152), 3)]
    #[case::turkish_full("ş".repeat(70), 1)]
    #[case::turkish_over("ş".repeat(71), 2)]
    #[case::turkish_two_full("ş".repeat(134), 2)]
    #[case::turkish_two_over("ş".repeat(135), 3)]
    #[case::pair_over("a".repeat(69) + "😀", 2)]
    #[case::pair_is_not_split("ş".repeat(66) + "😀" + &"ş".repeat(66), 3)]
    #[case::gsm_letters_of_turkish("ÇÖÜöü".repeat(32), 1)]
    #[case::others_are_not("ç".repeat(71), 2)]
    #[case::empty(String::new(), 1)]
    fn counts_as_twilio_does(#[case] text: String, #[case] segments: usize) {
        assert_eq!(count(&text), segments);
    }
}
