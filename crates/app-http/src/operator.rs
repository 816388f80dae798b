//! What an operator asks of the service: on the database itself, or of the server that has it.
//!
//! A running server has its database alone. It serves operators' wishes at an address of its own on this
//! machine and writes address and key into a file beside the database that its own user alone can read.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use kopru_domain::{CompanyId, UserId};
use kopru_engine::{Caller, Engine, EngineError, Erasure, Export};
use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses};
use kopru_ports::identity::Scope;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::settings::{Database, Settings};
use crate::stores::{self, Location};
use crate::wiring;

/// What an operator wants.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub enum Wish {
    /// Make a company.
    AddCompany { company: CompanyId, name: String },
    /// All companies.
    Companies,
    /// Make an API key.
    CreateKey { company: CompanyId, name: String, scopes: Vec<Scope> },
    /// A company's API keys.
    Keys { company: CompanyId },
    /// Seal everything anew under the vault's first key.
    Rotate,
    /// Revoke an API key.
    RevokeKey { company: CompanyId, id: Uuid },
    /// Hold everything: the database was restored from a backup.
    Restored,
    /// Hand out what is kept of a company, or of one of its people.
    Export { company: CompanyId, person: Option<UserId> },
    /// Its next page.
    ExportOn(Export),
    /// Delete what is kept of a company, or of one of its people.
    Erase { company: CompanyId, person: Option<UserId> },
    /// Its next bite.
    EraseOn(Erasure),
}

/// What comes of a wish.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// Lines to print.
    lines: Vec<String>,
    /// What is to be wished next.
    next: Option<Wish>,
}

impl From<Vec<String>> for Told {
    fn from(lines: Vec<String>) -> Self {
        Self { lines, next: None }
    }
}

/// What comes of a wish, or what went wrong.
type Answer = Result<Told, String>;

/// Asks the database, or the server that has it; `say` takes each line.
pub async fn ask(database: &Database, wish: Wish, say: impl Fn(String)) -> anyhow::Result<()> {
    let office = Office::open(database).await?;
    let mut next = Some(wish);
    while let Some(wish) = next {
        let told = office.fulfil(wish).await?.map_err(anyhow::Error::msg)?;
        told.lines.into_iter().for_each(&say);
        next = told.next;
    }
    Ok(())
}

/// Who fulfils wishes.
enum Office {
    /// This process, which has the database; whether it has it alone.
    Here(Arc<Engine>, bool),
    /// The server that has it; why this process has not.
    AtTheDesk(PathBuf, String),
}

impl Office {
    async fn open(database: &Database) -> anyhow::Result<Self> {
        let location = database.url.location()?;
        match wiring::Service::open(&Settings::of(database.clone())).await {
            Ok(service) => Ok(Self::Here(service.engine, matches!(location, Location::File(_)))),
            Err(error) => match location {
                Location::File(file) if stores::is_in_use(&error) => Ok(Self::AtTheDesk(file, format!("{error:#}"))),
                _ => Err(error),
            },
        }
    }

    async fn fulfil(&self, wish: Wish) -> anyhow::Result<Answer> {
        match self {
            Self::Here(engine, alone) => Ok(fulfil(engine, wish, *alone).await),
            Self::AtTheDesk(file, why) => at_the_desk(file, &wish).await.with_context(|| why.clone()),
        }
    }
}

async fn fulfil(engine: &Engine, wish: Wish, alone: bool) -> Answer {
    done(engine, wish, alone).await.map_err(|error| explain(&error))
}

