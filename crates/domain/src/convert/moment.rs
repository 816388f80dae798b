//! Days and times as people write them. Relative words (`haftaya`), months and quarters name no day.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::Offset;

use super::blank::tidy;
use super::calendar::{is_weekday, month};
use super::clock::{clock, colon_for_dotted_time};
use super::number;
use super::style::Vote;
use crate::mapping::DateOrder;
use crate::reason::Reason;
use crate::text::fold;

/// A day, its time (midnight when none is said) and the offset that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: DateTime,
    pub(crate) offset: Option<Offset>,
    /// Whether a time of day is said.
    pub(crate) timed: bool,
}

/// Reads `text`; `order` decides `01/02/2026` and gives way where only the other order is a date.
pub(crate) fn read(text: &str, order: DateOrder) -> Result<Moment, Reason> {
    let spelled = colon_for_dotted_time(text);
    let text = spelled.as_deref().unwrap_or(text);
    if !text.contains(':') {
        let at = day(text, order)?.to_datetime(Time::midnight());
        return Ok(Moment { at, offset: None, timed: false });
    }
    let clock = clock(text).ok_or(Reason::NotADate)?;
    let day = day(&clock.around, order)?;
    Ok(Moment { at: day.to_datetime(clock.time), offset: clock.offset, timed: true })
}

/// The order of day and month that a column's cell speaks for. Dates with points have theirs.
pub(super) fn vote(text: &str) -> Option<Vote<DateOrder>> {
    let text = tidy(text).split([' ', '\u{a0}']).next()?;
    let numeric = numeric(&parts(text).ok()?)?;
    let (first, second): (u8, u8) = (numeric.first.parse().ok()?, numeric.second.parse().ok()?);
    year(numeric.year).ok()?;
    match (first, second) {
        _ if numeric.sign == "." => None,
        (13..=31, 1..=12) => Some(Vote::Sure(DateOrder::DayFirst)),
        (1..=12, 13..=31) => Some(Vote::Sure(DateOrder::MonthFirst)),
        (1..=12, 1..=12) if first != second => Some(Vote::Open),
        _ => None,
    }
}

/// A date cell: days since 1899-12-30. A whole number from 1900 to 2200 is a year that somebody typed,
/// not a day of the years before 1906; eight digits are a day without separators.
pub(super) fn from_serial(serial: f64) -> Result<DateTime, Reason> {
    if !(0.0..200_000.0).contains(&serial) {
        return day(&number::typed(serial), DateOrder::DayFirst).map(|day| day.to_datetime(Time::midnight()));
    }
    if serial.fract() == 0.0 && (1900.0..=2200.0).contains(&serial) {
        return Err(Reason::NotADate);
    }
    let since = SignedDuration::from_secs_f64((serial * 86_400.0).round());
    let at = date(1899, 12, 30).to_datetime(Time::midnight()).checked_add(since).map_err(|_| Reason::NotADate)?;
    if (1900..=2200).contains(&at.year()) { Ok(at) } else { Err(Reason::NotADate) }
}

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Number(&'a str),
    Month(i8),
    /// What stands between two of the others.
    Gap(&'a str),
}

/// The text cut into numbers, months and what is between them; weekdays and words such as `saat` left out.
fn parts(text: &str) -> Result<Vec<Part<'_>>, Reason> {
    const SILENT: &str = " t st nd rd th of the at um uhr den am saat gunu г год года в ";
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        let (run, after) = rest.split_at(rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len()));
        rest = after;
        if first.is_ascii_digit() {
            found.push(Part::Number(run));
        } else if !first.is_alphabetic() {
            let known = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | '/' | '-' | '(' | ')' | '\'' | '’');
            run.chars().all(known).then(|| found.push(Part::Gap(run.trim()))).ok_or(Reason::NotADate)?;
        } else {
            let word = fold(run);
            match month(&word) {
                Some(month) => found.push(Part::Month(month)),
                None if is_weekday(&word) || SILENT.contains(&format!(" {word} ")) => {}
                None => return Err(Reason::NotADate),
            }
        }
    }
    Ok(found)
}

/// A date of three numbers with the year last, between equal separators.
struct Numeric<'a> {
    first: &'a str,
    second: &'a str,
    year: &'a str,
    sign: &'a str,
}

fn numeric<'a>(parts: &[Part<'a>]) -> Option<Numeric<'a>> {
    let spelled: Vec<Part<'a>> = parts.iter().copied().skip_while(|part| matches!(part, Part::Gap(_))).collect();
    match spelled[..] {
        [Part::Number(a), Part::Gap(first), Part::Number(b), Part::Gap(second), Part::Number(c), ..]
            if first == second
                && (matches!(first, "." | "/" | "-") || first.is_empty() && c.len() == 4)
                && a.len() <= 2
                && b.len() <= 2 =>
        {
            Some(Numeric { first: a, second: b, year: c, sign: first })
        }
        _ => None,
    }
}

