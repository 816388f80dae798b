//! Holding the CRM against values made by hand.

use std::collections::BTreeSet;

use kopru_domain::multi::comparable;
use kopru_domain::text::fold;
use kopru_domain::{FieldKind, Target};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::expected::Expected;
use super::spelling::crm_texts;
use super::stage::Stage;
use super::verify::Both;

/// A comparison with values made by hand.
#[derive(Debug, Default)]
pub struct Checked {
    /// Cells that were compared.
    pub cells: u32,
    /// Cells of columns that feed no field.
    pub unmapped: u32,
    /// Differences, for people.
    pub wrong: Vec<String>,
}

/// Compares the CRM with values made by hand. Columns that feed no field are counted, not compared.
pub async fn compare(stage: &Stage, expected: &[Expected]) -> anyhow::Result<Checked> {
    let both = Both::read(stage).await?;
    let blank = stage.control.get(&format!("/_control/bitrix24/blank/{}", stage.entity)).await?;
    let blank = json!({ "fields": blank });
    let mut checked = Checked::default();
    for cell in expected {
        let Some(mapped) = stage.mapping.columns.iter().find(|mapped| mapped.header.trim() == cell.header.trim())
        else {
            checked.unmapped += 1;
            continue;
        };
        checked.cells += 1;
        let found = both.record(cell.row - 2).map(|record| shown(stage, &mapped.target, record));
        // A blank leaves the portal's own default.
        let default = cell.value.trim().is_empty().then(|| shown(stage, &mapped.target, &blank));
        let right =
            |found: &String| default.as_ref() == Some(found) || agrees(stage, &mapped.target, found, &cell.value);
        if !found.as_ref().is_some_and(right) {
            let found = found.map_or("the row has no record".to_owned(), |found| format!("the CRM has \"{found}\""));
            let Expected { row, header, value } = cell;
            checked.wrong.push(format!("row {row}, {header}: \"{value}\" is expected, {found}"));
        }
    }
    Ok(checked)
}

/// A record's value as a person would write it.
fn shown(stage: &Stage, target: &Target, record: &Value) -> String {
    let text = |code: &str| record["fields"][code].as_str().unwrap_or_default().to_owned();
    let Target::Field(code) = target else {
        return format!("{} {}", text("NAME"), text("LAST_NAME")).trim().to_owned();
    };
    let field = &stage.catalog[code];
    if field.kind.is_contact() {
        let entries = record["multi"][code.as_str()].as_array().into_iter().flatten();
        return entries.filter_map(|entry| entry["VALUE"].as_str()).collect::<Vec<_>>().join(" ");
    }
    let texts = crm_texts(field, record).into_iter();
    let label = |text: String| {
        field.choices.iter().find(|choice| choice.id == text).map_or(text, |choice| choice.label.clone())
    };
    texts.map(label).collect::<Vec<_>>().join(" ")
}

fn agrees(stage: &Stage, target: &Target, found: &str, expected: &str) -> bool {
    let kind = if let Target::Field(code) = target { stage.catalog[code].kind } else { FieldKind::Text };
    match kind {
        FieldKind::Phone | FieldKind::Email | FieldKind::Web => same_contacts((stage, kind), target, found, expected),
        FieldKind::Integer | FieldKind::Double | FieldKind::Money => {
            let amount =
                |text: &str| text.split('|').next().unwrap_or_default().trim().parse().unwrap_or(Decimal::ZERO);
            amount(found) == amount(expected)
        }
        FieldKind::Choice | FieldKind::User => fold(found) == fold(expected),
        FieldKind::Link => address(kind, found) == address(kind, expected),
        _ => found.trim() == expected.trim(),
    }
}

/// As it is compared; an address is the same with and without its `https://`.
fn address(kind: FieldKind, text: &str) -> String {
    let text = comparable(kind, text);
    text.trim_start_matches("https://").trim_start_matches("http://").to_owned()
}

/// Several columns may feed one list of a record: all that the cell says has to be in it; a blank says nothing
/// of the others.
fn same_contacts((stage, kind): (&Stage, FieldKind), target: &Target, found: &str, expected: &str) -> bool {
    let set = |text: &str| {
        text.split(' ').filter(|part| !part.is_empty()).map(|part| address(kind, part)).collect::<BTreeSet<_>>()
    };
    let (found, expected) = (set(found), set(expected));
    let alone = stage.mapping.columns.iter().filter(|mapped| mapped.target == *target).count() == 1;
    if alone { found == expected } else { expected.is_subset(&found) }
}
