//! From a record to an event.

use jiff::SignedDuration;
use jiff::civil::Time;
use rust_decimal::Decimal;

use super::change::Fingerprint;
use super::event::{Event, Guest, Link, Origin, Reminder, ReminderBy, Reminders};
use super::fault::DraftFault;
use super::record::{Entry, Record, RecordType};
use super::spellings::{self, date_field, dates, titles};
use super::when::{Point, When};
use super::words::{self, Facts, Occasion};
use super::written::Written;
use crate::convert::amount;
use crate::mapping::DecimalMark;
use crate::reason::Language;
use crate::zone::Zone;

/// What the caller says beside the record; it goes before what the record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// When it begins.
    pub start: Option<Point>,
    /// When it ends; a day is the last one.
    pub end: Option<Point>,
    /// Where it is.
    pub location: Option<String>,
    /// Who is invited; an empty list is nobody.
    pub guests: Option<Vec<Guest>>,
}

/// More of a title is not read, and more of a text not shown.
const LONGEST_TITLE: usize = 250;
const LONGEST_NOTES: usize = 4_000;

/// The event of a record: on the day that the record is about, or at the time that is given. Only a meeting invites
/// the customer by itself: nobody else expects an invitation to a due date.
///
/// # Errors
/// [`DraftFault`] where nothing says when it is, or what is said cannot be.
pub fn draft(
    kind: RecordType,
    record: &Record,
    given: Given,
    language: Language,
    zone: &Zone,
) -> Result<Event, DraftFault> {
    let occasion = if given.start.is_some() { Occasion::Chosen } else { Occasion::Due };
    let when = when(kind, record, &given, zone)?;
    let all_day = matches!(when, When::AllDay { .. });
    let facts = facts(record, language);
    let name = name(kind, record, &facts);
    let noun = words::noun(kind, language);
    let title_of_link = record.id(kind).map_or_else(|| noun.to_owned(), |id| format!("{noun} #{id}"));
    let mut event = Event {
        title: cut(&words::title(kind, occasion, &name, language), LONGEST_TITLE),
        description: words::description(&facts, language),
        location: given.location.or_else(|| text(record, spellings::LOCATION).map(str::to_owned)).unwrap_or_default(),
        when,
        guests: given.guests.unwrap_or_else(|| drafted_guests(kind, &facts)),
        reminders: reminders(all_day),
        busy: !all_day || kind == RecordType::Meeting,
        link: facts.link.map(|url| Link { title: title_of_link, url: url.to_owned() }),
        has_meeting: false,
        origin: None,
    };
    let drafted = Fingerprint::of(&event);
    event.origin = record.id(kind).map(|id| Origin { kind, record_id: id.to_owned(), drafted });
    Ok(event)
}

fn drafted_guests(kind: RecordType, facts: &Facts<'_>) -> Vec<Guest> {
    let name = facts.contact.as_deref().or(facts.company).unwrap_or_default();
    let customer = facts.email.filter(|_| kind == RecordType::Meeting);
    customer.and_then(|email| Guest::new(email, name).ok()).into_iter().collect()
}

/// Half an hour before, or at nine in the morning of the day before.
fn reminders(all_day: bool) -> Reminders {
    Reminders::Own(vec![Reminder { by: ReminderBy::Popup, minutes: if all_day { 15 * 60 } else { 30 } }])
}

/// When it is. A meeting that is moved keeps its length.
fn when(kind: RecordType, record: &Record, given: &Given, zone: &Zone) -> Result<When, DraftFault> {
    let usual = SignedDuration::from_mins(if kind == RecordType::Meeting { 60 } else { 30 });
    let Some(start) = given.start else {
        let (start, end) = recorded(kind, record, zone)?;
        let own = end.filter(|end| is_day(*end) == is_day(start));
        return When::between(start, given.end.or(own), usual, zone);
    };
    let length = recorded(kind, record, zone).ok().and_then(length).unwrap_or(usual);
    When::between(start, given.end, length, zone)
}

fn is_day(point: Point) -> bool {
    matches!(point, Point::Day(_))
}

fn length((start, end): (Point, Option<Point>)) -> Option<SignedDuration> {
    match (start, end?) {
        (Point::At(start), Point::At(end)) if start < end => Some(end.duration_since(start)),
        _ => None,
    }
}

/// What the record says: deals, quotes and invoices are about days, a task's midnight is one.
fn recorded(kind: RecordType, record: &Record, zone: &Zone) -> Result<(Point, Option<Point>), DraftFault> {
    let (entry, start) = date(record, dates(kind), DraftFault::NoTime { field: date_field(kind) }, zone)?;
    let unreadable = || DraftFault::NotADate { field: entry.field.clone() };
    let point = match kind {
        RecordType::Deal | RecordType::Quote | RecordType::Invoice => Some(Point::Day(start.day(zone))),
        RecordType::Task => start.day_or_time(zone),
        RecordType::Meeting => start.point(zone),
    };
    let end = if kind == RecordType::Meeting { end(record, start, zone)? } else { None };
    Ok((point.ok_or_else(unreadable)?, end))
}

