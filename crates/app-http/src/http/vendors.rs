use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use kopru_engine::VendorStatus;
use kopru_ports::tokens::ConnectionStatus;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::Administrator;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// A company's account at a vendor.
#[derive(Serialize, ToSchema)]
pub struct VendorView {
    /// Which vendor: `twilio`, `resend`, `gmail`, `outlook` or `smtp`.
    vendor: &'static str,
    /// How it is.
    #[schema(value_type = String)]
    status: ConnectionStatus,
    /// What went wrong last.
    last_error: Option<String>,
    /// When it was last used.
    #[schema(value_type = Option<String>)]
    last_used: Option<Timestamp>,
    /// Its settings; of secrets, the last four characters.
    #[schema(value_type = Object)]
    settings: Value,
}

impl From<VendorStatus> for VendorView {
    fn from(found: VendorStatus) -> Self {
        Self {
            vendor: found.vendor.name(),
            status: found.status,
            last_error: found.last_error,
            last_used: found.last_used,
            settings: found.settings,
        }
    }
}

/// Connects the company's own account at a vendor: the settings, as the vendor's page in the documentation lists them,
/// are tried, and kept if the vendor takes them.
#[utoipa::path(put, path = "/api/v1/companies/{company}/integrations/{vendor}", tag = "integrations", request_body(content = Object),
    params(("company" = String, Path), ("vendor" = String, Path)),
    responses((status = 200, body = VendorView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn connect(
    State(app): State<App>,
    caller: Administrator,
    Path((company, vendor)): Path<(String, String)>,
    settings: String,
) -> Answer<Json<VendorView>> {
    let caller = caller.0.of(&company)?;
    Ok(Json(app.engine.connect_vendor(&caller, &vendor, &settings.into()).await?.into()))
}

/// How the account is doing.
#[utoipa::path(get, path = "/api/v1/companies/{company}/integrations/{vendor}", tag = "integrations",
    params(("company" = String, Path), ("vendor" = String, Path)),
    responses((status = 200, body = VendorView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(
    State(app): State<App>,
    caller: Administrator,
    Path((company, vendor)): Path<(String, String)>,
) -> Answer<Json<VendorView>> {
    let caller = caller.0.of(&company)?;
    Ok(Json(app.engine.vendor_status(&caller.company, &vendor).await?.into()))
}

/// Asks the vendor whether the settings still hold.
#[utoipa::path(post, path = "/api/v1/companies/{company}/integrations/{vendor}/test", tag = "integrations",
    params(("company" = String, Path), ("vendor" = String, Path)),
    responses((status = 200, body = VendorView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn test(
    State(app): State<App>,
    caller: Administrator,
    Path((company, vendor)): Path<(String, String)>,
) -> Answer<Json<VendorView>> {
    let caller = caller.0.of(&company)?;
    Ok(Json(app.engine.test_vendor(&caller.company, &vendor).await?.into()))
}

/// Forgets the company's settings for a vendor.
#[utoipa::path(delete, path = "/api/v1/companies/{company}/integrations/{vendor}", tag = "integrations",
    params(("company" = String, Path), ("vendor" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn disconnect(
    State(app): State<App>,
    caller: Administrator,
    Path((company, vendor)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let caller = caller.0.of(&company)?;
    app.engine.disconnect_vendor(&caller, &vendor).await?;
    Ok(StatusCode::NO_CONTENT)
}
