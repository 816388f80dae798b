mod map;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::calendar::Guest;
use kopru_http_client::{HttpClient, Method, Reply};
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, CalendarProvider, DeleteEvent, EventPage, EventRef, InsertEvent,
    ListEvents, PatchEvent,
};
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::Gate;
use kopru_ports::tokens::{AccessTokens, TokenKey};
use kopru_ports::{Clock, Retry};
use serde_json::{Value, json};

use crate::call::{Call, Caller, Quota};
use crate::config::GoogleConfig;
use crate::error::{Meaning, error, of_calendar, of_call};
use map::{FIELDS, attendee, event, insertion, patch};
use wire::{Events, Item};

/// A person's own calendar at Google
/// ([events](https://developers.google.com/workspace/calendar/api/v3/reference/events)).
pub struct GoogleCalendar {
    /// The address of the events of whoever asks.
    events: String,
    caller: Caller,
}

type Query = Vec<(&'static str, String)>;

/// So often guests are merged into an event that somebody else changes meanwhile.
const TRIES: usize = 3;

impl GoogleCalendar {
    /// Calendars reached with people's own tokens.
    #[must_use]
    pub fn new(
        config: GoogleConfig,
        http: HttpClient,
        tokens: Arc<dyn AccessTokens>,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let events = format!("{}/calendar/v3/calendars/primary/events", config.addresses.calendar);
        Self { events, caller: Caller { http, tokens, gate, clock, client_id: config.client_id } }
    }

    fn at(&self, at: &EventRef) -> String {
        format!("{}/{}", self.events, at.event)
    }

    /// People wait for all of these calls.
    fn call(connection: &TokenKey, method: Method, url: String, query: Query) -> Call<'_> {
        let (urgency, quota) = (Urgency::Interactive, Quota::Calendar);
        Call { connection, urgency, quota, method, url, query, body: None, if_match: None }
    }

    async fn reply(&self, call: &Call<'_>) -> Result<Reply, CalendarError> {
        self.caller.call(call).await.map_err(of_calendar)
    }

    async fn event(&self, call: &Call<'_>) -> Result<CalendarEvent, CalendarError> {
        read(&self.reply(call).await?)
    }

    /// The event's attendees, as Google has them, and the version that they are of.
    async fn attendees(&self, at: &EventRef) -> Result<(Vec<Value>, String), CalendarError> {
        let query = vec![("fields", "etag,attendees".to_owned())];
        let call = Self::call(&at.connection, Method::GET, self.at(at), query);
        let mut found: Value = self.reply(&call).await?.json().map_err(unreadable)?;
        let etag = found["etag"].as_str().unwrap_or_default().to_owned();
        Ok((found["attendees"].as_array_mut().map(std::mem::take).unwrap_or_default(), etag))
    }

    /// Google replaces a list of guests as a whole: who stays is written as they are, with their answers, and under
    /// the version that they were read with.
    async fn patch_once(&self, request: &PatchEvent) -> Result<CalendarEvent, CalendarError> {
        let (at, mut body) = (&request.at, patch(&request.at.event, &request.patch));
        let mut version = request.version.clone();
        if let Some(guests) = &request.patch.guests {
            let (present, etag) = self.attendees(at).await.map_err(CalendarError::without_effect)?;
            body.insert("attendees".to_owned(), merged(&present, guests));
            version = version.or(Some(etag));
        }
        if request.revive {
            body.insert("status".to_owned(), json!("confirmed"));
        }
        let mut call = Self::call(&at.connection, Method::PATCH, self.at(at), writing(request.notify));
        (call.body, call.if_match) = (Some(Value::Object(body)), version);
        self.event(&call).await.map_err(CalendarError::without_effect)
    }
}

#[async_trait]
impl CalendarProvider for GoogleCalendar {
    async fn insert(&self, request: &InsertEvent) -> Result<CalendarEvent, CalendarError> {
        let mut call = Self::call(&request.at.connection, Method::POST, self.events.clone(), writing(request.notify));
        call.body = Some(insertion(&request.at.event, &request.event));
        self.event(&call).await
    }

