use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use kopru_domain::Zone;
use kopru_domain::calendar::{
    Event, EventId, EventPatch, Given, Guest, Point, RecordType, Reminder, ReminderBy, Reminders, When,
};
use kopru_engine::{AddEvent, Added, EngineError, EventSource, guests, personal};
use kopru_ports::calendar::{CalendarEvent, ListEvents};
use kopru_ports::tokens::{Service, TokenKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::auth::{CalendarPerson, PersonHeader};
use super::consent::{AuthorizeQuery, CallbackQuery, ConsentAddress};
use super::google::GoogleState;
use super::input::{Body, Fault, Query, id};
use super::pages::CALENDAR_CONNECTED;
use super::problem::{Answer, Failure, language};
use super::send_headers::{SendHeaders, idempotency_key};
use super::{App, ProblemDocument, consent};

const SERVICE: Service = Service::GoogleCalendar;
/// An event whose end is not said.
const LENGTH: SignedDuration = SignedDuration::from_hours(1);

/// Begins the consent to the person's own calendar; the address in `Location` is to be opened in the person's browser.
#[utoipa::path(get, path = "/api/integrations/oauth/google-calendar/authorize", tag = "calendar", params(PersonHeader, AuthorizeQuery),
    responses((status = 303), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn authorize(
    State(app): State<App>,
    person: CalendarPerson,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Redirect> {
    Ok(Redirect::to(&address(&app, &person, query).await?))
}

/// Begins it from a page that calls by itself: one that was begun with a session or a token of the host's own ends with
/// `POST /api/v1/consents/redeem`.
#[utoipa::path(post, path = "/api/integrations/oauth/google-calendar/authorize", tag = "calendar", params(PersonHeader, AuthorizeQuery),
    responses((status = 200, body = ConsentAddress), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn begin(
    State(app): State<App>,
    person: CalendarPerson,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Json<ConsentAddress>> {
    Ok(Json(ConsentAddress { url: address(&app, &person, query).await? }))
}

async fn address(app: &App, person: &CalendarPerson, query: AuthorizeQuery) -> Answer<String> {
    let return_to = query.return_to.as_deref().unwrap_or(CALENDAR_CONNECTED);
    Ok(app.engine.begin_google(&person.caller, (&person.user, SERVICE), return_to).await?)
}

/// Google's return address: bound to the person by its state.
#[utoipa::path(get, path = "/api/integrations/oauth/google-calendar/callback", tag = "calendar", params(CallbackQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn callback(State(app): State<App>, headers: HeaderMap, Query(query): Query<CallbackQuery>) -> Response {
    consent::end(app, &headers, SERVICE, query).await
}

/// How the person's calendar is connected.
#[utoipa::path(get, path = "/api/integrations/oauth/google-calendar", tag = "calendar", params(PersonHeader),
    responses((status = 200, body = GoogleState), (status = 404, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>, person: CalendarPerson) -> Answer<Json<GoogleState>> {
    let found = app.engine.google_status(&person.key()).await?.ok_or(EngineError::NotFound("connection"))?;
    Ok(Json(found.into()))
}

/// Forgets the person's calendar connection; Sheets stay connected.
#[utoipa::path(delete, path = "/api/integrations/oauth/google-calendar", tag = "calendar", params(PersonHeader),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn disconnect(State(app): State<App>, person: CalendarPerson) -> Answer<StatusCode> {
    app.engine.disconnect_google(&person.caller, &person.key()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl CalendarPerson {
    fn key(&self) -> TokenKey {
        personal(&self.caller.company, &self.user, SERVICE)
    }
}

/// Somebody who is invited.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendee {
    email: String,
    #[serde(default)]
    name: String,
}

/// One reminder.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReminderBody {
    /// `popup` or `email`.
    #[schema(value_type = String)]
    method: ReminderBy,
    /// So many minutes before.
    minutes: u32,
}

/// An event to be added: from a record (`record_type`, `record`), or in the caller's own words (`title`, `start_time`).
/// camelCase spellings are taken too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddBody {
    /// `deal`, `quote`, `invoice`, `meeting` or `task`.
    #[serde(alias = "recordType")]
    #[schema(value_type = Option<String>)]
    record_type: Option<RecordType>,
    /// The record, as its CRM gives it.
    #[schema(value_type = Option<Object>)]
    record: Option<Map<String, Value>>,
    title: Option<String>,
    description: Option<String>,
    /// A day (`2026-12-31`) or a moment; one without an offset is of `time_zone`.
    #[serde(alias = "startTime")]
    start_time: Option<String>,
    /// A day is the last one. An hour after the start where it is not given.
    #[serde(alias = "endTime")]
    end_time: Option<String>,
    location: Option<String>,
    attendees: Option<Vec<Attendee>>,
    /// `Europe/Istanbul`; the company's own where it is not given.
    #[serde(alias = "timeZone")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Zone>,
    /// In place of the usual ones; five at the most.
    reminders: Option<Vec<ReminderBody>>,
    /// Whether it gets a Meet link.
    #[serde(default)]
    meet: bool,
    /// Whether its guests are written to.
    #[serde(default)]
    notify: bool,
    /// Whether the record's event is brought back, where the person deleted it.
    #[serde(default, alias = "bringBack")]
    bring_back: bool,
}

impl AddBody {
    fn given(&self, zone: &Zone) -> Result<Given, Failure> {
        Ok(Given {
            start: point("start_time", self.start_time.as_deref(), zone)?,
            end: point("end_time", self.end_time.as_deref(), zone)?,
            location: self.location.clone(),
            guests: self.attendees.as_deref().map(invited).transpose()?,
        })
    }

    fn source(self, zone: &Zone) -> Result<EventSource, Failure> {
        let given = self.given(zone)?;
        match (self.record_type, self.record) {
            (Some(kind), Some(record)) => Ok(EventSource::Record(kind, record, given)),
            (Some(_), None) => Err(missing("record")),
            (None, Some(_)) => Err(missing("record_type")),
            (None, None) => {
                let start = given.start.ok_or_else(|| missing("start_time"))?;
                let when = When::between(start, given.end, LENGTH, zone).map_err(EngineError::from)?;
                Ok(EventSource::Fields(Box::new(Event {
                    title: self.title.ok_or_else(|| missing("title"))?,
                    description: self.description.unwrap_or_default(),
                    location: given.location.unwrap_or_default(),
                    busy: matches!(when, When::Timed { .. }),
                    when,
                    guests: given.guests.unwrap_or_default(),
                    reminders: Reminders::Usual,
                    link: None,
                    has_meeting: false,
                    origin: None,
                })))
            }
        }
    }
}

fn missing(field: &str) -> Failure {
    Failure::Unreadable(Fault::missing(field))
}

fn point(field: &'static str, text: Option<&str>, zone: &Zone) -> Result<Option<Point>, Failure> {
    let read = |text| Point::read(text, zone).ok_or(Failure::Unreadable(Fault::value(field)));
    text.map(read).transpose()
}

fn invited(list: &[Attendee]) -> Result<Vec<Guest>, Failure> {
    Ok(guests(list.iter().map(|guest| (guest.email.as_str(), guest.name.as_str()))).map_err(EngineError::from)?)
}

fn reminders(list: Option<Vec<ReminderBody>>) -> Result<Option<Reminders>, Failure> {
    let own = |list: Vec<ReminderBody>| {
        let list = list.into_iter().map(|body| Reminder { by: body.method, minutes: body.minutes }).collect();
        Reminders::own(list).map_err(EngineError::from)
    };
    Ok(list.map(own).transpose()?)
}

/// An event.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    id: String,
    /// Its page in the person's calendar.
    link: String,
    title: String,
    description: String,
    location: String,
    /// A day or a moment.
    start: String,
    /// A day is the last one.
    end: String,
    all_day: bool,
    attendees: Vec<Attendee>,
    /// The Meet link; it may come a little later than the event.
    meet_link: Option<String>,
}

impl From<CalendarEvent> for EventView {
    fn from(found: CalendarEvent) -> Self {
        let event = found.event;
        let (start, end, all_day) = match event.when {
            When::Timed { start, end, .. } => (start.to_string(), end.to_string(), false),
            When::AllDay { from, to } => (from.to_string(), to.yesterday().unwrap_or(to).to_string(), true),
        };
        let attendee = |guest: Guest| Attendee { email: guest.email().to_owned(), name: guest.name };
        Self {
            id: found.id.to_string(),
            link: found.link,
            title: event.title,
            description: event.description,
            location: event.location,
            start,
            end,
            all_day,
            attendees: event.guests.into_iter().map(attendee).collect(),
            meet_link: found.meeting,
        }
    }
}

/// What adding came to.
#[derive(Serialize, ToSchema)]
pub struct AddedEvent {
    /// `created`, `changed` or `unchanged`.
    outcome: &'static str,
    #[serde(flatten)]
    event: EventView,
}

/// Adds an event to the person's own calendar. The same record is the same event: added again, it is changed where the
/// record changed, and what the person changed by hand stays.
#[utoipa::path(post, path = "/api/integrations/calendar/add", tag = "calendar", request_body = AddBody, params(PersonHeader, SendHeaders),
    responses((status = 200, body = AddedEvent), (status = 201, body = AddedEvent), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn add(
    State(app): State<App>,
    person: CalendarPerson,
    headers: HeaderMap,
    Body(mut body): Body<AddBody>,
) -> Answer<(StatusCode, Json<AddedEvent>)> {
    let company = &person.caller.company;
    let zone = match body.time_zone.take() {
        Some(zone) => zone,
        None => app.engine.zone(company).await?,
    };
    let wish = AddEvent {
        key: idempotency_key(&headers)?,
        language: language(&headers),
        reminders: reminders(body.reminders.take())?,
        meet: body.meet,
        notify: body.notify,
        revive: body.bring_back,
        source: body.source(&zone)?,
        zone,
    };
    let (added, event) = app.engine.add_event(company, &person.user, wish).await?;
    let (status, outcome) = match added {
        Added::Created => (StatusCode::CREATED, "created"),
        Added::Changed => (StatusCode::OK, "changed"),
        Added::Unchanged => (StatusCode::OK, "unchanged"),
    };
    Ok((status, Json(AddedEvent { outcome, event: event.into() })))
}

/// One event of the person's calendar.
#[utoipa::path(get, path = "/api/integrations/calendar/events/{id}", tag = "calendar", params(("id" = String, Path), PersonHeader),
    responses((status = 200, body = EventView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(State(app): State<App>, person: CalendarPerson, Path(event): Path<String>) -> Answer<Json<EventView>> {
    let event: EventId = id("id", &event)?;
    Ok(Json(app.engine.event(&person.caller.company, &person.user, event).await?.into()))
}

/// What is to change of an event; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEvent {
    title: Option<String>,
    description: Option<String>,
    /// With it, the whole time is replaced.
    #[serde(alias = "startTime")]
    start_time: Option<String>,
    #[serde(alias = "endTime")]
    end_time: Option<String>,
    location: Option<String>,
    /// All of them.
    attendees: Option<Vec<Attendee>>,
    #[serde(alias = "timeZone")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Zone>,
    reminders: Option<Vec<ReminderBody>>,
    /// Whether it gets a Meet link.
    #[serde(default)]
    meet: bool,
    /// Whether its guests are written to.
    #[serde(default)]
    notify: bool,
}

/// Changes an event of the person's calendar.
#[utoipa::path(patch, path = "/api/integrations/calendar/events/{id}", tag = "calendar", params(("id" = String, Path), PersonHeader), request_body = ChangeEvent,
    responses((status = 200, body = EventView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    person: CalendarPerson,
    Path(event): Path<String>,
    Body(body): Body<ChangeEvent>,
) -> Answer<Json<EventView>> {
    let (company, event) = (&person.caller.company, id::<EventId>("id", &event)?);
    let zone = match body.time_zone {
        Some(zone) => zone,
        None => app.engine.zone(company).await?,
    };
    let start = point("start_time", body.start_time.as_deref(), &zone)?;
    let end = point("end_time", body.end_time.as_deref(), &zone)?;
    if start.is_none() && end.is_some() {
        return Err(missing("start_time"));
    }
    let when = start.map(|start| When::between(start, end, LENGTH, &zone)).transpose().map_err(EngineError::from)?;
    let patch = EventPatch {
        title: body.title,
        description: body.description,
        location: body.location,
        when,
        guests: body.attendees.as_deref().map(invited).transpose()?,
        reminders: reminders(body.reminders)?,
        adds_meeting: body.meet,
        ..EventPatch::default()
    };
    Ok(Json(app.engine.change_event(company, &person.user, event, (patch, body.notify)).await?.into()))
}

/// Whether guests are written to.
#[derive(Deserialize, IntoParams)]
pub struct NotifyQuery {
    #[serde(default)]
    notify: bool,
}

/// Deletes an event of the person's calendar; one that is gone counts as deleted.
#[utoipa::path(delete, path = "/api/integrations/calendar/events/{id}", tag = "calendar", params(("id" = String, Path), PersonHeader, NotifyQuery),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn delete(
    State(app): State<App>,
    person: CalendarPerson,
    Path(event): Path<String>,
    Query(query): Query<NotifyQuery>,
) -> Answer<StatusCode> {
    let event: EventId = id("id", &event)?;
    app.engine.delete_event(&person.caller.company, &person.user, event, query.notify).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which events.
#[derive(Deserialize, IntoParams)]
pub struct EventsQuery {
    /// Those that end after it.
    #[param(value_type = String)]
    from: Timestamp,
    /// Those that begin before it.
    #[param(value_type = String)]
    to: Timestamp,
    /// The cursor of a page before.
    cursor: Option<String>,
    /// 1 to 250; 50 where it is not given.
    limit: Option<u16>,
}

/// A page of events, by their beginning.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    items: Vec<EventView>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// The events of a span of time in the person's calendar.
#[utoipa::path(get, path = "/api/integrations/calendar/events", tag = "calendar", params(PersonHeader, EventsQuery),
    responses((status = 200, body = EventList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    person: CalendarPerson,
    Query(query): Query<EventsQuery>,
) -> Answer<Json<EventList>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=250).contains(&limit) || query.to <= query.from {
        let field = if query.to <= query.from { "to" } else { "limit" };
        return Err(Failure::Unreadable(Fault::value(field)));
    }
    let (range, page) = (query.from..query.to, query.cursor);
    let list = |connection| ListEvents { connection, range, limit, page };
    let found = app.engine.events(&person.caller.company, &person.user, list).await?;
    Ok(Json(EventList { items: found.events.into_iter().map(Into::into).collect(), cursor: found.next }))
}
