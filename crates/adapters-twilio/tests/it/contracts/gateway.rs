//! Over a stand-in that answers as Twilio documents it, behind a gateway whose pages are all that is heard of a
//! call that is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber};
use kopru_ports::messages::{Content, MessageSender};
use kopru_ports_testkit::suites::message_sender::{MessagesWorld, Taken, template};
use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{Connected, PATIENCE};
use crate::conformance;
use crate::scripted::{Asked, Fields, html, message, ok, page, refused};
use crate::world::{SERVICE, company, number, settings};

/// When all of it happens.
const NOW: Timestamp = Timestamp::constant(1_795_428_000, 0);
const REFUSED: &str = "+15005550001";

#[derive(Default)]
struct Taking {
    /// Each message as Twilio shows it, and its pictures.
    messages: Vec<(Value, Vec<String>)>,
    next: Option<Trouble>,
}

#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Taking>>);

impl Vendor {
    fn taking(&self) -> MutexGuard<'_, Taking> {
        self.0.lock().unwrap()
    }
}

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = Asked::of(request);
        conformance::check(std::slice::from_ref(&asked));
        let mut taking = self.taking();
        match taking.next.take() {
            Some(Trouble::Busy) => refused(429, 20429),
            Some(Trouble::LostBefore) => html(502),
            Some(Trouble::LostAfter) => {
                taking.answer(&asked);
                html(504)
            }
            Some(Trouble::Silence) => taking.answer(&asked).set_delay(PATIENCE * 2),
            None => taking.answer(&asked),
        }
    }
}

impl Taking {
    fn answer(&mut self, asked: &Asked) -> ResponseTemplate {
        let file = asked.path.rsplit('/').next().unwrap();
        match (asked.method.as_str(), file) {
            ("POST", "Messages.json") => self.take(&asked.form),
            ("GET", "Messages.json") => self.list(&asked.query),
            (method, file) => {
                let sid = file.strip_suffix(".json").unwrap();
                let found = self.messages.iter_mut().find(|(message, _)| message["sid"] == sid);
                match (method, found) {
                    (_, None) => refused(404, 20404),
                    ("POST", Some((message, _))) if message["status"] == "scheduled" => {
                        message["status"] = "canceled".into();
                        ok(message.clone())
                    }
                    ("POST", Some(_)) => refused(400, 30409),
                    (_, Some((message, _))) => ok(message.clone()),
                }
            }
        }
    }

    fn take(&mut self, form: &Fields) -> ResponseTemplate {
        let fields: HashMap<&str, &str> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if fields["To"] == REFUSED {
            return refused(400, 21211);
        }
        let status = if fields.contains_key("SendAt") { "scheduled" } else { "queued" };
        let body = fields.get("Body").copied().unwrap_or("Merhaba Ayşe");
        let more = json!({ "to": fields["To"], "from": fields["From"], "body": body });
        let taken = message(&format!("SM{:032}", self.messages.len() + 1), status, &more);
        let media = form.iter().filter(|(name, _)| name == "MediaUrl").map(|(_, url)| url.clone());
        self.messages.push((taken.clone(), media.collect()));
        ResponseTemplate::new(201).set_body_json(taken)
    }

    /// The newest first, as many on a page as are asked for.
    fn list(&self, query: &Fields) -> ResponseTemplate {
        let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let fits = |message: &&Value| {
            [("To", "to"), ("From", "from")]
                .iter()
                .all(|(name, key)| get(name).is_none_or(|value| message[key] == value))
        };
        let all: Vec<&Value> = self.messages.iter().rev().map(|(message, _)| message).filter(fits).collect();
        let size: usize = get("PageSize").unwrap().parse().unwrap();
        let number: usize = get("Page").map_or(0, |number| number.parse().unwrap());
        let shown: Vec<Value> = all.iter().skip(number * size).take(size).map(|message| (*message).clone()).collect();
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", crate::world::ACCOUNT);
        let kept = query.iter().filter(|(name, _)| name != "Page");
        let next = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("Page", &(number + 1).to_string())
            .finish();
        page(&shown, ((number + 1) * size < all.len()).then(|| format!("{path}?{next}")).as_deref())
    }
}

struct Gateway {
    vendor: Vendor,
    connected: Connected,
    _server: MockServer,
}

async fn gateway() -> Gateway {
    let (server, vendor) = (MockServer::start().await, Vendor::default());
    Mock::given(any()).respond_with(vendor.clone()).mount(&server).await;
    let connected = Connected::new(&server.uri(), &settings(&json!({ "messaging_service_sid": SERVICE })));
    Gateway { vendor, connected, _server: server }
}

#[async_trait]
impl MessagesWorld for Gateway {
    fn messages(&self) -> &dyn MessageSender {
        self.connected.messages()
    }

    fn company(&self) -> CompanyId {
        company()
    }

    async fn now(&self) -> Timestamp {
        NOW
    }

    async fn template(&self) -> Content {
        template("HX00000000000000000000000000000001", &[("1", "Ayşe")])
    }

    fn refused_number(&self) -> PhoneNumber {
        number(REFUSED)
    }

    fn unknown_id(&self) -> String {
        "SM00000000000000000000000000000000".to_owned()
    }

    async fn taken(&self) -> Vec<Taken> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let taken = |(message, media): &(Value, Vec<String>)| {
            let to = text(&message["to"]);
            let bare = to.strip_prefix("whatsapp:");
            Taken {
                provider_id: text(&message["sid"]),
                channel: if bare.is_some() { Channel::WhatsApp } else { Channel::Sms },
                to: number(bare.unwrap_or(&to)),
                text: text(&message["body"]),
                media: media.iter().map(|url| url.parse().unwrap()).collect(),
            }
        };
        self.vendor.taking().messages.iter().map(taken).collect()
    }

    async fn becomes(&self, provider_id: &str, status: MessageStatus) {
        let mut taking = self.vendor.taking();
        let (message, _) = taking.messages.iter_mut().find(|(message, _)| message["sid"] == provider_id).unwrap();
        message["status"] = json!(status);
        if status == MessageStatus::Undelivered {
            message["error_code"] = 30003.into();
        }
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.taking().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.connected.cut_off();
    }
}

kopru_ports_testkit::message_sender_suite!(gateway());