    async fn get(&self, at: &EventRef) -> Result<CalendarEvent, CalendarError> {
        let call = Self::call(&at.connection, Method::GET, self.at(at), vec![("fields", FIELDS.to_owned())]);
        self.event(&call).await.map_err(CalendarError::without_effect)
    }

    async fn list(&self, request: &ListEvents) -> Result<EventPage, CalendarError> {
        let mut query = vec![
            ("timeMin", request.range.start.to_string()),
            ("timeMax", request.range.end.to_string()),
            ("singleEvents", "true".to_owned()),
            ("orderBy", "startTime".to_owned()),
            ("maxResults", request.limit.to_string()),
            ("fields", format!("nextPageToken,items({FIELDS})")),
        ];
        query.extend(request.page.clone().map(|page| ("pageToken", page)));
        let call = Self::call(&request.connection, Method::GET, self.events.clone(), query);
        let reply = self.reply(&call).await.map_err(CalendarError::without_effect)?;
        let found: Events = reply.json().map_err(|cause| unreadable(cause).without_effect())?;
        Ok(EventPage { events: found.items.into_iter().filter_map(event).collect(), next: found.next_page_token })
    }

    /// A version that the caller does not ask for, but guests were read with, is read again when it is no more.
    async fn patch(&self, request: &PatchEvent) -> Result<CalendarEvent, CalendarError> {
        let is_ours = request.version.is_none() && request.patch.guests.is_some();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.patch_once(request).await {
                Err(error) if error.kind == CalendarErrorKind::Conflict && is_ours && tries < TRIES => {}
                answer => return answer,
            }
        }
    }

    async fn delete(&self, request: &DeleteEvent) -> Result<(), CalendarError> {
        let url = self.at(&request.at);
        let call = Self::call(&request.at.connection, Method::DELETE, url, told(request.notify));
        match self.reply(&call).await.map_err(CalendarError::without_effect) {
            Err(error) if matches!(error.kind, CalendarErrorKind::Deleted | CalendarErrorKind::NotFound) => Ok(()),
            answer => answer.map(drop),
        }
    }
}

/// Google writes to nobody unless it is told to.
fn told(notify: bool) -> Query {
    if notify { vec![("sendUpdates", "all".to_owned())] } else { Vec::new() }
}

/// Without the version conferences are passed over.
fn writing(notify: bool) -> Query {
    let common = [("conferenceDataVersion", "1".to_owned()), ("fields", FIELDS.to_owned())];
    common.into_iter().chain(told(notify)).collect()
}

/// The guests with what Google knows of them; the owner and rooms, who are no guests of ours, stay.
fn merged(present: &[Value], guests: &[Guest]) -> Value {
    let email = |attendee: &Value| attendee["email"].as_str().unwrap_or_default().to_lowercase();
    let of = |guest: &Guest| present.iter().find(|attendee| email(attendee) == guest.email().to_lowercase());
    let own = present.iter().filter(|attendee| attendee["self"] == true || attendee["resource"] == true);
    let theirs = guests.iter().map(|guest| of(guest).cloned().unwrap_or_else(|| attendee(guest)));
    theirs.chain(own.cloned()).collect()
}

/// A deleted event is answered like any other one.
fn read(reply: &Reply) -> Result<CalendarEvent, CalendarError> {
    let item: Item = reply.json().map_err(unreadable)?;
    if item.status == "cancelled" {
        return Err(of_calendar(error(Meaning::Deleted, Retry::Never)));
    }
    event(item).ok_or_else(|| of_calendar(error(Meaning::Unavailable, Retry::OutcomeUnknown)))
}

fn unreadable(cause: kopru_http_client::HttpError) -> CalendarError {
    of_calendar(of_call(cause))
}
