//! Phone numbers.
//!
//! A number that is valid for the column's region, or names its country, becomes E.164. Any other number
//! of seven to fifteen digits, and each with an extension, stays as the sheet has it: better a foreign
//! number without its country than none. The kind is what a label beside it says, else
//! [`ContactKind::Work`] as in the CRM; that a number belongs to a mobile network is not taken for a label.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};

use super::blank::tidy;
use super::label::{Label, label};
use crate::field::FieldKind;
use crate::mapping::ColumnStyle;
use crate::multi::distinct;
use crate::reason::Reason;
use crate::text::fold;
use crate::value::{ContactKind, ContactValue, FieldValue};

/// Digits beside which a shorter run is a part of a number or an extension, not a number of its own.
const LEAST_DIGITS: usize = 5;

/// All the numbers of a cell; when one of them cannot be read, none is.
pub(super) fn read(text: &str, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    let found = numbers(without_decimals(text), style.region.parse().ok()).ok_or(Reason::NotAPhone)?;
    Ok(FieldValue::Contacts(distinct(FieldKind::Phone, found)))
}

/// A number that a program took for one with decimals (`905321234567.0`), without them.
fn without_decimals(text: &str) -> &str {
    match text.rsplit_once(['.', ',']) {
        Some((number, "0" | "00"))
            if number.len() >= 10 && number.trim_start_matches('+').bytes().all(|c| c.is_ascii_digit()) =>
        {
            number
        }
        _ => text,
    }
}

/// The number that `text` is, or else the several that signs, words, blanks or dashes part.
fn numbers(text: &str, region: Option<Region>) -> Option<Vec<ContactValue>> {
    let piece = Piece::of(text);
    if let Some(contact) = piece.as_ref().and_then(|piece| piece.international(region)) {
        return Some(vec![contact]);
    }
    // A slash parts weaker than the others: `030 901820; 0171/1234567` are two numbers.
    for signs in [",;|\n&•", "/\\"] {
        let parts = parts(text, signs);
        if parts.len() > 1 {
            return parts
                .into_iter()
                .map(|part| numbers(part, region))
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat());
        }
    }
    let piece = piece?;
    let loose = || piece.may_be_one().then(|| vec![piece.as_it_stands()]);
    several(text, region).or_else(loose)
}

/// Numbers that nothing but blanks or dashes part: each must be valid, or the cuts would be guesses.
fn several(text: &str, region: Option<Region>) -> Option<Vec<ContactValue>> {
    text.match_indices([' ', '\u{a0}', '-', '–', '—']).find_map(|(at, sign)| {
        let first = Piece::of(&text[..at])?.international(region)?;
        let rest = &text[at + sign.len()..];
        let second = Piece::of(rest).and_then(|piece| piece.international(region));
        let others = second.map(|contact| vec![contact]).or_else(|| several(rest, region))?;
        Some([vec![first], others].concat())
    })
}

