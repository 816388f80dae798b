//! The adapter with all its surroundings, and short ways to say what is written.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_bitrix::Bitrix24;
use kopru_domain::multi::work;
use kopru_domain::{CompanyId, EntityKind, FieldChange, FieldMeta, FieldValue};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::Clock as _;
use kopru_ports::crm::{
    Among, CommandOutcome, CrmAction, CrmCatalog as _, CrmCommand, CrmError, CrmWriter as _, WriteRequest,
};
use kopru_ports::delivery::Urgency;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, MemoryTokens, OpenGate};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::portal::{Portal, result};

pub fn company() -> CompanyId {
    "acme".parse().unwrap()
}

pub fn http(timeout: Duration) -> HttpClient {
    let private_addresses = PrivateAddresses::Allow;
    HttpClient::new(&HttpOptions { timeout, connect_timeout: timeout, private_addresses }).unwrap()
}

pub struct World {
    pub bitrix: Bitrix24,
    pub gate: Arc<OpenGate>,
    pub clock: Arc<ManualClock>,
    pub tokens: Arc<MemoryTokens>,
    timeout: Duration,
    settings: Arc<MemoryIntegrations>,
}

impl World {
    /// An adapter that is connected to nothing yet.
    pub fn new(timeout: Duration) -> Self {
        Self::over(timeout, Arc::default())
    }

    fn over(timeout: Duration, settings: Arc<MemoryIntegrations>) -> Self {
        let (gate, clock, tokens) =
            (Arc::<OpenGate>::default(), Arc::<ManualClock>::default(), Arc::<MemoryTokens>::default());
        let http = (http(timeout), timeout);
        let bitrix = Bitrix24::new(settings.clone(), tokens.clone(), http, gate.clone(), clock.clone());
        Self { bitrix, gate, clock, tokens, timeout, settings }
    }

    /// Another process over the same store.
    pub fn restarted(&self) -> Self {
        Self::over(self.timeout, self.settings.clone())
    }

    /// What is stored of the connection.
    pub async fn settings(&self) -> String {
        let stored = self.settings.get(&company(), IntegrationKind::Bitrix24).await.unwrap();
        stored.map(|stored| stored.settings.expose_secret().to_owned()).unwrap_or_default()
    }

    pub async fn connect(&self, webhook: &str) {
        self.connect_by(&json!({ "webhook": webhook })).await;
    }

    /// Another company of the same portal.
    pub async fn connect_also(&self, company: &CompanyId, webhook: &str) {
        let settings = json!({ "webhook": webhook }).to_string().into();
        self.settings.put(company, IntegrationKind::Bitrix24, settings).await.unwrap();
    }

    pub async fn connect_by(&self, settings: &Value) {
        let settings = settings.to_string().into();
        self.settings.put(&company(), IntegrationKind::Bitrix24, settings).await.unwrap();
    }

    /// An adapter that knows the leads of a portal already: the next calls are the test's own.
    pub async fn with_leads(timeout: Duration) -> (Self, Portal) {
        let (world, portal) = (Self::new(timeout), Portal::start().await);
        world.connect(&portal.webhook()).await;
        answer_leads(&portal);
        world.fields(EntityKind::Lead).await.unwrap();
        portal.calls();
        world.gate.passes.lock().unwrap().clear();
        (world, portal)
    }

    /// The connected portal's name; none where none is connected.
    pub async fn portal(&self) -> String {
        self.bitrix.portal(&company()).await.unwrap_or_default()
    }

    /// The records of the connected portal, searched for somebody who waits.
    pub async fn among(&self, entity: EntityKind) -> Among {
        Among { company: company(), portal: self.portal().await, entity, urgency: Urgency::Interactive }
    }

    /// The entity's fields, for somebody who waits.
    pub async fn fields(&self, entity: EntityKind) -> Result<Vec<FieldMeta>, CrmError> {
        self.bitrix.fields(&company(), entity, Urgency::Interactive).await
    }

    /// Writes with time enough. Neither an error nor an outcome holds the secret.
    pub async fn write(&self, commands: Vec<CrmCommand>) -> Result<Vec<CommandOutcome>, CrmError> {
        self.write_by(commands, Duration::from_secs(67)).await
    }

    pub async fn write_by(
        &self,
        commands: Vec<CrmCommand>,
        patience: Duration,
    ) -> Result<Vec<CommandOutcome>, CrmError> {
        let deadline = self.clock.now() + patience;
        let portal = self.portal().await;
        let written = self
            .bitrix
            .write(WriteRequest { company: company(), portal, urgency: Urgency::Bulk, commands, deadline })
            .await;
        let cause = written.as_ref().err().and_then(|error| error.source().map(ToString::to_string));
        let told =
            format!("{written:?} {cause:?} {}", written.as_ref().err().map(ToString::to_string).unwrap_or_default());
        assert!(!told.contains("s3cret"), "a secret is told: {told}");
        written
    }
}

