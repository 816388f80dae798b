//! The stage: simulated vendors, the service, one company, one person, one connected sheet.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use kopru_delivery::SystemClock;
use kopru_domain::detect::{Detection, TabSample, detect};
use kopru_domain::{Catalog, CellValue, ColumnStyle, EntityKind, Language, Mapping};
use kopru_engine::Caller;
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::Clock as _;
use kopru_ports::identity::Scope;
use kopru_sandbox::{Sandbox, SandboxConfig};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::client::Client;
use super::progress::Bar;
use super::seed;
use crate::settings::{Database, DatabaseUrl, Settings};
use crate::table::Table;
use crate::wiring::Service;

/// The demo's company.
const COMPANY: &str = "demo";
/// The demo's person.
pub const USER: &str = "ayse";
/// The demo's spreadsheet.
pub const SPREADSHEET: &str = "demo-sheet";
/// So long nothing may move before the demo gives up.
const PATIENCE: Duration = Duration::from_mins(3);

/// Everything that runs.
pub struct Stage {
    /// The service, by its public interface.
    pub client: Client,
    /// The vendors, by their control.
    pub control: Client,
    /// The kind of record.
    pub entity: EntityKind,
    /// The configuration's id.
    pub config: String,
    /// What the service mapped.
    pub mapping: Mapping,
    /// The portal's fields.
    pub catalog: Catalog,
    /// The detection, as the service's own interface gave it.
    pub detected: Value,
    sandbox: Sandbox,
    end: oneshot::Sender<()>,
    service: JoinHandle<anyhow::Result<()>>,
    _folder: Folder,
}

/// The database's folder, gone with the demo.
struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    /// Puts everything up, connects it, loads `table` as the sheet and begins its import. The sheet's people
    /// write as `locale` says; the service speaks `language` to the demo.
    pub async fn start(
        port: u16,
        entity: EntityKind,
        (locale, language): (&str, Language),
        table: &Table,
    ) -> anyhow::Result<Self> {
        let vendors_port = if port == 0 { 0 } else { port + 1 };
        let sandbox = Sandbox::start(SandboxConfig { port: vendors_port, ..SandboxConfig::default() })
            .await
            .context("the vendors' port is taken: choose another --port")?;
        let vendors = sandbox.base_url();
        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.context("the port is taken: choose another --port")?;
        let own = format!("http://{}", listener.local_addr()?);
        let folder = Folder(std::env::temp_dir().join(format!("kopru-demo-{}", uuid::Uuid::now_v7())));
        std::fs::create_dir_all(&folder.0)?;
        let service = Service::open(&settings(&own, &vendors, &folder)?).await?;
        let company = COMPANY.parse()?;
        service.engine.add_company(&company, "Demo").await?;
        let key = service.engine.create_key(&Caller::operator(company.clone()), "demo", vec![Scope::Admin]).await?.text;
        let engine = service.engine.clone();
        let (end, ended) = oneshot::channel();
        let service = tokio::spawn(service.run(listener, || (), async move {
            let _ = ended.await;
        }));

        let http = HttpClient::new(&HttpOptions {
            timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(5),
            private_addresses: PrivateAddresses::Allow,
        })?;
        let control = Client::new(http.clone(), vendors, language);
        let client = Client::new(http, own, language).with_key(key, USER);
        seed::portal(&control, entity, &sample_detection(entity, locale, table), table).await?;
        connect(&client, &control).await?;
        load(&control, locale, table).await?;
        let fields = engine.fields(&company, entity).await?;
        let catalog: Catalog = fields.into_iter().map(|field| (field.code.clone(), field)).collect();
        let detected = client
            .post("/api/v1/sheet-sync/detect", json!({ "spreadsheet": SPREADSHEET, "gid": 0, "entity": entity }))
            .await?;
        let (config, mapping) = configure(&client, &control, entity).await?;
        Ok(Self { client, control, entity, config, mapping, catalog, detected, sandbox, end, service, _folder: folder })
    }

    /// The vendors' address.
    pub fn vendors(&self) -> String {
        self.sandbox.base_url()
    }

    /// How the configuration is doing.
    pub async fn summary(&self) -> anyhow::Result<Value> {
        Ok(self.client.get(&format!("/api/v1/sheet-sync/configs/{}", self.config)).await?["summary"].clone())
    }

    /// Waits until nothing is left to do; gives up when nothing moves any more.
    pub async fn settle(&self, bar: &Bar, what: &'static str) -> anyhow::Result<()> {
        let clock = SystemClock;
        let mut last = (Value::Null, clock.now());
        loop {
            // The posts first: what they brought is in the summary then.
            let queued = self.queued().await?;
            let summary = self.summary().await?;
            bar.show(what, &summary);
            let open = ["events", "work"].map(|key| summary[key].as_u64().unwrap_or(0)).iter().sum::<u64>() + queued;
            if open == 0 && summary["scan"]["finished"] == true {
                return Ok(());
            }
            if last.0 != summary {
                last = (summary, clock.now());
            }
            ensure!(clock.now() < last.1 + PATIENCE, "nothing moves any more: {}", last.0);
            clock.sleep_until(clock.now() + Duration::from_millis(100)).await;
        }
    }

    /// Posts of the sheet's script that were not acknowledged yet.
    async fn queued(&self) -> anyhow::Result<u64> {
        let triggers = self.control.get("/_control/google/triggers").await?;
        let count = |trigger: &Value| trigger["queued"].as_u64().unwrap_or(0);
        Ok(triggers.as_array().map_or(0, |list| list.iter().map(count).sum()))
    }

    /// The sheet's cells as the simulated vendor has them, header row first.
    pub async fn sheet(&self) -> anyhow::Result<Vec<Vec<CellValue>>> {
        let found = self.control.get(&format!("/_control/google/spreadsheets/{SPREADSHEET}")).await?;
        Ok(serde_json::from_value(found["tabs"][0]["cells"].clone())?)
    }

    /// The records as the simulated vendor has them, by id.
    pub async fn records(&self) -> anyhow::Result<BTreeMap<String, Value>> {
        let found = self.control.get(&format!("/_control/bitrix24/records/{}", self.entity)).await?;
        let id = |record: &Value| record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
        Ok(found.as_array().into_iter().flatten().map(|record| (id(record), record.clone())).collect())
    }

    /// Ends everything.
    pub async fn stop(self) -> anyhow::Result<()> {
        let _ = self.end.send(());
        self.service.await??;
        self.sandbox.stop().await;
        Ok(())
    }
}

