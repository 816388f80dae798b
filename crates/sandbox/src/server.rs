//! The one server that plays all vendors.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo};
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tower_http::trace::TraceLayer;

use crate::{
    SandboxConfig,
    bitrix::{self, fields::entity_name, hooks::Change},
    clock::Clock,
    control,
    events::Event,
    faults::Faults,
    google, microsoft, pages, resend, smtp, tls, twilio,
};

/// Changes that a slow page may miss before it has to read everything anew.
const EVENT_BACKLOG: usize = 1024;
/// How long a stop waits for open connections.
const FAREWELL: Duration = Duration::from_secs(1);

pub(crate) type Shared = Arc<App>;

pub(crate) struct App {
    pub base_url: String,
    pub config: SandboxConfig,
    pub clock: Arc<Clock>,
    google: Mutex<google::state::State>,
    bitrix: Mutex<bitrix::state::State>,
    microsoft: Mutex<microsoft::state::State>,
    resend: Mutex<resend::state::State>,
    smtp: Mutex<smtp::state::State>,
    twilio: Mutex<twilio::state::State>,
    pub faults: Faults,
    pub events: broadcast::Sender<Event>,
    pub closing: watch::Sender<bool>,
    /// Posts to the registered triggers and handlers, as the vendors would.
    pub http: reqwest::Client,
}

impl App {
    pub fn google(&self) -> MutexGuard<'_, google::state::State> {
        self.google.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn bitrix(&self) -> MutexGuard<'_, bitrix::state::State> {
        self.bitrix.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn microsoft(&self) -> MutexGuard<'_, microsoft::state::State> {
        self.microsoft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn resend(&self) -> MutexGuard<'_, resend::state::State> {
        self.resend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn smtp(&self) -> MutexGuard<'_, smtp::state::State> {
        self.smtp.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn twilio(&self) -> MutexGuard<'_, twilio::state::State> {
        self.twilio.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody may be listening, and that is fine.
    pub fn tell(&self, event: Event) {
        self.events.send(event).ok();
    }

    pub fn tell_changes(&self, changes: &[Change]) {
        for change in changes {
            self.tell(Event::bitrix(&entity_name(change.type_id), change.id));
        }
    }

    /// Back to the state of a fresh start.
    pub fn reset(&self) {
        self.clock.reset();
        *self.google() = google::state::State::new(&self.config, self.clock.clone());
        *self.bitrix() = bitrix::state::State::new(&self.config, self.clock.clone());
        *self.microsoft() = microsoft::state::State::new(self.clock.clone());
        *self.resend() = resend::state::State::new(self.clock.clone(), self.http.clone());
        *self.smtp() = smtp::state::State::default();
        *self.twilio() = twilio::state::State::new(self.clock.clone(), self.http.clone());
        self.faults.clear();
        self.tell(Event::google("reset", ""));
    }
}

/// A running sandbox. Dropping it without [`Sandbox::stop`] leaves the server
/// to the runtime it was started on.
#[derive(Debug)]
pub struct Sandbox {
    base_url: String,
    app: Shared,
    server: JoinHandle<std::io::Result<()>>,
    https: Option<tls::Server>,
    mail: Option<smtp::Server>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Listens on 127.0.0.1 and serves until [`Sandbox::stop`].
    ///
    /// # Errors
    /// A port is taken, the certificate cannot be written, or no HTTP client can be built.
    pub async fn start(config: SandboxConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", config.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (clock, http) = (Arc::new(Clock::default()), client()?);
        let app = Arc::new(App {
            base_url: base_url.clone(),
            google: Mutex::new(google::state::State::new(&config, clock.clone())),
            bitrix: Mutex::new(bitrix::state::State::new(&config, clock.clone())),
            microsoft: Mutex::new(microsoft::state::State::new(clock.clone())),
            resend: Mutex::new(resend::state::State::new(clock.clone(), http.clone())),
            smtp: Mutex::default(),
            twilio: Mutex::new(twilio::state::State::new(clock.clone(), http.clone())),
            clock,
            faults: Faults::default(),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            closing: watch::Sender::new(false),
            http,
            config,
        });
        let router = router(app.clone());
        let (mut https, mut certificate) = (None, None);
        if let Some(tls) = &app.config.tls {
            let identity = tls::identity(tls).await?;
            certificate = Some(identity.get_inner());
            https = Some(tls::Listener::bind(tls, identity).await?.serve(service(&router, "https"))?);
        }
        let mail = match app.config.smtp {
            Some(ports) => Some(smtp::Server::start(&app, ports, certificate).await?),
            None => None,
        };
        let service = service(&router, "http");
        let mut closing = app.closing.subscribe();
        let closed = async move {
            closing.wait_for(|closed| *closed).await.ok();
        };
        let server = tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(closed).await });
        Ok(Self { base_url, app, server, https, mail })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// `https://127.0.0.1:PORT`, where [`SandboxConfig::tls`] asked for it.
    #[must_use]
    pub fn tls_base_url(&self) -> Option<String> {
        self.https.as_ref().map(|https| https.base_url.clone())
    }

    /// Where mail is taken, with STARTTLS if there is a certificate; where [`SandboxConfig::smtp`] asked for it.
    #[must_use]
    pub fn smtp_address(&self) -> Option<SocketAddr> {
        self.mail.as_ref().map(|mail| mail.address)
    }

    /// Where mail is taken with TLS from the start; also needs [`SandboxConfig::tls`].
    #[must_use]
    pub fn smtps_address(&self) -> Option<SocketAddr> {
        self.mail.as_ref()?.tls_address
    }

    /// All codes and tokens that were given, also those that ended: for tests that look for them where they must
    /// not be.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let (google, bitrix, microsoft) = (self.app.google(), self.app.bitrix(), self.app.microsoft());
        google.given.iter().chain(&bitrix.apps.given).chain(&microsoft.given).cloned().collect()
    }

    /// Lets go of what is held, waits a second for open calls, and closes.
    pub async fn stop(mut self) {
        self.app.closing.send_replace(true);
        self.app.reset();
        if tokio::time::timeout(FAREWELL, &mut self.server).await.is_err() {
            self.server.abort();
        }
        if let Some(mail) = self.mail {
            mail.stop().await;
        }
        if let Some(https) = self.https {
            https.stop(FAREWELL).await;
        }
    }
}

/// The same router behind each listener; handlers see how they are reached.
fn service(router: &Router, scheme: &'static str) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router.clone().layer(bitrix::portal::reached_by(scheme)).into_make_service_with_connect_info()
}

fn client() -> std::io::Result<reqwest::Client> {
    // Whoever installed a provider first is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30));
    builder.build().map_err(std::io::Error::other)
}

fn router(app: Shared) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(google::apis(&app))
        .nest("/google", google::router(&app))
        .merge(bitrix::router(&app))
        .nest("/microsoft", microsoft::router(&app))
        .nest("/resend", resend::router(&app))
        .nest("/twilio", twilio::router(&app))
        .nest("/_control", control::router())
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}
