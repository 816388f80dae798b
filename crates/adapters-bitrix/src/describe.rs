//! What a portal says of an entity: its fields, their choices, its pipelines.

use std::collections::{BTreeMap, BTreeSet};

use kopru_domain::{Choice, CompanyId, FieldCode, FieldKind, FieldMeta};
use kopru_ports::Retry;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use serde_json::{Map, Value, json};

use crate::batch::Command;
use crate::client::Bitrix24;
use crate::config::Portal;
use crate::entity::Methods;
use crate::error::error;
use crate::lists::entries;
use crate::map;
use crate::proven::Proven;
use crate::stages::Pipelines;

const STAGE: &str = "STAGE_ID";
const CATEGORY: &str = "CATEGORY_ID";

/// Choices by the directory that they come from.
type Directories = BTreeMap<String, Vec<Choice>>;

/// What is known of an entity.
pub(crate) struct Described {
    pub methods: Methods,
    pub fields: Vec<FieldMeta>,
    /// Where the stages come by pipelines.
    pub pipelines: Option<Pipelines>,
    /// The names under which the entity's methods know the fields.
    names: BTreeMap<FieldCode, String>,
    /// What its new records were seen to keep.
    pub proven: Proven,
}

impl Described {
    pub(crate) fn field(&self, code: &FieldCode) -> Option<&FieldMeta> {
        self.fields.iter().find(|field| field.code == *code)
    }

    /// A field's name in the entity's methods.
    pub(crate) fn name(&self, code: &FieldCode) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_string())
    }

    /// Whether a field holds a stage that depends on the record's pipeline.
    pub(crate) fn is_stage(&self, code: &FieldCode) -> bool {
        self.pipelines.is_some() && code.as_str() == STAGE
    }

    /// The field that holds a record's pipeline.
    pub(crate) fn category() -> FieldCode {
        FieldCode::from(CATEGORY)
    }
}

impl Bitrix24 {
    pub(crate) async fn describe(
        &self,
        company: &CompanyId,
        portal: &Portal,
        methods: Methods,
    ) -> Result<Described, CrmError> {
        let answer = self.call(company, portal, &methods.method("fields"), &methods.params(json!({}))).await?;
        let wire = answer.result.get("fields").unwrap_or(&answer.result);
        let wire = wire.as_object().ok_or_else(|| error(CrmErrorKind::Unavailable, Retry::After(None)))?;
        let mut fields: Vec<FieldMeta> = wire.iter().map(|(name, field)| map::field(name, field)).collect();
        let names = wire.iter().zip(&fields).map(|((name, _), field)| (field.code.clone(), name.clone())).collect();
        let sources = sources(methods, wire, &fields);
        let mut pipelines = match methods.with_pipelines().filter(|_| sources.contains_key(&STAGE.into())) {
            Some(entity_type) => self.pipelines(company, portal, entity_type).await?,
            None => None,
        };
        let stages = pipelines.iter().flat_map(Pipelines::directories);
        let found = self.choices(company, portal, sources.values().cloned().chain(stages).collect()).await?;
        if let Some(pipelines) = &mut pipelines {
            pipelines.take_stages(&found);
        }
        for field in &mut fields {
            field.choices.extend(choices_of(field, &sources, &found, pipelines.as_ref()));
            field.read_only |= methods.is_own(field.code.as_str());
        }
        Ok(Described { methods, fields, pipelines, names, proven: Proven::default() })
    }

    async fn pipelines(
        &self,
        company: &CompanyId,
        portal: &Portal,
        entity_type: u32,
    ) -> Result<Option<Pipelines>, CrmError> {
        let params = json!({ "entityTypeId": entity_type });
        let answer = self.call(company, portal, "crm.category.list", &params).await?;
        Ok(Some(Pipelines::read(entity_type, &answer.result)).filter(|found| !found.names.is_empty()))
    }

    /// People, currencies and directories: the first page of each in one request, the others as they come.
    async fn choices(
        &self,
        company: &CompanyId,
        portal: &Portal,
        directories: BTreeSet<String>,
    ) -> Result<Directories, CrmError> {
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
}

/// The directories that fields take their values from.
fn sources(methods: Methods, wire: &Map<String, Value>, fields: &[FieldMeta]) -> BTreeMap<FieldCode, String> {
    let of = |(wire, field): (&Value, &FieldMeta)| Some((field.code.clone(), directory(methods, field, wire)?));
    wire.values().zip(fields).filter_map(of).collect()
}

/// What a field can be, besides what its own description says.
fn choices_of(
    field: &FieldMeta,
    sources: &BTreeMap<FieldCode, String>,
    found: &Directories,
    pipelines: Option<&Pipelines>,
) -> Vec<Choice> {
    let source = match (field.code.as_str(), field.kind, pipelines) {
        (STAGE, _, Some(pipelines)) => return pipelines.choices(),
        (CATEGORY, _, Some(pipelines)) => return pipelines.names.clone(),
        (_, FieldKind::User, _) => Some("user"),
        ("CURRENCY_ID", FieldKind::Choice, _) => Some("currency"),
        _ => sources.get(&field.code).map(String::as_str),
    };
    source.and_then(|source| found.get(source)).cloned().unwrap_or_default()
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
    let is_stage = matches!(field.code.as_str(), STAGE | "STATUS_ID");
    if wire["type"] != "crm_status" {
        return None;
    }
    named.or_else(|| methods.stages().filter(|_| is_stage).map(str::to_owned))
}
