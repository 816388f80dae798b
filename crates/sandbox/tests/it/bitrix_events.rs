//! Section 11: events to handlers, and the queue that applications fetch.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Fixture, json_of};

/// A handler that remembers what it was told, and fails.
struct Receiver {
    url: String,
    forms: mpsc::UnboundedReceiver<BTreeMap<String, String>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, forms) = mpsc::unbounded_channel();
        let receive = async |State(sender): State<mpsc::UnboundedSender<_>>, body: String| {
            sender.send(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()).unwrap();
            StatusCode::INTERNAL_SERVER_ERROR
        };
        let router = Router::new().route("/hook", post(receive)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, forms }
    }

    async fn next(&mut self) -> BTreeMap<String, String> {
        tokio::time::timeout(Duration::from_secs(10), self.forms.recv()).await.unwrap().unwrap()
    }
}

/// An installed application, with its token.
async fn with_app() -> (Fixture, Value) {
    let fixture = Fixture::start().await;
    let app = json!({"client_id": "app.1", "client_secret": "s", "redirect_uri": "http://127.0.0.1:9/"});
    fixture.control("bitrix24/apps", app).await;
    let pair = fixture.control("bitrix24/tokens", json!({"client_id": "app.1"})).await;
    (fixture, pair["access_token"].clone())
}

async fn call(fixture: &Fixture, token: &Value, method: &str, mut params: Value) -> Value {
    params["auth"] = token.clone();
    let request = fixture.request(reqwest::Method::POST, &format!("bitrix24/rest/{method}")).json(&params);
    let (status, answer) = json_of(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{method}: {answer}");
    answer["result"].clone()
}

/// What lies in the queue: (event, id of the object).
fn told(answer: &Value) -> Vec<(&str, &str)> {
    let events = answer["events"].as_array().unwrap().iter();
    events.map(|e| (e["EVENT_NAME"].as_str().unwrap(), e["EVENT_DATA"]["FIELDS"]["ID"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn an_outbound_webhook_is_told_the_number_alone_and_once() {
    let fixture = Fixture::start().await;
    let mut receiver = Receiver::start().await;
    let hook = json!({"event": "ONCRMDEALUPDATE", "handler": receiver.url});
    let token = fixture.control("bitrix24/outbound", hook).await["application_token"].clone();
    let id = fixture.add("deal", json!({"TITLE": "a"})).await;
    for title in ["b", "b", "c"] {
        fixture.result("crm.deal.update", json!({"id": id, "fields": {"TITLE": title}})).await;
    }
    let [first, second] = [receiver.next().await, receiver.next().await];
    for name in ["ts", "auth[domain]", "auth[client_endpoint]", "auth[member_id]"] {
        assert!(!first[name].is_empty(), "{name}");
    }
    assert_eq!((&first["event"], &first["data[FIELDS][ID]"]), (&"ONCRMDEALUPDATE".to_owned(), &id.to_string()));
    assert_eq!(json!(first["auth[application_token]"]), token);
    assert_eq!(first["event_handler_id"], second["event_handler_id"]);
    // A change that changes nothing is no event, and a failed call is not repeated.
    fixture.result("crm.deal.update", json!({"id": id, "fields": {"TITLE": "d"}})).await;
    receiver.next().await;
    assert!(receiver.forms.is_empty());
}

#[tokio::test]
async fn records_of_smart_processes_say_their_type() {
    let (fixture, token) = with_app().await;
    fixture.control("bitrix24/seed", json!({"types": [{"entity_type_id": 133, "title": "Servis"}]})).await;
    let mut receiver = Receiver::start().await;
    let bind = json!({"event": "onCrmDynamicItemAdd_133", "handler": receiver.url});
    assert_eq!(call(&fixture, &token, "event.bind", bind.clone()).await, json!(true));
    fixture.result("crm.item.add", json!({"entityTypeId": 133, "fields": {"title": "a"}})).await;
    let told = receiver.next().await;
    assert_eq!(
        (told["event"].as_str(), told["data[FIELDS][ENTITY_TYPE_ID]"].as_str()),
        ("ONCRMDYNAMICITEMADD_133", "133")
    );
    assert_eq!(call(&fixture, &token, "event.get", json!({})).await[0]["handler"], receiver.url);
    assert_eq!(call(&fixture, &token, "event.unbind", bind).await, json!({"count": 1}));
    assert_eq!(call(&fixture, &token, "event.get", json!({})).await, json!([]));
}

#[tokio::test]
async fn the_queue_keeps_one_row_per_object_until_it_is_cleared() {
    let (fixture, token) = with_app().await;
    call(&fixture, &token, "event.bind", json!({"event": "ONCRMLEADUPDATE", "event_type": "offline"})).await;
    for _ in 0..2 {
        fixture.add("lead", json!({"TITLE": "a"})).await;
    }
    for (id, title) in [(1, "b"), (2, "c"), (1, "d")] {
        fixture.result("crm.lead.update", json!({"id": id, "fields": {"TITLE": title}})).await;
    }
    let fetched = call(&fixture, &token, "event.offline.get", json!({"clear": 0})).await;
    assert_eq!(told(&fetched), [("ONCRMLEADUPDATE", "2"), ("ONCRMLEADUPDATE", "1")]);
    let process_id = fetched["process_id"].clone();
    let others = call(&fixture, &token, "event.offline.get", json!({"clear": 0})).await;
    assert_eq!(told(&others), [], "another process does not get what this one has in hand");
    let first = json!({"process_id": process_id, "message_id": [fetched["events"][0]["MESSAGE_ID"]]});
    call(&fixture, &token, "event.offline.error", first).await;
    let again = json!({"clear": 0, "process_id": process_id});
    assert_eq!(told(&call(&fixture, &token, "event.offline.get", again.clone()).await), [("ONCRMLEADUPDATE", "1")]);
    call(&fixture, &token, "event.offline.clear", json!({"process_id": process_id})).await;
    assert_eq!(call(&fixture, &token, "event.offline.list", json!({})).await, json!([]));
}

#[tokio::test]
async fn who_writes_with_its_connectors_key_does_not_hear_itself() {
    let (fixture, token) = with_app().await;
    let bind = json!({"event": "ONCRMLEADADD", "event_type": "offline", "auth_connector": "kopru"});
    call(&fixture, &token, "event.bind", bind).await;
    fixture.result("crm.lead.add", json!({"fields": {"TITLE": "mine"}, "auth_connector": "kopru"})).await;
    fixture.result("crm.lead.add", json!({"fields": {"TITLE": "theirs"}})).await;
    let fetched = call(&fixture, &token, "event.offline.get", json!({})).await;
    assert_eq!((told(&fetched), &fetched["process_id"]), (vec![("ONCRMLEADADD", "2")], &Value::Null));
    assert_eq!(told(&call(&fixture, &token, "event.offline.get", json!({})).await), [], "what is fetched is cleared");
}

#[tokio::test]
async fn a_webhook_may_not_bind() {
    let fixture = Fixture::start().await;
    let (status, answer) =
        fixture.rest("event.bind", json!({"event": "ONCRMLEADADD", "handler": "http://127.0.0.1:9/"})).await;
    assert_eq!((status, &answer["error"]), (403, &json!("WRONG_AUTH_TYPE")));
}
