use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use kopru_engine::{EngineError, PortalKind, Problem};
use kopru_ports::tokens::{ConnectionStatus, Service};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Administrator, Manager};
use super::consent::{AuthorizeQuery, CallbackQuery, ConsentAddress};
use super::input::{Body, Query};
use super::pages::PORTAL_CONNECTED;
use super::problem::Answer;
use super::{App, ProblemDocument, consent};

/// A portal to connect: by an inbound webhook, or by an app whose consent is to follow.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ConnectPortal {
    /// By an inbound webhook.
    Webhook(Webhook),
    /// By an app.
    App(PortalApp),
}

/// An inbound webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its address: `https://portal/rest/1/secret/`.
    #[schema(value_type = String)]
    webhook: SecretString,
}

/// A local app of the portal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalApp {
    /// The portal's address: `firm.bitrix24.com`.
    portal: String,
    /// The app's code.
    client_id: String,
    /// Its key.
    #[schema(value_type = String)]
    client_secret: SecretString,
    /// The authorization server's address, where it is none of Bitrix24's own.
    server: Option<String>,
}

/// A portal that is connected, or waits for its consent.
#[derive(Serialize, ToSchema)]
pub struct ConnectedPortal {
    /// Its stable name.
    portal: String,
    /// The address to be named in the app's card, as its handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
}

/// How the portal is.
#[derive(Serialize, ToSchema)]
pub struct PortalState {
    /// By what it is connected: `webhook` or `app`.
    kind: &'static str,
    /// How it is.
    #[schema(value_type = String)]
    status: ConnectionStatus,
    /// What went wrong last.
    last_error: Option<String>,
    /// When it was last used.
    #[schema(value_type = Option<String>)]
    last_used: Option<Timestamp>,
    /// The last four characters of the webhook's or the app's secret.
    secret_ends_with: String,
}

/// Connects the company's Bitrix24 portal: by a webhook, which is tried, or by an app, whose consent is next.
#[utoipa::path(put, path = "/api/v1/companies/{company}/integrations/bitrix24", tag = "integrations", request_body = ConnectPortal,
    params(("company" = String, Path)),
    responses((status = 200, body = ConnectedPortal), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn connect(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Body(body): Body<ConnectPortal>,
) -> Answer<Json<ConnectedPortal>> {
    let caller = caller.0.of(&company)?;
    match body {
        ConnectPortal::Webhook(Webhook { webhook }) => {
            if app.portals.bars(webhook.expose_secret()).await {
                return Err(EngineError::Invalid(Problem::PrivatePortal).into());
            }
            let portal = app.engine.connect_portal(&caller, &webhook).await?;
            Ok(Json(ConnectedPortal { portal, redirect_uri: None }))
        }
        ConnectPortal::App(PortalApp { portal, client_id, client_secret, server }) => {
            let own = kopru_engine::PortalApp { portal, client_id, client_secret, server };
            for address in own.addresses() {
                if app.portals.bars(&address).await {
                    return Err(EngineError::Invalid(Problem::PrivatePortalApp).into());
                }
            }
            let portal = app.engine.connect_portal_app(&caller, &own).await?;
            Ok(Json(ConnectedPortal { portal, redirect_uri: Some(app.engine.portal_redirect_uri()) }))
        }
    }
}

/// Begins the consent to the company's app.
#[utoipa::path(post, path = "/api/v1/companies/{company}/integrations/bitrix24/consent", tag = "integrations",
    params(("company" = String, Path), AuthorizeQuery),
    responses((status = 200, body = ConsentAddress), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn begin(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Json<ConsentAddress>> {
    let return_to = query.return_to.as_deref().unwrap_or(PORTAL_CONNECTED);
    let url = app.engine.begin_portal(&caller.0.of(&company)?, return_to).await?;
    Ok(Json(ConsentAddress { url }))
}

/// The portal's return address: bound to the company by its state.
#[utoipa::path(get, path = "/api/integrations/oauth/bitrix24/callback", tag = "integrations", params(CallbackQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn callback(State(app): State<App>, headers: HeaderMap, Query(query): Query<CallbackQuery>) -> Response {
    consent::end(app, &headers, Service::Bitrix24, query).await
}

/// How the company's Bitrix24 portal is connected.
#[utoipa::path(get, path = "/api/v1/companies/{company}/integrations/bitrix24", tag = "integrations",
    params(("company" = String, Path)),
    responses((status = 200, body = PortalState), (status = 404, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>, caller: Manager, Path(company): Path<String>) -> Answer<Json<PortalState>> {
    let company = caller.of(&company)?.company;
    let found = app.engine.portal_status(&company).await?.ok_or(EngineError::NotFound("integration"))?;
    let kind = match found.kind {
        PortalKind::Webhook => "webhook",
        PortalKind::App => "app",
    };
    Ok(Json(PortalState {
        kind,
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
pub async fn disconnect(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
) -> Answer<StatusCode> {
    app.engine.disconnect_portal(&caller.0.of(&company)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
