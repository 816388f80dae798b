//! All that is kept of a company, or of one of its people, as records of one line each. Never a secret.

use jiff::civil::Date;
use kopru_domain::message::{Address, Channel};
use kopru_domain::{CompanyId, ConfigId, RowId, UserId};
use kopru_ports::audit::{AuditAction, AuditEntry};
use kopru_ports::configs::SyncConfig;
use kopru_ports::outbox::MessageQuery;
use kopru_ports::sync::RowsQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Engine;
use crate::callers::Caller;
use crate::error::EngineError;

/// Records a page.
const PAGE: u32 = 500;

/// An export under way: what is still to be handed out, page by page, while the service runs on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {
    company: CompanyId,
    person: Option<UserId>,
    /// The next part is the last one.
    todo: Vec<Part>,
}

/// What a page is of, and after which record it begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Part {
    Company,
    Keys,
    Portal,
    Vendors,
    Connections,
    Sessions,
    Messages(Option<Uuid>),
    Batches(Option<Uuid>),
    Days(Option<Date>),
    Contacts(Option<(Channel, Address)>),
    Templates(Option<String>),
    Configs(Option<ConfigId>),
    Rows(ConfigId, Option<RowId>),
    Events(ConfigId, Option<String>),
    History(ConfigId, Option<i64>),
    Audit(Option<Uuid>),
    End,
}

impl Engine {
    /// Begins to hand out what is kept of the caller's company, or of `person` alone.
    pub async fn export(&self, caller: &Caller, person: Option<UserId>) -> Result<Export, EngineError> {
        self.known_company(&caller.company).await?;
        self.record(caller, AuditAction::DataExported, person.as_ref().map_or("", UserId::as_str)).await?;
        let mut todo = vec![Part::End, Part::Audit(None), Part::Messages(None), Part::Configs(None)];
        todo.extend([Part::Sessions, Part::Connections]);
        if person.is_none() {
            todo.extend([Part::Batches(None), Part::Days(None), Part::Contacts(None), Part::Templates(None)]);
            todo.extend([Part::Vendors, Part::Portal, Part::Keys, Part::Company]);
        }
        Ok(Export { company: caller.company.clone(), person, todo })
    }

    /// The next page, which may be empty; `None` after the last. The last record is an `end`: without one it broke off.
    pub async fn export_page(&self, export: &mut Export) -> Result<Option<Vec<Value>>, EngineError> {
        let Some(part) = export.todo.pop() else { return Ok(None) };
        let company = &export.company.clone();
        Ok(Some(match part {
            Part::Company => vec![self.company_record(company).await?],
            Part::Keys => records("api_key", self.ports.identity.keys(company).await?),
            Part::Portal => records("portal", self.portal_status(company).await?),
            Part::Vendors => self.vendor_records(company).await?,
            Part::Connections => {
                let all = self.ports.data.connections(company).await?;
                records("connection", all.into_iter().filter(|one| export.is_of(&one.user)))
            }
            Part::Sessions => {
                let all = self.ports.data.sessions(company).await?;
                records("session", all.into_iter().filter(|one| export.is_of(&one.user)))
            }
            Part::Messages(before) => {
                let user = export.person.clone();
                let query = MessageQuery { user, before, limit: PAGE, ..MessageQuery::default() };
                let page = self.ports.outbox.messages(company, query).await?;
                export.go_on(&page, |last| Part::Messages(Some(last.id)));
                records("message", page)
            }
            Part::Batches(after) => {
                let page = self.ports.contacts.batches(company, after, PAGE).await?;
                export.go_on(&page, |last| Part::Batches(Some(last.id)));
                records("message_request", page)
            }
            Part::Days(after) => {
                let page = self.ports.contacts.days(company, after, PAGE).await?;
                export.go_on(&page, |last| Part::Days(Some(last.day)));
                records("message_day", page)
            }
            Part::Contacts(after) => {
                let page = self.ports.contacts.contacts(company, after, PAGE).await?;
                export.go_on(&page, |last| Part::Contacts(Some((last.channel, last.address.clone()))));
                records("contact", page)
            }
            Part::Templates(after) => {
                let page = self.ports.texts.templates(company, after.as_deref(), PAGE).await?;
                export.go_on(&page, |last| Part::Templates(Some(last.name.clone())));
                records("template", page)
            }
            Part::Configs(after) => self.configs_page(export, after).await?,
            Part::Rows(config, after) => {
                let page = self.ports.sync.rows(company, config, RowsQuery::After(after, PAGE)).await?;
                export.go_on(&page, |last| Part::Rows(config, Some(last.id.clone())));
                of_config(config, records("row", page))
            }
            Part::Events(config, after) => {
                let page = self.ports.data.event_log(company, config, after.as_deref(), PAGE).await?;
                export.go_on(&page, |last| Part::Events(config, Some(last.event.id.clone())));
                of_config(config, records("event", page))
            }
            Part::History(config, before) => {
                let page = self.ports.sync.history(company, config, before, PAGE).await?;
                export.go_on(&page, |(number, _)| Part::History(config, Some(*number)));
                of_config(config, records("history", page.into_iter().map(|(_, entry)| entry)))
            }
            Part::Audit(before) => {
                let page = self.ports.audit.audit_log(company, before, PAGE).await?;
                export.go_on(&page, |last| Part::Audit(Some(last.id)));
                records("audit", page.into_iter().filter(|entry| export.tells_of(entry)))
            }
            Part::End => vec![json!({ "type": "end" })],
        }))
    }

