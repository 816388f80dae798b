//! The portal: people, directories, fields, records and limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, tz};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    apps::Apps,
    directories::{self, Status},
    fields::{self, CONTACT, Field, INVOICE},
    hooks::{Change, Hooks, Verb},
    limits::{Bucket, Limits},
    multifield::Row,
};
use crate::{SandboxConfig, clock::Clock};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    #[serde(default)]
    pub id: u64,
    pub name: String,
    pub last_name: String,
    pub email: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EnumItem {
    #[serde(deserialize_with = "id_text")]
    pub id: String,
    pub value: String,
}

/// Seeds write ids as numbers or as text; the portal keeps text.
fn id_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(super::params::text(&Value::deserialize(from)?))
}

#[derive(Debug, Clone)]
pub(crate) struct UserField {
    pub type_id: u32,
    pub field_name: String,
    pub kind: String,
    pub multiple: bool,
    pub mandatory: bool,
    pub label: String,
    pub items: Vec<EnumItem>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SmartType {
    pub entity_type_id: u32,
    pub title: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Category {
    pub id: i64,
    pub type_id: u32,
    pub name: String,
}

/// An entry of a record's history.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub at_ms: i64,
    /// Field → (old, new).
    pub fields: BTreeMap<String, (Value, Value)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub id: u64,
    /// Legacy name → value in its plainest form: numbers as numbers, dates as
    /// `YYYY-MM-DD`, an empty text where a value was cleared.
    pub values: BTreeMap<String, Value>,
    pub multi: Vec<Row>,
    pub created_at_ms: i64,
    pub changes: Vec<Entry>,
}

impl Record {
    pub fn value(&self, name: &str) -> Value {
        self.values.get(name).cloned().unwrap_or_default()
    }

    pub fn category(&self) -> i64 {
        self.value("CATEGORY_ID").as_i64().unwrap_or_default()
    }
}

/// Simulated execution time of commands.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    /// By method; `*` stands for all others.
    pub by_method: BTreeMap<String, Duration>,
    /// Whether it is waited for, or only counted.
    pub slept: bool,
}

impl Costs {
    pub fn of(&self, method: &str) -> Duration {
        self.by_method.get(method).or(self.by_method.get("*")).copied().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub requests: u64,
    pub commands: u64,
    pub limit_refusals: u64,
    pub by_method: BTreeMap<String, u64>,
}

pub(crate) struct State {
    pub clock: Arc<Clock>,
    pub language: usize,
    pub users: Vec<User>,
    pub statuses: Vec<Status>,
    pub categories: Vec<Category>,
    pub types: Vec<SmartType>,
    pub user_fields: Vec<UserField>,
    pub records: BTreeMap<u32, BTreeMap<u64, Record>>,
    last_ids: BTreeMap<u32, u64>,
    last_row_id: u64,
    /// (user id, secret) of the inbound webhooks.
    pub webhooks: BTreeSet<(u64, String)>,
    pub apps: Apps,
    /// Where the portal was renamed to.
    pub address: Option<String>,
    /// The region's authorization server, where it is not the host that the
    /// portal was reached by.
    pub auth_server: Option<String>,
    /// Whether plain HTTP is refused, as in the cloud.
    pub https_only: bool,
    pub limits: Limits,
    pub stats: Stats,
    pub costs: Costs,
    /// Whether crm.item.update loses clears, as reported in issues 145 and
    /// 269 of <https://github.com/bitrix-tools/b24-rest-docs>.
    pub clear_bugs: bool,
    /// Whether an option outside its list is dropped without a word, or refused.
    pub drops_bad_options: bool,
    /// Told when the call ends.
    pub changed: Vec<Change>,
    pub hooks: Hooks,
    catalogue: BTreeMap<u32, Arc<Vec<Field>>>,
}

impl State {
    pub fn new(config: &SandboxConfig, clock: Arc<Clock>) -> Self {
        let bucket = Bucket { rate: config.bitrix_rate, burst: config.bitrix_burst };
        let mut state = Self {
            clock,
            language: 0,
            users: directories::default_users(),
            statuses: directories::default_statuses(),
            categories: vec![Category { id: 1, type_id: INVOICE, name: "General".to_owned() }],
            types: Vec::new(),
            user_fields: Vec::new(),
            records: BTreeMap::new(),
            last_ids: BTreeMap::new(),
            last_row_id: 200,
            webhooks: BTreeSet::from([(1, "abcdef".to_owned())]),
            apps: Apps::default(),
            address: None,
            auth_server: None,
            https_only: false,
            limits: Limits::new(bucket),
            stats: Stats::default(),
            costs: Costs::default(),
            clear_bugs: true,
            drops_bad_options: true,
            changed: Vec::new(),
            hooks: Hooks::default(),
            catalogue: BTreeMap::new(),
        };
        for type_id in fields::SYSTEM_TYPES {
            state.describe_type(type_id);
        }
        state
    }