fn day(text: &str, order: DateOrder) -> Result<Date, Reason> {
    let parts = parts(text)?;
    let spelled: Vec<Part<'_>> = parts.iter().copied().filter(|part| !matches!(part, Part::Gap(_))).collect();
    match spelled[..] {
        [Part::Number(serial)] if serial.len() == 5 && text.trim() == serial => from_typed_serial(serial),
        [Part::Number(all)] if all.len() == 8 => build(&all[..4], &all[4..6], &all[6..]),
        [Part::Number(y), Part::Number(m), Part::Number(d)] if y.len() == 4 => build(y, m, d),
        [Part::Number(_), Part::Number(_), Part::Number(_)] => {
            in_order(numeric(&parts).ok_or(Reason::NotADate)?, order)
        }
        [Part::Number(y), Part::Month(m), Part::Number(d)] if y.len() == 4 => build(y, &m.to_string(), d),
        [Part::Number(d), Part::Month(m), Part::Number(y)] | [Part::Month(m), Part::Number(d), Part::Number(y)] => {
            build(y, &m.to_string(), d)
        }
        _ => Err(Reason::NotADate),
    }
}

/// A date cell whose format was lost on its way through a file: its serial as text, from 1954 to 2064.
fn from_typed_serial(serial: &str) -> Result<Date, Reason> {
    let serial: u32 = serial.parse().map_err(|_| Reason::NotADate)?;
    if !(20_000..60_000).contains(&serial) {
        return Err(Reason::NotADate);
    }
    from_serial(serial.into()).map(DateTime::date)
}

/// Day and month as `order` has them, or the other way round where only that gives a month. Where dates are
/// written with points, days come first.
fn in_order(Numeric { first, second, year, sign }: Numeric<'_>, order: DateOrder) -> Result<Date, Reason> {
    let day_first = order == DateOrder::DayFirst || sign == ".";
    let (day, month) = if day_first { (first, second) } else { (second, first) };
    let may_be_month = |text: &str| text.parse::<u8>().is_ok_and(|number| number <= 12);
    if !may_be_month(month) && may_be_month(day) { build(year, day, month) } else { build(year, month, day) }
}

fn build(year: &str, month: &str, day: &str) -> Result<Date, Reason> {
    if month.len() > 2 || day.len() > 2 {
        return Err(Reason::NotADate);
    }
    let number = |text: &str| text.parse::<i8>().map_err(|_| Reason::NotADate);
    Date::new(self::year(year)?, number(month)?, number(day)?).map_err(|_| Reason::NoSuchDate)
}

