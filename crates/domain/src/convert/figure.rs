//! A number as people write it: with currencies, `bin` and `milyon`, percent signs, tax in brackets.
//!
//! What is clear is read: `yaklaşık 50 bin` is the amount that was named, `12.000 TL + KDV` the net
//! amount. What names no single number is not: ranges (`10-15 bin`), alternatives, bounds (`50.000+`).

use rust_decimal::Decimal;

use super::money::currency;
use super::separators::{Evidence, evidence, parse};
use super::style::Vote;
use super::tokens::{Token, tokens};
use crate::mapping::DecimalMark;
use crate::text::fold;

/// A number and what was said beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) value: Decimal,
    /// ISO 4217, when a currency is named.
    pub(super) currency: Option<&'static str>,
    /// Whether it is a percentage; the value is the number before the sign.
    pub(super) percent: bool,
}

/// Reads `text`; `mark` decides `137.653`, unless a currency stands beside it: prices have no thousandths.
pub(super) fn figure(text: &str, mark: DecimalMark) -> Option<Figure> {
    let tokens = tokens(text)?;
    let priced = tokens.iter().any(is_currency);
    let mut reading = Reading { priced, ..Reading::default() };
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Digits(digits) => reading.parts.push(Part { digits, half: false, scale: 1 }),
            Token::Word(word) => reading.word(word)?,
            Token::Sign('+') if !reading.parts.is_empty() => {
                if !tokens[at..].iter().any(|token| matches!(token, Token::Word(word) if is_tax(&fold(word)))) {
                    return None;
                }
                reading.open.clear();
                break;
            }
            // `5.000-TL` is a price without cents, no range.
            Token::Sign('-') if !reading.parts.is_empty() && tokens.get(at + 1).is_some_and(is_currency) => {}
            Token::Sign(sign) => reading.sign(*sign)?,
        }
    }
    reading.figure(mark)
}

/// The decimal mark that a column's cell speaks for.
pub(super) fn vote(text: &str) -> Option<Vote<DecimalMark>> {
    figure(text, DecimalMark::Comma).or_else(|| figure(text, DecimalMark::Dot))?;
    let tokens = tokens(text)?;
    let scaled = tokens.iter().any(|token| matches!(token, Token::Word(word) if scale(word, true).is_some()));
    let digits = tokens.iter().find_map(|token| if let Token::Digits(digits) = token { Some(digits) } else { None })?;
    match evidence(digits) {
        Evidence::Sure(mark) => Some(Vote::Sure(mark)),
        Evidence::Single(mark) if !scaled => Some(Vote::Likely(mark)),
        // Three places are rather a group than thousandths.
        Evidence::Open(mark) if !scaled => Some(Vote::Leans(mark.other())),
        _ => None,
    }
}

/// A number within the text: `1 buçuk milyon` is 1 and a half, a million times.
struct Part<'a> {
    digits: &'a str,
    half: bool,
    scale: u32,
}

#[derive(Default)]
struct Reading<'a> {
    parts: Vec<Part<'a>>,
    currency: Option<&'static str>,
    priced: bool,
    percent: bool,
    minus: bool,
    /// How many parts stood before each bracket that is still open.
    open: Vec<usize>,
}

impl Reading<'_> {
    fn word(&mut self, word: &str) -> Option<()> {
        if let Some(code) = currency(word) {
            return (*self.currency.get_or_insert(code) == code).then_some(());
        }
        if let Some(factor) = scale(word, self.priced) {
            let last = self.parts.last_mut().filter(|part| part.scale == 1)?;
            last.scale = factor;
            return Some(());
        }
        let folded = fold(word);
        if is_half(&folded) {
            return self.half();
        }
        let percent = is_percent(word, &folded);
        self.percent |= percent;
        (percent || is_filler(word, &folded)).then_some(())
    }

    /// `2 buçuk` adds to the number before it, `yarım milyon` is one by itself.
    fn half(&mut self) -> Option<()> {
        match self.parts.last_mut() {
            Some(part) if part.scale == 1 && !part.half => part.half = true,
            Some(_) => return None,
            None => self.parts.push(Part { digits: "0", half: true, scale: 1 }),
        }
        Some(())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        match sign {
            '(' => self.open.push(self.parts.len()),
            ')' => self.minus |= self.open.pop()? < self.parts.len(),
            '-' if self.parts.is_empty() && !self.minus => self.minus = true,
            '+' => {}
            _ => return None,
        }
        Some(())
    }

    fn figure(self, mark: DecimalMark) -> Option<Figure> {
        if !self.open.is_empty() {
            return None;
        }
        let mut total = Decimal::ZERO;
        let mut above: Option<u32> = None;
        for Part { digits, half, scale } in self.parts {
            let plain_price = self.priced && scale == 1;
            let number = parse(digits, mark_of(digits, mark, plain_price))?;
            if half && !number.is_integer() {
                return None;
            }
            let number = if half { number.checked_add(Decimal::new(5, 1))? } else { number };
            let value = number.checked_mul(scale.into())?;
            if !above.is_none_or(|above| follows(above, scale, value)) {
                return None;
            }
            total = total.checked_add(value)?;
            above = Some(scale);
        }
        above?;
        let value = if self.minus { -total } else { total }.normalize();
        Some(Figure { value, currency: self.currency, percent: self.percent })
    }
}

