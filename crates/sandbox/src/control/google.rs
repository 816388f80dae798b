//! Spreadsheets and what people do in them.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, State as Extracted},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::{
    events::Event as Told,
    google::{
        grid::{Cell, Dimension, Tab, seeded},
        render,
        state::{Spreadsheet, snapshot},
        trigger::{Event, Trigger, change},
    },
    random,
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/spreadsheets", get(list).post(create))
        .route("/spreadsheets/{id}", get(show))
        .route("/spreadsheets/{id}/edit", post(edit))
        .route("/spreadsheets/{id}/rows", post(rows))
        .route("/spreadsheets/{id}/trigger", post(register))
        .route("/triggers", get(triggers))
        .route("/tokens", get(tokens))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    id: Option<String>,
    title: String,
    locale: Option<String>,
    time_zone: Option<String>,
    tabs: Vec<SeedTab>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedTab {
    gid: Option<i64>,
    title: String,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

async fn create(Extracted(app): Extracted<Shared>, Json(seed): Json<Seed>) -> Answer {
    if seed.tabs.is_empty() {
        return Err(Refused::bad("a spreadsheet has at least one tab"));
    }
    let id = seed.id.unwrap_or_else(|| format!("1{}", random::token(32)));
    let tabs =
        seed.tabs.into_iter().zip(0..).map(|(tab, gid)| Tab::new(tab.gid.unwrap_or(gid), &tab.title, tab.values));
    let spreadsheet = Spreadsheet {
        id: id.clone(),
        title: seed.title,
        locale: seed.locale.unwrap_or_else(|| "tr_TR".to_owned()),
        time_zone: seed.time_zone.unwrap_or_else(|| "Europe/Istanbul".to_owned()),
        tabs: tabs.collect(),
        modified_ms: app.clock.now_ms(),
    };
    app.google().spreadsheets.insert(id.clone(), spreadsheet);
    app.tell(Told::google("spreadsheet", &id));
    Ok(Json(json!({"id": id})))
}

/// All codes and tokens that were given, for tests that look for them where they must not be.
async fn tokens(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.google().given))
}

async fn list(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.google();
    let about = state.spreadsheets.values().map(|file| {
        let tabs: Vec<Value> = file.tabs.iter().map(|tab| json!({"gid": tab.gid, "title": tab.title})).collect();
        json!({"id": file.id, "title": file.title, "tabs": tabs})
    });
    Json(about.collect())
}

async fn show(Extracted(app): Extracted<Shared>, Path(id): Path<String>) -> Answer {
    let state = app.google();
    let file = state.spreadsheets.get(&id).ok_or_else(|| Refused::absent("spreadsheet"))?;
    Ok(Json(snapshot(file)))
}