/// The first date that can be read, with the time of day that stands beside it.
fn date<'a>(
    record: &'a Record,
    names: &'a [&str],
    absent: DraftFault,
    zone: &Zone,
) -> Result<(&'a Entry, Written), DraftFault> {
    let readable = record.all(names).find_map(|entry| Some((entry, Written::read(&entry.value)?)));
    let Some((entry, date)) = readable else {
        let unreadable = |entry: &Entry| DraftFault::NotADate { field: entry.field.clone() };
        return Err(record.first(names).map_or(absent, unreadable));
    };
    let time = time(record, spellings::TIME).filter(|_| date.is_day());
    Ok((entry, time.map_or(date, |time| date.at(time, zone))))
}

fn time(record: &Record, names: &[&str]) -> Option<Time> {
    record.all(names).find_map(|entry| Written::time(&entry.value))
}

/// The meeting's end: a date, with its time of day where that stands in a field of its own. A time without a date
/// follows the start, and what is on whole days ends with one.
fn end(record: &Record, start: Written, zone: &Zone) -> Result<Option<Point>, DraftFault> {
    if record.first(spellings::END).is_none() {
        return Ok(None);
    }
    let date = date(record, spellings::END, DraftFault::EndsBeforeStart, zone);
    let end = match (date, time(record, spellings::END)) {
        (Ok((_, date)), Some(time)) => date.at(time, zone),
        (Ok((_, date)), None) => date,
        (Err(_), Some(time)) => return Ok(start.until(time, zone).map(Point::At)),
        (Err(fault), None) => return Err(fault),
    };
    Ok(if start.is_day() { Some(Point::Day(end.day(zone))) } else { end.point(zone) })
}

fn facts(record: &Record, language: Language) -> Facts<'_> {
    let contact = text(record, spellings::CONTACT).map(|name| {
        let surname = text(record, spellings::SURNAME).unwrap_or_default();
        if name.contains(surname) { name.to_owned() } else { format!("{name} {surname}") }
    });
    Facts {
        number: record.first(spellings::NUMBER).map(|entry| entry.value.as_str()),
        amount: money(record, language),
        company: text(record, spellings::COMPANY),
        contact,
        phone: record.first(spellings::PHONE).map(|entry| entry.value.as_str()),
        email: record.all(spellings::EMAIL).map(|entry| entry.value.as_str()).find(|email| email.contains('@')),
        notes: text(record, spellings::NOTES).map(|notes| head(notes, LONGEST_NOTES)),
        link: record.all(spellings::LINK).map(|entry| entry.value.as_str()).find(|link| is_link(link)),
    }
}

/// What the event is called by: the record's name, its number, whom it is with.
fn name(kind: RecordType, record: &Record, facts: &Facts<'_>) -> String {
    let named = text(record, titles(kind)).map(str::to_owned);
    let numbered = || facts.number.or(record.id(kind)).map(|number| format!("#{number}"));
    let with = || facts.company.or(facts.contact.as_deref()).map(str::to_owned);
    let name = named.or_else(with).or_else(numbered).unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first value that says something: the number of another record does not.
fn text<'a>(record: &'a Record, names: &'a [&str]) -> Option<&'a str> {
    record.all(names).map(|entry| entry.value.as_str()).find(|value| value.contains(char::is_alphabetic))
}

/// Programs write a point before the decimals, people what their language has; Bitrix24 also writes `100|TRY`.
fn money(record: &Record, language: Language) -> Option<(Decimal, String)> {
    let written = record.first(spellings::AMOUNT)?.value.as_str();
    let (value, beside) = written.split_once('|').unwrap_or((written, ""));
    let mark = language.of((DecimalMark::Comma, DecimalMark::Dot));
    let (amount, named) = value.parse().map_or_else(|_| amount(value, mark), |amount| Some((amount, None)))?;
    let code = record.first(spellings::CURRENCY).map_or(beside, |entry| entry.value.as_str());
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    let code = named.map(str::to_owned).or_else(|| is_code.then(|| code.to_ascii_uppercase()));
    (amount != Decimal::ZERO).then(|| (amount, code.unwrap_or_default()))
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn head(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

fn cut(text: &str, most: usize) -> String {
    let kept = head(text, most);
    if kept.len() == text.len() { kept.to_owned() } else { format!("{kept}…") }
}
