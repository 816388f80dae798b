//! A Twilio that answers what a test tells it to, once each and in order, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::form_urlencoded::parse;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::conformance;
use crate::world::{ACCOUNT, PERSON};

pub type Fields = Vec<(String, String)>;

/// A request, without its addressee.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Fields,
    /// User and password as HTTP Basic has them.
    pub credentials: String,
    pub form: Fields,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        if !request.body.is_empty() {
            assert_eq!(header("content-type").as_deref(), Some("application/x-www-form-urlencoded"));
        }
        Self {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            credentials: header("authorization").unwrap().strip_prefix("Basic ").unwrap().to_owned(),
            form: parse(&request.body).into_owned().collect(),
        }
    }
}

#[derive(Default)]
struct Script {
    answers: VecDeque<ResponseTemplate>,
    asked: Vec<Asked>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Respond for Scripted {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut script = self.0.lock().unwrap();
        script.asked.push(Asked::of(request));
        script.answers.pop_front().expect("a request that the test did not foresee")
    }
}

pub struct Vendor {
    pub server: MockServer,
    script: Scripted,
}

impl Vendor {
    pub async fn start() -> Self {
        let (server, script) = (MockServer::start().await, Scripted::default());
        Mock::given(any()).respond_with(script.clone()).mount(&server).await;
        Self { server, script }
    }

    /// The next answer.
    pub fn answer(&self, answer: ResponseTemplate) -> &Self {
        self.script.0.lock().unwrap().answers.push_back(answer);
        self
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.0.lock().unwrap().asked.clone()
    }
}

/// Whatever a test asked of the adapter, Twilio's description has to allow.
impl Drop for Vendor {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            conformance::check(&self.asked());
        }
    }
}

pub fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><title>Error</title></html>", "text/html")
}

/// Twilio's own shape of an error.
pub fn refused(status: u16, code: u32) -> ResponseTemplate {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    ResponseTemplate::new(status).set_body_json(
        json!({ "code": code, "message": format!("about {PERSON}"), "more_info": more, "status": status }),
    )
}

/// A message as Twilio shows it.
pub fn message(sid: &str, status: &str, more: &Value) -> Value {
    let mut message = json!({
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "Merhaba Işıl",
        "date_created": "Mon, 23 Nov 2026 10:00:00 +0000", "date_sent": null,
        "date_updated": "Mon, 23 Nov 2026 10:00:00 +0000", "direction": "outbound-api", "error_code": null,
        "error_message": null, "from": "+15005550006", "messaging_service_sid": null, "num_media": "0",
        "num_segments": "1", "price": null, "price_unit": "USD", "sid": sid, "status": status,
        "subresource_uris": { "media": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json") },
        "to": PERSON, "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"),
    });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

pub fn created(sid: &str, status: &str) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(message(sid, status, &json!({})))
}

/// A page of a list.
pub fn page(messages: &[Value], next: Option<&str>) -> ResponseTemplate {
    ok(json!({ "messages": messages, "next_page_uri": next, "page": 0, "page_size": 50, "start": 0, "end": 0 }))
}