/// The text between separators; what has too few digits to be a number (`/38`, `, dahili 12`) stays with
/// the one before it.
fn parts<'a>(text: &'a str, signs: &str) -> Vec<&'a str> {
    let separators = separators(text, signs);
    let ends = separators.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let mut parts = Vec::new();
    let mut start = 0;
    for ((at, length), end) in separators.iter().zip(ends) {
        let next = &text[(at + length).min(end)..end];
        if digit_count(&text[start..*at]) >= LEAST_DIGITS && digit_count(next) >= LEAST_DIGITS {
            parts.push(&text[start..*at]);
            start = at + length;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Where a separator stands and how long it is; words part like the stronger signs.
fn separators(text: &str, signs: &str) -> Vec<(usize, usize)> {
    const WORDS: [&str; 9] = [" veya ", " ya da ", " ve ", " or ", " and ", " oder ", " und ", " или ", " и "];
    let mut found: Vec<_> = text.match_indices(|c| signs.contains(c)).map(|(at, sign)| (at, sign.len())).collect();
    for word in WORDS {
        found.extend(text.match_indices(word).map(|(at, hit)| (at, hit.len())));
    }
    found.sort_unstable();
    found
}

fn digit_count(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// One number of a cell.
struct Piece<'a> {
    /// The number as it stands, without labels.
    text: &'a str,
    /// Its digits without the extension, after a `+` if it has one.
    digits: String,
    kind: ContactKind,
    extended: bool,
}

impl<'a> Piece<'a> {
    /// `None` when there are other words than labels, or too few digits.
    fn of(text: &'a str) -> Option<Self> {
        let text = tidy(without_remark(text));
        let extension = extension(text);
        let main = &text[..extension.unwrap_or(text.len())];
        let mut kind = None;
        for word in main.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            match label(&fold(word))? {
                Label::Kind(said) => kind = kind.or(Some(said)),
                Label::Silent => {}
            }
        }
        let number = spelled(if extension.is_some() { text } else { main })?;
        let plus = if number.trim_start_matches('(').starts_with(['+', '＋']) { "+" } else { "" };
        let digits: String = main.chars().filter(char::is_ascii_digit).collect();
        let piece = Self {
            text: number,
            digits: format!("{plus}{digits}"),
            kind: kind.unwrap_or_default(),
            extended: extension.is_some(),
        };
        (digits.len() >= LEAST_DIGITS).then_some(piece)
    }

    /// E.164, when the number is valid and has no extension, which E.164 cannot hold.
    fn international(&self, region: Option<Region>) -> Option<ContactValue> {
        if self.extended {
            return None;
        }
        let valid = |number: &str| {
            let parsed = PHONE_NUMBER_UTIL.parse(number, region).ok().filter(PhoneNumber::is_valid)?;
            Some(parsed.format_as(PhoneNumberFormat::E164).into_owned())
        };
        let dialled = || self.digits.strip_prefix("00").and_then(|rest| valid(&format!("+{rest}")));
        let value = valid(&self.digits).or_else(dialled)?;
        Some(ContactValue { value, kind: self.kind })
    }

    /// As long as numbers are, and not one digit typed to fill the cell.
    fn may_be_one(&self) -> bool {
        let digits = self.digits.trim_start_matches('+');
        (7..=15).contains(&digits.len()) && digits.bytes().any(|digit| !digits.starts_with(char::from(digit)))
    }

    fn as_it_stands(&self) -> ContactValue {
        ContactValue { value: self.text.to_owned(), kind: self.kind }
    }
}

/// The text without a remark in brackets after the number (`(Ece Hanım)`); a label there stays.
fn without_remark(text: &str) -> &str {
    let Some((number, remark)) = text.trim_end().strip_suffix(')').and_then(|text| text.rsplit_once('(')) else {
        return text;
    };
    let mut words = remark.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let is_remark = digit_count(remark) == 0 && words.any(|word| label(&fold(word)).is_none());
    if is_remark && digit_count(number) >= LEAST_DIGITS { number } else { text }
}

/// The part of `text` from its first digit (with the sign or bracket before it) to its last.
fn spelled(text: &str) -> Option<&str> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    let start = text[..first].trim_end_matches(['(', '+', '＋', ' ']).len();
    let start = start + text[start..first].find(['(', '+', '＋']).unwrap_or(first - start);
    let closed = text[last + 1..].starts_with(')')
        && text[start..=last].matches('(').count() > text[start..=last].matches(')').count();
    Some(&text[start..=last + usize::from(closed)])
}

/// Whether `text` is a number with an extension behind it.
pub(crate) fn has_extension(text: &str) -> bool {
    extension(text).is_some()
}