/// A portal's answers that describe its leads.
pub fn answer_leads(portal: &Portal) {
    portal.answer("crm.lead.fields", result(lead_fields()));
    let people = json!([
        { "ID": "1", "ACTIVE": true, "NAME": "Ayşe", "LAST_NAME": "Örnek", "EMAIL": "ayse@acme.example" },
        { "ID": "2", "ACTIVE": true, "NAME": "", "LAST_NAME": "", "EMAIL": "ofis@acme.example" },
    ]);
    let currencies = json!([{ "CURRENCY": "TRY", "FULL_NAME": "Türk lirası" }]);
    let sources = json!([{ "STATUS_ID": "CALL", "NAME": "Telefon" }]);
    let stages = json!([{ "STATUS_ID": "NEW", "NAME": "Yeni" }, { "STATUS_ID": "JUNK", "NAME": "Niteliksiz" }]);
    portal.answer(
        "batch",
        result(json!({
            "result": { "c0": people, "c1": currencies, "c2": sources, "c3": stages },
            "result_error": [], "result_next": [], "result_total": { "c0": 2 },
        })),
    );
}

/// As `crm.lead.fields` gives them.
fn lead_fields() -> Value {
    let field = |kind: &str, title: &str| {
        json!({ "type": kind, "isRequired": false, "isReadOnly": false, "isImmutable": false, "isMultiple": false,
            "isDynamic": false, "title": title })
    };
    let mut fields = json!({
        "TITLE": field("string", "Başlık"),
        "COMMENTS": field("string", "Yorum"),
        "STATUS_ID": field("crm_status", "Aşama"),
        "SOURCE_ID": field("crm_status", "Kaynak"),
        "OPPORTUNITY": field("double", "Tutar"),
        "IS_MANUAL_OPPORTUNITY": field("char", "Tutar elle girilir"),
        "IS_RETURN_CUSTOMER": field("char", "Tekrar müşteri"),
        "CURRENCY_ID": field("crm_currency", "Para birimi"),
        "ASSIGNED_BY_ID": field("user", "Sorumlu"),
        "ADDRESS": field("string", "Adres"),
        "ADDRESS_CITY": field("string", "Şehir"),
        "ADDRESS_COUNTRY": field("string", "Ülke"),
        "ADDRESS_LOC_ADDR_ID": field("integer", "Konum"),
        "BIRTHDATE": field("date", "Doğum tarihi"),
        "DATE_CREATE": field("datetime", "Oluşturulma tarihi"),
        "PHONE": field("crm_multifield", "Telefon"),
        "ORIGIN_ID": field("string", "Dış kimlik"),
        "UF_CRM_1712": field("enumeration", "UF_CRM_1712"),
    });
    fields["STATUS_ID"]["statusType"] = json!("STATUS");
    fields["SOURCE_ID"]["statusType"] = json!("SOURCE");
    fields["DATE_CREATE"]["isReadOnly"] = json!(true);
    fields["PHONE"]["isMultiple"] = json!(true);
    fields["UF_CRM_1712"]["isMultiple"] = json!(true);
    fields["UF_CRM_1712"]["listLabel"] = json!("Bölge");
    fields["UF_CRM_1712"]["formLabel"] = json!("Bölge");
    fields["UF_CRM_1712"]["items"] = json!([{ "ID": "81", "VALUE": "Ege" }, { "ID": "82", "VALUE": "Marmara" }]);
    fields
}

pub fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

pub fn phones(numbers: &[&str]) -> FieldValue {
    FieldValue::Contacts(numbers.iter().map(|number| work(*number)).collect())
}

/// A field, what the sheet said of it and what it says now.
pub type Change = (&'static str, FieldValue, FieldValue);

pub fn title(to: &str) -> Change {
    ("TITLE", FieldValue::Empty, text(to))
}

fn command(action: CrmAction, changes: impl IntoIterator<Item = Change>) -> CrmCommand {
    let fields = changes.into_iter().map(|(code, from, to)| (code.into(), FieldChange { from, to })).collect();
    CrmCommand { entity: EntityKind::Lead, action, fields }
}

pub fn create(origin: &str, changes: impl IntoIterator<Item = Change>) -> CrmCommand {
    command(CrmAction::Create { origin: origin.to_owned() }, changes)
}

pub fn update(id: &str, changes: impl IntoIterator<Item = Change>) -> CrmCommand {
    command(CrmAction::Update { id: id.to_owned() }, changes)
}

pub fn done(id: &str) -> CommandOutcome {
    CommandOutcome::Done { id: id.to_owned() }
}

/// The fields that the portal did not keep, with what they hold.
pub fn dropped(outcome: &CommandOutcome) -> Vec<(&str, &str)> {
    let CommandOutcome::Partly { dropped, .. } = outcome else { return Vec::new() };
    dropped.iter().map(|dropped| (dropped.field.as_str(), dropped.holds.as_str())).collect()
}
