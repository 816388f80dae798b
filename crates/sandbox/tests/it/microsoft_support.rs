//! Graph and the identity platform in short.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

pub const ACCOUNT: &str = "demo@example.com";

pub struct Graph {
    pub fixture: Fixture,
    pub token: String,
}

impl Graph {
    pub async fn start() -> Self {
        Self::with(Fixture::start().await, &["Mail.Send", "https://graph.microsoft.com/Mail.ReadWrite", "User.Read"])
            .await
    }

    pub async fn with(fixture: Fixture, scopes: &[&str]) -> Self {
        let tokens = fixture.control("microsoft/tokens", json!({"scopes": scopes})).await;
        Self { token: tokens["access_token"].as_str().unwrap().to_owned(), fixture }
    }

    pub fn request(&self, method: Method, tail: &str) -> RequestBuilder {
        self.fixture.request(method, &format!("microsoft/v1.0/{tail}")).bearer_auth(&self.token)
    }

    pub async fn get(&self, tail: &str) -> (u16, Value) {
        json_of(self.request(Method::GET, tail).send().await.unwrap()).await
    }

    pub async fn post(&self, tail: &str, body: Value) -> (u16, Value) {
        json_of(self.request(Method::POST, tail).json(&body).send().await.unwrap()).await
    }

    pub async fn sent(&self, message_id: &str) -> Vec<Value> {
        let filter = format!("internetMessageId eq '{message_id}'");
        let request = self.request(Method::GET, "me/mailFolders/SentItems/messages").query(&[("$filter", filter)]);
        let (status, body) = json_of(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{body}");
        body["value"].as_array().unwrap().clone()
    }
}

/// A message that Graph takes, but for what is changed.
pub fn message(mut changed: Value) -> Value {
    let mut message = json!({
        "subject": "Teklifiniz hazır", "body": {"contentType": "HTML", "content": "<p>Merhaba</p>"},
        "toRecipients": [{"emailAddress": {"address": "Ayse@example.com", "name": "Ayşe"}}],
    });
    message.as_object_mut().unwrap().append(changed.as_object_mut().unwrap());
    message
}
