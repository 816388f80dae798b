//! A service of its own for each test: the real binary, its own database, its own vendors.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kopru_delivery::SystemClock;
use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses};
use kopru_ports::Clock as _;
use kopru_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use sha2::Sha256;

/// The binary with a database in `folder` and a key.
pub fn kopru(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kopru"));
    let key = format!("t:{}", STANDARD.encode([7; 32]));
    command.env("DATABASE_URL", format!("sqlite://{}", folder.join("kopru.db").display())).env("KOPRU_VAULT_KEYS", key);
    command
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub location: Option<String>,
    pub headers: http::HeaderMap,
    pub json: Value,
    pub text: String,
}

/// A configuration that follows its sheet.
pub struct Config {
    /// Of its own routes.
    pub path: String,
    /// Its webhook's path with the key.
    pub webhook: String,
    /// Its signing secret.
    pub secret: String,
}

impl Config {
    /// The key in its webhook's address.
    pub fn key(&self) -> String {
        self.webhook.split("key=").nth(1).unwrap().to_owned()
    }
}

/// `kopru serve` and the vendors.
pub struct Service {
    /// An API key with all scopes.
    pub key: String,
    base: String,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    process: Child,
    log: std::thread::JoinHandle<String>,
    vendors: Sandbox,
    http: HttpClient,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Service {
    pub async fn start() -> Self {
        let vendors = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let google = format!("{}/google", vendors.base_url());
        Self::run(vendors, &["--private-portals", "--google-client-id", "sandbox-client", "--google-url", &google])
    }

    /// As an operator runs it who knows of no settings.
    pub async fn start_unset() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings and no vendors' addresses.
    pub async fn start_with(settings: &[&str]) -> Self {
        Self::run(Sandbox::start(SandboxConfig::default()).await.unwrap(), settings)
    }

    fn run(vendors: Sandbox, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| String::from_utf8(kopru(folder.path()).args(args).output().unwrap().stdout).unwrap();
        run(&["company", "add", "acme"]);
        let key = run(&["api-key", "create", "--company", "acme"]).trim().to_owned();
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let own = ["serve", "--port", &port.to_string(), "--public-url", &base].map(str::to_owned);
        let arguments: Vec<String> = own.into_iter().chain(settings.iter().map(|text| (*text).to_owned())).collect();
        let (process, log) = serve(kopru(folder.path()).args(&arguments));
        let second = Duration::from_secs(30);
        let options =
            HttpOptions { timeout: second, connect_timeout: second, private_addresses: PrivateAddresses::Allow };
        Self { key, base, folder, arguments, process, log, vendors, http: HttpClient::new(&options).unwrap() }
    }

    /// Ends the service as an operator does.
    pub fn end(&mut self) {
        let pid = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success(), "it ends in order");
    }

    /// Ends it, and starts it again with these keys of the vault.
    pub fn restart(&mut self, keys: &str) {
        self.end();
        let mut command = kopru(self.folder.path());
        (self.process, self.log) = serve(command.args(&self.arguments).env("KOPRU_VAULT_KEYS", keys));
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command on its database while it runs; what it prints.
    pub fn operate(&self, args: &[&str]) -> String {
        let output = kopru(self.folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Ends the service; all bytes of its database, and its log.
    pub fn stop(mut self) -> (Vec<u8>, String) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let database = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        let (_, other) = (0, std::thread::spawn(String::new));
        let log = std::mem::replace(&mut self.log, other).join().unwrap();
        (database, log)
    }

    pub async fn raw(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method, &url).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = self.http.send(request.body(body.unwrap_or_default())).await.unwrap();
        let content_type = reply.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Answer {
            status: reply.status,
            content_type: content_type.to_owned(),
            location: reply.location().map(str::to_owned),
            headers: reply.headers.clone(),
            json: serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&reply.body).into_owned(),
        }
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let own = [("Authorization", bearer.as_str()), ("Kopru-User", "ayse")];
        let body = body.map(|body| body.to_string());
        self.raw(method.parse().unwrap(), path, body, &[&own, headers].concat()).await
    }

