//! Köprü's use cases over its ports: what an embedding service calls.
//!
//! [`Engine`] holds the ports. Its methods connect accounts, describe sheets, make configurations and
//! take webhooks; [`Engine::handlers`] are the turns of work that the delivery engine runs.

mod audit;
mod calendar;
mod callers;
mod change;
mod connect;
mod consent;
mod crm_rows;
mod detect;
mod erasure;
mod error;
mod export;
mod keys;
mod lanes;
mod mailboxes;
mod messages;
mod origins;
mod portal;
mod redeem;
mod restore;
mod retention;
mod rotation;
mod secrets;
mod sessions;
mod setup;
mod sheet_events;
mod sheet_rows;
mod sheet_scan;
mod sheet_status;
mod sheet_turn;
mod tab;
mod vendors;
mod watch;
mod webhook;
mod work;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_delivery::{Handler, Waker};
use kopru_ports::audit::AuditLog;
use kopru_ports::calendar::CalendarProvider;
use kopru_ports::configs::ConfigStore;
use kopru_ports::connections::PortalConnections;
use kopru_ports::crm::{CrmCatalog, CrmWriter};
use kopru_ports::data::DataStore;
use kopru_ports::delivery::DeliveryStore;
use kopru_ports::emails::EmailSender;
use kopru_ports::host::HostTokens;
use kopru_ports::identity::{IdentityStore, Scope};
use kopru_ports::inbound::InboundWebhook;
use kopru_ports::integrations::IntegrationStore;
use kopru_ports::messages::MessageSender;
use kopru_ports::oauth::{ConsentStore, OAuthProvider};
use kopru_ports::origins::OriginStore;
use kopru_ports::outbox::{ContactStore, OutboxStore};
use kopru_ports::restore::RestoreStore;
use kopru_ports::seal::{SealedTexts, Sealer};
use kopru_ports::sessions::SessionStore;
use kopru_ports::spreadsheets::Spreadsheets;
use kopru_ports::sync::SyncStore;
use kopru_ports::texts::TextStore;
use kopru_ports::tokens::{Service, TokenStore};
use kopru_ports::vendors::VendorSettings;
use kopru_ports::{Clock, UniqueIds};

pub use calendar::{AddEvent, Added, EventSource, guests};
pub use callers::{Caller, Proof};
pub use change::ConfigChange;
pub use connect::{GoogleStatus, personal};
pub use consent::{ConsentAnswer, ConsentEnd};
pub use detect::DetectedTab;
pub use erasure::Erasure;
pub use error::{EngineError, Problem};
pub use export::Export;
pub use keys::NewKey;
pub use messages::{EmailWish, Preview, PreviewWish, Recipient, Says, SendWish, SentBatch, fingerprint};
pub use origins::is_path;
pub use portal::{PortalApp, PortalKind, PortalStatus};
pub use redeem::ParkedConsent;
pub use sessions::{LIFETIMES, NewSession, SessionWish};
pub use setup::{Created, NewConfig};
pub use vendors::VendorStatus;
pub use webhook::{Delivered, WebhookHeaders};

use sheet_turn::OnSheet;