/// Whether a part goes on counting: `1 milyon 200 bin`, `2 bin 500`; not `1 milyon 200`, which may mean
/// either.
fn follows(above: u32, scale: u32, value: Decimal) -> bool {
    let steps_down = scale < above && value < above.into() && value.is_integer();
    steps_down && (scale > 1 || above == 1_000)
}

fn mark_of(digits: &str, default: DecimalMark, priced: bool) -> DecimalMark {
    match evidence(digits) {
        Evidence::Sure(mark) | Evidence::Single(mark) => mark,
        Evidence::Open(mark) if priced => mark.other(),
        Evidence::Open(_) | Evidence::None => default,
    }
}

/// `m` alone is a metre and `т` a tonne unless money is meant.
fn scale(word: &str, priced: bool) -> Option<u32> {
    if word == "M" || word == "m" && priced {
        return Some(1_000_000);
    }
    match fold(word).as_str() {
        "т" if priced => Some(1_000),
        "bin" | "k" | "tsd" | "tausend" | "thousand" | "тыс" | "тысяч" | "тысяча" | "тысячи" => {
            Some(1_000)
        }
        "milyon" | "mn" | "mln" | "mio" | "million" | "millions" | "millionen" | "млн" | "миллион" | "миллиона"
        | "миллионов" => Some(1_000_000),
        "milyar"
        | "mlr"
        | "mlrd"
        | "mrd"
        | "bn"
        | "billion"
        | "milliarde"
        | "milliarden"
        | "млрд"
        | "миллиард"
        | "миллиарда"
        | "миллиардов" => Some(1_000_000_000),
        _ => None,
    }
}

fn is_half(folded: &str) -> bool {
    matches!(folded, "bucuk" | "yarim" | "half")
}

fn is_currency(token: &Token) -> bool {
    matches!(token, Token::Word(word) if currency(word).is_some())
}

fn is_percent(word: &str, folded: &str) -> bool {
    word == "%" || matches!(folded, "yuzde" | "percent" | "prozent" | "процент" | "процента" | "процентов")
}

fn is_tax(folded: &str) -> bool {
    matches!(folded, "kdv" | "vat" | "tax" | "mwst" | "ust" | "ндс")
}

