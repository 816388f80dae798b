use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::{Choice, CompanyId, EntityKind, FieldCode, FieldKind, FieldMeta};
use kopru_ports::Retry;
use kopru_ports::crm::{CrmCatalog, CrmError, CrmErrorKind};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::batch::Command;
use crate::client::{Bitrix24, read_settings};
use crate::config::Portal;
use crate::entity::{Methods, methods};
use crate::error::error;
use crate::map;

/// So long a portal's description is kept.
const KEPT: Duration = Duration::from_mins(10);

/// An entity's fields, and the names under which `crm.item.*` knows them.
pub(crate) struct Described {
    pub fields: Vec<FieldMeta>,
    pub item_names: BTreeMap<FieldCode, String>,
}

impl Bitrix24 {
    /// What is kept of an entity, or read anew.
    pub(crate) async fn described(&self, company: &CompanyId, entity: EntityKind) -> Result<Arc<Described>, CrmError> {
        let key = (company.clone(), entity);
        let now = self.clock.now();
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, described)) = kept.filter(|(read, _)| now < *read + KEPT) {
            return Ok(described);
        }
        let portal = self.portal_of(company).await?;
        let described =
            Arc::new(self.describe(company, &portal, methods(entity)).await.map_err(CrmError::without_effect)?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, described.clone()));
        Ok(described)
    }

    async fn describe(&self, company: &CompanyId, portal: &Portal, methods: Methods) -> Result<Described, CrmError> {
        let answer = self.call(company, portal, &methods.method("fields"), &methods.params(json!({}))).await?;
        let wire = answer.result.get("fields").unwrap_or(&answer.result).clone();
        let wire = wire.as_object().ok_or_else(|| error(CrmErrorKind::Unavailable, Retry::After(None)))?;
        let mut fields: Vec<FieldMeta> = wire.iter().map(|(name, field)| map::field(name, field)).collect();
        let directories: BTreeMap<FieldCode, String> = wire
            .iter()
            .zip(&fields)
            .filter_map(|((_, wire), field)| Some((field.code.clone(), directory(methods, field, wire)?)))
            .collect();
        let choices = self.choices(company, portal, directories.values().cloned().collect()).await?;
        for field in &mut fields {
            let source = match field.kind {
                FieldKind::User => Some("user"),
                FieldKind::Choice if field.code.as_str() == "CURRENCY_ID" => Some("currency"),
                _ => directories.get(&field.code).map(String::as_str),
            };
            if let Some(found) = source.and_then(|source| choices.get(source)) {
                field.choices.clone_from(found);
            }
        }
        let item_names =
            wire.iter().zip(&fields).map(|((name, _), field)| (field.code.clone(), name.clone())).collect();
        Ok(Described { fields, item_names })
    }

    /// People, currencies and directories: the first page of each in one request, the others as they come.
    async fn choices(
        &self,
        company: &CompanyId,
        portal: &Portal,
        directories: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Choice>>, CrmError> {
        let mut sources: Vec<(String, Command)> = vec![
            ("user".to_owned(), ("user.get".to_owned(), json!({ "FILTER": { "ACTIVE": "Y" } }))),
            ("currency".to_owned(), ("crm.currency.list".to_owned(), json!({}))),
        ];
        let status = |directory: String| {
            let params = json!({ "order": { "SORT": "ASC" }, "filter": { "ENTITY_ID": directory } });
            (directory, ("crm.status.list".to_owned(), params))
        };
        sources.extend(directories.into_iter().map(status));
        let mut found = BTreeMap::new();
        for chunk in sources.chunks(50) {
            let commands: Vec<Command> = chunk.iter().map(|(_, command)| command.clone()).collect();
            for ((name, command), answer) in chunk.iter().zip(self.batch(company, portal, &commands).await?) {
                let (first, next) = answer?;
                let mut entries = entries(first)?;
                self.following(company, portal, command, next, &mut entries).await?;
                found.insert(name.clone(), entries.iter().filter_map(|entry| choice(name, entry)).collect());
            }
        }
        Ok(found)
    }

    /// All of a list, page by page.
    pub(crate) async fn pages(
        &self,
        company: &CompanyId,
        portal: &Portal,
        command: &Command,
    ) -> Result<Vec<Value>, CrmError> {
        let first = self.call(company, portal, &command.0, &command.1).await?;
        let mut found = entries(first.result)?;
        self.following(company, portal, command, first.next, &mut found).await?;
        Ok(found)
    }

    async fn following(
        &self,
        company: &CompanyId,
        portal: &Portal,
        (method, params): &Command,
        mut next: Option<u64>,
        into: &mut Vec<Value>,
    ) -> Result<(), CrmError> {
        while let Some(start) = next {
            let mut params = params.clone();
            params["start"] = json!(start);
            let page = self.call(company, portal, method, &params).await?;
            into.extend(entries(page.result)?);
            next = page.next.filter(|next| *next > start);
        }
        Ok(())
    }
}

/// A list's entries; `crm.item.list` puts them one level lower. What is no list must not pass for an empty
/// one: a record that is not found is made.
fn entries(mut result: Value) -> Result<Vec<Value>, CrmError> {
    let list = if result.is_object() { result["items"].take() } else { result };
    let Value::Array(items) = list else { return Err(error(CrmErrorKind::Unavailable, Retry::After(None))) };
    Ok(items)
}

fn choice(source: &str, entry: &Value) -> Option<Choice> {
    match source {
        "user" => map::user(entry),
        "currency" => map::currency(entry),
        _ => map::status(entry),
    }
}

/// The directory that a field takes its values from.
fn directory(methods: Methods, field: &FieldMeta, wire: &Value) -> Option<String> {
    let named = wire["statusType"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
    let is_stage = matches!(field.code.as_str(), "STAGE_ID" | "STATUS_ID");
    if wire["type"] != "crm_status" {
        return None;
    }
    named.or_else(|| methods.stages().filter(|_| is_stage))
}

#[async_trait]
impl CrmCatalog for Bitrix24 {
    async fn fields(&self, company: &CompanyId, entity: EntityKind) -> Result<Vec<FieldMeta>, CrmError> {
        Ok(self.described(company, entity).await?.fields.clone())
    }

    async fn forget(&self, company: &CompanyId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != company);
    }

    async fn portal(&self, company: &CompanyId) -> Result<String, CrmError> {
        Ok(self.portal_of(company).await?.name)
    }

    async fn reach(&self, company: &CompanyId, settings: &SecretString) -> Result<String, CrmError> {
        let portal = read_settings(settings)?;
        self.call(company, &portal, "profile", &json!({})).await.map_err(CrmError::without_effect)?;
        Ok(portal.name)
    }
}
