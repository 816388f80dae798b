//! The demo as a client: of the service by its public interface, of the vendors by their control.

use anyhow::{Context as _, ensure};
use kopru_domain::Language;
use kopru_http_client::{HttpClient, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Calls one base address.
pub struct Client {
    http: HttpClient,
    base: String,
    language: Language,
    key: Option<(SecretString, String)>,
}

impl Client {
    /// A client without a key, for the vendors' control.
    pub fn new(http: HttpClient, base: impl Into<String>, language: Language) -> Self {
        Self { http, base: base.into(), language, key: None }
    }

    /// A client of the service, acting for a person.
    pub fn with_key(self, key: SecretString, user: &str) -> Self {
        Self { key: Some((key, user.to_owned())), ..self }
    }

    /// The language in which it is answered.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The address that it calls.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its key, which the demo shows to its user.
    pub fn key_text(&self) -> &str {
        self.key.as_ref().map_or("", |(key, _)| key.expose_secret())
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self.request(method, &format!("{}{path}", self.base));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let reply = self.http.send(request).await.with_context(|| format!("{path} does not answer"))?;
        let text = String::from_utf8_lossy(&reply.body);
        ensure!(reply.status < 300, "{}", refusal(path, reply.status, &text));
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    fn request(&self, method: Method, url: &str) -> kopru_http_client::RequestBuilder {
        let language = if self.language == Language::Tr { "tr" } else { "en" };
        let request = self.http.request(method, url).header("Accept-Language", language);
        match &self.key {
            Some((key, user)) => request.bearer_auth(key.expose_secret()).header("Kopru-User", user),
            None => request,
        }
    }

    /// Follows a path that redirects; where to.
    pub async fn redirect(&self, path: &str) -> anyhow::Result<String> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let reply = self.http.send(self.request(Method::GET, &url)).await?;
        location(&reply, path)
    }

    /// Agrees on a consent page; where it sends the person.
    pub async fn agree(&self, page: &str) -> anyhow::Result<String> {
        let url = url::Url::parse(page)?;
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").map(|(_, value)| value.clone()).unwrap_or_default();
        form.extend(scopes.split(' ').map(|scope| ("grant".to_owned(), scope.to_owned())));
        form.extend(
            [("account", "demo@example.com"), ("decision", "allow")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let reply = self.http.send(self.http.request(Method::POST, page).form(&form)).await?;
        location(&reply, "the consent page")
    }
}

/// What a refused call says: a problem document's own words, else all of it.
fn refusal(path: &str, status: u16, text: &str) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    match (problem["title"].as_str(), problem["detail"].as_str()) {
        (Some(title), Some(detail)) => format!("{title} ({detail})"),
        (Some(title), None) => title.to_owned(),
        (None, _) => format!("{path} answered {status}: {text}"),
    }
}

fn location(reply: &kopru_http_client::Reply, what: &str) -> anyhow::Result<String> {
    let found = reply.location().map(str::to_owned);
    found.with_context(|| format!("{what} did not redirect: {} {}", reply.status, String::from_utf8_lossy(&reply.body)))
}
