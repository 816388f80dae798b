//! Events to handlers, once and without a second try, and the queue of those
//! that an application fetches.
//! <https://apidocs.bitrix24.com/api-reference/events/index.html>

use serde_json::{Map, Value, json};

use super::{
    apps::MEMBER_ID,
    fields::{self, INVOICE},
    params::text,
    state::portal_time,
};
use crate::random;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Verb {
    Add,
    Update,
    Delete,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub type_id: u32,
    pub id: u64,
    pub verb: Verb,
}

impl Change {
    fn names(self) -> Vec<String> {
        let verb = match self.verb {
            Verb::Add => "ADD",
            Verb::Update => "UPDATE",
            Verb::Delete => "DELETE",
        };
        if self.is_dynamic() {
            let name = format!("ONCRMDYNAMICITEM{verb}");
            return vec![format!("{name}_{}", self.type_id), name];
        }
        vec![format!("ONCRM{}{verb}", fields::entity_name(self.type_id).to_uppercase())]
    }

    fn is_dynamic(self) -> bool {
        self.type_id == INVOICE || self.type_id >= fields::FIRST_DYNAMIC
    }

    fn data(self) -> Map<String, Value> {
        let mut fields = Map::from_iter([("ID".to_owned(), json!(self.id.to_string()))]);
        if self.is_dynamic() {
            fields.insert("ENTITY_TYPE_ID".to_owned(), json!(self.type_id.to_string()));
        }
        fields
    }
}

#[derive(Debug)]
pub(super) struct Handler {
    pub id: usize,
    /// Empty for an outbound webhook.
    pub client_id: String,
    pub event: String,
    pub url: String,
    pub offline: bool,
    pub connector: String,
    pub application_token: String,
}

/// A row of the queue: one per event and object, the last one stays.
#[derive(Debug)]
pub(super) struct Queued {
    pub id: usize,
    pub client_id: String,
    pub event: String,
    pub data: Map<String, Value>,
    pub at_ms: i64,
    pub message_id: String,
    pub process_id: String,
    pub failed: bool,
}

/// A call to make.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub url: String,
    pub form: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub(crate) struct Hooks {
    last_id: usize,
    pub(super) handlers: Vec<Handler>,
    pub(super) queue: Vec<Queued>,
}

impl Hooks {
    pub(super) fn next_id(&mut self) -> usize {
        self.last_id += 1;
        self.last_id
    }

    /// An outbound webhook, as a person sets it up in the portal.
    pub fn add_outbound(&mut self, event: &str, url: String) -> String {
        let application_token = random::token(24);
        let id = self.next_id();
        self.handlers.push(Handler {
            id,
            client_id: String::new(),
            event: event.to_uppercase(),
            url,
            offline: false,
            connector: String::new(),
            application_token: application_token.clone(),
        });
        application_token
    }

    /// Queues what waits to be fetched; answers the calls to make at once.
    /// Who wrote with a connector's key does not hear of it in that queue.
    pub fn publish(&mut self, change: Change, connector: &str, portal: &str, now_ms: i64) -> Vec<Delivery> {
        let names = change.names();
        let interested = |handler: &&Handler| names.contains(&handler.event);
        let (offline, online): (Vec<&Handler>, Vec<&Handler>) =
            self.handlers.iter().filter(interested).partition(|handler| handler.offline);
        let heard = offline.iter().filter(|handler| connector.is_empty() || handler.connector != connector);
        let rows: Vec<_> = heard.map(|handler| (handler.client_id.clone(), handler.event.clone())).collect();
        let deliveries = online.iter().map(|handler| handler.delivery(change, portal, now_ms)).collect();
        for (client_id, event) in rows {
            self.enqueue(client_id, event, change.data(), now_ms);
        }
        deliveries
    }

    fn enqueue(&mut self, client_id: String, event: String, data: Map<String, Value>, at_ms: i64) {
        self.queue.retain(|row| {
            let same = (&row.client_id, &row.event, &row.data) == (&client_id, &event, &data);
            !same || !row.process_id.is_empty()
        });
        let (id, message_id) = (self.next_id(), random::token(16));
        self.queue.push(Queued {
            id,
            client_id,
            event,
            data,
            at_ms,
            message_id,
            process_id: String::new(),
            failed: false,
        });
    }
}

impl Handler {
    /// The object's number and no values: the handler has to read it again.
    fn delivery(&self, change: Change, portal: &str, now_ms: i64) -> Delivery {
        let mut form =
            vec![("event".to_owned(), self.event.clone()), ("event_handler_id".to_owned(), self.id.to_string())];
        form.extend(change.data().into_iter().map(|(name, value)| (format!("data[FIELDS][{name}]"), text(&value))));
        form.push(("ts".to_owned(), (now_ms / 1000).to_string()));
        let domain = portal.split_once("://").map_or(portal, |(_, host)| host);
        for (name, value) in [
            ("domain", domain),
            ("client_endpoint", &format!("{portal}/rest/")),
            ("member_id", MEMBER_ID),
            ("application_token", &self.application_token),
        ] {
            form.push((format!("auth[{name}]"), value.to_owned()));
        }
        Delivery { url: self.url.clone(), form }
    }
}

impl Queued {
    pub fn show(&self) -> Value {
        json!({
            "ID": self.id.to_string(),
            "TIMESTAMP_X": portal_time(self.at_ms),
            "EVENT_NAME": self.event,
            "EVENT_DATA": {"FIELDS": self.data},
            "EVENT_ADDITIONAL": [],
            "MESSAGE_ID": self.message_id,
        })
    }
}
