use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use kopru_domain::message::{Channel, PhoneNumber};
use kopru_ports::outbox::OptOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Messenger;
use super::input::{Body, Fault, Query};
use super::paging::{PageQuery, next};
use super::problem::{Answer, Failure};
use super::{App, ProblemDocument};

/// A number whose owner wants no messages.
#[derive(Serialize, ToSchema)]
pub struct OptOutView {
    /// `sms` or `whatsapp`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The number in its international form.
    number: String,
    /// Since when.
    #[schema(value_type = String)]
    since: Timestamp,
}

impl From<OptOut> for OptOutView {
    fn from(out: OptOut) -> Self {
        Self { channel: out.channel, number: out.number.to_string(), since: out.since }
    }
}

/// A page of numbers.
#[derive(Serialize, ToSchema)]
pub struct OptOutList {
    items: Vec<OptOutView>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// A number on one channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOutBody {
    /// `sms` or `whatsapp`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The number, as people write it.
    number: String,
}

/// Who wants no messages.
#[utoipa::path(get, path = "/api/integrations/opt-outs", tag = "messages", params(PageQuery),
    responses((status = 200, body = OptOutList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Query(page): Query<PageQuery>,
) -> Answer<Json<OptOutList>> {
    let (after, limit) = (page.cursor::<String>()?.map(|cursor| place(&cursor)).transpose()?, page.limit()?);
    let outs = app.engine.opt_outs(&caller.company, after, limit).await?;
    let cursor = next(&outs, limit, |out| format!("{}:{}", out.channel, out.number));
    Ok(Json(OptOutList { items: outs.into_iter().map(Into::into).collect(), cursor }))
}

/// Ends messages to a number on its owner's word.
#[utoipa::path(put, path = "/api/integrations/opt-outs", tag = "messages", request_body = OptOutBody,
    responses((status = 200, body = OptOutView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn put(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Body(body): Body<OptOutBody>,
) -> Answer<Json<OptOutView>> {
    Ok(Json(app.engine.set_opt_out(&caller, body.channel, &body.number, true).await?.into()))
}

/// Takes them up again on its owner's word.
#[utoipa::path(delete, path = "/api/integrations/opt-outs", tag = "messages", request_body = OptOutBody,
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn delete(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Body(body): Body<OptOutBody>,
) -> Answer<StatusCode> {
    app.engine.set_opt_out(&caller, body.channel, &body.number, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A cursor: channel and number.
fn place(cursor: &str) -> Result<(Channel, PhoneNumber), Failure> {
    let parts =
        cursor.split_once(':').and_then(|(channel, number)| Some((channel.parse().ok()?, number.parse().ok()?)));
    parts.ok_or(Failure::Unreadable(Fault::value("cursor")))
}
