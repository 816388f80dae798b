//! The only file that names adapters; `stores` names the databases.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use kopru_adapters_bitrix::Bitrix24;
use kopru_adapters_google::{GoogleCalendar, GoogleConfig, GoogleConsent, GoogleSheets};
use kopru_adapters_resend::{Resend, ResendAddresses};
use kopru_adapters_twilio::{Twilio, TwilioAddresses};
use kopru_delivery::{Delivery, DeliveryOptions, Limiters, TimeOrderedIds, Waker};
use kopru_engine::{Engine, Ports};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_oauth::TokenSessions;
use kopru_ports::gate::Gate;
use kopru_ports::oauth::OAuthProvider;
use kopru_ports::seal::Sealer;
use kopru_ports::tokens::TokenStore;
use kopru_ports::vendors::VendorSettings;
use kopru_vault::{SealedIntegrations, SealedTokens, Vault};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::http::{App, Rates, router};
use crate::operator::Desk;
use crate::settings::Settings;
use crate::stores::{Database, Location};

const UNKNOWN_KEYS: &str = "KOPRU_VAULT_KEYS does not open this database: it was begun with another key. Give that one, or both with a comma between, the new one first";
/// What goes before a write within its turn: the reading of phones, and waits for the portal's limit.
const IN_HAND: Duration = Duration::from_secs(12);

/// The service, assembled.
pub struct Service {
    /// Its use cases.
    pub engine: Arc<Engine>,
    portals: HttpClient,
    rates: Arc<Rates>,
    delivery: Arc<Delivery>,
    kept: Pin<Box<dyn Future<Output = ()> + Send>>,
    location: Location,
}

