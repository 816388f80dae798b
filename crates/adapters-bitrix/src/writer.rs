use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldCode};
use kopru_ports::Retry;
use kopru_ports::crm::{CommandOutcome, CrmAction, CrmCommand, CrmError, CrmWriter, FoundRecord, WriteRequest};
use serde_json::{Map, Value, json};

use crate::batch::{Answer, Command};
use crate::catalog::Described;
use crate::client::Bitrix24;
use crate::config::Portal;
use crate::entity::{Methods, methods};
use crate::wire::id;
use crate::{map, multi, php_query};

/// Our name in the portal, beside the row's id.
const ORIGINATOR: &str = "kopru";

type Outcomes = Vec<Option<CommandOutcome>>;
type Descriptions = HashMap<EntityKind, Arc<Described>>;

#[async_trait]
impl CrmWriter for Bitrix24 {
    async fn write(&self, request: WriteRequest) -> Result<Vec<CommandOutcome>, CrmError> {
        let portal = self.portal_named(&request.company, &request.portal).await?;
        let mut described = Descriptions::new();
        for command in &request.commands {
            described.insert(command.entity, self.described(&request.company, command.entity).await?);
        }
        let mut outcomes: Outcomes = vec![None; request.commands.len()];
        let records = self.current(&request, &portal, &mut outcomes).await?;
        let mut wires = Vec::new();
        for (at, command) in request.commands.iter().enumerate() {
            if outcomes[at].is_some() {
                continue;
            }
            match wire(command, records.get(&at), &described[&command.entity]) {
                Some(wire) => wires.push((at, wire)),
                None => outcomes[at] = target(command).map(|id| CommandOutcome::Done { id }),
            }
        }
        self.send(&request, &portal, wires, &described, &mut outcomes).await?;
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(CommandOutcome::Retry(None))).collect())
    }

    async fn find_by_origin(
        &self,
        company: &CompanyId,
        portal: &str,
        entity: EntityKind,
        origins: &[String],
    ) -> Result<Vec<FoundRecord>, CrmError> {
        let portal = self.portal_named(company, portal).await?;
        let (methods, mut found, mut seen) = (methods(entity), Vec::new(), HashSet::new());
        for chunk in origins.chunks(50) {
            let command = (methods.method("list"), by_origin(methods, chunk));
            // Oldest first: of several records with one origin, the first one made is the row's.
            for record in self.pages(company, &portal, &command).await.map_err(CrmError::without_effect)? {
                if let Some(record) = origin(methods, &record).filter(|record| seen.insert(record.origin.clone())) {
                    found.push(record);
                }
            }
        }
        Ok(found)
    }
}

impl Bitrix24 {
    /// The records whose phones, addresses or pages change, by the command's place. A record that is gone
    /// has its outcome at once.
    async fn current(
        &self,
        request: &WriteRequest,
        portal: &Portal,
        outcomes: &mut Outcomes,
    ) -> Result<HashMap<usize, Value>, CrmError> {
        let wanted: Vec<(usize, Command)> =
            request.commands.iter().enumerate().filter_map(|(at, command)| Some((at, reading(command)?))).collect();
        let mut records = HashMap::new();
        if wanted.is_empty() {
            return Ok(records);
        }
        let commands: Vec<Command> = wanted.iter().map(|(_, command)| command.clone()).collect();
        let answers = self.batch(&request.company, portal, &commands).await.map_err(CrmError::without_effect)?;
        for ((at, _), answer) in wanted.into_iter().zip(answers) {
            match answer {
                Ok((record, _)) => drop(records.insert(at, record)),
                Err(error) => outcomes[at] = Some(outcome_of(error.without_effect(), None)),
            }
        }
        Ok(records)
    }

    /// One request for all that may share one; texts that Bitrix24 would interpret go alone.
    async fn send(
        &self,
        request: &WriteRequest,
        portal: &Portal,
        wires: Vec<(usize, Command)>,
        described: &Descriptions,
        outcomes: &mut Outcomes,
    ) -> Result<(), CrmError> {
        let (alone, together): (Vec<_>, Vec<_>) =
            wires.into_iter().partition(|(_, (_, params))| php_query::refers(params));
        let groups = std::iter::once(together).chain(alone.into_iter().map(|one| vec![one]));
        let mut begun = false;
        for group in groups.filter(|group| !group.is_empty()) {
            // A call that could still be carried out after the deadline is not begun.
            if self.clock.now() + self.call_time > request.deadline {
                break;
            }
            let commands: Vec<Command> = group.iter().map(|(_, command)| command.clone()).collect();
            match self.batch(&request.company, portal, &commands).await {
                Ok(answers) => {
                    for ((at, _), answer) in group.iter().zip(answers) {
                        let command = &request.commands[*at];
                        outcomes[*at] = Some(outcome(command, answer, &described[&command.entity]));
                    }
                }
                Err(error) if error.retry == Retry::OutcomeUnknown => {
                    for (at, _) in &group {
                        outcomes[*at] = Some(CommandOutcome::Unknown);
                    }
                }
                Err(error) if !begun => return Err(error),
                Err(_) => break,
            }
            begun = true;
        }
        Ok(())
    }
}