    /// With the key.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(method, path, body, &[]).await
    }

    /// Without the key.
    pub async fn open(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.raw(method.parse().unwrap(), path, body.map(|body| body.to_string()), &[]).await
    }

    pub async fn vendors_post(&self, path: &str, body: Value) -> Value {
        let answer = self.open("POST", &format!("{}/_control/{path}", self.vendors.base_url()), Some(body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.json);
        answer.json
    }

    pub async fn vendors_get(&self, path: &str) -> Value {
        self.open("GET", &format!("{}/_control/{path}", self.vendors.base_url()), None).await.json
    }

    /// The simulated portal's address.
    pub fn portal(&self) -> String {
        format!("{}/bitrix24", self.vendors.base_url())
    }

    /// A sheet with names and phones, imported as leads by the portal's webhook.
    pub async fn synced(&self, rows: &[[&str; 2]]) -> Config {
        let webhook = json!({ "webhook": format!("{}/rest/1/abcdef/", self.portal()) });
        let connected = self.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(webhook)).await;
        assert_eq!(connected.status, 200, "{}", connected.json);
        self.imported(rows).await
    }

    /// A sheet with names and phones, imported as leads into the portal that is connected.
    pub async fn imported(&self, rows: &[[&str; 2]]) -> Config {
        self.imported_as(["Ad", "Telefon"], rows).await
    }

    /// A sheet with a header of one's own.
    pub async fn imported_as(&self, header: [&str; 2], rows: &[[&str; 2]]) -> Config {
        self.consent().await;
        let cells: Vec<Value> = std::iter::once(&header).chain(rows).map(|row| json!(row)).collect();
        let sheet = json!({ "id": "s", "title": "s", "locale": "tr_TR", "tabs": [{ "gid": 0, "title": "t", "values": cells }] });
        self.vendors_post("google/spreadsheets", sheet).await;
        let wish = json!({ "spreadsheet": "s", "gid": 0, "entity": "lead", "quiet_ms": 0 });
        let created = self.call("POST", "/api/v1/sheet-sync/configs", Some(wish)).await;
        assert_eq!(created.status, 201, "{}", created.json);
        let text = |key: &str| created.json[key].as_str().unwrap().to_owned();
        let trigger = json!({ "gid": 0, "url": text("webhook_url"), "secret": text("webhook_secret") });
        self.vendors_post("google/spreadsheets/s/trigger", trigger).await;
        let config = Config {
            path: format!("/api/v1/sheet-sync/configs/{}", text("id")),
            webhook: text("webhook_url").replace(&self.base, ""),
            secret: text("webhook_secret"),
        };
        assert_eq!(self.call("POST", &format!("{}/activate", config.path), None).await.status, 202);
        self.settled(&config).await;
        config
    }

    /// The person connects the Google account.
    pub async fn consent(&self) {
        let page = self.call("GET", "/sheet-sync/oauth/authorize", None).await.location.unwrap();
        let mut form: Vec<(String, String)> = url::Url::parse(&page).unwrap().query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        form.extend(scopes.split(' ').map(|scope| ("grant".to_owned(), scope.to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        let back = self.agree(&page, &form).await;
        assert_eq!(self.open("GET", &back, None).await.status, 303);
        assert_eq!(self.open("GET", &back, None).await.status, 401, "a state works once");
    }

    /// Sends a vendor's consent page; where it sends the person.
    pub async fn agree(&self, page: &str, form: &[(String, String)]) -> String {
        let reply = self.http.send(self.http.request(Method::POST, page).form(form)).await.unwrap();
        reply.location().unwrap().to_owned()
    }

    /// Waits until nothing is left to do.
    pub async fn settled(&self, config: &Config) {
        self.until(config, |summary| {
            summary["work"] == 0 && summary["events"] == 0 && summary["scan"]["finished"] == true
        })
        .await;
    }

    /// Waits until the sheet's script has told everything and the summary is as wished.
    pub async fn until(&self, config: &Config, wished: impl Fn(&Value) -> bool) {
        for _ in 0..600 {
            // The posts first: what they brought is in the summary then.
            let queued = self.vendors_get("google/triggers").await.to_string().contains("\"queued\":0");
            let summary = self.call("GET", &config.path, None).await.json["summary"].clone();
            if queued && wished(&summary) {
                return;
            }
            self.a_moment().await;
        }
        panic!("not settled");
    }

    /// Until it is worth looking again.
    pub async fn a_moment(&self) {
        SystemClock.sleep_until(SystemClock.now() + Duration::from_millis(50)).await;
    }

    /// The leads' titles, as the vendor has them.
    pub async fn titles(&self) -> Vec<String> {
        let records = self.vendors_get("bitrix24/records/lead").await;
        records
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["fields"]["TITLE"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The headers of a post that was signed `age` seconds ago.
pub fn signed(id: &str, age: i64, secret: &str, body: &str) -> [(&'static str, String); 3] {
    let timestamp = (SystemClock.now().as_second() - age).to_string();
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(format!("{id}.{timestamp}.{body}"));
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
}

/// Starts a service; its process, and what it logs.
fn serve(command: &mut Command) -> (Child, std::thread::JoinHandle<String>) {
    let command = command.env("GOOGLE_CLIENT_SECRET", "sandbox-secret").env("RUST_LOG", "debug");
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = process.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = log.read_to_string(&mut text);
        text
    });
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening"), "{line}");
    (process, log)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
