use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use kopru_domain::{EntityKind, Gid, Language, RowState};
use kopru_engine::{ConfigChange, NewConfig};
use kopru_ports::sync::SyncRow;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Manager, Person, PersonHeader};
use super::input::{Body, Query, id};
use super::mapping::MappingView;
use super::paging::{PageQuery, next};
use super::problem::{Answer, language};
use super::views::{ConfigView, HistoryItem, RefusalItem, SummaryView};
use super::{App, ProblemDocument};

/// How long a row is quiet before it is sent, unless the caller says otherwise.
const QUIET_MS: u32 = 2000;

/// A configuration to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConfig {
    spreadsheet: String,
    gid: i32,
    /// `lead`, `contact`, `company`, `deal`, `quote`, `invoice` or `smart:NUMBER`.
    #[schema(value_type = String)]
    entity: EntityKind,
    /// 200 characters at the most; the tab's title where it is not given.
    #[serde(default)]
    name: String,
    /// What detection is sure of, where it is not given.
    mapping: Option<MappingView>,
    /// `tr` or `en`: the language of what is written into the sheet.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Language,
    /// Milliseconds that a row has to be quiet before it is sent; 2000 where it is not given, 60,000 at most.
    quiet_ms: Option<u32>,
}

/// What is to change of a configuration; what is not given stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeConfig {
    name: Option<String>,
    /// Replaces the mapping: the tab is read anew, and what was written under the old one is repaired. A field
    /// that is fed no more keeps its value in the CRM.
    mapping: Option<MappingView>,
    /// Milliseconds that a row has to be quiet before it is sent; 60,000 at most.
    quiet_ms: Option<u32>,
    /// False pauses: nothing is written, and what happens in the sheet is kept. True takes it up again.
    enabled: Option<bool>,
}

/// A configuration that was just made.
#[derive(Serialize, ToSchema)]
pub struct CreatedConfig {
    #[serde(flatten)]
    config: ConfigView,
    /// The address that the sheet's script posts to; told once.
    webhook_url: String,
    /// The secret that it signs with; told once.
    webhook_secret: String,
}

/// A page of configurations.
#[derive(Serialize, ToSchema)]
pub struct ConfigList {
    items: Vec<ConfigView>,
    cursor: Option<String>,
}

/// A configuration and how it is doing.
#[derive(Serialize, ToSchema)]
pub struct ConfigState {
    #[serde(flatten)]
    config: ConfigView,
    summary: SummaryView,
}

/// How much is tried again.
#[derive(Serialize, ToSchema)]
pub struct Retried {
    rows: u32,
}

/// A page of the history, newest first.
#[derive(Serialize, ToSchema)]
pub struct HistoryList {
    items: Vec<HistoryItem>,
    cursor: Option<String>,
}

/// Rows with cells that were not written.
#[derive(Serialize, ToSchema)]
pub struct RefusedList {
    items: Vec<RefusedRow>,
}

/// A row with cells that were not written.
#[derive(Serialize, ToSchema)]
pub struct RefusedRow {
    /// The row's number as people see it.
    row: u32,
    record: Option<String>,
    #[schema(value_type = String)]
    status: RowState,
    refusals: Vec<RefusalItem>,
}

