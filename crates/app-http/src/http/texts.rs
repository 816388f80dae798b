use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use kopru_domain::message::{Encoding, Policy, Segments};
use kopru_engine::PreviewWish;
use kopru_ports::texts::NamedTemplate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Administrator, Messenger};
use super::input::{Body, Query};
use super::paging::{PageQuery, next};
use super::problem::Answer;
use super::{App, ProblemDocument};

/// A text to be looked at before it is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// The text; `{{name}}` stands for a variable.
    text: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// What a text costs.
#[derive(Serialize, ToSchema)]
pub struct SegmentsView {
    /// `gsm7` or `ucs2`.
    encoding: &'static str,
    /// How much room it takes: septets or UTF-16 units.
    units: u32,
    /// How many parts are billed.
    segments: u32,
}

impl From<Segments> for SegmentsView {
    fn from(segments: Segments) -> Self {
        let encoding = match segments.encoding {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
        };
        Self { encoding, units: segments.units, segments: segments.count }
    }
}

/// How a text goes, and how it would go without Turkish letters.
#[derive(Serialize, ToSchema)]
pub struct PreviewView {
    /// What its recipient reads.
    text: String,
    cost: SegmentsView,
    /// The characters for which all others take more room.
    costly: Vec<char>,
    /// The same without Turkish letters.
    plain: String,
    plain_cost: SegmentsView,
}

/// Shows a text as it would be sent: filled, with its parts, and what they would be without Turkish letters.
#[utoipa::path(post, path = "/api/integrations/messages/preview", tag = "messages", request_body = PreviewBody,
    responses((status = 200, body = PreviewView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn preview(State(app): State<App>, _: Messenger, Body(body): Body<PreviewBody>) -> Answer<Json<PreviewView>> {
    let preview = app.engine.preview(&PreviewWish { text: body.text, variables: body.variables })?;
    Ok(Json(PreviewView {
        text: preview.text,
        cost: preview.segments.into(),
        costly: preview.costly,
        plain: preview.plain,
        plain_cost: preview.plain_segments.into(),
    }))
}

/// A template to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateBody {
    /// The text; `{{name}}` stands for a variable.
    text: String,
    /// The variables that its senders have: a text that names another one is refused.
    known: Option<BTreeSet<String>>,
}

/// A template.
#[derive(Serialize, ToSchema)]
pub struct TemplateView {
    name: String,
    text: String,
    /// The variables that it names.
    variables: Vec<String>,
    /// When it was changed last.
    #[schema(value_type = String)]
    changed: Timestamp,
}

impl From<NamedTemplate> for TemplateView {
    fn from(named: NamedTemplate) -> Self {
        let variables = named.template.variables().into_iter().map(str::to_owned).collect();
        Self { name: named.name, text: named.template.text().to_owned(), variables, changed: named.changed }
    }
}

/// A page of templates, by name.
#[derive(Serialize, ToSchema)]
pub struct TemplateList {
    items: Vec<TemplateView>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// The company's templates.
#[utoipa::path(get, path = "/api/integrations/templates", tag = "messages", params(PageQuery),
    responses((status = 200, body = TemplateList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Query(page): Query<PageQuery>,
) -> Answer<Json<TemplateList>> {
    let (after, limit) = (page.cursor::<String>()?, page.limit()?);
    let templates = app.engine.templates(&caller.company, after.as_deref(), limit).await?;
    let cursor = next(&templates, limit, |template| template.name.clone());
    Ok(Json(TemplateList { items: templates.into_iter().map(Into::into).collect(), cursor }))
}

/// One template.
#[utoipa::path(get, path = "/api/integrations/templates/{name}", tag = "messages", params(("name" = String, Path)),
    responses((status = 200, body = TemplateView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Path(name): Path<String>,
) -> Answer<Json<TemplateView>> {
    Ok(Json(app.engine.template(&caller.company, &name).await?.into()))
}

/// Keeps a template under its name, once it has been checked.
#[utoipa::path(put, path = "/api/integrations/templates/{name}", tag = "messages", params(("name" = String, Path)), request_body = TemplateBody,
    responses((status = 200, body = TemplateView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn put(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Path(name): Path<String>,
    Body(body): Body<TemplateBody>,
) -> Answer<Json<TemplateView>> {
    Ok(Json(app.engine.put_template(&caller, &name, &body.text, body.known.as_ref()).await?.into()))
}

/// Forgets a template; what was accepted with it goes as it is.
#[utoipa::path(delete, path = "/api/integrations/templates/{name}", tag = "messages", params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn delete(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    app.engine.delete_template(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How the company's messages may go: `{"region": "TR", "zone": "Europe/Istanbul", "quiet": {"from": "21:00", "to":
/// "09:00"}, "daily_messages": 1000, "daily_segments": 2000}`.
#[utoipa::path(get, path = "/api/v1/companies/{company}/messaging", tag = "messages", params(("company" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn policy(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
) -> Answer<Json<Policy>> {
    let caller = caller.0.of(&company)?;
    Ok(Json(app.engine.message_policy(&caller.company).await?))
}

/// Changes it as a whole.
#[utoipa::path(put, path = "/api/v1/companies/{company}/messaging", tag = "messages", params(("company" = String, Path)), request_body(content = Object),
    responses((status = 200, body = Object), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn set_policy(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Body(policy): Body<Policy>,
) -> Answer<Json<Policy>> {
    let caller = caller.0.of(&company)?;
    app.engine.set_message_policy(&caller, &policy).await?;
    Ok(Json(policy))
}
