//! The simulated Twilio, and what it tells us.

use jiff::Timestamp;
use kopru_domain::message::{Channel, MessageStatus, OptWord, Trouble};
use kopru_http_client::{HttpClient, Method};
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest, InboundWebhook as _};
use kopru_ports::messages::{MessageSender as _, SendRequest};
use kopru_ports_testkit::suites::message_sender::template;
use kopru_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::world::{FROM, PATIENT, PERSON, Surroundings, http, request, settings};

pub const TEMPLATE: &str = "HX00000000000000000000000000000001";

pub struct Simulated {
    sandbox: Sandbox,
    http: HttpClient,
}

impl Simulated {
    pub async fn start() -> Self {
        Self { sandbox: Sandbox::start(SandboxConfig::default()).await.unwrap(), http: http(PATIENT) }
    }

    pub fn base(&self) -> String {
        format!("{}/twilio", self.sandbox.base_url())
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.sandbox.base_url());
        let reply = self.http.send(self.http.request(method, &url).json(&body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
        reply.json().unwrap()
    }

    pub async fn add_template(&self) {
        let content = json!({ "body": "Merhaba {{1}}", "approved": true });
        self.control(Method::POST, "twilio/contents", json!({ "contents": { TEMPLATE: content } })).await;
    }
}

/// Where Twilio's requests arrive.
struct Hub {
    server: MockServer,
    requests: mpsc::UnboundedReceiver<InboundRequest>,
}

impl Hub {
    async fn start() -> Self {
        let (server, (sender, requests)) = (MockServer::start().await, mpsc::unbounded_channel());
        let base = server.uri();
        let keep = move |request: &Request| {
            sender.send(inbound(&base, request)).unwrap();
            ResponseTemplate::new(204)
        };
        Mock::given(any()).respond_with(keep).mount(&server).await;
        Self { server, requests }
    }

    fn address(&self) -> Url {
        format!("{}/hooks/twilio/acme?a=b%20c", self.server.uri()).parse().unwrap()
    }

    async fn next(&mut self) -> InboundRequest {
        tokio::time::timeout(PATIENT, self.requests.recv()).await.unwrap().unwrap()
    }
}

fn inbound(base: &str, request: &Request) -> InboundRequest {
    let path = &request.url[url::Position::BeforePath..];
    let text =
        |(name, value): (_, &wiremock::http::HeaderValue)| (format!("{name}"), value.to_str().unwrap().to_owned());
    InboundRequest {
        url: format!("{base}{path}").parse().unwrap(),
        headers: request.headers.iter().map(text).collect(),
        body: request.body.clone(),
        received: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn reports_come_back_with_our_id() {
    let (simulated, mut hub) = (Simulated::start().await, Hub::start().await);
    simulated.add_template().await;
    let failing = json!({ PERSON: { "status": "undelivered", "error_code": 30003 } });
    simulated.control(Method::POST, "twilio/numbers", failing).await;
    let settings = settings(&json!({}));
    let twilio = Surroundings::new(PATIENT, &settings).twilio(&simulated.base());
    let callback = Some(hub.address());
    for request in [
        SendRequest { callback: callback.clone(), ..request(Channel::Sms) },
        SendRequest { callback, content: template(TEMPLATE, &[("1", "Işıl")]), ..request(Channel::WhatsApp) },
    ] {
        let (channel, ours) = (request.channel, request.id);
        let taken = twilio.send(request).await.unwrap();
        let mut last = None;
        while last != Some(MessageStatus::Undelivered) && last != Some(MessageStatus::Read) {
            let told = twilio.read(&settings.to_string().into(), &hub.next().await).unwrap();
            let Inbound::Report { id, report, .. } = told else { panic!("{told:?}") };
            assert_eq!((id, &report.provider_id), (Some(ours), &taken.provider_id));
            assert_eq!(report.trouble.is_some(), report.status == MessageStatus::Undelivered);
            last = Some(report.status);
        }
        let expected = if channel == Channel::Sms { MessageStatus::Undelivered } else { MessageStatus::Read };
        assert_eq!(last, Some(expected));
    }
}

#[tokio::test]
async fn what_people_write_is_believed_by_its_signature_alone() {
    let (simulated, mut hub) = (Simulated::start().await, Hub::start().await);
    simulated.control(Method::POST, "twilio/webhook", json!({ "url": hub.address() })).await;
    let twilio = Surroundings::new(PATIENT, &json!({})).twilio(&simulated.base());
    let (own, wrong) = (settings(&json!({})), settings(&json!({ "auth_token": "another" })));
    for (prefix, channel) in [("", Channel::Sms), ("whatsapp:", Channel::WhatsApp)] {
        let message =
            json!({ "from": format!("{prefix}{PERSON}"), "to": format!("{prefix}{FROM}"), "body": "Evet, ğüş & %20" });
        let sid = simulated.control(Method::POST, "twilio/inbound", message).await["sid"].clone();
        let request = hub.next().await;
        let Inbound::Message(told) = twilio.read(&own.to_string().into(), &request).unwrap() else {
            panic!("no message")
        };
        assert_eq!((told.provider_id.as_str(), told.channel), (sid.as_str().unwrap(), channel));
        assert_eq!((told.from.as_str(), told.text.as_str(), told.word), (PERSON, "Evet, ğüş & %20", None::<OptWord>));
        let error = twilio.read(&wrong.to_string().into(), &request).unwrap_err();
        assert_eq!(error.kind, InboundErrorKind::NotAuthentic);
    }
}

/// The person's own word ends it at Twilio, too.
#[tokio::test]
async fn who_said_stop_gets_nothing_more() {
    let simulated = Simulated::start().await;
    let stop = json!({ "from": PERSON, "to": FROM, "body": "STOP" });
    simulated.control(Method::POST, "twilio/inbound", stop).await;
    let twilio = Surroundings::new(PATIENT, &settings(&json!({}))).twilio(&simulated.base());
    let error = twilio.send(request(Channel::Sms)).await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (Trouble::OptedOut, Some("21610")));
}
