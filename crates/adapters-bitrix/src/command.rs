//! A command as it goes on the wire.

use kopru_domain::{FieldChange, FieldCode, FieldKind, FieldMeta, FieldValue};
use kopru_ports::crm::{CommandOutcome, CrmAction, CrmCommand, CrmErrorKind};
use serde_json::{Map, Value, json};

use crate::batch::Command;
use crate::describe::Described;
use crate::entity::Methods;
use crate::read_back::Expected;
use crate::wire::id;
use crate::{map, multi};

/// Our name in the portal, beside the row's id.
pub(crate) const ORIGINATOR: &str = "kopru";

/// Legacy addresses: of one that is sent in parts the others are lost.
const ADDRESSES: [&str; 2] = ["ADDRESS", "REG_ADDRESS"];

/// A write, and what must be there afterwards.
#[derive(Debug)]
pub(crate) struct Planned {
    pub write: Command,
    /// Reads the record again, where something has to be compared.
    pub read: Option<Command>,
    pub expected: Vec<Expected>,
}

impl Planned {
    /// Its commands in one request.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        std::iter::once(&self.write).chain(&self.read)
    }
}

/// The record that a command changes.
pub(crate) fn target(command: &CrmCommand) -> Option<String> {
    match &command.action {
        CrmAction::Update { id } => Some(id.clone()),
        CrmAction::Create { .. } => None,
    }
}

/// How a record is read, where it has to be known before it is changed: its phones, which are edited by their
/// ids, its pipeline, which decides the stage, and the rest of its address.
pub(crate) fn reading(command: &CrmCommand, described: &Described) -> Option<Command> {
    let moves = |code: &FieldCode| described.is_stage(code) && !command.fields.contains_key(&Described::category());
    let needs = |code: &FieldCode| multi::kind(code).is_some() || moves(code) || address(code.as_str()).is_some();
    let id = target(command)?;
    command.fields.keys().any(needs).then(|| get(described.methods, &id))
}

/// How a record is read.
pub(crate) fn get(methods: Methods, id: &str) -> Command {
    (methods.method("get"), methods.params(json!({ "id": id })))
}

/// A command as it is sent; `None` when nothing is to be done.
///
/// # Errors
/// The outcome of a command that the portal would carry out without a part of it.
pub(crate) fn plan(
    command: &CrmCommand,
    current: Option<&Value>,
    described: &Described,
) -> Result<Option<Planned>, CommandOutcome> {
    let (methods, current) = (described.methods, current.unwrap_or(&Value::Null));
    let (mut fields, mut expected) = (Map::new(), Vec::new());
    for (code, change) in &command.fields {
        let field = writable(code, described)?;
        let name = described.name(code);
        let value = match multi::kind(code) {
            Some(kind) => multi::classic(kind, &current[code.as_str()], change),
            None => Some(value(command, current, described, (field, change))?),
        };
        let Some(value) = value else { continue };
        let expect = if target(command).is_some() { Expected::changed } else { Expected::made };
        expected.extend(expect(code, name.clone(), field.kind, &value));
        fields.insert(name, value);
    }
    complete_address(&mut fields, current, described);
    add_manual_amount(&mut fields, described);
    let (action, id) = match &command.action {
        CrmAction::Update { .. } if fields.is_empty() => return Ok(None),
        CrmAction::Update { id } => ("update", json!({ "id": id })),
        CrmAction::Create { origin } => {
            fields.extend(own_key(methods, origin));
            ("add", json!({}))
        }
    };
    let mut params = methods.params(id);
    params["fields"] = Value::Object(fields);
    if let Methods::Classic(_) = methods {
        // No entry in the feed and no message to the responsible person for each synced row.
        params["params"] = json!({ "REGISTER_SONET_EVENT": "N" });
    }
    let is_seen = expected.iter().any(Expected::is_always_seen) || !described.proven.holds(&expected);
    let read = target(command).filter(|_| is_seen).map(|id| get(methods, &id));
    Ok(Some(Planned { write: (methods.method(action), params), read, expected }))
}

