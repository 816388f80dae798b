use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use kopru_domain::CompanyId;
use kopru_engine::EngineError;
use kopru_ports::inbound::InboundRequest;
use kopru_ports::integrations::IntegrationKind;
use url::Url;

use super::problem::Answer;
use super::{App, ProblemDocument};

/// Takes what Twilio tells: where messages stand, and what people answer. Signed by the vendor over the public address.
#[utoipa::path(post, path = "/hooks/twilio/{company}", tag = "webhooks", params(("company" = String, Path)), security(()),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn twilio(
    State(app): State<App>,
    Path(company): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    told(&app, IntegrationKind::Twilio, &company, &request(&app, &uri, &headers, &body)?).await
}

/// Takes what Resend tells of e-mails: delivered, opened, bounced, called spam. Signed by the vendor over the body.
#[utoipa::path(post, path = "/hooks/resend/{company}", tag = "webhooks", params(("company" = String, Path)), security(()),
    request_body(content = Object),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn resend(
    State(app): State<App>,
    Path(company): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    told(&app, IntegrationKind::Resend, &company, &request(&app, &uri, &headers, &body)?).await
}

async fn told(app: &App, vendor: IntegrationKind, company: &str, request: &InboundRequest) -> Answer<StatusCode> {
    // Who does not know our companies learns nothing of them.
    let company: CompanyId = company.parse().map_err(|_| EngineError::NotAuthentic)?;
    app.engine.vendor_told(&company, vendor, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The request under its public address: behind a proxy the address that we see is another one.
fn request(app: &App, uri: &http::Uri, headers: &HeaderMap, body: &Bytes) -> Answer<InboundRequest> {
    let path = uri.path_and_query().map_or(uri.path(), http::uri::PathAndQuery::as_str);
    let url = Url::parse(&format!("{}{path}", app.engine.public_url())).map_err(|_| EngineError::NotAuthentic)?;
    let headers = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Ok(InboundRequest { url, headers: headers.collect(), body: body.to_vec(), received: app.engine.now() })
}
