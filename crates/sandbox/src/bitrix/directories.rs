//! People, statuses, pipelines, currencies and types.

use serde_json::{Map, Value, json};

use super::{
    dispatch::Reply,
    errors::RestError,
    fields, list,
    params::{Params, elements, find, find_map, integer, text},
    state::{Category, State, User},
};

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub directory: String,
    pub code: String,
    pub names: [String; 4],
    pub sort: u32,
    pub semantics: String,
}

pub(super) fn default_users() -> Vec<User> {
    let people = [("Ayşe", "Demir"), ("Mehmet", "Kaya"), ("Elif", "Şahin")];
    let mails = ["ayse.demir", "mehmet.kaya", "elif.sahin"];
    let users = people.iter().zip(mails).zip(1..);
    users
        .map(|(((name, last_name), mail), id)| User {
            id,
            name: (*name).to_owned(),
            last_name: (*last_name).to_owned(),
            email: format!("{mail}@example.com"),
        })
        .collect()
}

pub(super) fn default_statuses() -> Vec<Status> {
    let rows = include_str!("statuses.tsv").lines().filter(|row| !row.starts_with('#'));
    rows.filter_map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        let [directory, code, sort, semantics, names @ ..] = columns.as_slice() else {
            return None;
        };
        Some(Status {
            directory: (*directory).to_owned(),
            code: (*code).to_owned(),
            names: std::array::from_fn(|i| names.get(i).copied().unwrap_or_default().to_owned()),
            sort: sort.parse().ok()?,
            semantics: (*semantics).to_owned(),
        })
    })
    .collect()
}

fn matches(row: &Value, filter: &Params) -> bool {
    filter.iter().all(|(key, wanted)| {
        let name = key.trim_start_matches(['=', '@', '%']);
        let Some(have) = row.get(name).or_else(|| row.get(name.to_uppercase())) else { return true };
        let flag = |value: &Value| text(value).to_lowercase().replace("true", "1").replace('y', "1");
        elements(wanted).iter().any(|want| {
            if key.starts_with('%') {
                text(have).to_lowercase().contains(&text(want).to_lowercase())
            } else if have.is_boolean() {
                flag(have) == flag(want)
            } else {
                text(have).to_lowercase() == text(want).to_lowercase()
            }
        })
    })
}

fn filtered(rows: Vec<Value>, params: &Params) -> Reply {
    let filter = find_map(params, "filter").unwrap_or_default();
    let rows = rows.into_iter().filter(|row| matches(row, &filter)).collect();
    list::page(rows, params, |row| row)
}

/// `crm.status.list`: <https://apidocs.bitrix24.com/api-reference/crm/status/crm-status-list.html>.
pub(super) fn statuses(state: &State, params: &Params) -> Reply {
    let mut rows: Vec<(usize, &Status)> = state.statuses.iter().enumerate().collect();
    rows.sort_by_key(|(_, status)| (status.directory.clone(), status.sort));
    let rows = rows.into_iter().map(|(index, status)| {
        json!({
            "ID": (index + 1).to_string(),
            "ENTITY_ID": status.directory,
            "STATUS_ID": status.code,
            "NAME": status.names[state.language],
            "NAME_INIT": "",
            "SORT": status.sort.to_string(),
            "SYSTEM": "N",
            "SEMANTICS": if status.semantics.is_empty() { Value::Null } else { json!(status.semantics) },
            "EXTRA": if status.semantics.is_empty() { json!([]) } else { json!({"SEMANTICS": status.semantics}) },
            "CATEGORY_ID": Value::Null,
        })
    });
    filtered(rows.collect(), params)
}

pub(super) fn status_types(state: &State) -> Reply {
    let mut ids: Vec<&str> = state.statuses.iter().map(|status| status.directory.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().map(|id| json!({"ID": id, "NAME": id})).collect::<Value>().into()
}

/// `user.get` and `user.search`: the filter is FILTER or stands beside it.
pub(super) fn users(state: &State, params: &Params) -> Reply {
    let mut filter = find_map(params, "filter").unwrap_or_default();
    let beside = params
        .iter()
        .filter(|(key, _)| matches!(key.to_uppercase().as_str(), "ID" | "NAME" | "LAST_NAME" | "EMAIL" | "ACTIVE"));
    filter.extend(beside.map(|(key, value)| (key.to_uppercase(), value.clone())));
    let rows: Vec<Value> = state.users.iter().map(user).filter(|row| matches(row, &filter)).collect();
    list::page(rows, params, |row| row)
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "ID": user.id.to_string(),
        "XML_ID": user.id.to_string(),
        "ACTIVE": true,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": "",
        "EMAIL": user.email,
        "WORK_POSITION": "",
        "USER_TYPE": "employee",
    })
}

/// `profile` and `user.current`.
pub(super) fn current_user(state: &State, user_id: u64) -> Reply {
    let found = state.users.iter().find(|user| user.id == user_id).or(state.users.first());
    let mut row = found.map(user).unwrap_or_default();
    if let Value::Object(row) = &mut row {
        row.insert("ADMIN".to_owned(), json!(true));
        row.insert("TIME_ZONE".to_owned(), json!("Europe/Istanbul"));
    }
    row.into()
}