async fn done(engine: &Engine, wish: Wish, alone: bool) -> Result<Told, EngineError> {
    let lines = match wish {
        Wish::AddCompany { company, name } => {
            let is_new = engine.add_company(&company, &name).await?;
            let told = if is_new { "" } else { "  is there already; nothing changed" };
            let address = in_addresses(&company);
            let hint = (address != company.as_str()).then(|| format!("in addresses its id is written {address}"));
            std::iter::once(format!("company {company}{told}")).chain(hint).collect()
        }
        Wish::Companies => {
            let companies = engine.companies().await?;
            companies.iter().map(|(company, name)| format!("{company}  {name}").trim_end().to_owned()).collect()
        }
        Wish::CreateKey { company, name, scopes } => {
            let made = engine.create_key(&Caller::operator(company), &name, scopes).await?;
            vec![made.text.expose_secret().to_owned()]
        }
        Wish::Keys { company } => {
            let line = |key: &kopru_ports::identity::ApiKey| {
                let state = if key.revoked.is_some() { "revoked" } else { "valid" };
                format!("{}  …{}  {state:8} {}  {}", key.id, key.last_four, key.created, key.name)
            };
            engine.keys(&company).await?.iter().map(line).collect()
        }
        Wish::Rotate => {
            let count = engine.rotate().await?;
            vec![format!("{count} sealed anew; nothing is left of other keys than the first")]
        }
        Wish::Restored => {
            let held = engine.restored().await?;
            vec![format!(
                "{held} configurations are held until their tabs were read anew; messages that waited are looked up"
            )]
        }
        Wish::RevokeKey { company, id } => {
            engine.revoke_key(&Caller::operator(company), id).await?;
            vec![format!("revoked {id}")]
        }
        Wish::Export { company, person } => {
            let export = engine.export(&Caller::operator(company), person).await?;
            return Ok(Told { lines: Vec::new(), next: Some(Wish::ExportOn(export)) });
        }
        Wish::ExportOn(mut export) => {
            let page = engine.export_page(&mut export).await?;
            let next = page.is_some().then_some(Wish::ExportOn(export));
            return Ok(Told { lines: page.iter().flatten().map(ToString::to_string).collect(), next });
        }
        Wish::Erase { company, person } => {
            let erasure = engine.erase(&Caller::operator(company), person).await?;
            // Who is alone needs nobody to go on, and nothing is under way that could put something back.
            if !alone {
                engine.enqueue_erasure(&erasure).await?;
            }
            return Ok(Told { lines: Vec::new(), next: Some(Wish::EraseOn(erasure)) });
        }
        Wish::EraseOn(erasure) => {
            let more = engine.erase_on(&erasure).await?;
            let lines = if more { Vec::new() } else { vec!["erased".to_owned()] };
            return Ok(Told { lines, next: more.then_some(Wish::EraseOn(erasure)) });
        }
    };
    Ok(lines.into())
}

/// An id as a part of an address ([RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
fn in_addresses(company: &CompanyId) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    company.as_str().bytes().map(each).collect()
}

fn explain(error: &EngineError) -> String {
    match error {
        EngineError::NotFound(what) => {
            format!("there is no such {what}; `kopru company list` and `kopru api-key list` show what there is")
        }
        other => other.to_string(),
    }
}

/// Where a running server takes wishes.
#[derive(Serialize, Deserialize)]
struct Place {
    address: String,
    key: String,
}

fn place_beside(database: &Path) -> PathBuf {
    database.with_added_extension("operator")
}

async fn at_the_desk(database: &Path, wish: &Wish) -> anyhow::Result<Answer> {
    let file = place_beside(database);
    let text = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let place: Place = serde_json::from_slice(&text)?;
    let patience = Duration::from_secs(10);
    let options =
        HttpOptions { timeout: patience, connect_timeout: patience, private_addresses: PrivateAddresses::Allow };
    let http = HttpClient::new(&options)?;
    let request = http.request(Method::POST, &place.address).bearer_auth(place.key).json(wish);
    let reply = http.send(request).await.context("the server that has the database does not answer")?;
    serde_json::from_slice(&reply.body).context("the server that has the database does not understand")
}

/// The running server's place for wishes.
pub struct Desk {
    file: PathBuf,
    served: JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Clerk {
    engine: Arc<Engine>,
    /// What the right header hashes to.
    pass: [u8; 32],
}

impl Desk {
    /// Takes wishes from now on.
    pub async fn open(engine: Arc<Engine>, database: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let place = Place {
            address: format!("http://{}/", listener.local_addr()?),
            // 256 random bits, like a key of the vault.
            key: kopru_vault::Vault::generate_key("operator")?.expose_secret().to_owned(),
        };
        let file = place_beside(database);
        write_for_own_user(&file, &serde_json::to_vec(&place)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        let clerk = Clerk { engine, pass: Sha256::digest(format!("Bearer {}", place.key)).into() };
        let router = Router::new().route("/", post(serve)).with_state(clerk);
        Ok(Self { file, served: tokio::spawn(async move { axum::serve(listener, router).await }) })
    }

    /// Takes no more.
    pub fn close(self) {
        self.served.abort();
        // One that stays is of no use to anybody: its key is forgotten with the process.
        let _ = fs::remove_file(self.file);
    }
}

fn write_for_own_user(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A file that is there already would keep its own permissions.
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(bytes)
}

async fn serve(
    State(clerk): State<Clerk>,
    headers: HeaderMap,
    Json(wish): Json<Wish>,
) -> Result<Json<Answer>, StatusCode> {
    let shown = headers.get(header::AUTHORIZATION).map(|value| Sha256::digest(value.as_bytes()));
    // Hashes are compared, so that the time says nothing of the key.
    if shown.is_none_or(|shown| shown[..] != clerk.pass) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(fulfil(&clerk.engine, wish, false).await))
}