/// Four digits, or two: up to 49 in this century, from 50 in the last, as birthdays are written.
fn year(text: &str) -> Result<i16, Reason> {
    let number: i16 = text.parse().map_err(|_| Reason::NotADate)?;
    match (text.len(), number) {
        (4, 1800..=2200) => Ok(number),
        (2, 0..=49) => Ok(2000 + number),
        (2, _) => Ok(1900 + number),
        _ => Err(Reason::NotADate),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use DateOrder::{DayFirst, MonthFirst};

    #[rstest]
    #[case("28.12.24", "2024-12-28T00:00")]
    #[case("01.02.25", "2025-02-01T00:00")]
    #[case("2025-12-29", "2025-12-29T00:00")]
    #[case("13.7.2026", "2026-07-13T00:00")]
    #[case("5. 3. 2026", "2026-03-05T00:00")]
    #[case("10/05/2025", "2025-05-10T00:00")]
    #[case("12/31/2025", "2025-12-31T00:00")]
    #[case("5 Mart 2026", "2026-03-05T00:00")]
    #[case("5 Mar 26", "2026-03-05T00:00")]
    #[case("5-Mar-2026", "2026-03-05T00:00")]
    #[case("05MAR2026", "2026-03-05T00:00")]
    #[case("March 5, 2026", "2026-03-05T00:00")]
    #[case("March 5th, 2026", "2026-03-05T00:00")]
    #[case("5. März 2026", "2026-03-05T00:00")]
    #[case("Donnerstag, den 5. März 2026", "2026-03-05T00:00")]
    #[case("5 марта 2026 г.", "2026-03-05T00:00")]
    #[case("05.03.2026г.", "2026-03-05T00:00")]
    #[case("2026/03/05", "2026-03-05T00:00")]
    #[case("20260305", "2026-03-05T00:00")]
    #[case("5 Mart 2026 Perşembe", "2026-03-05T00:00")]
    #[case("Per, 05.03.2026", "2026-03-05T00:00")]
    #[case("46058", "2026-02-05T00:00")]
    #[case("01.01.49", "2049-01-01T00:00")]
    #[case("01.01.50", "1950-01-01T00:00")]
    #[case("2026-03-05T10:00:00+03:00", "2026-03-05T10:00")]
    #[case("2026-03-05T23:30:15.123Z", "2026-03-05T23:30:15")]
    #[case("2026-03-05 10:00:00", "2026-03-05T10:00")]
    #[case("31.12.2026 14:30", "2026-12-31T14:30")]
    #[case("31.12.2026, 14:30 Uhr", "2026-12-31T14:30")]
    #[case("31.12.2026 saat 14.30", "2026-12-31T14:30")]
    #[case("14:30 31.12.2026", "2026-12-31T14:30")]
    #[case("12/31/2026 2:05 pm", "2026-12-31T14:05")]
    #[case("31.12.2026 12:00 ÖÖ", "2026-12-31T00:00")]
    fn days_and_times(#[case] text: &str, #[case] expected: &str) {
        let read = read(text, DayFirst).unwrap_or_else(|reason| panic!("{text}: {reason:?}"));
        assert_eq!(read.at, expected.parse().unwrap());
    }

    #[rstest]
    #[case("10/05/2025", "2025-10-05")]
    #[case("29/11/2024", "2024-11-29")]
    #[case("2025-05-10", "2025-05-10")]
    fn months_first(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(read(text, MonthFirst).unwrap().at.date(), expected.parse().unwrap());
    }

    #[rstest]
    #[case("31.02.2026", Reason::NoSuchDate)]
    #[case("29.02.2025", Reason::NoSuchDate)]
    #[case("31/13/2026", Reason::NoSuchDate)]
    #[case("00.01.2026", Reason::NoSuchDate)]
    #[case("2026-02-30", Reason::NoSuchDate)]
    #[case("Q1 2026", Reason::NotADate)]
    #[case("Mart 2026", Reason::NotADate)]
    #[case("5 Mart", Reason::NotADate)]
    #[case("haftaya", Reason::NotADate)]
    #[case("bugün", Reason::NotADate)]
    #[case("2026", Reason::NotADate)]
    #[case("5-10 Mart 2026", Reason::NotADate)]
    #[case("1.2.3", Reason::NotADate)]
    #[case("5, 10, 20", Reason::NotADate)]
    #[case("12.05.20266", Reason::NotADate)]
    #[case("31.12.2026 25:00", Reason::NotADate)]
    #[case("31.12.2026 14:00-15:00", Reason::NotADate)]
    #[case("14:30", Reason::NotADate)]
    #[case("1.234,50", Reason::NotADate)]
    fn what_names_no_day_is_refused(#[case] text: &str, #[case] expected: Reason) {
        assert_eq!(read(text, DayFirst), Err(expected));
    }

    #[rstest]
    #[case(46_086.0, Ok("2026-03-05T00:00"))]
    #[case(46_086.604_166_666_7, Ok("2026-03-05T14:30"))]
    #[case(46_085.999_999_999, Ok("2026-03-05T00:00"))]
    #[case(2.0, Ok("1900-01-01T00:00"))]
    #[case(20_260_305.0, Ok("2026-03-05T00:00"))]
    #[case(2026.0, Err(Reason::NotADate))]
    #[case(0.5, Err(Reason::NotADate))]
    #[case(-3.0, Err(Reason::NotADate))]
    #[case(150_000.0, Err(Reason::NotADate))]
    #[case(5_352_477_117.0, Err(Reason::NotADate))]
    fn serials(#[case] serial: f64, #[case] expected: Result<&str, Reason>) {
        assert_eq!(from_serial(serial), expected.map(|text| text.parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_day_reads_back_however_it_is_written(days in 0i32..50_000) {
            let day = date(1960, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (y, m, d) = (day.year(), day.month(), day.day());
            let name = ["Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim",
                "Kasım", "Aralık"][usize::try_from(m).unwrap() - 1];
            let dayfirst = [format!("{d:02}.{m:02}.{y}"), format!("{d}/{m}/{y}"), format!("{d} {name} {y}"),
                format!("{y}-{m:02}-{d:02}"), format!("{y}{m:02}{d:02}"), format!("{d}-{m}-{y} 09:30")];
            for text in &dayfirst {
                prop_assert_eq!(read(text, DayFirst).map(|read| read.at.date()), Ok(day), "{}", text);
            }
            prop_assert_eq!(read(&format!("{m}/{d}/{y}"), MonthFirst).map(|read| read.at.date()), Ok(day));
        }
    }
}
