//! A written number cut into digits, words and signs.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of a written number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Digits with the separators between them.
    Digits(String),
    /// A word, a currency's sign, `%` or `~`.
    Word(String),
    /// `+`, `-` or a bracket.
    Sign(char),
}

/// The text cut into numbers, words and signs. `None` at a sign that no number has beside it.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let plain: String = text.chars().map(plain).collect();
    let mut rest = plain.chars().peekable();
    while let Some(&c) = rest.peek() {
        let starts_number = c.is_ascii_digit() || matches!(c, '.' | ',') && digit_follows(&rest, 1);
        if starts_number {
            found.push(Token::Digits(digits(&mut rest)));
        } else if c.is_alphabetic() {
            let mut word = String::new();
            while let Some(c) = rest.next_if(|c| c.is_alphabetic()) {
                word.push(c);
            }
            found.push(Token::Word(word));
        } else {
            rest.next();
            match c {
                '%' | '~' | '≈' | '₺' | '$' | '€' | '£' | '₽' | '₼' | '₸' | '₴' | '₾' => {
                    found.push(Token::Word(c.to_string()));
                }
                '+' | '-' | '(' | ')' => found.push(Token::Sign(c)),
                ' ' | '.' | ',' | ':' | '=' | '\'' => {}
                _ => return None,
            }
        }
    }
    Some(found)
}

/// One spelling for blanks, apostrophes, minus signs and digits of other scripts.
fn plain(c: char) -> char {
    match c {
        c if c.is_whitespace() => ' ',
        '’' | '‘' | 'ʼ' | '´' | '`' | '٬' => '\'',
        '−' | '–' | '—' => '-',
        '٫' => ',',
        '％' => '%',
        '٠'..='٩' => ascii_digit(c, '٠'),
        '۰'..='۹' => ascii_digit(c, '۰'),
        '０'..='９' => ascii_digit(c, '０'),
        c => c,
    }
}

fn ascii_digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

fn digit_follows(rest: &Peekable<Chars<'_>>, skipped: usize) -> bool {
    rest.clone().nth(skipped).is_some_and(|c| c.is_ascii_digit())
}

/// Takes one number with the signs inside it, and the `,-` of a price without cents.
fn digits(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut taken = String::new();
    while let Some(&c) = rest.peek() {
        let inside = match c {
            '.' | ',' | '\'' => digit_follows(rest, 1),
            ' ' => group_follows(&taken, rest),
            c => c.is_ascii_digit(),
        };
        if !inside {
            break;
        }
        taken.push(c);
        rest.next();
    }
    let mut after = rest.clone();
    if after.next_if(|c| matches!(c, '.' | ',')).is_some() && after.next_if_eq(&'-').is_some() {
        after.next_if_eq(&'-');
        *rest = after;
    }
    taken
}

/// Whether the blank that comes next parts thousands: up to three digits before it, three after it.
fn group_follows(taken: &str, rest: &Peekable<Chars<'_>>) -> bool {
    let before = taken.chars().rev().take_while(char::is_ascii_digit).count();
    let after = rest.clone().skip(1).take_while(char::is_ascii_digit).count();
    before <= 3 && after == 3 && !taken.contains(['.', ','])
}
