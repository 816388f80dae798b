//! Twilio's API in short, and somebody's server that its webhooks go to.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Fixture, json_of};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const SERVICE: &str = "MG00000000000000000000000000000001";
pub const TOKEN: &str = "sandbox-token";
pub const SENDER: &str = "+15005550006";
pub const PERSON: &str = "+905551234567";

pub type Fields<'a> = &'a [(&'a str, &'a str)];

impl Fixture {
    pub fn twilio(&self, method: Method, tail: &str) -> RequestBuilder {
        let path = format!("twilio/2010-04-01/Accounts/{ACCOUNT}/{tail}");
        self.request(method, &path).basic_auth(ACCOUNT, Some(TOKEN))
    }

    pub async fn get_twilio(&self, tail: &str) -> (u16, Value) {
        json_of(self.twilio(Method::GET, tail).send().await.unwrap()).await
    }

    pub async fn post_message(&self, fields: Fields<'_>) -> (u16, Value) {
        json_of(self.twilio(Method::POST, "Messages.json").form(fields).send().await.unwrap()).await
    }

    /// A message to `PERSON` that has to be taken.
    pub async fn text(&self, more: Fields<'_>) -> Value {
        let fields = [&[("To", PERSON), ("From", SENDER), ("Body", "Merhaba")], more].concat();
        let (status, message) = self.post_message(&fields).await;
        assert_eq!(status, 201, "{message}");
        message
    }

    /// The message as it is when its status is this one.
    pub async fn becomes(&self, message: &Value, status: &str) -> Value {
        let sid = message["sid"].as_str().unwrap();
        let wanted = async {
            loop {
                let now = self.get_twilio(&format!("Messages/{sid}.json")).await.1;
                if now["status"] == status {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wanted).await.expect(status)
    }

    pub async fn advance(&self, seconds: u32) {
        self.control("clock", json!({"advance_seconds": seconds})).await;
    }

    /// A sandbox whose clock goes only when it is told to.
    pub async fn stopped() -> Self {
        let fixture = Self::start().await;
        fixture.control("clock", json!({"scale": 0})).await;
        fixture
    }
}

#[derive(Debug)]
pub struct Hook {
    /// Of the retries of one webhook, all the same.
    pub token: String,
    pub form: BTreeMap<String, String>,
}

impl Hook {
    pub fn status(&self) -> &str {
        &self.form["MessageStatus"]
    }
}

/// A server that takes nothing without a true signature.
pub struct Server {
    pub url: String,
    hooks: mpsc::UnboundedReceiver<Hook>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, hooks) = mpsc::unbounded_channel();
        let state = (base.clone(), sender);
        let router = Router::new().route("/hook", post(receive)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url: format!("{base}/hook?mid=4 2"), hooks }
    }

    pub async fn next(&mut self) -> Hook {
        tokio::time::timeout(Duration::from_secs(10), self.hooks.recv()).await.unwrap().unwrap()
    }

    pub async fn statuses<const N: usize>(&mut self) -> [String; N] {
        let mut statuses = Vec::new();
        for _ in 0..N {
            statuses.push(self.next().await.status().to_owned());
        }
        statuses.try_into().unwrap()
    }

    pub fn is_idle(&mut self) -> bool {
        self.hooks.try_recv().is_err()
    }
}

async fn receive(
    State((base, sender)): State<(String, mpsc::UnboundedSender<Hook>)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(format!("{base}{uri}").as_bytes());
    for (name, value) in &form {
        mac.update(format!("{name}{value}").as_bytes());
    }
    let signature = STANDARD.decode(headers["x-twilio-signature"].as_bytes()).unwrap();
    if mac.verify_slice(&signature).is_err() {
        return StatusCode::FORBIDDEN;
    }
    let token = headers["i-twilio-idempotency-token"].to_str().unwrap().to_owned();
    sender.send(Hook { token, form }).unwrap();
    StatusCode::NO_CONTENT
}