    pub fn fields(&self, type_id: u32) -> Arc<Vec<Field>> {
        self.catalogue.get(&type_id).cloned().unwrap_or_default()
    }

    pub fn add_user_field(&mut self, field: UserField) {
        self.user_fields.retain(|old| (old.type_id, &old.field_name) != (field.type_id, &field.field_name));
        let type_id = field.type_id;
        self.user_fields.push(field);
        self.describe_type(type_id);
    }

    /// Puts the fields of a type together anew.
    pub fn describe_type(&mut self, type_id: u32) {
        self.catalogue.insert(type_id, Arc::new(fields::catalogue(type_id, &self.user_fields)));
    }

    /// The pipeline that new records land in.
    pub fn default_category(&self, type_id: u32) -> i64 {
        let own = self.categories.iter().find(|category| category.type_id == type_id);
        own.map_or(0, |category| category.id)
    }

    pub fn is_status(&self, directory: &str, code: &str) -> bool {
        self.statuses.iter().any(|status| status.directory == directory && status.code == code)
    }

    pub fn next_row_id(&mut self) -> u64 {
        self.last_row_id += 1;
        self.last_row_id
    }

    pub fn next_id(&mut self, type_id: u32) -> u64 {
        let last = self.last_ids.entry(type_id).or_default();
        *last += 1;
        *last
    }

    pub fn record(&self, type_id: u32, id: u64) -> Option<&Record> {
        self.records.get(&type_id)?.get(&id)
    }

    pub fn tell(&mut self, type_id: u32, id: u64, verb: Verb) {
        self.changed.push(Change { type_id, id, verb });
    }

    /// What a new record has before anybody says anything.
    pub fn blank(&self, type_id: u32, user_id: u64) -> BTreeMap<String, Value> {
        let now = json!(portal_time(self.clock.now_ms()));
        let category = self.default_category(type_id);
        let mut values = BTreeMap::new();
        for field in self.fields(type_id).iter() {
            let value = match field.upper.as_str() {
                "ASSIGNED_BY_ID" | "CREATED_BY_ID" | "CREATED_BY" | "MODIFY_BY_ID" | "UPDATED_BY" => {
                    json!(user_id)
                }
                "DATE_CREATE" | "CREATED_TIME" | "DATE_MODIFY" | "UPDATED_TIME" => now.clone(),
                "OPENED" | "EXPORT" => json!("Y"),
                "OPPORTUNITY" | "TAX_VALUE" => json!(0.0),
                "CURRENCY_ID" if type_id != CONTACT => json!("TRY"),
                "CATEGORY_ID" => json!(category),
                "STATUS_ID" | "STAGE_ID" => {
                    json!(self.first_status(&fields::directory(field, type_id, category)))
                }
                _ if field.kind == "boolean" && !field.is_own => json!("N"),
                _ if field.multiple && !field.is_multifield() => json!([]),
                _ => continue,
            };
            values.insert(field.upper.clone(), value);
        }
        values
    }

    pub fn first_status(&self, directory: &str) -> String {
        let own = self.statuses.iter().filter(|status| status.directory == directory);
        own.min_by_key(|status| status.sort).map(|s| s.code.clone()).unwrap_or_default()
    }
}

/// `2026-11-23T10:00:00+03:00`: the portal stands in Istanbul.
pub(crate) fn portal_time(ms: i64) -> String {
    let zone = tz::TimeZone::fixed(tz::offset(3));
    let time = Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(zone);
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A record for `/_control`: plain values, rows by kind, and its history.
pub(crate) fn snapshot(record: &Record) -> Value {
    let mut multi = Map::new();
    for row in &record.multi {
        let rows = multi.entry(row.type_id.clone()).or_insert_with(|| json!([]));
        if let Value::Array(rows) = rows {
            rows.push(row.legacy());
        }
    }
    let changes: Vec<Value> =
        record.changes.iter().map(|change| json!({"at_ms": change.at_ms, "fields": change.fields})).collect();
    json!({
        "id": record.id,
        "fields": record.values,
        "multi": multi,
        "created_at_ms": record.created_at_ms,
        "changes": changes,
    })
}
