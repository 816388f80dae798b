//! The bound script: signed messages, repeated until heard.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Fixture, Sheet};

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Message {
    id: String,
    body: Value,
}

/// A server that checks signatures and answers with the given statuses, then 204.
struct Hub {
    url: String,
    messages: mpsc::UnboundedReceiver<Message>,
}

impl Hub {
    async fn start(statuses: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, messages) = mpsc::unbounded_channel();
        let (give, take) = std::sync::mpsc::channel();
        for status in statuses {
            give.send(status).unwrap();
        }
        let state = std::sync::Arc::new((sender, std::sync::Mutex::new(take)));
        let router = Router::new().route("/hook", post(receive)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, messages }
    }

    async fn next(&mut self) -> Message {
        tokio::time::timeout(Duration::from_secs(10), self.messages.recv()).await.unwrap().unwrap()
    }
}

type Wires = std::sync::Arc<(mpsc::UnboundedSender<Message>, std::sync::Mutex<std::sync::mpsc::Receiver<u16>>)>;

async fn receive(State(wires): State<Wires>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap();
    let id = header("webhook-id");
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(format!("{id}.{}.", header("webhook-timestamp")).as_bytes());
    mac.update(&body);
    let signature = header("webhook-signature").strip_prefix("v1,").unwrap();
    assert!(mac.verify_slice(&STANDARD.decode(signature).unwrap()).is_ok());
    let message = Message { id: id.to_owned(), body: serde_json::from_slice(&body).unwrap() };
    wires.0.send(message).unwrap();
    let status = wires.1.lock().unwrap().try_recv().unwrap_or(204);
    StatusCode::from_u16(status).unwrap()
}

async fn register(sheet: &Sheet<'_>, url: &str) {
    let body = json!({"gid": 7, "url": url, "secret": format!("whsec_{KEY}")});
    sheet.fixture.control("google/spreadsheets/s1/trigger", body).await;
}

#[tokio::test]
async fn a_persons_edit_is_told_and_an_api_write_is_not() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad", "Tutar"], ["Ayşe", 1]])).await;
    let mut hub = Hub::start(Vec::new()).await;
    register(&sheet, &hub.url).await;
    sheet.write("A2", json!([["by API"]])).await;
    sheet.edit(2, 1, json!(2)).await;
    let expected = json!({"sheet_id": "s1", "gid": 7, "event": "row_edited", "row_id": 2, "changes": {"Tutar": {"old": 1, "new": 2}}});
    assert_eq!(hub.next().await.body, expected);
    sheet.edit(3, 0, json!("Ali")).await;
    let added = hub.next().await.body;
    assert_eq!((&added["event"], &added["row_id"]), (&json!("row_added"), &json!(3)));
}

#[tokio::test]
async fn rows_that_come_go_and_are_sorted() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad"], ["b"], ["a"]])).await;
    let mut hub = Hub::start(Vec::new()).await;
    register(&sheet, &hub.url).await;
    for action in [
        json!({"gid": 7, "action": "sort", "column": 0}),
        json!({"gid": 7, "action": "insert", "row": 2, "values": ["c"]}),
        json!({"gid": 7, "action": "delete", "row": 3}),
    ] {
        fixture.control("google/spreadsheets/s1/rows", action).await;
    }
    let sorted = hub.next().await.body;
    assert_eq!((&sorted["event"], &sorted["rows"]), (&json!("rows_changed"), &json!([2, 3])));
    let added = hub.next().await.body;
    assert_eq!((&added["event"], &added["changes"]["Ad"]["new"]), (&json!("row_added"), &json!("c")));
    let deleted = hub.next().await.body;
    assert_eq!((&deleted["event"], &deleted["changes"]["Ad"]["old"]), (&json!("row_deleted"), &json!("a")));
    assert_eq!(sheet.cells().await, json!([["Ad"], ["c"], ["b"]]));
}

#[tokio::test]
async fn what_is_not_acknowledged_is_repeated_first_with_the_same_id() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad"], ["a"]])).await;
    let mut hub = Hub::start(vec![503, 400]).await;
    register(&sheet, &hub.url).await;
    sheet.edit(2, 0, json!("b")).await;
    sheet.edit(2, 0, json!("c")).await;
    let messages = [hub.next().await, hub.next().await, hub.next().await, hub.next().await];
    let news = messages.each_ref().map(|message| message.body["changes"]["Ad"]["new"].as_str().unwrap());
    assert_eq!(news, ["b", "b", "b", "c"]);
    assert!(messages[0].id == messages[2].id && messages[2].id != messages[3].id);
}

#[tokio::test]
async fn what_was_not_heard_is_told_to_the_servers_next_address() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad"], ["a"]])).await;
    let mut deaf = Hub::start(vec![503; 100]).await;
    register(&sheet, &deaf.url).await;
    sheet.edit(2, 0, json!("b")).await;
    sheet.edit(2, 0, json!("c")).await;
    let unheard = deaf.next().await.id;
    let mut hub = Hub::start(Vec::new()).await;
    register(&sheet, &hub.url).await;
    let messages = [hub.next().await, hub.next().await];
    let news = messages.each_ref().map(|message| message.body["changes"]["Ad"]["new"].as_str().unwrap());
    assert_eq!((messages[0].id.as_str(), news), (unheard.as_str(), ["b", "c"]));
}

#[tokio::test]
async fn a_hub_that_is_gone_removes_the_trigger() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad"], ["a"]])).await;
    let mut hub = Hub::start(vec![410]).await;
    register(&sheet, &hub.url).await;
    sheet.edit(2, 0, json!("b")).await;
    hub.next().await;
    let gone = async {
        while fixture.inspect("google/triggers").await != json!([]) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
}
