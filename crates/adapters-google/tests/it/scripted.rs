//! A Google that answers what a test tells it to, once each and in order, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::conformance;

/// A request, without its addressee.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub token: String,
    pub if_match: Option<String>,
    pub body: Value,
    /// The kind and the size of a body that is no JSON.
    pub upload: Option<(String, usize)>,
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
        let token = request.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
        let kind = request.headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let upload = kind.filter(|kind| kind != "application/json").map(|kind| (kind, request.body.len()));
        let no_json = request.body.is_empty() || upload.is_some();
        let mut script = self.0.lock().unwrap();
        script.asked.push(Asked {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            token: token.to_owned(),
            if_match: request.headers.get("if-match").map(|version| version.to_str().unwrap().to_owned()),
            body: if no_json { Value::Null } else { request.body_json().unwrap() },
            upload,
        });
        script.answers.pop_front().expect("a request that the test did not foresee")
    }
}

pub struct Google {
    pub server: MockServer,
    script: Scripted,
}

impl Google {
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

/// Whatever a test asked of the adapter, Google's description has to allow.
impl Drop for Google {
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

/// Sheets' shape of an error.
pub fn rpc(code: u16, status: &str, reason: &str) -> ResponseTemplate {
    let details =
        json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com" }]);
    let error = json!({ "code": code, "message": "in words", "status": status, "details": details });
    ResponseTemplate::new(code).set_body_json(json!({ "error": error }))
}

/// Drive's, Calendar's and Gmail's shape of an error.
pub fn legacy(code: u16, domain: &str, reason: &str) -> ResponseTemplate {
    let errors = json!([{ "domain": domain, "reason": reason, "message": "in words" }]);
    ResponseTemplate::new(code)
        .set_body_json(json!({ "error": { "code": code, "message": "in words", "errors": errors } }))
}
