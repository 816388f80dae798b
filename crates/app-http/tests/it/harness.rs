//! A service of its own for each test: the real binary, its own database, its own vendors.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
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

use crate::secrets::{Left, Secrets};

/// Google's, as the sandbox knows it.
const CLIENT_SECRET: &str = "sandbox-secret";
const SKIPPED: &[u8] = b"\nSKIPPED: no PostgreSQL, since KOPRU_TEST_DATABASE_URL is not set; use scripts/with-pg\n";

/// The binary with a database in `folder` and a key.
pub fn kopru(folder: &Path) -> Command {
    kopru_on(&in_folder(folder))
}

fn in_folder(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("kopru.db").display())
}

fn kopru_on(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kopru"));
    command.env("DATABASE_URL", database).env("KOPRU_VAULT_KEYS", format!("t:{}", vault_key()));
    command
}

pub fn vault_key() -> String {
    STANDARD.encode([7; 32])
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
    database: String,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    process: Child,
    /// Other instances.
    beside: Vec<Child>,
    /// Of each start; none once somebody looked at what is left.
    logs: Vec<std::thread::JoinHandle<String>>,
    secrets: Secrets,
    vendors: Sandbox,
    http: HttpClient,
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() || self.logs.is_empty() {
            self.kill();
        } else {
            assert_eq!(self.left().leaks(), BTreeSet::new());
        }
    }
}

impl Service {
    pub async fn start() -> Self {
        Self::start_and(&[]).await
    }

    /// With these settings besides.
    pub async fn start_and(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_on((&in_folder(folder.path()), folder), settings).await
    }

    /// On a database of its own on the server that `scripts/with-pg` started; `None` where there is none.
    pub async fn start_on_postgres() -> Option<Self> {
        let server = std::env::var_os("KOPRU_TEST_DATABASE_URL").and_then(|url| url.into_string().ok());
        let Some(server) = server else {
            // Past the test harness, which shows nothing of tests that pass.
            std::io::stderr().write_all(SKIPPED).unwrap();
            return None;
        };
        let name = format!("service_{}", uuid::Uuid::now_v7().simple());
        let made = Command::new("psql").args([&server, "-c", &format!("CREATE DATABASE {name}")]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (address, _) = server.rsplit_once('/').unwrap();
        Some(Self::start_on((&format!("{address}/{name}"), tempfile::tempdir().unwrap()), &[]).await)
    }

    async fn start_on(database: (&str, tempfile::TempDir), more: &[&str]) -> Self {
        let smtp = Some(kopru_sandbox::Smtp { port: 0, tls_port: 0 });
        let vendors = Sandbox::start(SandboxConfig { smtp, ..SandboxConfig::default() }).await.unwrap();
        let [google, twilio, resend, microsoft] =
            ["google", "twilio", "resend", "microsoft"].map(|vendor| format!("{}/{vendor}", vendors.base_url()));
        let google = ["--google-client-id", "sandbox-client", "--google-url", &google];
        let twilio = ["--twilio-url", &twilio, "--resend-url", &resend, "--message-timeout", "2"];
        let microsoft = ["--microsoft-client-id", "sandbox-client", "--microsoft-url", &microsoft];
        let settings = [&["--private-portals", "--private-mail"], &google[..], &twilio[..], &microsoft, more].concat();
        Self::run(vendors, &settings, database)
    }

    /// As an operator runs it who knows of no settings.
    pub async fn start_unset() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings and no vendors' addresses.
    pub async fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vendors = Sandbox::start(SandboxConfig::default()).await.unwrap();
        Self::run(vendors, settings, (&in_folder(folder.path()), folder))
    }

    fn run(vendors: Sandbox, settings: &[&str], (database, folder): (&str, tempfile::TempDir)) -> Self {
        let run = |args: &[&str]| String::from_utf8(kopru_on(database).args(args).output().unwrap().stdout).unwrap();
        run(&["company", "add", "acme"]);
        let key = run(&["api-key", "create", "--company", "acme"]).trim().to_owned();
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let own = ["serve", "--port", &port.to_string(), "--public-url", &base].map(str::to_owned);
        let arguments: Vec<String> = own.into_iter().chain(settings.iter().map(|text| (*text).to_owned())).collect();
        let (process, log) = serve(kopru_on(database).args(&arguments));
        let secrets = Secrets::default();
        for secret in [&key, &vault_key(), "/rest/1/abcdef/", CLIENT_SECRET] {
            secrets.learn(secret);
        }
        let (http, database, logs) = (http(), database.to_owned(), vec![log]);
        let beside = Vec::new();
        Self { key, base, database, folder, arguments, process, beside, logs, secrets, vendors, http }
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
        self.begin_with(keys);
    }

