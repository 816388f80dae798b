//! Who has this phone or address already
//! ([crm.duplicate.findbycomm](https://apidocs.bitrix24.com/api-reference/crm/duplicates/crm-duplicate-find-by-comm.html)).

use kopru_domain::{EntityKind, FieldKind};
use kopru_ports::Retry;
use kopru_ports::crm::{Among, ContactMatches, ContactSearch, CrmError, CrmErrorKind, MOST_COMMANDS};
use serde_json::{Value, json};

use crate::batch::{Command, unknown};
use crate::client::Bitrix24;
use crate::error::error;
use crate::php_query;
use crate::wire::id;

/// The values of one call. As many records of one type are an answer that is cut off.
const MOST: usize = 20;

impl Bitrix24 {
    pub(crate) async fn duplicates(
        &self,
        among: &Among,
        searches: &[ContactSearch],
    ) -> Result<Vec<ContactMatches>, CrmError> {
        let portal = self.searched(among).await?;
        let entity = entity_type(among.entity)?;
        let mut wanted = Vec::new();
        for (at, search) in searches.iter().enumerate() {
            wanted.extend(commands(entity, search)?.into_iter().map(|command| (at, command)));
        }
        let mut found = vec![ContactMatches::default(); searches.len()];
        for chunk in wanted.chunks(MOST_COMMANDS) {
            let commands: Vec<Command> = chunk.iter().map(|(_, command)| command.clone()).collect();
            let answers = self.batch(&among.company, &portal, &commands).await.map_err(CrmError::without_effect)?;
            for ((at, _), answer) in chunk.iter().zip(answers) {
                let (answer, _) = answer.map_err(CrmError::without_effect)?;
                take(&mut found[*at], ids(entity, &answer)?);
            }
        }
        Ok(found)
    }
}

/// One type is asked for by name: twenty records of one would hide those of the others.
fn entity_type(entity: EntityKind) -> Result<&'static str, CrmError> {
    match entity {
        EntityKind::Lead => Ok("LEAD"),
        EntityKind::Contact => Ok("CONTACT"),
        EntityKind::Company => Ok("COMPANY"),
        _ => Err(error(CrmErrorKind::InvalidValue, Retry::Never).detail("it has no phones and addresses")),
    }
}

fn commands(entity: &str, search: &ContactSearch) -> Result<Vec<Command>, CrmError> {
    let kind = match search.kind {
        FieldKind::Phone => "PHONE",
        FieldKind::Email => "EMAIL",
        _ => return Err(error(CrmErrorKind::InvalidValue, Retry::Never).detail("neither a phone nor an address")),
    };
    // A text that Bitrix24 would interpolate is nobody's phone.
    let values: Vec<&String> = search.values.iter().filter(|value| !php_query::refers(&json!(value))).collect();
    let command = |values: &[&String]| {
        let params = json!({ "type": kind, "values": values, "entity_type": entity });
        ("crm.duplicate.findbycomm".to_owned(), params)
    };
    Ok(values.chunks(MOST).map(command).collect())
}

/// Nobody is an empty list in PHP's JSON; anything else that is no answer must not pass for nobody.
fn ids(entity: &str, answer: &Value) -> Result<Vec<String>, CrmError> {
    match answer {
        Value::Array(nobody) if nobody.is_empty() => Ok(Vec::new()),
        Value::Object(types) => {
            Ok(types.get(entity).and_then(Value::as_array).into_iter().flatten().filter_map(id).collect())
        }
        _ => Err(unknown().without_effect()),
    }
}

fn take(matches: &mut ContactMatches, found: Vec<String>) {
    matches.cut_off |= found.len() >= MOST;
    let new: Vec<String> = found.into_iter().filter(|id| !matches.ids.contains(id)).collect();
    matches.ids.extend(new);
}
