use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use kopru_domain::message::{Address, Channel, OptOutCause};
use kopru_ports::outbox::OptOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Messenger;
use super::input::{Body, Fault, Query};
use super::paging::{PageQuery, next};
use super::problem::{Answer, Failure};
use super::{App, ProblemDocument};

/// An address that gets no messages.
#[derive(Serialize, ToSchema)]
pub struct OptOutView {
    /// `sms`, `whatsapp` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The number in its international form, or the e-mail address.
    address: String,
    /// Why: `asked`, `bounced` or `complained`.
    #[schema(value_type = String)]
    cause: OptOutCause,
    /// Since when.
    #[schema(value_type = String)]
    since: Timestamp,
}

impl From<OptOut> for OptOutView {
    fn from(out: OptOut) -> Self {
        Self { channel: out.channel, address: out.address.to_string(), cause: out.cause, since: out.since }
    }
}

/// A page of addresses.
#[derive(Serialize, ToSchema)]
pub struct OptOutList {
    items: Vec<OptOutView>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// An address on one channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOutBody {
    /// `sms`, `whatsapp` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The number or the e-mail address, as people write it.
    address: String,
}

/// Who gets no messages: who asked for it, and of e-mail what bounced and who called one spam.
#[utoipa::path(get, path = "/api/integrations/opt-outs", tag = "messages", params(PageQuery),
    responses((status = 200, body = OptOutList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Query(page): Query<PageQuery>,
) -> Answer<Json<OptOutList>> {
    let (after, limit) = (page.cursor::<String>()?.map(|cursor| place(&cursor)).transpose()?, page.limit()?);
    let outs = app.engine.opt_outs(&caller.company, after, limit).await?;
    let cursor = next(&outs, limit, |out| format!("{}:{}", out.channel, out.address));
    Ok(Json(OptOutList { items: outs.into_iter().map(Into::into).collect(), cursor }))
}

/// Ends messages to an address on its owner's word.
#[utoipa::path(put, path = "/api/integrations/opt-outs", tag = "messages", request_body = OptOutBody,
    responses((status = 200, body = OptOutView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn put(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Body(body): Body<OptOutBody>,
) -> Answer<Json<OptOutView>> {
    Ok(Json(app.engine.set_opt_out(&caller, body.channel, &body.address, true).await?.into()))
}

/// Takes them up again on its owner's word.
#[utoipa::path(delete, path = "/api/integrations/opt-outs", tag = "messages", request_body = OptOutBody,
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn delete(
    State(app): State<App>,
    Messenger(caller): Messenger,
    Body(body): Body<OptOutBody>,
) -> Answer<StatusCode> {
    app.engine.set_opt_out(&caller, body.channel, &body.address, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A cursor: channel and address.
fn place(cursor: &str) -> Result<(Channel, Address), Failure> {
    let parts =
        cursor.split_once(':').and_then(|(channel, address)| Some((channel.parse().ok()?, address.parse().ok()?)));
    parts.ok_or(Failure::Unreadable(Fault::value("cursor")))
}
