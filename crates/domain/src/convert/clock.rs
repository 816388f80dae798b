//! Times of day beside a date.

use jiff::civil::Time;
use jiff::tz::Offset;

/// A time and what stands around it.
pub(super) struct Clock {
    pub(super) time: Time,
    /// Its distance from UTC, when that is said.
    pub(super) offset: Option<Offset>,
    /// The text before and after it.
    pub(super) around: String,
}

/// The time of day in `text`, by its colon.
pub(super) fn clock(text: &str) -> Option<Clock> {
    let (before, after) = text.split_once(':')?;
    let around = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let hour: i8 = before[around.len()..].parse().ok()?;
    let (minute, mut rest) = two_digits(after)?;
    let mut second = 0;
    let mut exact = around.ends_with(['T', 't']);
    if let Some(seconds) = rest.strip_prefix(':') {
        (second, rest) = two_digits(seconds)?;
        exact = true;
        if let Some(fraction) =
            rest.strip_prefix(['.', ',']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    let (hour, rest) = half_day(hour, rest);
    let (offset, rest) = offset(rest, exact);
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some(Clock { time, offset, around: format!("{around} {rest}") })
}

fn two_digits(text: &str) -> Option<(i8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let number = digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok())??;
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some((number, rest))
}

/// The hour of twenty-four, and what follows `AM`, `PM`, `ÖÖ` (before noon) or `ÖS` (after it).
fn half_day(hour: i8, rest: &str) -> (i8, &str) {
    let marks = [("AM", false), ("am", false), ("a.m.", false), ("ÖÖ", false), ("PM", true), ("pm", true)];
    let marks = marks.into_iter().chain([("p.m.", true), ("ÖS", true)]);
    let trimmed = rest.trim_start();
    let found = marks.into_iter().find_map(|(mark, late)| Some((late, trimmed.strip_prefix(mark)?)));
    match found {
        Some((true, after)) if hour < 12 => (hour + 12, after),
        Some((false, after)) if hour == 12 => (0, after),
        Some((_, after)) => (hour, after),
        None => (hour, rest),
    }
}

/// `Z`, `UTC`, `+03:00`, `GMT+3`, and what follows.
fn offset(rest: &str, exact: bool) -> (Option<Offset>, &str) {
    let trimmed = rest.trim_start();
    let named = ["Z", "z", "UTC", "GMT"].into_iter().find_map(|name| trimmed.strip_prefix(name));
    // `14:00-15:00` is a span of time: only an exact moment has a bare offset.
    let signed = if exact || named.is_some() { distance(named.unwrap_or(trimmed)) } else { None };
    match (signed, named) {
        (Some((offset, after)), _) => (Some(offset), after),
        (None, Some(after)) => (Some(Offset::UTC), after),
        (None, None) => (None, rest),
    }
}

/// `+03:00`, `-0430`, `+3`.
fn distance(text: &str) -> Option<(Offset, &str)> {
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let unsigned = text.strip_prefix(['+', '-'])?;
    let rest = unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    let digits = unsigned[..unsigned.len() - rest.len()].replace(':', "");
    let (hours, minutes) = if digits.len() > 2 { digits.split_at(digits.len() - 2) } else { (digits.as_str(), "0") };
    let seconds = hours.parse::<i32>().ok()?.checked_mul(3600)? + minutes.parse::<i32>().ok()? * 60;
    Some((Offset::from_seconds(sign * seconds).ok()?, rest))
}

/// `31.12.2026 14.30` with a colon in its time.
pub(super) fn colon_for_dotted_time(text: &str) -> Option<String> {
    let (head, last) = text.rsplit_once(' ')?;
    let (hour, minute) = last.split_once('.')?;
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let is_time = matches!(hour.len(), 1..=2) && minute.len() == 2 && digits(hour) && digits(minute);
    (is_time && head.chars().filter(char::is_ascii_digit).count() >= 4).then(|| format!("{head} {hour}:{minute}"))
}
