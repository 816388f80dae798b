//! The authorize page on the portal and the tokens of the authorization
//! server: <https://apidocs.bitrix24.com/settings/oauth/index.html>.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Extension, RawQuery, Request, State as Extracted},
    http::{StatusCode, header::LOCATION},
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    apps::{CODE_LIFE, Code, Grant, MEMBER_ID, TOKEN_LIFE},
    errors::RestError,
    portal::{Base, origin},
    state::State,
};
use crate::server::Shared;

const LARGEST_FORM: usize = 16 * 1024;

type Fields = BTreeMap<String, String>;

fn fields(text: &str) -> Fields {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn get<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// A failure is shown on the portal; nobody is sent back to the application.
fn failure(text: &str) -> Response {
    let page = format!("<!doctype html><title>Bitrix24</title><h1>Authorization failed</h1><p>{text}</p>");
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

/// The portal's page, on which a person says who they are.
pub(super) async fn page(Extracted(app): Extracted<Shared>, RawQuery(query): RawQuery) -> Response {
    let asked = fields(&query.unwrap_or_default());
    let state = app.bitrix();
    if state.apps.installed(get(&asked, "client_id")).is_none() {
        return failure("Application not found or not installed");
    }
    let options = state.users.iter().map(|user| {
        let name = escaped(&format!("{} {}", user.name, user.last_name));
        format!(r#"<option value="{}">{name}</option>"#, user.id)
    });
    let page = include_str!("../pages/authorize.html")
        .replace("{client}", &escaped(get(&asked, "client_id")))
        .replace("{state}", &escaped(get(&asked, "state")))
        .replace("{users}", &options.collect::<String>());
    Html(page).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The form of the page: back to the application's own address, with a code.
pub(super) async fn decide(
    Extracted(app): Extracted<Shared>,
    Extension(Base(base)): Extension<Base>,
    body: String,
) -> Response {
    let asked = fields(&body);
    let mut state = app.bitrix();
    let user_id = get(&asked, "user_id").parse().unwrap_or(1);
    let Some((client_id, own)) = state.apps.installed(get(&asked, "client_id")) else {
        return failure("Application not found or not installed");
    };
    let Ok(mut target) = Url::parse(&own.redirect_uri) else {
        return failure("The application has no redirect_uri");
    };
    let (scopes, client_id) = (own.scopes.clone(), client_id.to_owned());
    let scope = scopes.join(",");
    let expires_ms = state.clock.now_ms() + CODE_LIFE * 1000;
    let grant = Grant { client_id, user_id, scopes, portal: base.clone() };
    let code = state.apps.give_code(Code { grant, expires_ms });
    let host = |url: &str| url.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or_default();
    let server = state.auth_server.clone().unwrap_or_else(|| origin_of(&base));
    target.query_pairs_mut().extend_pairs([
        ("code", code.as_str()),
        ("state", get(&asked, "state")),
        ("domain", &host(&base)),
        ("member_id", MEMBER_ID),
        ("scope", &scope),
        ("server_domain", &host(&server)),
    ]);
    (StatusCode::FOUND, [(LOCATION, target.to_string())]).into_response()
}

fn origin_of(base: &str) -> String {
    Url::parse(base).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// `/oauth/token/`: the documentation shows a GET query, an SDK posts a form.
pub(super) async fn token(Extracted(app): Extracted<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_FORM).await.unwrap_or_default();
    let mut asked = fields(parts.uri.query().unwrap_or_default());
    asked.extend(fields(&String::from_utf8_lossy(&body)));
    let answer = issue(&mut app.bitrix(), &origin(&parts), &asked);
    answer.map_or_else(RestError::into_response, |tokens| Json(tokens).into_response())
}

fn refusal(status: StatusCode, code: &str, text: &str) -> RestError {
    RestError::new(status, code, text)
}

fn issue(state: &mut State, origin: &str, asked: &Fields) -> Result<Value, RestError> {
    authenticate(state, origin, asked)?;
    let invalid = || refusal(StatusCode::BAD_REQUEST, "invalid_grant", "Invalid grant");
    let grant = match get(asked, "grant_type") {
        "authorization_code" => {
            let now_ms = state.clock.now_ms();
            let code = state.apps.codes.remove(get(asked, "code")).ok_or_else(invalid)?;
            Some(code.grant).filter(|_| code.expires_ms > now_ms)
        }
        // The old pair dies with the refresh, the access token too.
        "refresh_token" => state.apps.take_refresh(get(asked, "refresh_token")),
        _ => return Err(refusal(StatusCode::BAD_REQUEST, "invalid_request", "Invalid grant_type")),
    };
    let grant = grant.filter(|grant| grant.client_id == get(asked, "client_id")).ok_or_else(invalid)?;
    Ok(tokens(state, origin, grant))
}

/// A client that this region's server does not know is told so with a 200.
fn authenticate(state: &State, origin: &str, asked: &Fields) -> Result<(), RestError> {
    let here = state.auth_server.as_deref().is_none_or(|server| server == origin);
    let app = state.apps.clients.get(get(asked, "client_id")).filter(|_| here);
    let app = app.ok_or_else(|| refusal(StatusCode::OK, "WRONG_CLIENT", "Wrong client"))?;
    if app.secret != get(asked, "client_secret") {
        return Err(refusal(StatusCode::BAD_REQUEST, "invalid_client", "Invalid client"));
    }
    if !app.installed {
        return Err(refusal(StatusCode::UNAUTHORIZED, "NOT_INSTALLED", "Application not installed"));
    }
    Ok(())
}

fn tokens(state: &mut State, origin: &str, grant: Grant) -> Value {
    let expires_ms = state.clock.now_ms() + TOKEN_LIFE * 1000;
    let server = state.auth_server.clone().unwrap_or_else(|| origin.to_owned());
    let portal = state.address.clone().unwrap_or_else(|| grant.portal.clone());
    let (scope, user_id) = (grant.scopes.join(","), grant.user_id);
    let (access, refresh) = state.apps.issue(None, grant, expires_ms);
    json!({
        "access_token": access,
        "expires": expires_ms / 1000,
        "expires_in": TOKEN_LIFE,
        "scope": scope,
        // The authorization server's, not the portal's.
        "domain": server.split_once("://").map_or("", |(_, host)| host),
        "server_endpoint": format!("{server}/rest/"),
        "status": "L",
        "client_endpoint": format!("{portal}/rest/"),
        "member_id": MEMBER_ID,
        "user_id": user_id,
        "refresh_token": refresh,
    })
}