    /// Starts it again where it ended.
    pub fn begin(&mut self) {
        self.begin_with(&format!("t:{}", vault_key()));
    }

    /// Ends it as a machine does that fails, and starts it again.
    pub fn crash(&mut self) {
        self.kill();
        self.begin();
    }

    fn begin_with(&mut self, keys: &str) {
        let mut command = kopru_on(&self.database);
        let (process, log) = serve(command.args(&self.arguments).env("KOPRU_VAULT_KEYS", keys));
        self.process = process;
        self.logs.push(log);
        // The old one's connections are over.
        self.http = http();
    }

    /// Starts one more instance on the database; its address.
    pub fn beside(&mut self) -> String {
        let port = free_port().to_string();
        let mut arguments = self.arguments.clone();
        let own = arguments.iter().position(|argument| argument == "--port").unwrap() + 1;
        arguments[own].clone_from(&port);
        let (process, log) = serve(kopru_on(&self.database).args(arguments));
        self.beside.push(process);
        self.logs.push(log);
        format!("http://127.0.0.1:{port}")
    }

    /// How many codes and tokens the vendors gave.
    pub fn given(&self) -> usize {
        self.vendors.secrets().len()
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its database's address.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command on its database while it runs; what it prints.
    pub fn operate(&self, args: &[&str]) -> String {
        let output = kopru_on(&self.database).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        if let ["api-key", "create", ..] = args {
            self.secrets.learn(&told);
        }
        told
    }

    fn kill(&mut self) {
        for process in self.beside.iter_mut().chain([&mut self.process]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Ends the service; all of its database, its log, and what neither may show.
    pub fn left(&mut self) -> Left {
        self.kill();
        let database = if self.database.starts_with("postgres") {
            Command::new("pg_dump").arg(&self.database).output().unwrap().stdout
        } else {
            let files = std::fs::read_dir(self.folder.path()).unwrap();
            files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
        };
        let log = self.logs.drain(..).map(|log| log.join().unwrap()).collect();
        self.vendors.secrets().iter().for_each(|secret| self.secrets.learn(secret));
        Left { database, log, secrets: self.secrets.all() }
    }

    pub async fn raw(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method, &url).header("Content-Type", "application/json");
        self.secrets.learn_address(&url);
        for (name, value) in headers {
            self.secrets.learn_header(name, value);
            request = request.header(*name, *value);
        }
        let body = body.unwrap_or_default();
        self.secrets.learn_body(&serde_json::from_str(&body).unwrap_or_default());
        let reply = self.http.send(request.body(body)).await.unwrap();
        let content_type = reply.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let answer = Answer {
            status: reply.status,
            content_type: content_type.to_owned(),
            location: reply.location().map(str::to_owned),
            headers: reply.headers.clone(),
            json: serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&reply.body).into_owned(),
        };
        self.secrets.learn_answer(&answer);
        answer
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

    /// As another person, with the company's key.
    pub async fn call_as(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let own = [("Authorization", bearer.as_str()), ("Kopru-User", user)];
        self.raw(method.parse().unwrap(), path, body.map(|body| body.to_string()), &own).await
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

    /// The company's own account at the simulated vendor of messages, which is fast, and posts what people answer.
    pub async fn connect_twilio(&self) {
        let account = "AC00000000000000000000000000000001";
        self.secrets.learn("sandbox-token");
        let settings = json!({
            "account_sid": account,
            "auth_token": "sandbox-token",
            "from_sms": "+15005550006",
            "from_whatsapp": "+15005550006",
            "messages_per_second": 100,
        });
        let connected = self.call("PUT", "/api/v1/companies/acme/integrations/twilio", Some(settings)).await;
        assert_eq!(connected.status, 200, "{}", connected.json);
        let quick = json!({ "sent_ms": 10, "delivered_ms": 10, "read_ms": 10 });
        self.vendors_post("twilio/settings", quick).await;
        let mut known = self.vendors_get("twilio/accounts").await[account].clone();
        known["inbound_url"] = json!(format!("{}/hooks/twilio/acme", self.base));
        self.vendors_post("twilio/accounts", json!({ account: known })).await;
    }

    /// The company's own account at the simulated vendor of e-mail, which is fast, and tells what becomes of e-mails.
    pub async fn connect_resend(&self) {
        let secret = format!("whsec_{}", STANDARD.encode([9; 24]));
        for secret in ["re_sandbox", &secret] {
            self.secrets.learn(secret);
        }
        let settings = json!({
            "api_key": "re_sandbox",
            "from": "Köprü Satış <satis@example.com>",
            "webhook_secret": secret,
            "requests_per_second": 100,
        });
        let connected = self.call("PUT", "/api/v1/companies/acme/integrations/resend", Some(settings)).await;
        assert_eq!(connected.status, 200, "{}", connected.json);
        let quick = json!({ "sent_ms": 10, "delivered_ms": 10, "complained_ms": 10, "rate": null });
        self.vendors_post("resend/settings", quick).await;
        let url = format!("{}/hooks/resend/acme", self.base);
        self.vendors_post("resend/webhooks", json!({ "url": url, "secrets": [secret] })).await;
    }

    /// The company's mailbox at `gmail` or `outlook`, by a person's consent.
    pub async fn connect_mailbox(&self, vendor: &str) {
        let begin = format!("/api/v1/companies/acme/integrations/{vendor}/consent");
        let page = self.call("POST", &begin, None).await.json["url"].as_str().unwrap().to_owned();
        let back = self.agreed(&page).await;
        assert_eq!(self.open("GET", &back, None).await.status, 303);
    }

    /// The company's own mail server.
    pub async fn connect_smtp(&self) {
        self.secrets.learn("sandbox-password");
        let address = self.vendors.smtp_address().unwrap();
        let settings = json!({
            "host": "127.0.0.1", "port": address.port(), "security": "none",
            "username": "satis@example.com", "password": "sandbox-password", "from": "satis@example.com",
        });
        let connected = self.call("PUT", "/api/v1/companies/acme/integrations/smtp", Some(settings)).await;
        assert_eq!(connected.status, 200, "{}", connected.json);
    }

    /// A person writes to the company.
    pub async fn writes(&self, channel: &str, number: &str, text: &str) {
        let prefix = if channel == "whatsapp" { "whatsapp:" } else { "" };
        let message =
            json!({ "from": format!("{prefix}{number}"), "to": format!("{prefix}+15005550006"), "body": text });
        self.vendors_post("twilio/inbound", message).await;
    }

    /// How often a message of ours came to that number.
    pub async fn reached(&self, number: &str) -> usize {
        let messages = self.vendors_get("twilio/messages").await;
        let own = messages.as_array().unwrap().iter().filter(|message| message["direction"] != "inbound");
        own.filter(|message| message["to"].as_str().unwrap().ends_with(number)).count()
    }

    /// Lets go of what faults hold.
    pub async fn delete_faults(&self) {
        self.open("DELETE", &format!("{}/_control/faults", self.vendors.base_url()), None).await;
    }

    /// A moment that is so near.
    pub fn in_seconds(seconds: u64) -> String {
        (SystemClock.now() + Duration::from_secs(seconds)).to_string()
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
        self.consent_at("/sheet-sync/oauth/authorize").await;
    }

    /// The person connects what begins at that address.
    pub async fn consent_at(&self, authorize: &str) {
        let page = self.call("GET", authorize, None).await.location.unwrap();
        let back = self.agreed(&page).await;
        assert_eq!(self.open("GET", &back, None).await.status, 303);
        assert_eq!(self.open("GET", &back, None).await.status, 401, "a state works once");
    }

    /// The person ticks all boxes on Google's page; where Google sends the browser.
    pub async fn agreed(&self, page: &str) -> String {
        let mut form: Vec<(String, String)> = url::Url::parse(page).unwrap().query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        form.extend(scopes.split(' ').map(|scope| ("grant".to_owned(), scope.to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        self.agree(page, &form).await
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
    let command = command
        .env("GOOGLE_CLIENT_SECRET", CLIENT_SECRET)
        .env("MICROSOFT_CLIENT_SECRET", CLIENT_SECRET)
        .env("RUST_LOG", "debug");
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

fn http() -> HttpClient {
    let second = Duration::from_secs(30);
    let options = HttpOptions { timeout: second, connect_timeout: second, private_addresses: PrivateAddresses::Allow };
    HttpClient::new(&options).unwrap()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