/// The ports that the use cases stand on.
pub struct Ports {
    /// Companies and keys.
    pub identity: Arc<dyn IdentityStore>,
    /// People's sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// The host's own tokens, where any are accepted.
    pub hosts: Option<Arc<dyn HostTokens>>,
    /// Who did what.
    pub audit: Arc<dyn AuditLog>,
    /// How long data are kept, and of whom.
    pub data: Arc<dyn DataStore>,
    /// Whether the database was restored from a backup.
    pub restores: Arc<dyn RestoreStore>,
    /// From where their pages may call.
    pub origins: Arc<dyn OriginStore>,
    /// Companies' settings; sealed.
    pub integrations: Arc<dyn IntegrationStore>,
    /// People's tokens; sealed.
    pub tokens: Arc<dyn TokenStore>,
    /// Consents under way.
    pub consents: Arc<dyn ConsentStore>,
    /// Configurations.
    pub configs: Arc<dyn ConfigStore>,
    /// Work to be done.
    pub delivery: Arc<dyn DeliveryStore>,
    /// Rows, events, history.
    pub sync: Arc<dyn SyncStore>,
    /// Sealing of what the stores do not seal themselves.
    pub sealer: Arc<dyn Sealer>,
    /// What is sealed, as it is kept.
    pub sealed: Arc<dyn SealedTexts>,
    /// Google's consent.
    pub google: Arc<dyn OAuthProvider>,
    /// Google's consent for calendars.
    pub calendar_consent: Arc<dyn OAuthProvider>,
    /// People's calendars.
    pub calendar: Arc<dyn CalendarProvider>,
    /// People's spreadsheets.
    pub sheets: Arc<dyn Spreadsheets>,
    /// Companies' ways to their portals.
    pub connections: Arc<dyn PortalConnections>,
    /// The CRM's fields.
    pub catalog: Arc<dyn CrmCatalog>,
    /// The CRM's records.
    pub crm: Arc<dyn CrmWriter>,
    /// Messages on their way.
    pub outbox: Arc<dyn OutboxStore>,
    /// Who may be written to.
    pub contacts: Arc<dyn ContactStore>,
    /// Templates, and how messages may go.
    pub texts: Arc<dyn TextStore>,
    /// Phones.
    pub messages: Arc<dyn MessageSender>,
    /// Mailboxes.
    pub emails: Vec<Arc<dyn EmailSender>>,
    /// The consents to companies' mailboxes, of the vendors at which our client is set.
    pub mailboxes: Vec<(Service, Arc<dyn OAuthProvider>)>,
    /// What companies set for vendors.
    pub vendors: Vec<Arc<dyn VendorSettings>>,
    /// What vendors tell by themselves.
    pub webhooks: Vec<Arc<dyn InboundWebhook>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of rows, configurations and events.
    pub ids: Arc<dyn UniqueIds>,
}

/// What the use cases need to know of their surroundings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which the world reaches this service, without a slash at its end.
    pub public_url: String,
    /// Google's return address, as registered with the vendor.
    pub google_redirect_uri: String,
    /// The same for calendars.
    pub calendar_redirect_uri: String,
    /// Whether the operator gave Google's OAuth client; without it nobody can connect a sheet.
    pub google_is_set: bool,
    /// What people may do who come with the host's own tokens.
    pub host_scopes: Vec<Scope>,
    /// How long a CRM may take for a call, with some seconds in hand: so long after a crash an open
    /// attempt may still be carried out.
    pub crm_patience: Duration,
    /// The same for a vendor of messages.
    pub message_patience: Duration,
}

/// The use cases.
pub struct Engine {
    ports: Ports,
    settings: Settings,
    waker: Waker,
    columns: tab::ColumnCache,
    pace: tab::Pace,
}

impl Engine {
    /// The use cases over `ports`; `waker` is the delivery engine's.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings, waker: Waker) -> Arc<Self> {
        Arc::new(Self { ports, settings, waker, columns: tab::ColumnCache::default(), pace: tab::Pace::default() })
    }

    /// The address under which the world reaches this service, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// The present moment, by the clock that all use cases live by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The origin of this service's own pages.
    #[must_use]
    pub fn public_origin(&self) -> String {
        url::Url::parse(self.public_url()).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// The turns of work, by kind, for [`kopru_delivery::Delivery`].
    #[must_use]
    pub fn handlers(self: &Arc<Self>) -> HashMap<&'static str, Arc<dyn Handler>> {
        let events = OnSheet { engine: self.clone(), work: sheet_events::SheetEvents(self.clone()) };
        let scan = OnSheet { engine: self.clone(), work: sheet_scan::SheetScan(self.clone()) };
        let status = OnSheet { engine: self.clone(), work: sheet_status::SheetStatus(self.clone()) };
        let handlers = HashMap::from([
            (work::SHEET_EVENTS, Arc::new(events) as Arc<dyn Handler>),
            (work::SHEET_SCAN, Arc::new(scan)),
            (work::SHEET_STATUS, Arc::new(status)),
            (work::CRM_ROW, Arc::new(crm_rows::CrmRows(self.clone()))),
            (work::PRUNE, Arc::new(retention::Prune(self.clone()))),
            (work::ERASE, Arc::new(erasure::Erase(self.clone()))),
            (work::MESSAGE_SEND, Arc::new(messages::Outbox(self.clone()))),
            (work::MESSAGE_REPORT, Arc::new(messages::Reports(self.clone()))),
        ]);
        let of_company = |work| Arc::new(erasure::OfCompany { engine: self.clone(), work }) as Arc<dyn Handler>;
        handlers.into_iter().map(|(kind, work)| (kind, of_company(work))).collect()
    }
}