/// Runs `work` on a tab as a person would, then tells the pages and the tab's triggers.
fn by_hand(
    app: &Shared,
    id: &str,
    gid: i64,
    work: impl FnOnce(&mut Tab, &str) -> Result<Vec<Event>, Refused>,
) -> Answer {
    let mut state = app.google();
    let file = state.spreadsheets.get_mut(id).ok_or_else(|| Refused::absent("spreadsheet"))?;
    let locale = file.locale.clone();
    let tab = file.tab_mut(gid).ok_or_else(|| Refused::absent("tab"))?;
    let events = work(tab, &locale)?;
    file.modified_ms = app.clock.now_ms();
    state.triggers.retain(|trigger| !trigger.is_gone());
    for trigger in state.triggers.iter().filter(|own| own.spreadsheet == id && own.gid == gid) {
        for event in &events {
            trigger.post(event);
        }
    }
    app.tell(Told::google("spreadsheet", id));
    Ok(Json(json!({})))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Input {
    /// The value is stored as it is.
    #[default]
    Raw,
    /// Text becomes what a sheet makes of it: numbers, dates, true and false.
    UserEntered,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    #[serde(default)]
    gid: i64,
    row: usize,
    column: usize,
    value: Value,
    #[serde(default)]
    input: Input,
}

async fn edit(Extracted(app): Extracted<Shared>, Path(id): Path<String>, Json(edit): Json<Edit>) -> Answer {
    by_hand(&app, &id, edit.gid, |tab, locale| {
        let row = edit.row.checked_sub(1).ok_or_else(|| Refused::bad("rows count from 1"))?;
        if row >= tab.row_count || edit.column >= tab.column_count {
            return Err(Refused::bad(format!("outside the grid. {}", tab.limits())));
        }
        let was_blank = tab.row_is_blank(row);
        let old = tab.value(row, edit.column);
        let typed = match (edit.input, edit.value) {
            (Input::UserEntered, Value::String(text)) if !text.is_empty() => render::entered(&text, locale),
            (_, value) => seeded(value),
        };
        put(tab, row, edit.column, typed);
        let new = tab.value(row, edit.column);
        // The script passes over its header and over edits that change nothing.
        if row == 0 || old == new {
            return Ok(Vec::new());
        }
        let kind = if was_blank { "row_added" } else { "row_edited" };
        let changes = BTreeMap::from([change(tab, edit.column, &old, &new)]);
        Ok(vec![Event::Row { kind, row: edit.row, changes }])
    })
}

fn put(tab: &mut Tab, row: usize, column: usize, typed: Cell) {
    let cell = tab.cell_mut(row, column);
    cell.value = typed.value;
    cell.format.extend(typed.format);
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RowAction {
    Insert,
    Delete,
    Sort,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    #[serde(default)]
    gid: i64,
    action: RowAction,
    row: Option<usize>,
    column: Option<usize>,
    #[serde(default)]
    values: Vec<Value>,
}

async fn rows(Extracted(app): Extracted<Shared>, Path(id): Path<String>, Json(asked): Json<Rows>) -> Answer {
    by_hand(&app, &id, asked.gid, |tab, _| {
        let row = asked.row.unwrap_or(2);
        let at = row.checked_sub(1).filter(|at| *at < tab.row_count);
        let at = at.ok_or_else(|| Refused::bad("no such row"))?;
        Ok(vec![match asked.action {
            RowAction::Insert => insert(tab, at, asked.values),
            RowAction::Delete => {
                let old: BTreeMap<_, _> = (0..tab.row_len(at))
                    .map(|column| change(tab, column, &tab.value(at, column), &Value::Null))
                    .collect();
                tab.delete(Dimension::Rows, &(at..at + 1));
                Event::Row { kind: "row_deleted", row, changes: old }
            }
            RowAction::Sort => {
                tab.sort_by(asked.column.unwrap_or_default());
                Event::Rows { first: 2, last: tab.used_rows() }
            }
        }])
    })
}

/// An empty row says nothing about itself; a filled one was added.
fn insert(tab: &mut Tab, at: usize, values: Vec<Value>) -> Event {
    tab.insert(Dimension::Rows, at, 1);
    let mut changes = BTreeMap::new();
    for (column, value) in values.into_iter().enumerate() {
        put(tab, at, column, seeded(value));
        changes.extend([change(tab, column, &Value::Null, &tab.value(at, column))]);
    }
    if changes.is_empty() {
        return Event::Rows { first: at + 1, last: tab.used_rows().max(at + 1) };
    }
    Event::Row { kind: "row_added", row: at + 1, changes }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    #[serde(default)]
    gid: i64,
    url: String,
    secret: String,
    /// Sent along with every message, untouched.
    config: Option<Value>,
}

/// A second registration for the same tab takes the first one's place and what
/// it has not told yet, as running the script's set-up again does.
async fn register(
    Extracted(app): Extracted<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<Registration>,
) -> Answer {
    let mut state = app.google();
    let file = state.spreadsheets.get(&id).ok_or_else(|| Refused::absent("spreadsheet"))?;
    file.tab(asked.gid).ok_or_else(|| Refused::absent("tab"))?;
    let place = (id.clone(), asked.gid);
    let is_same = |old: &Trigger| (&old.spreadsheet, old.gid) == (&id, asked.gid);
    let before = state.triggers.iter().find(|old| is_same(old));
    let trigger = Trigger::start(app.http.clone(), place, asked.url, &asked.secret, asked.config, before);
    let trigger = trigger.ok_or_else(|| Refused::bad("the secret is whsec_ and base64"))?;
    state.triggers.retain(|old| !is_same(old));
    state.triggers.push(trigger);
    Ok(Json(json!({})))
}

async fn triggers(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let mut state = app.google();
    state.triggers.retain(|trigger| !trigger.is_gone());
    Json(state.triggers.iter().map(Trigger::snapshot).collect())
}
