//! crm.item.*: camelCase names, numbers as numbers, errors with codes.
//! <https://apidocs.bitrix24.com/api-reference/crm/universal/index.html>

use serde_json::{Map, Value, json};

use super::{
    dispatch::{Action, Reply},
    errors::{self, RestError},
    fields::{self, COMPANY, FIRST_DYNAMIC, Field},
    filter::Filter,
    list, multifield,
    params::{Params, elements, find, find_map, integer, text, truthy},
    state::{Record, State},
    values::{Generation, Refused, accept, plain, show},
    write::{self, Intent},
};

/// How many elements one `crm.item.batchImport` takes.
const MOST_IMPORTED: usize = 20;

struct Call<'a> {
    type_id: u32,
    original_names: bool,
    params: &'a Params,
}

pub(super) fn call(state: &mut State, user_id: u64, action: Action, params: &Params) -> Result<Reply, RestError> {
    let original_names = truthy(find(params, "useOriginalUfNames"));
    let call = Call { type_id: type_of(state, params)?, original_names, params };
    Ok(match action {
        Action::Fields => json!({"fields": fields::describe_all(state, call.type_id, true, original_names)}).into(),
        Action::Add => {
            let id = call.create(state, user_id)?;
            call.read_one(state, id)?
        }
        Action::Update => {
            let old = call.existing(state)?.clone();
            let (id, category) = (old.id, old.category());
            let mut intent = call.intent(state, category, false)?;
            call.enter_pipeline(state, category, &mut intent);
            if changes_stage(&old, &intent) {
                call.check_required(state, &old, &intent)?;
            }
            write::update(state, call.type_id, id, user_id, intent);
            call.read_one(state, id)?
        }
        Action::Get => call.read_one(state, call.existing(state)?.id)?,
        Action::Delete => {
            let id = call.existing(state)?.id;
            write::delete(state, call.type_id, id);
            json!([]).into()
        }
        Action::List => call.read_list(state)?,
    })
}

/// `crm.item.import`: adds, and answers the number alone.
pub(super) fn import(state: &mut State, user_id: u64, params: &Params) -> Result<Reply, RestError> {
    let original_names = truthy(find(params, "useOriginalUfNames"));
    let call = Call { type_id: type_of(state, params)?, original_names, params };
    Ok(json!({"item": {"id": call.create(state, user_id)?}}).into())
}

/// `crm.item.batchImport`: each element succeeds or fails for itself.
pub(super) fn import_many(state: &mut State, user_id: u64, params: &Params) -> Result<Reply, RestError> {
    type_of(state, params)?;
    let data = find(params, "data").map(elements).ok_or_else(|| errors::missing("data"))?;
    if data.len() > MOST_IMPORTED {
        let text = format!("Maximum batch size is {MOST_IMPORTED}");
        return Err(RestError::bad("MAX_IMPORT_BATCH_SIZE_EXCEEDED", text));
    }
    let items = data.into_iter().map(|fields| {
        let mut own = params.clone();
        own.insert("fields".to_owned(), fields);
        import(state, user_id, &own).map_or_else(|refusal| refusal.body(), |reply| reply.result)
    });
    Ok(json!({"items": items.collect::<Vec<Value>>()}).into())
}

fn type_of(state: &State, params: &Params) -> Result<u32, RestError> {
    let given = find(params, "entityTypeId").ok_or_else(|| errors::missing("entityTypeId"))?;
    let type_id = u32::try_from(integer(given)).unwrap_or_default();
    let dynamic = state.types.iter().any(|own| own.entity_type_id == type_id);
    match type_id {
        fields::LEAD..=COMPANY | fields::QUOTE | fields::INVOICE => Ok(type_id),
        _ if dynamic => Ok(type_id),
        FIRST_DYNAMIC.. => Err(RestError::bad("NOT_FOUND", "Smart process is not found")),
        _ => Err(RestError::bad("ENTITY_TYPE_NOT_SUPPORTED", format!("Entity type {type_id} is not supported"))),
    }
}

