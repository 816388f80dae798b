//! Every method of every storage port, asked by one company for another's things, by their ids and names.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::date;
use kopru_domain::message::{Channel, MessageStatus, OptOutCause, Policy, Template};
use kopru_domain::{CompanyId, ConfigId, EntityKind, Gid, Language, Mapping, UserId};
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::data::{DataStore, Retention};
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement};
use kopru_ports::identity::{ApiKey, IdentityStore};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::messages::Report;
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use kopru_ports::origins::OriginStore;
use kopru_ports::outbox::{Caps, Contact, ContactStore, MessageQuery, NewBatch, OptOut, OutboxStore, Told};
use kopru_ports::seal::{SealedPlace, SealedTexts};
use kopru_ports::sessions::{Session, SessionKind, SessionStore};
use kopru_ports::sync::{RowsQuery, SheetEvent, SyncChanges, SyncStore, SyncSummary};
use kopru_ports::texts::{NamedTemplate, TextStore};
use kopru_ports::tokens::{ConnectionStatus, Saved, Service, StoredToken, TokenKey, TokenStore};
use kopru_ports::{StoreError, StoreErrorKind};
use kopru_store_postgres::PostgresStore;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

use crate::database::{NOW, fresh_url, message, open, work};
use crate::tenants::{fill, tenant_tables, token};

/// Methods that know of no company, or of all; `tenants` shows how little they see.
const OF_NO_COMPANY: [(&str, &str); 14] = [
    ("IdentityStore::companies", "operators list them"),
    ("IdentityStore::key_by_hash", "whoever has the key may"),
    ("ConfigStore::by_webhook_key", "whoever has the key may"),
    ("SessionStore::session", "whoever has the token may"),
    ("SessionStore::end_session", "whoever has the token may"),
    ("ConsentStore::take", "whoever has the state may"),
    ("OriginStore::is_origin", "a browser asks before it says whose page it shows; yes or no"),
    ("TokenStore::count_for_account", "a vendor's revocation ends all of an account's; a number"),
    ("SealedTexts::vault_probe", "the service's own"),
    ("LimitStore::spend", "a vendor's limit is no company's"),
    ("LimitStore::correct", "a vendor's limit is no company's"),
    ("RestoreStore::notice", "the service's own"),
    ("RestoreStore::restored", "an operator's; a database is restored for all"),
    ("RestoreStore::held", "the service's own; ids"),
];

/// What the other company knows of.
struct Stranger {
    store: PostgresStore,
    company: CompanyId,
    user: UserId,
    config: ConfigId,
    key: Uuid,
    entry: Uuid,
    lease: Lease,
    asked: BTreeSet<String>,
}

/// Asks, and notes what was asked.
macro_rules! ask {
    ($stranger:ident, $port:ident::$method:ident($($argument:expr),*)) => {{
        $stranger.asked.insert(concat!(stringify!($port), "::", stringify!($method)).to_owned());
        $port::$method(&$stranger.store, $($argument),*).await
    }};
}

