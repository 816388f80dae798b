//! A mailbox behind Graph, as Graph documents it
//! ([messages](https://learn.microsoft.com/en-us/graph/api/resources/message)), and the trouble on the way to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_ports_testkit::suites::email_sender::TakenEmail;
use mail_parser::MessageParser;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// An answer that does not come is waited for so long.
pub const PATIENCE: Duration = Duration::from_secs(2);
pub const REFUSED: &str = "refused@example.com";

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Draft,
    Send,
    Look,
    Find,
    Discard,
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It is answered so, and not carried out.
    Instead(ResponseTemplate),
    /// It is carried out, and answered so.
    Lost(ResponseTemplate),
    /// It is carried out, and answered too late.
    Late,
    /// Only now what came before is carried out.
    Sent,
}

#[derive(Debug, Clone)]
pub struct Stored {
    pub id: String,
    pub raw: Vec<u8>,
    pub is_draft: bool,
}

impl Stored {
    pub fn read(&self) -> TakenEmail {
        TakenEmail::read(self.id.clone(), &self.raw)
    }
}

#[derive(Default)]
pub struct Mailbox {
    pub messages: Vec<Stored>,
    pub steps: Vec<Step>,
    /// Each hits the next call of its step.
    pub fates: VecDeque<(Step, Fate)>,
    /// What was sent is seen nowhere yet.
    pub lags: bool,
    made: usize,
}

#[derive(Clone, Default)]
pub struct Graph(Arc<Mutex<Mailbox>>);

impl Graph {
    pub async fn start() -> (Self, MockServer) {
        let (graph, server) = (Self::default(), MockServer::start().await);
        Mock::given(any()).respond_with(graph.clone()).mount(&server).await;
        (graph, server)
    }

    pub fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.0.lock().unwrap()
    }

    pub fn meets(&self, step: Step, fate: Fate) {
        self.mailbox().fates.push_back((step, fate));
    }

    pub fn sent(&self) -> Vec<Stored> {
        self.mailbox().messages.iter().filter(|stored| !stored.is_draft).cloned().collect()
    }
}

pub fn refused(status: u16, code: &str) -> ResponseTemplate {
    let inner = json!({ "date": "2026-11-22T23:41:12", "request-id": "r1", "client-request-id": "r1" });
    let body = json!({ "error": { "code": code, "message": "to isil@example.com", "innerError": inner } });
    ResponseTemplate::new(status).set_body_json(body)
}

pub fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>gateway</html>", "text/html")
}

pub fn id(place: usize) -> String {
    format!("AAkALgAA-_{place}=")
}

impl Respond for Graph {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut mailbox = self.mailbox();
        let step = step(request);
        mailbox.steps.push(step);
        let place = mailbox.fates.iter().position(|(hit, _)| *hit == step);
        match place.and_then(|place| mailbox.fates.remove(place)) {
            Some((_, Fate::Instead(answer))) => answer,
            Some((_, Fate::Lost(answer))) => {
                mailbox.answer(step, request);
                answer
            }
            Some((_, Fate::Late)) => mailbox.answer(step, request).set_delay(PATIENCE * 2),
            Some((_, Fate::Sent)) => {
                mailbox.messages.iter_mut().for_each(|stored| stored.is_draft = false);
                mailbox.answer(step, request)
            }
            None => mailbox.answer(step, request),
        }
    }
}

fn step(request: &Request) -> Step {
    let rest = request.url.path().strip_prefix("/v1.0/me/messages").unwrap();
    match (request.method.as_str(), rest) {
        ("POST", "") => Step::Draft,
        ("POST", rest) if rest.ends_with("/send") => Step::Send,
        ("GET", "") => Step::Find,
        ("GET", _) => Step::Look,
        ("DELETE", _) => Step::Discard,
        (method, rest) => panic!("{method} {rest}"),
    }
}

/// The id in the path.
fn asked_for(request: &Request) -> String {
    let segment = request.url.path_segments().unwrap().nth(3).unwrap();
    segment.replace("%3D", "=")
}

impl Mailbox {
    fn answer(&mut self, step: Step, request: &Request) -> ResponseTemplate {
        assert_eq!(request.headers.get("prefer").unwrap(), "IdType=\"ImmutableId\"");
        match step {
            Step::Draft => self.draft(request),
            Step::Find => self.find(request),
            Step::Send | Step::Look | Step::Discard => match self.place(&asked_for(request)) {
                Some(place) if step == Step::Send => self.send(place),
                Some(place) if step == Step::Discard => {
                    self.messages.remove(place);
                    ResponseTemplate::new(204)
                }
                Some(place) => ResponseTemplate::new(200).set_body_json(shown(&self.messages[place])),
                None => refused(404, "ErrorItemNotFound"),
            },
        }
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.messages.iter().position(|stored| stored.id == id && (stored.is_draft || !self.lags))
    }

    fn draft(&mut self, request: &Request) -> ResponseTemplate {
        let raw = STANDARD.decode(&request.body).unwrap();
        self.made += 1;
        let stored = Stored { id: id(self.made), raw, is_draft: true };
        let answer = ResponseTemplate::new(201).set_body_json(shown(&stored));
        self.messages.push(stored);
        answer
    }

    fn send(&mut self, place: usize) -> ResponseTemplate {
        let stored = &mut self.messages[place];
        if !stored.is_draft {
            return refused(404, "ErrorItemNotFound");
        }
        if String::from_utf8_lossy(&stored.raw).contains(REFUSED) {
            return refused(400, "ErrorInvalidRecipients");
        }
        stored.is_draft = false;
        ResponseTemplate::new(202)
    }

    fn find(&self, request: &Request) -> ResponseTemplate {
        let filter = request.url.query_pairs().find(|(name, _)| name == "$filter").unwrap().1;
        let hits = self.messages.iter().filter(|stored| {
            let parsed = MessageParser::default().parse(&stored.raw).unwrap();
            let is_seen = stored.is_draft || !self.lags;
            is_seen && filter == format!("internetMessageId eq '<{}>'", parsed.message_id().unwrap())
        });
        ResponseTemplate::new(200).set_body_json(json!({ "value": hits.map(shown).collect::<Vec<_>>() }))
    }
}

fn shown(stored: &Stored) -> Value {
    json!({ "@odata.etag": "W/\"x\"", "id": stored.id, "isDraft": stored.is_draft })
}