/// Makes a configuration; nothing is written before it is activated.
#[utoipa::path(post, path = "/api/v1/sheet-sync/configs", tag = "sheet sync", params(PersonHeader), request_body = CreateConfig,
    responses((status = 201, body = CreatedConfig), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Body(body): Body<CreateConfig>,
) -> Answer<(StatusCode, Json<CreatedConfig>)> {
    let wish = NewConfig {
        spreadsheet: id("spreadsheet", &body.spreadsheet)?,
        gid: Gid(body.gid),
        entity: body.entity,
        name: body.name,
        mapping: body.mapping.map(Into::into),
        language: body.language,
        quiet_ms: body.quiet_ms.unwrap_or(QUIET_MS),
    };
    let created = app.engine.create_config(&person.caller, wish).await?;
    let answer = CreatedConfig {
        config: ConfigView::of(created.config, language(&headers)),
        webhook_url: created.webhook_url.expose_secret().to_owned(),
        webhook_secret: created.webhook_secret.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Configurations: a person's own; all of the company's for an API key or an administrator.
#[utoipa::path(get, path = "/api/v1/sheet-sync/configs", tag = "sheet sync", params(PageQuery),
    responses((status = 200, body = ConfigList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    caller: Manager,
    headers: HeaderMap,
    Query(page): Query<PageQuery>,
) -> Answer<Json<ConfigList>> {
    let limit = page.limit()?;
    let configs = app.engine.configs(&caller.caller, page.cursor()?, limit).await?;
    let cursor = next(&configs, limit, |config| config.id);
    let view = |config| ConfigView::of(config, language(&headers));
    Ok(Json(ConfigList { items: configs.into_iter().map(view).collect(), cursor }))
}

/// A configuration and how it is doing.
#[utoipa::path(get, path = "/api/v1/sheet-sync/configs/{id}", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 200, body = ConfigState), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    caller: Manager,
    headers: HeaderMap,
    Path(config): Path<String>,
) -> Answer<Json<ConfigState>> {
    let config = id("id", &config)?;
    let summary = app.engine.summary(&caller.caller, config).await?;
    let config = ConfigView::of(app.engine.config(&caller.caller, config).await?, language(&headers));
    Ok(Json(ConfigState { config, summary: summary.into() }))
}

/// Changes, pauses or takes up again a configuration.
#[utoipa::path(patch, path = "/api/v1/sheet-sync/configs/{id}", tag = "sheet sync", params(("id" = String, Path)), request_body = ChangeConfig,
    responses((status = 200, body = ConfigView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    caller: Manager,
    headers: HeaderMap,
    Path(config): Path<String>,
    Body(body): Body<ChangeConfig>,
) -> Answer<Json<ConfigView>> {
    let change = ConfigChange {
        name: body.name,
        mapping: body.mapping.map(Into::into),
        quiet_ms: body.quiet_ms,
        enabled: body.enabled,
    };
    let changed = app.engine.change_config(&caller.caller, id("id", &config)?, change).await?;
    Ok(Json(ConfigView::of(changed, language(&headers))))
}

/// Forgets a configuration with its rows, events, history and waiting work. Sheet and CRM stay as they are.
#[utoipa::path(delete, path = "/api/v1/sheet-sync/configs/{id}", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn delete(State(app): State<App>, caller: Manager, Path(config): Path<String>) -> Answer<StatusCode> {
    app.engine.delete_config(&caller.caller, id("id", &config)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds Köprü's columns to the tab, imports its rows and follows its edits from now on.
#[utoipa::path(post, path = "/api/v1/sheet-sync/configs/{id}/activate", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 202), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn activate(State(app): State<App>, caller: Manager, Path(config): Path<String>) -> Answer<StatusCode> {
    app.engine.activate(&caller.caller, id("id", &config)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Reads the whole tab and repairs what events missed.
#[utoipa::path(post, path = "/api/v1/sheet-sync/configs/{id}/reconcile", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 202), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn reconcile(State(app): State<App>, caller: Manager, Path(config): Path<String>) -> Answer<StatusCode> {
    app.engine.reconcile(&caller.caller, id("id", &config)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Tries again what was given up or refused.
#[utoipa::path(post, path = "/api/v1/sheet-sync/configs/{id}/retry", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 202, body = Retried), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn retry(
    State(app): State<App>,
    caller: Manager,
    Path(config): Path<String>,
) -> Answer<(StatusCode, Json<Retried>)> {
    let rows = app.engine.retry(&caller.caller, id("id", &config)?).await?;
    Ok((StatusCode::ACCEPTED, Json(Retried { rows })))
}

/// What was written, newest first.
#[utoipa::path(get, path = "/api/v1/sheet-sync/configs/{id}/history", tag = "sheet sync", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = HistoryList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn history(
    State(app): State<App>,
    caller: Manager,
    headers: HeaderMap,
    Path(config): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Json<HistoryList>> {
    let limit = page.limit()?;
    let entries = app.engine.history(&caller.caller, id("id", &config)?, page.cursor()?, limit).await?;
    let cursor = next(&entries, limit, |(number, _)| *number);
    let language = language(&headers);
    Ok(Json(HistoryList {
        items: entries.into_iter().map(|(_, entry)| HistoryItem::of(entry, language)).collect(),
        cursor,
    }))
}

/// Rows with cells that were not written, and why.
#[utoipa::path(get, path = "/api/v1/sheet-sync/configs/{id}/refused", tag = "sheet sync", params(("id" = String, Path)),
    responses((status = 200, body = RefusedList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn refused(
    State(app): State<App>,
    caller: Manager,
    headers: HeaderMap,
    Path(config): Path<String>,
) -> Answer<Json<RefusedList>> {
    let config = app.engine.config(&caller.caller, id("id", &config)?).await?;
    let rows = app.engine.refused_rows(&caller.caller, config.id, 10_000).await?;
    let language = language(&headers);
    let item = |row: SyncRow| RefusedRow {
        row: row.place + 1,
        refusals: row.all_refusals(&config.mapping).iter().map(|refusal| RefusalItem::of(refusal, language)).collect(),
        record: row.record,
        status: row.state,
    };
    Ok(Json(RefusedList { items: rows.into_iter().map(item).collect() }))
}