impl Stranger {
    /// Of a database in which `acme` has a row in every table, and holds its lane.
    async fn of(url: &str, owner: &mut PgConnection) -> Self {
        let store = open(url).await;
        fill(url, &store).await;
        let acme: CompanyId = "acme".parse().unwrap();
        let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
            panic!("a lane is due");
        };
        let id = async |owner: &mut PgConnection, what: &str| -> Uuid {
            sqlx::query(AssertSqlSafe(format!("SELECT {what}"))).fetch_one(owner).await.unwrap().get(0)
        };
        Self {
            company: "umbrella".parse().unwrap(),
            user: "ayse".parse().unwrap(),
            config: ConfigId(id(owner, "config_id FROM kopru.sheet_sync_config").await),
            key: store.keys(&acme).await.unwrap()[0].id,
            entry: id(owner, "entry_id FROM kopru.audit_log").await,
            lease: Lease { company: "umbrella".parse().unwrap(), ..lease },
            store: (*store).clone(),
            asked: BTreeSet::new(),
        }
    }

    fn connection(&self) -> TokenKey {
        TokenKey { company: self.company.clone(), user: self.user.clone(), service: Service::GoogleSheets }
    }

    fn work(&self) -> NewWork {
        NewWork { company: self.company.clone(), ..work("lane", "key") }
    }

    /// What the configuration of the other company would be, were it this one's.
    fn config(&self) -> SyncConfig {
        SyncConfig {
            id: self.config,
            company: self.company.clone(),
            user: self.user.clone(),
            name: "theirs".into(),
            spreadsheet: "sheet".parse().unwrap(),
            gid: Gid(0),
            entity: EntityKind::Lead,
            portal: "p".into(),
            mapping: Mapping::default(),
            language: Language::Tr,
            quiet_ms: 0,
            enabled: false,
            webhook_key_hash: "hash of a webhook key".into(),
            sealed_secret: String::new(),
            created: NOW,
            scan: None,
            restored: None,
            held: false,
        }
    }

    async fn identity(&mut self) {
        let company = self.company.clone();
        ask!(self, IdentityStore::add_company(&company, "Umbrella", NOW)).unwrap();
        assert_eq!(ask!(self, IdentityStore::company(&company)).unwrap().as_deref(), Some("Umbrella"));
        let key = ApiKey {
            id: self.key,
            company: company.clone(),
            name: String::new(),
            last_four: "1234".into(),
            scopes: vec![],
            created: NOW,
            revoked: None,
        };
        is_conflict(&ask!(self, IdentityStore::add_key(&key, "hash of a key")));
        assert_eq!(ask!(self, IdentityStore::keys(&company)).unwrap(), []);
        assert!(!ask!(self, IdentityStore::revoke_key(&company, self.key, NOW)).unwrap());
        let session = Session {
            company: company.clone(),
            user: self.user.clone(),
            kind: SessionKind::Console,
            scopes: vec![],
            key: self.key,
            expires: NOW,
        };
        is_conflict(&ask!(self, SessionStore::begin_session("another hash", &session, NOW)));
    }

    async fn configs(&mut self) {
        let (company, id, config) = (self.company.clone(), self.config, self.config());
        is_conflict(&ask!(self, ConfigStore::add(&config)));
        assert_eq!(ask!(self, ConfigStore::get(&company, id)).unwrap(), None);
        assert_eq!(ask!(self, ConfigStore::list(&company, None, 9)).unwrap(), []);
        assert!(!ask!(self, ConfigStore::update(&config)).unwrap());
        ask!(self, ConfigStore::begin_scan(&company, id, 9)).unwrap();
        assert!(!ask!(self, ConfigStore::delete(&company, id)).unwrap());
    }

    async fn rows(&mut self) {
        let (company, id) = (self.company.clone(), self.config);
        let event = SheetEvent { id: "e".into(), rows: None, received: NOW };
        is_conflict(&ask!(self, SyncStore::accept(&company, id, event, self.work())));
        assert_eq!(ask!(self, SyncStore::events(&company, id, 9)).unwrap(), []);
        for query in [RowsQuery::StatusDue(9), RowsQuery::Places(0, 9), RowsQuery::Refused(9)] {
            assert_eq!(ask!(self, SyncStore::rows(&company, id, query)).unwrap(), []);
        }
        assert_eq!(ask!(self, SyncStore::history(&company, id, None, 9)).unwrap(), []);
        assert_eq!(ask!(self, SyncStore::summary(&company, id)).unwrap(), SyncSummary::default());
        assert_eq!(ask!(self, SyncStore::replay(&company, id)).unwrap(), 0);
    }

    /// With the other's lane by its name, and from a turn of its own.
    async fn work_of_others(&mut self) {
        let (claim, lease) = (Claim { urgency: None, limit: 9, skip: Vec::new() }, self.lease.clone());
        let attempt = NewAttempt { key: "key".into(), generation: 1, payload: Value::Null, deadline: NOW };
        is_stale(&ask!(self, DeliveryStore::renew(&lease, NOW)));
        is_stale(&ask!(self, DeliveryStore::claim(&lease, NOW, claim.clone())));
        is_stale(&ask!(self, DeliveryStore::freeze(&lease, vec![attempt.clone()])));
        is_stale(&ask!(self, DeliveryStore::settle(&lease, NOW, Settlement::default())));
        ask!(self, DeliveryStore::release(&lease, NOW)).unwrap();
        assert!(ask!(self, DeliveryStore::reopen(self.work(), attempt)).unwrap(), "its own, of the same name");
        ask!(self, DeliveryStore::enqueue(vec![self.work()])).unwrap();
        let until = NOW + Duration::from_secs(30);
        let LeaseAnswer::Granted(own) = ask!(self, DeliveryStore::lease(NOW, until)).unwrap() else {
            panic!("its own lane is due");
        };
        assert_eq!(own.company, self.company);
        assert_eq!(self.store.claim(&own, NOW, claim).await.unwrap().len(), 1, "its own alone");
        let settlement = Settlement {
            outcomes: vec![("key".into(), 1, Outcome::Done)],
            sync: vec![SyncChanges { events: vec!["e".into()], ..SyncChanges::of(self.config) }],
            ..Settlement::default()
        };
        self.store.settle(&own, NOW, settlement).await.unwrap();
    }

    async fn connections(&mut self) {
        let (company, key, bitrix) = (self.company.clone(), self.connection(), IntegrationKind::Bitrix24);
        assert!(ask!(self, IntegrationStore::get(&company, bitrix)).unwrap().is_none());
        ask!(self, IntegrationStore::put(&company, bitrix, "theirs".into())).unwrap();
        let error = ConnectionStatus::Error;
        ask!(self, IntegrationStore::set_status(&company, bitrix, error, None, NOW)).unwrap();
        ask!(self, IntegrationStore::delete(&company, bitrix)).unwrap();
        assert!(ask!(self, TokenStore::load(&key)).unwrap().is_none());
        let next = StoredToken { version: 1, ..token() };
        assert_eq!(ask!(self, TokenStore::save(&key, next)).unwrap(), Saved::Conflict);
        assert!(!ask!(self, TokenStore::begin_refresh(&key, 1, NOW, NOW)).unwrap());
        ask!(self, TokenStore::set_status(&key, error, None)).unwrap();
        ask!(self, TokenStore::delete(&key)).unwrap();
        let consent = PendingConsent {
            key,
            sealed_verifier: "theirs".into(),
            return_to: "/".into(),
            session: None,
            by_code: false,
            sealed_code: None,
            actor: Actor::default(),
        };
        is_conflict(&ask!(self, ConsentStore::put("hash of a state", consent, NOW..NOW)));
    }

    /// The other's message and template by their names, and another one's number.
    async fn messages(&mut self) {
        let (company, theirs) = (self.company.clone(), message());
        let address = theirs.to.clone().unwrap();
        let batch = NewBatch {
            id: theirs.batch,
            company: company.clone(),
            key: None,
            fingerprint: String::new(),
            created: NOW,
            messages: Vec::new(),
            work: Vec::new(),
        };
        ask!(self, OutboxStore::accept(batch)).unwrap();
        let query = MessageQuery { limit: 9, ..MessageQuery::default() };
        assert_eq!(ask!(self, OutboxStore::messages(&company, query)).unwrap(), []);
        assert_eq!(ask!(self, OutboxStore::message(&company, theirs.id)).unwrap(), None);
        assert_eq!(ask!(self, OutboxStore::outgoing(&company, &[theirs.id])).unwrap(), []);
        let day = date(2026, 1, 1);
        assert!(ask!(self, OutboxStore::count(&company, day, Caps::default(), &[theirs.id])).unwrap().is_empty());
        let report = Report { provider_id: "SM".into(), status: MessageStatus::Read, trouble: None, code: None };
        let told = Told::Report { id: Some(theirs.id), report };
        assert_eq!(ask!(self, OutboxStore::told(&company, told, NOW)).unwrap(), None);
        assert_eq!(ask!(self, OutboxStore::cancel(&company, theirs.id, NOW)).unwrap(), None);
        assert!(!ask!(self, OutboxStore::is_in_doubt(&company, theirs.id)).unwrap());
        assert_eq!(ask!(self, OutboxStore::known(&company, "k", "f")).unwrap(), None);
        assert_eq!(ask!(self, ContactStore::contact(&company, Channel::Sms, &address)).unwrap(), Contact::default());
        let out = OptOut { channel: Channel::Sms, address, since: NOW, cause: OptOutCause::Asked };
        ask!(self, ContactStore::set_opt_out(&company, &out, true)).unwrap();
        assert_eq!(ask!(self, ContactStore::opt_outs(&company, None, 9)).unwrap(), [out]);
        let known = ask!(self, ContactStore::contacts(&company, None, 9)).unwrap();
        assert_eq!(known.iter().map(|one| one.contact.last_inbound).collect::<Vec<_>>(), [None], "their own alone");
        assert!(ask!(self, ContactStore::batches(&company, None, 9)).unwrap().iter().all(|one| one.key.is_none()));
        assert_eq!(ask!(self, ContactStore::days(&company, None, 9)).unwrap(), []);
        assert_eq!(ask!(self, TextStore::template(&company, "n")).unwrap(), None);
        assert!(!ask!(self, TextStore::delete_template(&company, "n")).unwrap());
        let own = NamedTemplate { name: "n".into(), template: Template::parse("own").unwrap(), changed: NOW };
        ask!(self, TextStore::put_template(&company, &own)).unwrap();
        assert_eq!(ask!(self, TextStore::templates(&company, None, 9)).unwrap(), [own]);
        let policy = Policy { daily_messages: Some(1), ..Policy::default() };
        ask!(self, TextStore::set_policy(&company, &policy)).unwrap();
        assert_eq!(ask!(self, TextStore::policy(&company)).unwrap(), policy);
    }

    async fn the_rest(&mut self) {
        let company = self.company.clone();
        ask!(self, OriginStore::set_origins(&company, &[])).unwrap();
        assert!(ask!(self, OriginStore::origins(&company)).unwrap().is_empty());
        assert_eq!(ask!(self, SealedTexts::sealed(&company)).unwrap(), []);
        for (place, old) in [
            (SealedPlace::Access(self.connection()), "sealed"),
            (SealedPlace::Refresh(self.connection()), "sealed"),
            (SealedPlace::Settings(company.clone(), IntegrationKind::Bitrix24), "sealed"),
            (SealedPlace::WebhookSecret(company.clone(), self.config), ""),
            (SealedPlace::Verifier(self.connection(), "hash of a state".into()), "sealed"),
            (SealedPlace::Code(self.connection(), "hash of a state".into()), "sealed code"),
        ] {
            assert!(!ask!(self, SealedTexts::reseal(&place, old, "theirs")).unwrap(), "{place:?}");
        }
        let entry = AuditEntry {
            id: self.entry,
            company: company.clone(),
            at: NOW,
            actor: Actor::default(),
            action: AuditAction::CompanyAdded,
            subject: "theirs".into(),
        };
        ask!(self, AuditLog::record(&entry)).unwrap();
        assert_eq!(ask!(self, AuditLog::audit_log(&company, None, 9)).unwrap(), [entry]);
        assert_eq!(ask!(self, AuditLog::audit_log(&company, Some(self.entry), 9)).unwrap(), []);
        let short = Retention { history: Some(1), events: Some(1), audit: Some(1), messages: Some(1) };
        ask!(self, DataStore::set_retention(&company, short)).unwrap();
        assert_eq!(ask!(self, DataStore::retention(&company)).unwrap(), short);
        assert_eq!(ask!(self, DataStore::connections(&company)).unwrap(), []);
        assert_eq!(ask!(self, DataStore::sessions(&company)).unwrap(), []);
        assert_eq!(ask!(self, DataStore::event_log(&company, self.config, None, 9)).unwrap(), []);
        ask!(self, DataStore::prune(&company, NOW + Duration::from_hours(24 * 365), 9)).unwrap();
        let later = NOW + Duration::from_hours(24 * 365);
        for person in [Some(&self.user), None] {
            while ask!(self, DataStore::erase(&company, person, later, 1)).unwrap() {}
        }
        assert_eq!(self.store.company(&company).await.unwrap(), None);
    }
}