impl Call<'_> {
    fn existing<'a>(&self, state: &'a State) -> Result<&'a Record, RestError> {
        let id = find(self.params, "id").ok_or_else(|| errors::missing("id"))?;
        let id = u64::try_from(integer(id)).unwrap_or_default();
        state.record(self.type_id, id).ok_or_else(errors::item_not_found)
    }

    fn create(&self, state: &mut State, user_id: u64) -> Result<u64, RestError> {
        let intent = self.intent(state, state.default_category(self.type_id), true)?;
        self.check_required(state, &Record::default(), &intent)?;
        Ok(write::create(state, self.type_id, user_id, intent))
    }

    fn name<'a>(&self, field: &'a Field) -> &'a str {
        if field.is_own && self.original_names { &field.upper } else { &field.item }
    }

    /// Unknown and read-only fields are passed over in silence.
    fn intent(&self, state: &State, category: i64, is_new: bool) -> Result<Intent, RestError> {
        let wanted = find_map(self.params, "fields").ok_or_else(|| errors::missing("fields"))?;
        let category = wanted.get("categoryId").map_or(category, integer);
        let mut intent =
            Intent { multi: wanted.get("fm").map(multifield::item_writes).unwrap_or_default(), ..Intent::default() };
        for field in state.fields(self.type_id).iter().filter(|f| !f.read_only && !f.legacy_only) {
            let Some(value) = wanted.get(self.name(field)) else { continue };
            if !is_new && self.loses_clear(state, field, value) {
                continue;
            }
            let directory = fields::directory(field, self.type_id, category);
            let kept = accept(state, field, &directory, value, Generation::Item)
                .map_err(|refused| refusal(state, field, &refused))?;
            intent.values.extend(kept.map(|value| (field.upper.clone(), value)));
        }
        Ok(intent)
    }

    /// A record that moves to another pipeline without a word on its stage
    /// starts at the first one.
    fn enter_pipeline(&self, state: &State, old: i64, intent: &mut Intent) {
        let moved = intent.values.get("CATEGORY_ID").map_or(old, integer);
        let fields = state.fields(self.type_id);
        if let Some(field) = fields.iter().find(|field| field.upper == "STAGE_ID" && moved != old) {
            let first = state.first_status(&fields::directory(field, self.type_id, moved));
            intent.values.entry(field.upper.clone()).or_insert_with(|| json!(first));
        }
    }

    /// A new record and one that changes its stage need what is required.
    fn check_required(&self, state: &State, old: &Record, intent: &Intent) -> Result<(), RestError> {
        let is_blank = |value: &Value| elements(value).iter().all(|element| text(element).is_empty());
        let value = |field: &Field| intent.values.get(&field.upper).cloned().unwrap_or_else(|| old.value(&field.upper));
        match state.fields(self.type_id).iter().find(|field| field.required && is_blank(&value(field))) {
            Some(field) => {
                let text = format!("Required field \"{}\" is not filled", field.titles[state.language]);
                Err(RestError::bad("CRM_FIELD_ERROR_REQUIRED", text))
            }
            None => Ok(()),
        }
    }

    /// Success is answered and nothing changes: a company's fields (issue 145)
    /// and lists of several options (issue 269) cannot be emptied here.
    fn loses_clear(&self, state: &State, field: &Field, value: &Value) -> bool {
        let empty = elements(value).iter().all(|element| text(element).is_empty());
        let affected = self.type_id == COMPANY || (field.kind == "enumeration" && field.multiple);
        state.clear_bugs && empty && affected
    }

    fn read_one(&self, state: &State, id: u64) -> Result<Reply, RestError> {
        let record = state.record(self.type_id, id).ok_or_else(errors::item_not_found)?;
        let mut item = self.columns(state, record, |_| true);
        item.insert("fm".to_owned(), rows(record));
        Ok(json!({"item": item}).into())
    }

    fn columns(&self, state: &State, record: &Record, wanted: impl Fn(&Field) -> bool) -> Map<String, Value> {
        let fields = state.fields(self.type_id);
        let shown = fields.iter().filter(|field| !field.legacy_only && wanted(field));
        let values = shown.map(|field| {
            let value = plain(state, self.type_id, record, field);
            (self.name(field).to_owned(), show(field, &value, Generation::Item))
        });
        values.chain([("entityTypeId".to_owned(), json!(self.type_id))]).collect()
    }

    /// `fm` cannot be named in `select`; only the asterisk brings it.
    fn read_list(&self, state: &State) -> Result<Reply, RestError> {
        let own = state.fields(self.type_id);
        let filter = Filter { state, type_id: self.type_id, fields: &own, generation: Generation::Item };
        let found = list::select(&filter, self.params)?;
        let names: Vec<String> =
            find(self.params, "select").map(elements).unwrap_or_default().iter().map(text).collect();
        let all = names.iter().any(|name| name == "*");
        let wanted = |field: &Field| {
            let asked_for = names.iter().any(|name| name == self.name(field));
            let own = field.is_own && names.iter().any(|name| name.eq_ignore_ascii_case("uf_*"));
            all || names.is_empty() || asked_for || own || field.upper == "ID"
        };
        let mut reply = list::page(found, self.params, |record| {
            let mut item = self.columns(state, record, wanted);
            if all {
                item.insert("fm".to_owned(), rows(record));
            }
            Value::Object(item)
        });
        reply.result = json!({"items": reply.result});
        Ok(reply)
    }
}

fn changes_stage(old: &Record, intent: &Intent) -> bool {
    let changes = |name: &str| intent.values.get(name).is_some_and(|new| *new != old.value(name));
    changes("STAGE_ID") || changes("STATUS_ID")
}

fn rows(record: &Record) -> Value {
    record.multi.iter().map(multifield::Row::item).collect()
}

fn refusal(state: &State, field: &Field, refused: &Refused) -> RestError {
    let title = &field.titles[state.language];
    match refused {
        Refused::NotInDirectory => {
            let text = format!("Invalid value for field \"{title}\"");
            RestError::bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", text)
        }
        Refused::NotIterable => RestError::bad("100", "Expected iterable value for multiple field"),
    }
}