/// Where an extension begins: a word for it or `#`, up to seven digits, the end.
fn extension(text: &str) -> Option<usize> {
    const WORDS: [&str; 13] = [
        "x",
        "ext",
        "extension",
        "dahili",
        "dah",
        "dhl",
        "hat",
        "ic hat",
        "durchwahl",
        "dw",
        "доб",
        "добавочныи",
        "вн",
    ];
    let before = text.trim_end_matches(')').trim_end_matches(|c: char| c.is_ascii_digit());
    let count = digit_count(&text[before.len()..]);
    let marked = before.trim_end_matches([' ', '.', ':', '\u{a0}']);
    let start = match marked.strip_suffix('#') {
        Some(number) => number.len(),
        None => marked.trim_end_matches(|c: char| c.is_alphabetic()).len(),
    };
    let word = fold(&marked[start..]);
    let is_marked = marked[start..].starts_with('#') || WORDS.contains(&word.as_str());
    ((1..=7).contains(&count) && is_marked && digit_count(&text[..start]) >= LEAST_DIGITS).then_some(start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn shown(text: &str, region: &str) -> Result<String, Reason> {
        let style = ColumnStyle { region: region.to_owned(), ..ColumnStyle::turkish() };
        let FieldValue::Contacts(contacts) = read(text, &style)? else { panic!("{text} gives no contacts") };
        let show = |contact: &ContactValue| match contact.kind {
            ContactKind::Work => contact.value.clone(),
            kind => format!("{} {kind:?}", contact.value),
        };
        Ok(contacts.iter().map(show).collect::<Vec<_>>().join(" | "))
    }

    #[rstest]
    #[case("5352477117", "+905352477117")]
    #[case("905437405957", "+905437405957")]
    #[case("0090 554 293 8933", "+905542938933")]
    #[case("0(533) 469-3600", "+905334693600")]
    #[case("532.699.59.61", "+905326995961")]
    #[case("(+90) 532 111 22 33", "+905321112233")]
    #[case("+90 (0) 532 111 22 33", "+905321112233")]
    #[case("0532 748 12 46 / 0212 259 74 37", "+905327481246 | +902122597437")]
    #[case("0532 748 12 46, 0212 259 74 37; 0533 469 36 00", "+905327481246 | +902122597437 | +905334693600")]
    #[case("0532 748 12 46 veya 0212 259 74 37", "+905327481246 | +902122597437")]
    #[case("0532 748 12 46 - 0212 259 74 37", "+905327481246 | +902122597437")]
    #[case("05327481246 02122597437 05334693600", "+905327481246 | +902122597437 | +905334693600")]
    #[case("0532 748 12 46\n0532 748 12 46", "+905327481246")]
    #[case("Cep: 0532 748 12 46 İş: 0212 259 74 37", "+905327481246 Mobile | +902122597437")]
    #[case("Cep: 0532 748 12 46 / İş: 0212 259 74 37", "+905327481246 Mobile | +902122597437")]
    #[case("0532 748 12 46 (Ece Hanım)", "+905327481246")]
    #[case("0532 748 12 46 (Ece), 0212 259 74 37 (iş)", "+905327481246 | +902122597437")]
    #[case("0532 748 12 46 (GSM)", "+905327481246 Mobile")]
    #[case("Tel: 0212 259 74 37, Faks: 0212 259 74 38", "+902122597437 | +902122597438 Fax")]
    #[case("📞 0212 259 74 37 (ev)", "+902122597437 Home")]
    #[case("tel:+90-212-259-74-37", "+902122597437")]
    #[case("0212 259 74 37 dahili 12", "0212 259 74 37 dahili 12")]
    #[case("Tel: 0212 259 74 37, dahili: 12", "0212 259 74 37, dahili: 12")]
    #[case("0212 259 74 37 (ext. 5)", "0212 259 74 37 (ext. 5)")]
    #[case("0212 259 74 37 #12", "0212 259 74 37 #12")]
    #[case("0212 259 74 37/38", "0212 259 74 37/38")]
    #[case("846-790-4623x4715", "846-790-4623x4715")]
    #[case("(772)492-3142", "(772)492-3142")]
    #[case("001-680-204-8312", "+16802048312")]
    #[case("259 74 37", "259 74 37")]
    #[case("8 (916) 123-45-67", "8 (916) 123-45-67")]
    #[case("+49 171 1234567", "+491711234567")]
    #[case("905321234567.0", "+905321234567")]
    #[case("5321234567,00", "+905321234567")]
    fn turkish_sheets(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(shown(text, "TR"), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case("0171/1234567", "DE", "+491711234567")]
    #[case("+49 (0)30 901820", "DE", "+4930901820")]
    #[case("030 901820 oder 0171/1234567", "DE", "+4930901820 | +491711234567")]
    #[case("8 (916) 123-45-67", "RU", "+79161234567")]
    #[case("моб. 8 916 123 45 67", "RU", "+79161234567 Mobile")]
    #[case("(202) 155-0173", "US", "(202) 155-0173")]
    #[case("0090 532 748 12 46", "US", "+905327481246")]
    #[case("+90 532 748 12 46", "", "+905327481246")]
    fn other_regions(#[case] text: &str, #[case] region: &str, #[case] expected: &str) {
        assert_eq!(shown(text, region), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case("aranacak")]
    #[case("112")]
    #[case("Ali 0532 748 12 46")]
    #[case("0532 748 12 46 / sor")]
    #[case("1234567890123456")]
    #[case("info@firma.com")]
    #[case("5.35E+9")]
    #[case("00000000000")]
    #[case("111 111 11 11")]
    fn what_is_no_number_is_refused(#[case] text: &str) {
        assert_eq!(shown(text, "TR"), Err(Reason::NotAPhone));
    }

    proptest! {
        #[test]
        fn every_turkish_mobile_reads_the_same_in_all_shapes(rest in 0u32..10_000_000) {
            let (a, b, c) = (rest / 10_000, rest / 100 % 100, rest % 100);
            for text in [format!("0532{rest:07}"), format!("+90 532 {a:03} {b:02} {c:02}"),
                format!("0(532) {a:03}-{b:02}{c:02}"), format!("532.{a:03}.{b:02}.{c:02}"), format!("90532{rest:07}")] {
                prop_assert_eq!(shown(&text, "TR"), Ok(format!("+90532{rest:07}")), "{}", text);
            }
        }
    }
}
