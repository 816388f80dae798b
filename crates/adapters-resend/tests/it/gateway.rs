//! The contract suite over a stand-in that answers as Resend documents it, behind a gateway whose pages are all that is
//! heard of a call that is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_adapters_resend::Resend;
use kopru_domain::CompanyId;
use kopru_domain::email::{Attachment, EmailAddress, Mailbox};
use kopru_domain::message::MessageStatus;
use kopru_ports::emails::EmailSender;
use kopru_ports_testkit::suites::email_sender::{EmailWorld, TakenEmail};
use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::conformance;
use crate::world::{FROM, KEY, Surroundings, company, nobody, settings};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(2);
const REFUSED: &str = "refused@example.com";

#[derive(Default)]
struct Taking {
    emails: Vec<Value>,
    /// Each key with what was asked, and the id that was answered.
    keys: BTreeMap<String, (Vec<u8>, String)>,
    events: BTreeMap<String, &'static str>,
    next: Option<Trouble>,
}

#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Taking>>);

impl Vendor {
    fn taking(&self) -> MutexGuard<'_, Taking> {
        self.0.lock().unwrap()
    }
}

fn refused(status: u16, name: &str) -> ResponseTemplate {
    let body = json!({ "statusCode": status, "name": name, "message": "in English" });
    ResponseTemplate::new(status).set_body_json(body)
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>gateway</html>", "text/html")
}

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut taking = self.taking();
        match taking.next.take() {
            Some(Trouble::Busy) => refused(429, "rate_limit_exceeded"),
            Some(Trouble::LostBefore) => html(502),
            Some(Trouble::LostAfter) => {
                taking.answer(request);
                html(504)
            }
            Some(Trouble::Silence) => taking.answer(request).set_delay(PATIENCE * 2),
            None => taking.answer(request),
        }
    }
}

impl Taking {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let bearer = request.headers.get("authorization").map(|value| value.to_str().unwrap());
        if bearer != Some(format!("Bearer {KEY}").as_str()) {
            return refused(403, "invalid_api_key");
        }
        match (request.method.as_str(), request.url.path()) {
            ("POST", "/emails") => self.take(request),
            ("GET", path) => {
                let id = path.strip_prefix("/emails/").unwrap();
                let Some(event) = self.events.get(id) else { return refused(404, "not_found") };
                ResponseTemplate::new(200).set_body_json(json!({ "object": "email", "id": id, "last_event": event }))
            }
            (method, path) => panic!("{method} {path}"),
        }
    }

    fn take(&mut self, request: &Request) -> ResponseTemplate {
        let key = request.headers.get("idempotency-key").unwrap().to_str().unwrap().to_owned();
        if let Some((asked, id)) = self.keys.get(&key) {
            let same = *asked == request.body;
            let known = ResponseTemplate::new(200).set_body_json(json!({ "id": id }));
            return if same { known } else { refused(409, "invalid_idempotent_request") };
        }
        let email: Value = serde_json::from_slice(&request.body).unwrap();
        conformance::check(&email);
        if email["to"][0] == REFUSED {
            return refused(422, "validation_error");
        }
        let id = format!("00000000-0000-4000-8000-{:012}", self.emails.len() + 1);
        self.emails.push(email);
        self.keys.insert(key, (request.body.clone(), id.clone()));
        self.events.insert(id.clone(), "sent");
        ResponseTemplate::new(200).set_body_json(json!({ "id": id }))
    }
}

struct Gateway {
    vendor: Vendor,
    resend: Resend,
    away: Resend,
    is_away: AtomicBool,
    _server: MockServer,
}

async fn gateway() -> Gateway {
    let (server, vendor) = (MockServer::start().await, Vendor::default());
    Mock::given(any()).respond_with(vendor.clone()).mount(&server).await;
    let around = Surroundings::new(PATIENCE, &settings(&json!({})));
    let (resend, away) = (around.resend(&server.uri()), around.resend(&nobody()));
    Gateway { vendor, resend, away, is_away: AtomicBool::new(false), _server: server }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn mailboxes(value: &Value) -> Vec<Mailbox> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().parse().unwrap()).collect()
}

fn file(value: &Value) -> Attachment {
    let content = STANDARD.decode(text(&value["content"])).unwrap();
    Attachment::new(&text(&value["filename"]), value["content_type"].as_str(), content).unwrap()
}

fn taken(id: usize, email: &Value) -> TakenEmail {
    let headers = email["headers"].as_object().into_iter().flatten();
    TakenEmail {
        provider_id: format!("00000000-0000-4000-8000-{id:012}"),
        from: email["from"].as_str().unwrap().parse().unwrap(),
        to: mailboxes(&email["to"]),
        cc: mailboxes(&email["cc"]),
        bcc: mailboxes(&email["bcc"]),
        reply_to: mailboxes(&email["reply_to"]),
        subject: text(&email["subject"]),
        text: text(&email["text"]),
        html: email["html"].as_str().map(str::to_owned),
        attachments: email["attachments"].as_array().into_iter().flatten().map(file).collect(),
        list_headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
    }
}

#[async_trait]
impl EmailWorld for Gateway {
    fn emails(&self) -> &dyn EmailSender {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.resend }
    }

    fn company(&self) -> CompanyId {
        company()
    }

    fn sender(&self) -> Mailbox {
        FROM.parse().unwrap()
    }

    fn refused_address(&self) -> EmailAddress {
        REFUSED.parse().unwrap()
    }

    fn unknown_id(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }

    async fn taken(&self) -> Vec<TakenEmail> {
        self.vendor.taking().emails.iter().enumerate().map(|(place, email)| taken(place + 1, email)).collect()
    }

    async fn becomes(&self, provider_id: &str, status: MessageStatus) {
        let event = if status == MessageStatus::Undelivered { "bounced" } else { "delivered" };
        self.vendor.taking().events.insert(provider_id.to_owned(), event);
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.taking().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::email_sender_suite!(gateway(); skip: [
    what_was_taken_is_found = "Resend's e-mails are not searched: they are sent again under their key",
    what_never_arrived_is_not_found = "Resend's e-mails are not searched: they are sent again under their key",
]);