    async fn company_record(&self, company: &CompanyId) -> Result<Value, EngineError> {
        let name = self.ports.identity.company(company).await?;
        let (origins, retention) = (self.origins(company).await?, self.retention(company).await?);
        let messaging = self.message_policy(company).await?;
        let settings = json!({ "origins": origins, "retention": retention, "messaging": messaging });
        Ok(json!({ "type": "company", "id": company, "name": name, "settings": settings }))
    }

    /// The company's own accounts, which show of their secrets the last four characters.
    async fn vendor_records(&self, company: &CompanyId) -> Result<Vec<Value>, EngineError> {
        let mut found = Vec::new();
        for vendor in &self.ports.vendors {
            match self.vendor_status(company, vendor.vendor().name()).await {
                Ok(account) => found.push(account),
                Err(EngineError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(records("vendor", found))
    }

    /// A page of configurations; what belongs to each follows it.
    async fn configs_page(&self, export: &mut Export, after: Option<ConfigId>) -> Result<Vec<Value>, EngineError> {
        let page = self.ports.configs.list(&export.company, after, PAGE).await?;
        export.go_on(&page, |last| Part::Configs(Some(last.id)));
        let own: Vec<_> = page.into_iter().filter(|config| export.is_of(&config.user)).collect();
        for SyncConfig { id, .. } in own.iter().rev() {
            export.todo.extend([Part::History(*id, None), Part::Events(*id, None), Part::Rows(*id, None)]);
        }
        Ok(own.iter().map(config_record).collect())
    }
}

impl Export {
    fn is_of(&self, user: &UserId) -> bool {
        self.person.as_ref().is_none_or(|person| person == user)
    }

    /// Whether an entry was made by the person or is about the person.
    fn tells_of(&self, entry: &AuditEntry) -> bool {
        let Some(person) = &self.person else { return true };
        let is_about = AuditAction::OF_PEOPLE.contains(&entry.action) && entry.subject == person.as_str();
        is_about || entry.actor.user.as_ref() == Some(person)
    }

    fn go_on<T>(&mut self, page: &[T], after: impl Fn(&T) -> Part) {
        self.todo.extend(page.last().map(after));
    }
}

fn record(kind: &str, of: impl Serialize) -> Map<String, Value> {
    let mut record = Map::from_iter([("type".to_owned(), kind.into())]);
    if let Value::Object(fields) = json!(of) {
        record.extend(fields);
    }
    record
}

fn records(kind: &str, list: impl IntoIterator<Item = impl Serialize>) -> Vec<Value> {
    list.into_iter().map(|one| record(kind, one).into()).collect()
}

fn of_config(config: ConfigId, mut list: Vec<Value>) -> Vec<Value> {
    for record in &mut list {
        record["config"] = json!(config);
    }
    list
}

/// Neither the key of its webhook's address nor its secret is told, not even as it is kept.
fn config_record(config: &SyncConfig) -> Value {
    let mut record = record("config", config);
    record.retain(|field, _| !["webhook_key_hash", "sealed_secret"].contains(&field.as_str()));
    record.into()
}