fn settings(own: &str, vendors: &str, folder: &Folder) -> anyhow::Result<Settings> {
    let database = Database {
        url: DatabaseUrl { database_url: format!("sqlite://{}", folder.0.join("demo.db").display()).into() },
        vault_keys: Some(kopru_vault::Vault::generate_key("demo")?),
    };
    Ok(Settings {
        public_url: Some(own.to_owned()),
        google_client_id: "sandbox-client".to_owned(),
        google_client_secret: Some(SecretString::from("sandbox-secret")),
        google_url: Some(format!("{vendors}/google")),
        twilio_url: Some(format!("{vendors}/twilio")),
        resend_url: Some(format!("{vendors}/resend")),
        private_portals: true,
        requests_per_minute: NonZeroU32::MAX,
        ..Settings::of(database)
    })
}

/// What the columns mean before any portal is asked: for seeding the portal with their choices.
fn sample_detection(entity: EntityKind, locale: &str, table: &Table) -> Detection {
    let style = ColumnStyle::for_locale(locale, "Europe/Istanbul");
    let sample = &table.rows[..table.rows.len().min(200)];
    detect(entity, TabSample { headers: &table.headers, rows: sample, style: &style }, &[])
}

async fn connect(client: &Client, control: &Client) -> anyhow::Result<()> {
    let webhook = format!("{}/bitrix24/rest/1/abcdef/", control.base());
    client.put(&format!("/api/v1/companies/{COMPANY}/integrations/bitrix24"), json!({ "webhook": webhook })).await?;
    connect_phones(client, control).await?;
    let page = client.redirect("/sheet-sync/oauth/authorize").await?;
    let back = client.agree(&page).await?;
    client.redirect(&back).await?;
    Ok(())
}

/// The simulated vendor's own account, which posts what people answer.
async fn connect_phones(client: &Client, control: &Client) -> anyhow::Result<()> {
    let accounts = control.get("/_control/twilio/accounts").await?;
    let (sid, account) = accounts.as_object().and_then(|all| all.iter().next()).context("no account")?;
    let (sender, token) = ("+15005550006", &account["auth_token"]);
    let settings = json!({ "account_sid": sid, "auth_token": token, "from_sms": sender, "from_whatsapp": sender });
    client.put(&format!("/api/v1/companies/{COMPANY}/integrations/twilio"), settings).await?;
    let mut account = account.clone();
    account["inbound_url"] = json!(format!("{}/hooks/twilio/{COMPANY}", client.base()));
    control.post("/_control/twilio/accounts", json!({ sid: account })).await?;
    Ok(())
}

async fn load(control: &Client, locale: &str, table: &Table) -> anyhow::Result<()> {
    let headers = table.headers.iter().map(|header| Value::from(header.as_str())).collect();
    let cells: Vec<Value> =
        std::iter::once(Value::Array(headers)).chain(table.rows.iter().map(|row| json!(row))).collect();
    let tab = json!({ "gid": 0, "title": "Sayfa1", "values": cells });
    let sheet =
        json!({ "id": SPREADSHEET, "title": "Demo", "locale": locale, "time_zone": "Europe/Istanbul", "tabs": [tab] });
    control.post("/_control/google/spreadsheets", sheet).await?;
    Ok(())
}

async fn configure(client: &Client, control: &Client, entity: EntityKind) -> anyhow::Result<(String, Mapping)> {
    let wish = json!({ "spreadsheet": SPREADSHEET, "gid": 0, "entity": entity, "quiet_ms": 0 });
    let created = client.post("/api/v1/sheet-sync/configs", wish).await.with_context(|| {
        format!("the sheet cannot be imported; `kopru detect --entity {entity}` says what its columns are taken for")
    })?;
    let trigger = json!({ "gid": 0, "url": created["webhook_url"], "secret": created["webhook_secret"] });
    control.post(&format!("/_control/google/spreadsheets/{SPREADSHEET}/trigger"), trigger).await?;
    let id = created["id"].as_str().context("the service gave no id")?.to_owned();
    client.post(&format!("/api/v1/sheet-sync/configs/{id}/activate"), Value::Null).await?;
    Ok((id, serde_json::from_value(created["mapping"].clone())?))
}