impl Service {
    /// Opens the database and puts the parts together.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let location = settings.database.url.location()?;
        Self::on(Database::open(&location).await?, location, settings).await
    }

    /// Puts the parts together on a database that is open, and by its clock.
    pub async fn on(database: Database, location: Location, settings: &Settings) -> anyhow::Result<Self> {
        let (store, clock) = (&database.store, database.clock.clone());
        let vault: Arc<dyn Sealer> = Arc::new(Vault::from_keys(settings.database.vault_keys()?)?);
        let gate: Arc<dyn Gate> = Arc::new(Limiters::new(store.clone(), clock.clone()));
        let tokens: Arc<dyn TokenStore> = Arc::new(SealedTokens::new(store.clone(), vault.clone()));
        let integrations = Arc::new(SealedIntegrations::new(store.clone(), vault.clone()));
        let integrations = settings.environment.behind(integrations, store.clone());

        let google = google_config(settings);
        let web = HttpClient::new(&options(Duration::from_secs(30), settings.google_url.is_some()))?;
        let consent: Arc<dyn OAuthProvider> = Arc::new(GoogleConsent::new(google.clone(), web.clone(), clock.clone())?);
        let sessions = Arc::new(TokenSessions::new(tokens.clone(), consent.clone(), clock.clone()));
        let calendar_consent: Arc<dyn OAuthProvider> =
            Arc::new(GoogleConsent::for_calendar(google.clone(), web.clone(), clock.clone())?);
        let calendars = Arc::new(TokenSessions::new(tokens.clone(), calendar_consent.clone(), clock.clone()));
        let calendar =
            Arc::new(GoogleCalendar::new(google.clone(), web.clone(), calendars, gate.clone(), clock.clone()));
        let sheets = Arc::new(GoogleSheets::new(google, web, sessions, gate.clone(), clock.clone()));
        let portal = HttpClient::new(&options(settings.crm_timeout(), settings.private_portals))?;
        let calls = (portal.clone(), settings.crm_timeout());
        let bitrix = Arc::new(Bitrix24::new(integrations.clone(), tokens.clone(), calls, gate.clone(), clock.clone()));
        let phones = HttpClient::new(&options(settings.message_timeout(), settings.twilio_url.is_some()))?;
        let twilio = Arc::new(Twilio::new(
            integrations.clone(),
            phones,
            gate.clone(),
            clock.clone(),
            twilio_addresses(settings),
        ));
        let mail = HttpClient::new(&options(settings.message_timeout(), settings.resend_url.is_some()))?;
        let resend = Arc::new(Resend::new(integrations.clone(), mail, gate, clock.clone(), resend_addresses(settings)));
        let vendors: Vec<Arc<dyn VendorSettings>> = vec![twilio.clone(), resend.clone()];
        settings.environment.check(&vendors)?;

        let ports = Ports {
            identity: store.clone(),
            integrations,
            tokens,
            consents: store.clone(),
            configs: store.clone(),
            delivery: store.clone(),
            sync: store.clone(),
            hosts: settings.host.tokens()?,
            sealer: vault,
            sessions: store.clone(),
            audit: store.clone(),
            data: store.clone(),
            restores: store.clone(),
            origins: store.clone(),
            sealed: store.clone(),
            google: consent,
            calendar_consent,
            calendar,
            sheets,
            connections: bitrix.clone(),
            catalog: bitrix.clone(),
            crm: bitrix,
            outbox: store.clone(),
            contacts: store.clone(),
            texts: store.clone(),
            messages: twilio.clone(),
            emails: vec![resend.clone()],
            vendors,
            webhooks: vec![twilio, resend],
            clock: clock.clone(),
            ids: Arc::new(TimeOrderedIds),
        };
        let waker = Waker::default();
        let kept = Box::pin(database.keep(waker.clone()));
        let engine = Engine::new(ports, engine_settings(settings), waker.clone());
        // A database belongs to the keys that it was begun with: with others everything sealed would be lost.
        ensure!(engine.keys_are_known().await?, UNKNOWN_KEYS);
        let options = DeliveryOptions { lease: Duration::from_secs(settings.lease), ..DeliveryOptions::default() };
        let delivery = Delivery::new(store.clone(), clock, engine.handlers(), engine.clone(), options, waker);
        let rates = Arc::new(Rates::new(settings.requests_per_minute));
        Ok(Self { engine, portals: portal, rates, delivery, kept, location })
    }

    /// Serves requests and lanes until `end`, then finishes what is under way.
    pub async fn run(
        self,
        listener: TcpListener,
        ready: impl FnOnce(),
        end: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        self.engine.take_stock().await?;
        self.engine.keep_house().await?;
        let (stop, stopped) = watch::channel(false);
        let lanes = tokio::spawn(self.delivery.run(stopped));
        let kept = tokio::spawn(self.kept);
        // Where many share a database, operators ask it themselves.
        let desk = match &self.location {
            Location::File(file) => Some(Desk::open(self.engine.clone(), file).await?),
            Location::Server(_) => None,
        };
        let app = App { engine: self.engine, portals: self.portals, rates: self.rates };
        ready();
        let served = axum::serve(listener, router(app)).with_graceful_shutdown(end).await;
        if let Some(desk) = desk {
            desk.close();
        }
        stop.send_replace(true);
        lanes.await?;
        kept.abort();
        Ok(served?)
    }
}

fn options(timeout: Duration, private: bool) -> HttpOptions {
    let private_addresses = if private { PrivateAddresses::Allow } else { PrivateAddresses::Deny };
    HttpOptions { timeout, connect_timeout: Duration::from_secs(10), private_addresses }
}

fn google_config(settings: &Settings) -> GoogleConfig {
    let secret = settings.google_client_secret.clone().unwrap_or_else(|| SecretString::from(""));
    match &settings.google_url {
        Some(base) => GoogleConfig::at(settings.google_client_id.clone(), secret, base),
        None => GoogleConfig::new(settings.google_client_id.clone(), secret),
    }
}

fn twilio_addresses(settings: &Settings) -> TwilioAddresses {
    settings.twilio_url.as_deref().map_or_else(TwilioAddresses::default, TwilioAddresses::at)
}

fn resend_addresses(settings: &Settings) -> ResendAddresses {
    settings.resend_url.as_deref().map_or_else(ResendAddresses::default, ResendAddresses::at)
}

fn engine_settings(settings: &Settings) -> kopru_engine::Settings {
    kopru_engine::Settings {
        public_url: settings.public_url(),
        google_redirect_uri: settings.google_redirect_uri(),
        calendar_redirect_uri: settings.calendar_redirect_uri(),
        google_is_set: settings.google_is_set(),
        host_scopes: settings.host.scopes.clone(),
        crm_patience: settings.crm_timeout() + IN_HAND,
        message_patience: settings.message_timeout() + IN_HAND,
    }
}
