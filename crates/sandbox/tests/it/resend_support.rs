//! Resend's API in short, and somebody's server that its webhooks go to.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Fixture, json_of};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

impl Fixture {
    pub fn resend(&self, method: Method, tail: &str) -> RequestBuilder {
        self.request(method, &format!("resend/{tail}")).bearer_auth("re_sandbox")
    }

    pub async fn get_resend(&self, tail: &str) -> (u16, Value) {
        json_of(self.resend(Method::GET, tail).send().await.unwrap()).await
    }

    pub async fn post_resend(&self, tail: &str, body: Value) -> (u16, Value) {
        json_of(self.resend(Method::POST, tail).json(&body).send().await.unwrap()).await
    }

    /// The id of an e-mail that has to be taken.
    pub async fn email(&self, more: Value) -> String {
        let (status, answer) = self.post_resend("emails", letter(more)).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The e-mail as it is when this is its last event.
    pub async fn email_becomes(&self, id: &str, event: &str) -> Value {
        let wanted = async {
            loop {
                let emails = self.inspect("resend/emails").await;
                let email = emails.as_array().unwrap().iter().find(|email| email["id"] == id).unwrap();
                if email["last_event"] == event {
                    return email.clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wanted).await.expect(event)
    }
}

/// An e-mail that Resend takes, but for what is changed.
pub fn letter(mut changed: Value) -> Value {
    let mut letter = json!({
        "from": "Örnek A.Ş. <satis@example.com>", "to": ["ayse@example.com"],
        "subject": "Teklifiniz hazır", "text": "Merhaba",
    });
    letter.as_object_mut().unwrap().append(changed.as_object_mut().unwrap());
    letter
}

#[derive(Debug)]
pub struct Hook {
    /// Of the retries of one webhook, all the same.
    pub id: String,
    pub signatures: usize,
    pub event: Value,
}

impl Hook {
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap()
    }
}

/// A server that takes nothing without a true signature, and fails as often as it is told to.
pub struct Server {
    pub url: String,
    hooks: mpsc::UnboundedReceiver<Hook>,
}

impl Server {
    pub async fn start(failures: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, hooks) = mpsc::unbounded_channel();
        let left = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(failures));
        let router = Router::new().route("/hook", post(receive)).with_state((sender, left));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, hooks }
    }

    pub async fn next(&mut self) -> Hook {
        tokio::time::timeout(Duration::from_secs(10), self.hooks.recv()).await.unwrap().unwrap()
    }

    pub async fn kinds<const N: usize>(&mut self) -> [String; N] {
        let mut kinds = Vec::new();
        for _ in 0..N {
            kinds.push(self.next().await.kind().to_owned());
        }
        kinds.try_into().unwrap()
    }

    pub fn is_idle(&mut self) -> bool {
        self.hooks.try_recv().is_err()
    }
}

type Told = (mpsc::UnboundedSender<Hook>, std::sync::Arc<std::sync::atomic::AtomicUsize>);

async fn receive(State((sender, left)): State<Told>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, timestamp) = (header("svix-id"), header("svix-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(&SECRET[6..]).unwrap()).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let own = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let signatures: Vec<String> = header("svix-signature").split(' ').map(str::to_owned).collect();
    if !signatures.contains(&own) {
        return StatusCode::FORBIDDEN;
    }
    let event = serde_json::from_str(&body).unwrap();
    sender.send(Hook { id, signatures: signatures.len(), event }).unwrap();
    let fails = left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
    if fails { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}