/// Words that leave the number as it is: about, in all, a unit that is counted, whether tax is in it.
fn is_filler(word: &str, folded: &str) -> bool {
    const ABOUT: &str = " yaklasik yakl takriben tahmini tahminen civari civarinda ca circa approx approximately about \
                         around etwa ungefahr rund около примерно ";
    const IN_ALL: &str = " toplam tutar fiyat bedel total amount price net brut netto brutto summe gesamt итого всего ";
    const UNIT: &str = " adet tane kisi calisan personel pcs piece pieces people employees stk stuck шт чел kg km cm mm ton gun day days tag tage дн днеи ";
    const TAX: &str = " dahil haric inkl incl including excl exkl excluding zzgl с без ";
    let listed = |words: &str| words.contains(&format!(" {folded} "));
    matches!(word, "~" | "≈") || is_tax(folded) || [ABOUT, IN_ALL, UNIT, TAX].iter().any(|words| listed(words))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use DecimalMark::{Comma, Dot};

    #[rstest]
    #[case("244 bin", "244000")]
    #[case("1.2 milyon", "1200000")]
    #[case("1,5 mn", "1500000")]
    #[case("1 milyon 200 bin TL", "1200000")]
    #[case("2 bin 500", "2500")]
    #[case("1 buçuk milyon", "1500000")]
    #[case("yarım milyon TL", "500000")]
    #[case("2 buçuk", "2.5")]
    #[case("3k", "3000")]
    #[case("2,5M", "2500000")]
    #[case("$1.2m", "1200000")]
    #[case("2 Mrd. €", "2000000000")]
    #[case("421604,78", "421604.78")]
    #[case("1234.5", "1234.5")]
    #[case("137.653", "137653")]
    #[case("126.228 ₺", "126228")]
    #[case("$1,200", "1200")]
    #[case("1 234 567,89 €", "1234567.89")]
    #[case("1\u{202f}234\u{a0}567", "1234567")]
    #[case("1'234.50", "1234.5")]
    #[case("١٬٢٣٤٫٥", "1234.5")]
    #[case("(1.200,00)", "-1200")]
    #[case("(₺1.200,00)", "-1200")]
    #[case("−5", "-5")]
    #[case("-$50", "-50")]
    #[case("+5", "5")]
    #[case("%12", "12")]
    #[case("12,5 %", "12.5")]
    #[case("yüzde 40", "40")]
    #[case("12.000 TL + KDV", "12000")]
    #[case("12.000 TL + %20 KDV", "12000")]
    #[case("12.000 TL (KDV dahil)", "12000")]
    #[case("12.000 TL (+KDV)", "12000")]
    #[case("yaklaşık 50 bin", "50000")]
    #[case("~50.000", "50000")]
    #[case("ca. 50.000 EUR", "50000")]
    #[case("1.200,- €", "1200")]
    #[case("1.200.-TL", "1200")]
    #[case("5.000-TL", "5000")]
    #[case("Toplam: 5.000", "5000")]
    #[case("25 kişi", "25")]
    #[case("007", "7")]
    fn turkish_habits(#[case] text: &str, #[case] expected: &str) {
        let value = figure(text, Comma).unwrap_or_else(|| panic!("{text} is refused")).value;
        assert_eq!(value.to_string(), expected);
    }

    #[rstest]
    #[case("137,653", "137653")]
    #[case("137.653", "137.653")]
    #[case("421604,78", "421604.78")]
    #[case("€1.200", "1200")]
    #[case("1,234,567", "1234567")]
    #[case("$ 1,200.50", "1200.5")]
    fn english_habits(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(figure(text, Dot).unwrap().value.to_string(), expected);
    }

    #[rstest]
    #[case("10-15 bin")]
    #[case("100 veya 200")]
    #[case("100/200")]
    #[case("50.000 TL - 60.000 TL")]
    #[case("100 - $200")]
    #[case("%10 veya")]
    #[case("1 milyon 200")]
    #[case("10 20")]
    #[case("1,5 buçuk milyon")]
    #[case("2 bin buçuk")]
    #[case("50.000+")]
    #[case(">5000")]
    #[case("5000 + 1000")]
    #[case("12.05.2026")]
    #[case("0532 111 22 33")]
    #[case("(5")]
    #[case("5 Mart")]
    #[case("250 m")]
    #[case("bin")]
    #[case("")]
    #[case("99999999999999999999999999999999")]
    fn what_names_no_single_number_is_refused(#[case] text: &str) {
        assert_eq!(figure(text, Comma), None);
    }

    #[rstest]
    #[case("1,234.50", Some(Vote::Sure(Dot)))]
    #[case("833.467,00 TL", Some(Vote::Sure(Comma)))]
    #[case("1.234.567", Some(Vote::Sure(Comma)))]
    #[case("421604,78", Some(Vote::Likely(Comma)))]
    #[case("1.2 milyon", None)]
    #[case("137.653", Some(Vote::Leans(Comma)))]
    #[case("455210", None)]
    #[case("13.7.2026", None)]
    #[case("532.699.59.61", None)]
    fn a_cell_votes_by_its_spelling(#[case] text: &str, #[case] expected: Option<Vote<DecimalMark>>) {
        assert_eq!(vote(text), expected);
    }

    proptest! {
        #[test]
        fn a_formatted_number_reads_back(cents in -99_999_999_999i64..99_999_999_999) {
            let (whole, part) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
            let sign = if cents < 0 { "-" } else { "" };
            let plain = whole.to_string();
            let groups: Vec<&str> = plain.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            let expected = Decimal::new(cents, 2).normalize();
            for (point, comma) in [(".", ","), (",", "."), (" ", ","), ("\u{a0}", "."), ("'", "."), ("", ","), ("", ".")] {
                let text = format!("{sign}{}{comma}{part:02}", groups.join(point));
                for mark in [Comma, Dot] {
                    prop_assert_eq!(figure(&text, mark).map(|figure| figure.value), Some(expected), "{}", text);
                }
            }
        }
    }
}