/// `crm.category.list`: pipelines of a type; a deal's first one has the id 0.
pub(super) fn categories(state: &State, params: &Params) -> Result<Reply, RestError> {
    let given = find(params, "entityTypeId").ok_or_else(|| super::errors::missing("entityTypeId"))?;
    let type_id = u32::try_from(integer(given)).unwrap_or_default();
    if type_id == fields::LEAD {
        let text = "Entity type is not supported";
        return Err(RestError::bad("ENTITY_TYPE_NOT_SUPPORTED", text));
    }
    let own = state.categories.iter().filter(|category| category.type_id == type_id);
    let mut rows: Vec<(i64, String)> = own.map(|own| (own.id, own.name.clone())).collect();
    if type_id == fields::DEAL {
        rows.insert(0, (0, "General".to_owned()));
    }
    let total = rows.len();
    let first = rows.first().map(|(id, _)| *id);
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|(id, name)| {
            json!({
                "id": id, "name": name, "sort": 300, "entityTypeId": type_id,
                "isDefault": if Some(id) == first { "Y" } else { "N" },
            })
        })
        .collect();
    Ok(Reply { result: json!({"categories": rows}), total: Some(total), next: None })
}

/// `crm.currency.list`; the lira is the base.
pub(super) fn currencies() -> Reply {
    let rows = [
        ("TRY", "1.0000", "Türk Lirası"),
        ("USD", "41.5000", "US Dollar"),
        ("EUR", "48.2000", "Euro"),
        ("GBP", "55.1000", "Pound Sterling"),
        ("RUB", "0.5200", "Российский рубль"),
        ("AZN", "24.4000", "Azərbaycan manatı"),
    ];
    let rows: Vec<Value> = rows
        .iter()
        .zip(1..)
        .map(|((code, amount, name), sort)| {
            json!({
                "CURRENCY": code, "AMOUNT_CNT": "1", "AMOUNT": amount, "SORT": (sort * 100).to_string(),
                "BASE": if sort == 1 { "Y" } else { "N" }, "FULL_NAME": name, "LID": "tr",
                "FORMAT_STRING": "# &#8378;", "DEC_POINT": ",", "DECIMALS": "2",
            })
        })
        .collect();
    Reply { total: Some(rows.len()), result: Value::Array(rows), next: None }
}

/// `crm.type.list`: `id` is not `entityTypeId`.
pub(super) fn types(state: &State) -> Reply {
    let rows: Vec<Value> = state
        .types
        .iter()
        .zip(1..)
        .map(|(own, id)| {
            json!({
                "id": id, "title": own.title, "entityTypeId": own.entity_type_id,
                "isCategoriesEnabled": "N", "isStagesEnabled": "Y",
            })
        })
        .collect();
    Reply { total: Some(rows.len()), result: json!({"types": rows}), next: None }
}

/// `userfieldconfig.list`, for the entity in the filter.
pub(super) fn user_field_configs(state: &State, params: &Params) -> Reply {
    let rows = state.user_fields.iter().zip(1..).map(|(own, id)| {
        let label: Map<String, Value> =
            fields::LANGUAGES.iter().map(|language| ((*language).to_owned(), json!(own.label))).collect();
        let items: Vec<Value> = own.items.iter().map(|item| json!({"id": item.id, "value": item.value})).collect();
        json!({
            "id": id.to_string(), "entityId": user_field_entity(state, own.type_id),
            "fieldName": own.field_name, "userTypeId": own.kind,
            "multiple": if own.multiple { "Y" } else { "N" }, "mandatory": if own.mandatory { "Y" } else { "N" },
            "editFormLabel": label, "enum": items,
        })
    });
    let mut reply = filtered(rows.collect(), params);
    reply.result = json!({"fields": reply.result});
    reply
}

fn user_field_entity(state: &State, type_id: u32) -> String {
    let dynamic = state.types.iter().zip(1..).find(|(own, _)| own.entity_type_id == type_id);
    match (type_id, dynamic) {
        (fields::INVOICE, _) => "CRM_SMART_INVOICE".to_owned(),
        (_, Some((_, id))) => format!("CRM_{id}"),
        _ => format!("CRM_{}", fields::entity_name(type_id).to_uppercase()),
    }
}

/// The first pipeline of a smart process; its id is unlike that of any other.
pub(super) fn seed_pipeline(state: &mut State, type_id: u32) -> i64 {
    if let Some(own) = state.categories.iter().find(|category| category.type_id == type_id) {
        return own.id;
    }
    let id = state.categories.iter().map(|category| category.id).max().unwrap_or_default() + 1;
    state.categories.push(Category { id, type_id, name: "General".to_owned() });
    id
}

/// The four stages that a new smart process has.
pub(super) fn seed_stages(state: &mut State, type_id: u32, category: i64) {
    let directory = format!("DYNAMIC_{type_id}_STAGE_{category}");
    if state.statuses.iter().any(|status| status.directory == directory) {
        return;
    }
    let template: Vec<Status> = state
        .statuses
        .iter()
        .filter(|status| {
            status.directory == "DEAL_STAGE" && matches!(status.code.as_str(), "NEW" | "PREPARATION" | "WON" | "LOSE")
        })
        .cloned()
        .collect();
    for (status, code) in template.into_iter().zip(["NEW", "PREPARATION", "SUCCESS", "FAIL"]) {
        let code = format!("DT{type_id}_{category}:{code}");
        state.statuses.push(Status { directory: directory.clone(), code, ..status });
    }
}
