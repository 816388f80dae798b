use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use kopru_domain::detect::Proposal;
use kopru_domain::{CellValue, EntityKind, Gid, Language, Target};
use kopru_engine::DetectedTab;
use kopru_ports::spreadsheets::{SpreadsheetFile, Tab};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::{Person, PersonHeader};
use super::input::{Body, Query, id};
use super::mapping::StyleView;
use super::problem::{Answer, language};
use super::{App, ProblemDocument};

/// Which spreadsheets.
#[derive(Deserialize, IntoParams)]
pub struct ListQuery {
    /// Part of the name.
    name: Option<String>,
    /// The cursor of a page before.
    cursor: Option<String>,
}

/// A page of spreadsheets.
#[derive(Serialize, ToSchema)]
pub struct SpreadsheetList {
    items: Vec<SpreadsheetItem>,
    /// Present where there are more.
    cursor: Option<String>,
}

/// A spreadsheet.
#[derive(Serialize, ToSchema)]
pub struct SpreadsheetItem {
    id: String,
    name: String,
    modified: String,
    editable: bool,
}

impl From<SpreadsheetFile> for SpreadsheetItem {
    fn from(file: SpreadsheetFile) -> Self {
        Self { id: file.id.to_string(), name: file.name, modified: file.modified, editable: file.editable }
    }
}

/// A spreadsheet's tabs.
#[derive(Serialize, ToSchema)]
pub struct TabList {
    title: String,
    locale: String,
    time_zone: String,
    tabs: Vec<TabItem>,
}

/// A tab.
#[derive(Serialize, ToSchema)]
pub struct TabItem {
    gid: i32,
    title: String,
    rows: u32,
    columns: u32,
}

impl From<Tab> for TabItem {
    fn from(tab: Tab) -> Self {
        Self { gid: tab.gid.0, title: tab.title, rows: tab.rows, columns: tab.columns }
    }
}

/// A tab to look at.
#[derive(Deserialize, ToSchema)]
pub struct DetectRequest {
    spreadsheet: String,
    gid: i32,
    /// `lead`, `contact`, `company`, `deal`, `quote`, `invoice` or `smart:NUMBER`.
    entity: String,
}

/// What a tab's columns mean.
#[derive(Serialize, ToSchema)]
pub struct DetectAnswer {
    title: String,
    tab: String,
    columns: Vec<ColumnProposal>,
    /// Headers of the columns from which the title is built.
    title_from: Vec<Vec<String>>,
    /// The first rows, as read.
    #[schema(value_type = Vec<Vec<Object>>)]
    sample: Vec<Vec<CellValue>>,
}

/// A column's proposal.
#[derive(Serialize, ToSchema)]
pub struct ColumnProposal {
    /// Position, 0 for column A.
    pub column: usize,
    /// The header.
    pub header: String,
    /// The field; `FULL_NAME` for name and surname in one column.
    pub field: Option<String>,
    /// Whether it can be mapped.
    pub writable: bool,
    /// 0 to 1.
    pub confidence: f64,
    /// Why, in the caller's language.
    pub reason: String,
    /// How its cells are read; what a mapping of the column needs as `style`.
    pub style: StyleView,
}

impl ColumnProposal {
    /// A proposal with its reason in `language`.
    pub fn of(proposal: &Proposal, language: Language) -> Self {
        Self {
            column: proposal.column,
            header: proposal.header.clone(),
            field: proposal.field.clone().map(Target::into),
            writable: proposal.writable,
            confidence: proposal.confidence,
            reason: proposal.why.text(language),
            style: proposal.style.clone().into(),
        }
    }
}

/// The person's spreadsheets, newest first.
#[utoipa::path(get, path = "/api/v1/sheet-sync/spreadsheets", tag = "sheet sync", params(PersonHeader, ListQuery),
    responses((status = 200, body = SpreadsheetList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    person: Person,
    Query(query): Query<ListQuery>,
) -> Answer<Json<SpreadsheetList>> {
    let page =
        app.engine.spreadsheets(&person.company, &person.user, query.name.as_deref(), query.cursor.as_deref()).await?;
    Ok(Json(SpreadsheetList { items: page.files.into_iter().map(Into::into).collect(), cursor: page.next }))
}

/// A spreadsheet's tabs.
#[utoipa::path(get, path = "/api/v1/sheet-sync/spreadsheets/{spreadsheet}/tabs", tag = "sheet sync", params(PersonHeader, ("spreadsheet" = String, Path)),
    responses((status = 200, body = TabList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn tabs(State(app): State<App>, person: Person, Path(spreadsheet): Path<String>) -> Answer<Json<TabList>> {
    let info = app.engine.tabs(&person.company, &person.user, &id("spreadsheet", &spreadsheet)?).await?;
    let tabs = info.tabs.into_iter().map(Into::into).collect();
    Ok(Json(TabList { title: info.title, locale: info.locale, time_zone: info.time_zone, tabs }))
}

/// Proposes a mapping of a tab's columns to the portal's fields.
#[utoipa::path(post, path = "/api/v1/sheet-sync/detect", tag = "sheet sync", params(PersonHeader), request_body = DetectRequest,
    responses((status = 200, body = DetectAnswer), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn detect(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Body(body): Body<DetectRequest>,
) -> Answer<Json<DetectAnswer>> {
    let entity: EntityKind = id("entity", &body.entity)?;
    let found = app
        .engine
        .detect_tab(&person.company, &person.user, &id("spreadsheet", &body.spreadsheet)?, Gid(body.gid), entity)
        .await?;
    Ok(Json(answer(found, language(&headers))))
}

fn answer(found: DetectedTab, language: Language) -> DetectAnswer {
    let columns = found.detection.proposals.iter().map(|proposal| ColumnProposal::of(proposal, language)).collect();
    let sample = found.sample.into_iter().take(5).collect();
    DetectAnswer { title: found.title, tab: found.tab, columns, title_from: found.detection.title_from, sample }
}