fn target(command: &CrmCommand) -> Option<String> {
    match &command.action {
        CrmAction::Update { id } => Some(id.clone()),
        CrmAction::Create { .. } => None,
    }
}

/// How a record is read before its phones are edited.
fn reading(command: &CrmCommand) -> Option<Command> {
    let id = target(command)?;
    command
        .fields
        .keys()
        .any(|code| multi::kind(code).is_some())
        .then(|| (methods(command.entity).method("get"), json!({ "id": id })))
}

/// A command as it is sent; `None` when nothing is to be done.
fn wire(command: &CrmCommand, current: Option<&Value>, described: &Described) -> Option<Command> {
    let methods = methods(command.entity);
    let mut fields = Map::new();
    for (code, change) in &command.fields {
        let value = match multi::kind(code) {
            Some(kind) => {
                multi::classic(kind, &current.map_or(Value::Null, |record| record[code.as_str()].clone()), change)
            }
            None => Some(map::wire_value(change)),
        };
        if let Some(value) = value {
            fields.insert(name(methods, code, described), value);
        }
    }
    add_manual_amount(methods, &mut fields, described);
    let (action, id) = match &command.action {
        CrmAction::Update { .. } if fields.is_empty() => return None,
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
    Some((methods.method(action), params))
}

fn name(methods: Methods, code: &FieldCode, described: &Described) -> String {
    let item_name = described.item_names.get(code).filter(|_| matches!(methods, Methods::Item(_)));
    item_name.cloned().unwrap_or_else(|| code.to_string())
}

/// Without it the amount follows the product rows.
fn add_manual_amount(methods: Methods, fields: &mut Map<String, Value>, described: &Described) {
    let [amount, manual] = ["OPPORTUNITY", "IS_MANUAL_OPPORTUNITY"].map(|code| name(methods, &code.into(), described));
    let has_manual = described.fields.iter().any(|field| field.code.as_str() == "IS_MANUAL_OPPORTUNITY");
    if has_manual && fields.get(&amount).is_some_and(|value| value != "") {
        fields.insert(manual, json!("Y"));
    }
}

fn own_key(methods: Methods, origin: &str) -> BTreeMap<String, Value> {
    let pair = |name: &str, value: &str| (name.to_owned(), json!(value));
    match methods {
        Methods::Classic(_) => BTreeMap::from([pair("ORIGINATOR_ID", ORIGINATOR), pair("ORIGIN_ID", origin)]),
        Methods::Item(_) => BTreeMap::from([pair("xmlId", origin)]),
    }
}

fn by_origin(methods: Methods, origins: &[String]) -> Value {
    methods.params(match methods {
        Methods::Classic(_) => json!({
            "filter": { "=ORIGINATOR_ID": ORIGINATOR, "@ORIGIN_ID": origins },
            "select": ["ID", "ORIGIN_ID"],
            "order": { "ID": "ASC" },
        }),
        Methods::Item(_) => {
            json!({ "filter": { "@xmlId": origins }, "select": ["id", "xmlId"], "order": { "id": "ASC" } })
        }
    })
}

fn origin(methods: Methods, record: &Value) -> Option<FoundRecord> {
    let (key, origin) = if let Methods::Classic(_) = methods { ("ID", "ORIGIN_ID") } else { ("id", "xmlId") };
    Some(FoundRecord { origin: record[origin].as_str()?.to_owned(), id: id(&record[key])? })
}

fn outcome(command: &CrmCommand, answer: Answer, described: &Described) -> CommandOutcome {
    match answer {
        Ok((result, _)) => {
            let made = id(&result).or_else(|| id(&result["item"]["id"]));
            target(command).or(made).map_or(CommandOutcome::Unknown, |id| CommandOutcome::Done { id })
        }
        Err(error) => {
            let field = error.detail.as_deref().and_then(|text| field_at_fault(command, text, described));
            outcome_of(error, field)
        }
    }
}

fn outcome_of(error: CrmError, field: Option<FieldCode>) -> CommandOutcome {
    match error.retry {
        Retry::OutcomeUnknown => CommandOutcome::Unknown,
        Retry::After(pause) => CommandOutcome::Retry(pause),
        Retry::Never => CommandOutcome::Refused { kind: error.kind, message: error.detail.unwrap_or_default(), field },
    }
}

/// The field that a refusal names, by its title or its code; only if just one was sent that fits.
fn field_at_fault(command: &CrmCommand, text: &str, described: &Described) -> Option<FieldCode> {
    let named = |code: &&FieldCode| {
        let title = described.fields.iter().find(|field| field.code == **code).map(|field| field.title.as_str());
        let quoted = |name: &str| {
            text.contains(&format!("\"{name}\""))
                || text.contains(&format!("«{name}»"))
                || text.contains(&format!("'{name}'"))
        };
        quoted(code.as_str()) || title.is_some_and(quoted) || text.contains(&format!("[{code}]"))
    };
    let mut fits = command.fields.keys().filter(named);
    fits.next().filter(|_| fits.next().is_none()).cloned()
}