fn is_conflict<T>(answer: &Result<T, StoreError>) {
    assert_eq!(answer.as_ref().err().map(|error| error.kind), Some(StoreErrorKind::Conflict));
}

fn is_stale<T>(answer: &Result<T, StoreError>) {
    assert_eq!(answer.as_ref().err().map(|error| error.kind), Some(StoreErrorKind::StaleLease));
}

/// All that a company has, by table.
async fn all_of(company: &str, owner: &mut PgConnection) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for table in tenant_tables(owner).await {
        let sql = format!(
            "SELECT coalesce(string_agg(one::text, ';' ORDER BY one::text), '')
             FROM kopru.{table} AS one WHERE company_id = $1"
        );
        all.push((table, sqlx::query(AssertSqlSafe(sql)).bind(company).fetch_one(&mut *owner).await.unwrap().get(0)));
    }
    all
}

#[tokio::test]
async fn a_stranger_gets_and_changes_nothing_by_whatever_method() {
    let Some(url) = fresh_url().await else { return };
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let mut stranger = Stranger::of(&url, &mut owner).await;
    let before = all_of("acme", &mut owner).await;
    stranger.identity().await;
    stranger.configs().await;
    stranger.rows().await;
    stranger.work_of_others().await;
    stranger.connections().await;
    stranger.messages().await;
    stranger.the_rest().await;
    assert_eq!(all_of("acme", &mut owner).await, before);

    let mut asked = stranger.asked;
    asked.extend(OF_NO_COMPANY.map(|(method, _)| method.to_owned()));
    assert_eq!(asked, methods(), "whoever adds a method asks it here");
}

/// Every method of every port that the store implements, by its own source.
fn methods() -> BTreeSet<String> {
    let mut methods = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut port = None;
        for line in source.lines() {
            match line.strip_prefix("impl ").and_then(|line| line.strip_suffix(" for PostgresStore {")) {
                Some(name) => port = Some(name.to_owned()),
                None if line == "}" => port = None,
                None => {}
            }
            let method = line.strip_prefix("    async fn ").and_then(|line| line.split('(').next());
            methods.extend(port.iter().zip(method).map(|(port, method)| format!("{port}::{method}")));
        }
    }
    methods
}
