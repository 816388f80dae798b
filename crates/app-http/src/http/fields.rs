use axum::Json;
use axum::extract::State;
use kopru_domain::{Choice, EntityKind, FieldKind, FieldMeta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Manager;
use super::input::Query;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// Of which kind of record.
#[derive(Deserialize, IntoParams)]
pub struct FieldsQuery {
    /// `lead`, `contact`, `company`, `deal`, `quote`, `invoice` or `smart:NUMBER`.
    #[param(value_type = String)]
    entity: EntityKind,
}

/// The fields of a kind of record.
#[derive(Serialize, ToSchema)]
pub struct FieldList {
    items: Vec<FieldItem>,
}

/// A field, as the portal describes it.
#[derive(Serialize, ToSchema)]
pub struct FieldItem {
    /// What a mapping names as `target`.
    code: String,
    /// What people of the portal see.
    title: String,
    /// `text`, `integer`, `double`, `money`, `flag`, `date`, `date_time`, `choice`, `user`, `phone`, `email`, `web`,
    /// `messenger`, `link`, `reference` or `other`.
    #[schema(value_type = String)]
    kind: FieldKind,
    required: bool,
    /// Whether a column can feed it.
    writable: bool,
    multiple: bool,
    /// What its cells may say, where it has a list.
    choices: Vec<ChoiceItem>,
}

/// One value of a field with a list.
#[derive(Serialize, ToSchema)]
pub struct ChoiceItem {
    id: String,
    /// What people write into the sheet.
    label: String,
}

impl From<FieldMeta> for FieldItem {
    fn from(field: FieldMeta) -> Self {
        Self {
            code: field.code.to_string(),
            title: field.title,
            kind: field.kind,
            required: field.required,
            writable: !field.read_only && field.kind != FieldKind::Other,
            multiple: field.multiple,
            choices: field.choices.into_iter().map(|Choice { id, label, .. }| ChoiceItem { id, label }).collect(),
        }
    }
}

/// The fields of a kind of record in the company's portal, with what their cells may say.
#[utoipa::path(get, path = "/api/v1/sheet-sync/fields", tag = "sheet sync", params(FieldsQuery),
    responses((status = 200, body = FieldList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    caller: Manager,
    Query(query): Query<FieldsQuery>,
) -> Answer<Json<FieldList>> {
    let fields = app.engine.fields(&caller.company, query.entity).await?;
    Ok(Json(FieldList { items: fields.into_iter().map(Into::into).collect() }))
}
