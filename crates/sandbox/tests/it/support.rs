//! A sandbox of one's own for each test, and short ways to talk to it.

use kopru_sandbox::{Sandbox, SandboxConfig};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

pub const SHEETS: &str = "https://www.googleapis.com/auth/spreadsheets";

pub struct Fixture {
    pub base: String,
    pub http: Client,
    sandbox: Sandbox,
}

impl Fixture {
    pub async fn start() -> Self {
        Self::with(SandboxConfig::default()).await
    }

    pub async fn with(config: SandboxConfig) -> Self {
        let sandbox = Sandbox::start(config).await.unwrap();
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { base: sandbox.base_url(), http, sandbox }
    }

    pub fn smtp(&self) -> std::net::SocketAddr {
        self.sandbox.smtp_address().unwrap()
    }

    pub fn smtps(&self) -> std::net::SocketAddr {
        self.sandbox.smtps_address().unwrap()
    }

    pub async fn stop(self) {
        self.sandbox.stop().await;
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base))
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let request = self.request(Method::POST, &format!("_control/{path}")).json(&body);
        let (status, answer) = json_of(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub async fn inspect(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, &format!("_control/{path}")).send().await.unwrap();
        json_of(answer).await.1
    }

    /// A Bitrix24 method by POST JSON.
    pub async fn rest(&self, method: &str, params: Value) -> (u16, Value) {
        let path = format!("bitrix24/rest/1/abcdef/{method}");
        json_of(self.request(Method::POST, &path).json(&params).send().await.unwrap()).await
    }

    /// A Bitrix24 method with a body as the documentation writes it.
    pub async fn raw(&self, method: &str, body: &'static str) -> (u16, Value) {
        let request = self.request(Method::POST, &format!("rest/1/abcdef/{method}"));
        json_of(request.header("content-type", "application/json").body(body).send().await.unwrap()).await
    }

    /// The `result` of a call that has to work.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let (status, answer) = self.rest(method, params).await;
        assert_eq!(status, 200, "{method}: {answer}");
        answer["result"].clone()
    }

    pub async fn batch(&self, commands: Value) -> Value {
        self.result("batch", json!({"halt": 0, "cmd": commands})).await
    }

    pub async fn add(&self, entity: &str, fields: Value) -> u64 {
        let id = self.result(&format!("crm.{entity}.add"), json!({"fields": fields})).await;
        id.as_u64().unwrap()
    }

    /// A live token for the scope, without the consent page.
    pub async fn token(&self, scope: &str) -> String {
        let tokens = self.control("google/tokens", json!({"scopes": [scope]})).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// The spreadsheet `s1`, whose tab with the gid 7 is called "Tab adı".
    pub async fn sheet(&self, values: Value) -> Sheet<'_> {
        let tabs = json!([{"gid": 7, "title": "Tab adı", "values": values}]);
        let seed = json!({"id": "s1", "title": "Adaylar", "tabs": tabs});
        self.control("google/spreadsheets", seed).await;
        Sheet { fixture: self, token: self.token(SHEETS).await }
    }
}

pub struct Sheet<'a> {
    pub fixture: &'a Fixture,
    pub token: String,
}

impl Sheet<'_> {
    pub async fn call(&self, method: Method, tail: &str, body: Option<Value>) -> (u16, Value) {
        let path = format!("google/v4/spreadsheets/s1{tail}");
        let mut request = self.fixture.request(method, &path).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        json_of(request.send().await.unwrap()).await
    }

    pub async fn post(&self, tail: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, tail, Some(body)).await
    }

    /// Writes one range as it is.
    pub async fn write(&self, range: &str, values: Value) -> (u16, Value) {
        let data = json!([{"range": range, "values": values}]);
        self.post("/values:batchUpdate", json!({"valueInputOption": "RAW", "data": data})).await
    }

    pub async fn cells(&self) -> Value {
        self.tab().await["cells"].clone()
    }

    pub async fn tab(&self) -> Value {
        self.fixture.inspect("google/spreadsheets/s1").await["tabs"][0].clone()
    }

    pub async fn edit(&self, row: usize, column: usize, value: Value) {
        let body = json!({"gid": 7, "row": row, "column": column, "value": value});
        self.fixture.control("google/spreadsheets/s1/edit", body).await;
    }
}

/// Status and body; a body that is not JSON is a text.
pub async fn json_of(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}
