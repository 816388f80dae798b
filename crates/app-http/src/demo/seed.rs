//! The demo's portal: the sheet's people, stages and sources, and look-alikes of them.

use std::collections::{BTreeMap, BTreeSet};

use kopru_domain::convert::{convert, split_name};
use kopru_domain::detect::Detection;
use kopru_domain::text::fold;
use kopru_domain::{CellValue, ColumnStyle, EntityKind, FieldKind, FieldMeta, FieldValue, Target};
use serde_json::{Value, json};

use super::client::Client;
use crate::table::Table;

/// Seeds what the columns of choices and people name.
pub async fn portal(control: &Client, entity: EntityKind, detection: &Detection, table: &Table) -> anyhow::Result<()> {
    let known = control.get("/_control/bitrix24/names").await?;
    let (mut users, mut statuses) = (Vec::new(), Vec::new());
    for proposal in &detection.proposals {
        let Some(Target::Field(code)) = &proposal.field else { continue };
        let names = names(table, proposal.column);
        match code.as_str() {
            "ASSIGNED_BY_ID" => users.extend(people(&unknown(names, known["users"].as_array().into_iter().flatten()))),
            other => {
                let Some(directory) = directory(entity, other) else { continue };
                let own = known["statuses"].as_array().into_iter().flatten();
                let own = own.filter(|status| status["entity_id"] == directory).map(|status| &status["name"]);
                statuses.extend(choices(directory, &unknown(names, own)));
            }
        }
    }
    control.post("/_control/bitrix24/seed", json!({ "users": users, "statuses": statuses })).await?;
    Ok(())
}

/// The different names that stand in a column, placeholders aside.
fn names(table: &Table, column: usize) -> Vec<String> {
    let mut found = BTreeMap::new();
    for cell in table.rows.iter().filter_map(|row| row.get(column)) {
        if let Some(text) = text(cell) {
            found.entry(fold(&text)).or_insert(text);
        }
    }
    found.into_values().collect()
}

/// A cell's text; `None` for a blank or a placeholder.
pub fn text(cell: &CellValue) -> Option<String> {
    let field = FieldMeta {
        code: "COMMENTS".into(),
        title: String::new(),
        kind: FieldKind::Text,
        required: false,
        read_only: false,
        multiple: false,
        choices: Vec::new(),
    };
    match convert(cell, &field, &ColumnStyle::turkish()) {
        Ok(FieldValue::Text(text)) => Some(text),
        _ => None,
    }
}

/// Names that the portal does not have yet: a second one of the same name could not be told from the first.
fn unknown<'a>(names: Vec<String>, known: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let known: BTreeSet<String> = known.filter_map(Value::as_str).map(fold).collect();
    names.into_iter().filter(|name| !known.contains(&fold(name))).collect()
}

fn directory(entity: EntityKind, field: &str) -> Option<&'static str> {
    Some(match (entity, field) {
        (EntityKind::Lead, "STATUS_ID") => "STATUS",
        (EntityKind::Deal, "STAGE_ID") => "DEAL_STAGE",
        (EntityKind::Deal, "TYPE_ID") => "DEAL_TYPE",
        (EntityKind::Contact, "TYPE_ID") => "CONTACT_TYPE",
        (EntityKind::Quote, "STATUS_ID") => "QUOTE_STATUS",
        (_, "SOURCE_ID") => "SOURCE",
        (_, "HONORIFIC") => "HONORIFIC",
        (_, "COMPANY_TYPE") => "COMPANY_TYPE",
        (_, "INDUSTRY") => "INDUSTRY",
        (_, "EMPLOYEES") => "EMPLOYEES",
        _ => return None,
    })
}

/// Each name, and one that holds it but is another: a writer that guesses takes the wrong one.
fn choices(directory: &'static str, names: &[String]) -> Vec<Value> {
    let each = |(number, name): (usize, &String)| {
        // Behind the portal's own: the first of them is what a record without any has.
        let entry = |id: String, name: String| json!({ "entity_id": directory, "status_id": id, "name": name, "sort": 10_000 + number });
        [entry(format!("LOOK_{number}"), format!("{name} (eski)")), entry(format!("DEMO_{number}"), name.clone())]
    };
    names.iter().enumerate().flat_map(each).collect()
}

fn people(names: &[String]) -> Vec<Value> {
    let each = |(number, name): (usize, &String)| {
        let (given, surname) = split_name(name);
        let person = |id: usize, given: &str| {
            let email = format!("kisi{id}@portal.example");
            json!({ "id": id, "name": given, "last_name": surname, "email": email })
        };
        [person(100 + 2 * number, &format!("{given}can")), person(101 + 2 * number, &given)]
    };
    names.iter().enumerate().flat_map(each).collect()
}