fn refused(code: &FieldCode, why: &str) -> CommandOutcome {
    let message = format!("Bitrix24 {why}");
    CommandOutcome::Refused { kind: CrmErrorKind::InvalidValue, message, field: Some(code.clone()) }
}

/// Names that the portal does not know and fields that it does not write are passed over there, with success for
/// an answer.
fn writable<'d>(code: &FieldCode, described: &'d Described) -> Result<&'d FieldMeta, CommandOutcome> {
    let field = described.field(code).ok_or_else(|| refused(code, "has no such field"))?;
    if field.read_only { Err(refused(code, "does not let this field be written")) } else { Ok(field) }
}

fn value(
    command: &CrmCommand,
    current: &Value,
    described: &Described,
    (field, change): (&FieldMeta, &FieldChange),
) -> Result<Value, CommandOutcome> {
    if change.to.is_empty() {
        // Several values are cleared by an empty list; `crm.item.*` takes an empty text only.
        let takes_lists = field.multiple && matches!(described.methods, Methods::Classic(_));
        return Ok(if takes_lists { json!([]) } else { json!("") });
    }
    if let (FieldValue::Choice(wanted), Some(pipelines)) = (&change.to, &described.pipelines)
        && described.is_stage(&field.code)
    {
        let category = category(command, current, described).unwrap_or_else(|| pipelines.default.clone());
        let stage = pipelines.stage(&category, wanted);
        return stage
            .map(Value::String)
            .ok_or_else(|| refused(&field.code, "has no such stage in the record's pipeline"));
    }
    if target(command).is_none() && !is_offered(&change.to, field) {
        return Err(refused(&field.code, "has no such choice"));
    }
    Ok(match map::wire(&change.to) {
        // One value for a list is refused.
        one if field.multiple && !one.is_array() => json!([one]),
        other => other,
    })
}

/// Whether a choice is one of the field's. One that is none would be dropped: said before, it costs no record.
fn is_offered(value: &FieldValue, field: &FieldMeta) -> bool {
    match value {
        FieldValue::Choice(id) => field.choices.is_empty() || field.choices.iter().any(|choice| choice.id == *id),
        FieldValue::Many(items) => items.iter().all(|item| is_offered(item, field)),
        _ => true,
    }
}

/// The pipeline that the record is in, or moves into.
fn category(command: &CrmCommand, current: &Value, described: &Described) -> Option<String> {
    let code = Described::category();
    let moved = command.fields.get(&code).and_then(|change| id(&map::wire(&change.to)));
    moved.or_else(|| id(&current[&described.name(&code)]))
}

fn address(name: &str) -> Option<&'static str> {
    ADDRESSES.into_iter().find(|family| name.starts_with(family))
}

fn complete_address(fields: &mut Map<String, Value>, current: &Value, described: &Described) {
    let families: Vec<&str> = fields.keys().filter_map(|name| address(name)).collect();
    // Without the number of a place on the map, which would win over the texts.
    let parts = described.fields.iter().filter(|field| field.kind == FieldKind::Text).map(|field| field.code.as_str());
    for part in parts.filter(|part| address(part).is_some_and(|family| families.contains(&family))) {
        if let Some(kept) = current[part].as_str().filter(|_| !fields.contains_key(part)) {
            fields.insert(part.to_owned(), json!(kept));
        }
    }
}

/// Without it the amount follows the product rows.
fn add_manual_amount(fields: &mut Map<String, Value>, described: &Described) {
    let manual = FieldCode::from("IS_MANUAL_OPPORTUNITY");
    let amount = fields.get(&described.name(&"OPPORTUNITY".into()));
    if described.field(&manual).is_some() && amount.is_some_and(|value| value != "") {
        fields.insert(described.name(&manual), json!("Y"));
    }
}

fn own_key(methods: Methods, origin: &str) -> impl Iterator<Item = (String, Value)> {
    let (ours, key) = methods.own_key();
    let ours = ours.map(|name| (name.to_owned(), json!(ORIGINATOR)));
    ours.into_iter().chain([(key.to_owned(), json!(origin))])
}
