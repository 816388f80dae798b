//! A portal that answers what a test tells it to, once each, and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kopru_ports::Clock as _;
use kopru_ports_testkit::ManualClock;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::conformance;

/// A call: method and parameters.
pub type Call = (String, Value);

#[derive(Default)]
struct Script {
    answers: HashMap<String, VecDeque<ResponseTemplate>>,
    calls: Vec<Call>,
    addresses: Vec<String>,
    /// How the time passes with every call.
    pace: Option<(Arc<ManualClock>, Duration)>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Respond for Scripted {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut segments = request.url.path_segments().unwrap().rev();
        let method = segments.find(|segment| !segment.is_empty()).unwrap().to_owned();
        let mut script = self.0.lock().unwrap();
        if let Some((clock, each)) = &script.pace {
            clock.advance_to(clock.now() + *each);
        }
        let unknown = || error(404, "ERROR_METHOD_NOT_FOUND", "Method not found!");
        let answer = script.answers.get_mut(&method).and_then(VecDeque::pop_front).unwrap_or_else(unknown);
        script.calls.push((method, request.body_json().unwrap_or_else(|_| form(&request.body))));
        script.addresses.push(request.url.path().to_owned());
        answer
    }
}

/// A form's pairs; the authorization server takes nothing else.
fn form(body: &[u8]) -> Value {
    url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value))).collect()
}

pub struct Portal {
    server: MockServer,
    script: Scripted,
    checked: Mutex<Vec<Call>>,
}

impl Portal {
    pub async fn start() -> Self {
        let (server, script) = (MockServer::start().await, Scripted::default());
        Mock::given(any()).respond_with(script.clone()).mount(&server).await;
        Self { server, script, checked: Mutex::default() }
    }

    pub fn webhook(&self) -> String {
        format!("{}/rest/1/s3cret/", self.server.uri())
    }

    /// The REST address of an app's portal or server.
    pub fn endpoint(&self) -> String {
        format!("{}/rest/", self.server.uri())
    }

    /// The paths of all calls.
    pub fn addresses(&self) -> Vec<String> {
        self.script.0.lock().unwrap().addresses.clone()
    }

    /// The next answer to `method`.
    pub fn answer(&self, method: &str, answer: ResponseTemplate) -> &Self {
        self.script.0.lock().unwrap().answers.entry(method.to_owned()).or_default().push_back(answer);
        self
    }

    /// Every call takes so long by `clock`.
    pub fn pace(&self, clock: Arc<ManualClock>, each: Duration) {
        self.script.0.lock().unwrap().pace = Some((clock, each));
    }

    /// The calls since the last look.
    pub fn calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut self.script.0.lock().unwrap().calls);
        self.checked.lock().unwrap().extend(calls.clone());
        calls
    }
}

/// Whatever a test asked of the adapter, the vendor's description has to allow.
impl Drop for Portal {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.calls();
            conformance::check(&self.checked.lock().unwrap());
        }
    }
}

pub fn error(status: u16, code: &str, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": code, "error_description": text }))
}

pub fn result(result: Value) -> ResponseTemplate {
    let mut body = json!({ "time": {
        "start": 1_795_413_574.07, "finish": 1_795_413_574.45, "duration": 0.38,
        "operating_reset_at": 1_795_414_174, "operating": 0.31,
    } });
    body["result"] = result;
    ResponseTemplate::new(200).set_body_json(body)
}

/// A page of a list that goes on at `next`.
pub fn page(result: Value, next: u64) -> ResponseTemplate {
    let mut body = json!({ "next": next, "total": next + 1 });
    body["result"] = result;
    ResponseTemplate::new(200).set_body_json(body)
}

/// The bytes of an answer that is JSON.
pub fn bytes(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

pub fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><h1>Gateway Time-out</h1></html>", "text/html")
}
