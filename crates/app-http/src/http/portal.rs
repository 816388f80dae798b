use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use kopru_engine::{EngineError, Problem};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Body, Manager};
use super::problem::Answer;
use super::{App, ProblemDocument};

/// A portal to connect.
#[derive(Deserialize, ToSchema)]
pub struct ConnectPortal {
    /// The address of an inbound webhook: `https://portal/rest/1/secret/`.
    #[schema(value_type = String)]
    webhook: SecretString,
}

/// A portal that was reached.
#[derive(Serialize, ToSchema)]
pub struct ConnectedPortal {
    /// Its stable name.
    portal: String,
}

/// How the portal is.
#[derive(Serialize, ToSchema)]
pub struct PortalState {
    /// How it is.
    #[schema(value_type = String)]
    status: ConnectionStatus,
    /// What went wrong last.
    last_error: Option<String>,
    /// When it was last used.
    #[schema(value_type = Option<String>)]
    last_used: Option<Timestamp>,
    /// The last four characters of its secret.
    secret_ends_with: String,
}

/// Connects the company's Bitrix24 portal and reaches it.
#[utoipa::path(put, path = "/api/v1/companies/{company}/integrations/bitrix24", tag = "integrations", request_body = ConnectPortal,
    params(("company" = String, Path)),
    responses((status = 200, body = ConnectedPortal), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn connect(
    State(app): State<App>,
    caller: Manager,
    Path(company): Path<String>,
    Body(body): Body<ConnectPortal>,
) -> Answer<Json<ConnectedPortal>> {
    let company = caller.of(&company)?;
    if app.portals.bars(body.webhook.expose_secret()).await {
        return Err(EngineError::Invalid(Problem::PrivatePortal).into());
    }
    let portal = app.engine.connect_portal(&company, &body.webhook).await?;
    Ok(Json(ConnectedPortal { portal }))
}

/// How the company's Bitrix24 portal is connected.
#[utoipa::path(get, path = "/api/v1/companies/{company}/integrations/bitrix24", tag = "integrations",
    params(("company" = String, Path)),
    responses((status = 200, body = PortalState), (status = 404, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>, caller: Manager, Path(company): Path<String>) -> Answer<Json<PortalState>> {
    let company = caller.of(&company)?;
    let found = app.engine.portal_status(&company).await?.ok_or(EngineError::NotFound("integration"))?;
    Ok(Json(PortalState {
        status: found.status,
        last_error: found.last_error,
        last_used: found.last_used,
        secret_ends_with: found.last_four,
    }))
}

/// Forgets the company's Bitrix24 portal.
#[utoipa::path(delete, path = "/api/v1/companies/{company}/integrations/bitrix24", tag = "integrations",
    params(("company" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn disconnect(State(app): State<App>, caller: Manager, Path(company): Path<String>) -> Answer<StatusCode> {
    app.engine.disconnect_portal(&caller.of(&company)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
