//! The only file that names adapters; `stores` names the databases.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use kopru_adapters_bitrix::Bitrix24;
use kopru_adapters_google::{Gmail, GoogleCalendar, GoogleConfig, GoogleConsent, GoogleSheets};
use kopru_adapters_microsoft::{MicrosoftConfig, MicrosoftConsent, Outlook};
use kopru_adapters_resend::{Resend, ResendAddresses};
use kopru_adapters_smtp::{Smtp, SmtpOptions};
use kopru_adapters_twilio::{Twilio, TwilioAddresses};
use kopru_delivery::{Delivery, DeliveryOptions, Limiters, TimeOrderedIds, Waker};
use kopru_engine::{Engine, Ports};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_oauth::TokenSessions;
use kopru_ports::Clock;
use kopru_ports::emails::EmailSender;
use kopru_ports::gate::Gate;
use kopru_ports::integrations::IntegrationStore;
use kopru_ports::oauth::OAuthProvider;
use kopru_ports::seal::Sealer;
use kopru_ports::tokens::{Service as ConnectedService, TokenStore};
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
        let resend =
            Arc::new(Resend::new(integrations.clone(), mail, gate.clone(), clock.clone(), resend_addresses(settings)));
        let (integrations_of, tokens_of) = (integrations.clone(), tokens.clone());
        let roads = Roads { settings, integrations: integrations_of, tokens: tokens_of, gate, clock: clock.clone() };
        let smtp = Arc::new(roads.smtp()?);
        let (mailboxes, mut emails) = roads.mailboxes()?;
        emails.extend([resend.clone() as Arc<dyn EmailSender>, smtp.clone()]);
        let vendors: Vec<Arc<dyn VendorSettings>> = vec![twilio.clone(), resend.clone(), smtp];
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
            emails,
            mailboxes,
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

/// What the roads of e-mail have in common.
struct Roads<'a> {
    settings: &'a Settings,
    integrations: Arc<dyn IntegrationStore>,
    tokens: Arc<dyn TokenStore>,
    gate: Arc<dyn Gate>,
    clock: Arc<dyn Clock>,
}

type Consents = Vec<(ConnectedService, Arc<dyn OAuthProvider>)>;

impl Roads<'_> {
    /// The mailboxes that are connected by consent, of the vendors at which our client is set.
    fn mailboxes(&self) -> anyhow::Result<(Consents, Vec<Arc<dyn EmailSender>>)> {
        let (mut consents, mut senders): (Consents, Vec<Arc<dyn EmailSender>>) = Default::default();
        if self.settings.google_is_set() {
            let (config, web) = (google_config(self.settings), self.web(self.settings.google_url.is_some())?);
            let consent: Arc<dyn OAuthProvider> =
                Arc::new(GoogleConsent::for_gmail(config.clone(), web.clone(), self.clock.clone())?);
            let tokens = self.sessions(&consent);
            let (integrations, gate, clock) = (self.integrations.clone(), self.gate.clone(), self.clock.clone());
            senders.push(Arc::new(Gmail::new(config, integrations, web, tokens, gate, clock)));
            consents.push((ConnectedService::Gmail, consent));
        }
        if let Some(config) = microsoft_config(self.settings) {
            let patience = self.settings.message_timeout().min(kopru_adapters_microsoft::CALL_TIME);
            let web = HttpClient::new(&options(patience, self.settings.microsoft_url.is_some()))?;
            let consent: Arc<dyn OAuthProvider> =
                Arc::new(MicrosoftConsent::new(config.clone(), web.clone(), self.clock.clone())?);
            let tokens = self.sessions(&consent);
            let (integrations, gate, clock) = (self.integrations.clone(), self.gate.clone(), self.clock.clone());
            senders.push(Arc::new(Outlook::new(config, integrations, web, tokens, gate, clock)));
            consents.push((ConnectedService::Outlook, consent));
        }
        Ok((consents, senders))
    }

    fn smtp(&self) -> anyhow::Result<Smtp> {
        let private_addresses = private(self.settings.private_mail);
        let message = self.settings.message_timeout();
        let options = SmtpOptions { private_addresses, message, ..SmtpOptions::default() };
        let (integrations, gate, clock) = (self.integrations.clone(), self.gate.clone(), self.clock.clone());
        Ok(Smtp::new(integrations, self.web(self.settings.private_mail)?, gate, clock, options))
    }

    fn web(&self, stands_in: bool) -> anyhow::Result<HttpClient> {
        Ok(HttpClient::new(&options(self.settings.message_timeout(), stands_in))?)
    }

    fn sessions(&self, consent: &Arc<dyn OAuthProvider>) -> Arc<TokenSessions> {
        Arc::new(TokenSessions::new(self.tokens.clone(), consent.clone(), self.clock.clone()))
    }
}

fn options(timeout: Duration, is_private: bool) -> HttpOptions {
    let private_addresses = private(is_private);
    HttpOptions { timeout, connect_timeout: Duration::from_secs(10), private_addresses }
}

fn private(allowed: bool) -> PrivateAddresses {
    if allowed { PrivateAddresses::Allow } else { PrivateAddresses::Deny }
}

fn google_config(settings: &Settings) -> GoogleConfig {
    let secret = settings.google_client_secret.clone().unwrap_or_else(|| SecretString::from(""));
    match &settings.google_url {
        Some(base) => GoogleConfig::at(settings.google_client_id.clone(), secret, base),
        None => GoogleConfig::new(settings.google_client_id.clone(), secret),
    }
}

/// Our app at Microsoft, where it is set.
fn microsoft_config(settings: &Settings) -> Option<MicrosoftConfig> {
    let secret = settings.microsoft_client_secret.clone()?;
    let id = settings.microsoft_client_id.clone();
    let mut config = match &settings.microsoft_url {
        Some(base) => MicrosoftConfig::at(id, secret, base),
        None => MicrosoftConfig::new(id, secret),
    };
    config.addresses.tenant.clone_from(&settings.microsoft_tenant);
    (!config.client_id.is_empty()).then_some(config)
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
