//! Where the portal is: one that was renamed answers 302 at its old address.
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/change-domen.html>

use axum::{
    Extension,
    extract::{OriginalUri, Request, State as Extracted},
    http::{StatusCode, Uri, header::HOST, header::LOCATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

use super::errors;
use crate::server::Shared;

/// `http` or `https`, as the listener has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scheme(pub &'static str);

/// `http://127.0.0.1:4000/bitrix24`: what stands before `/rest/`.
#[derive(Debug, Clone)]
pub(super) struct Base(pub String);

/// `http://127.0.0.1:4000`, by the name that the caller used.
pub(crate) fn origin(parts: &Parts) -> String {
    let Scheme(scheme) = parts.extensions.get().copied().unwrap_or(Scheme("http"));
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("{scheme}://{host}")
}

fn split(uri: &Uri) -> (String, String) {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    let at = ["/rest/", "/oauth/"].iter().filter_map(|part| whole.find(part)).min().unwrap_or_default();
    (whole[..at].to_owned(), whole[at..].to_owned())
}

/// Lets through what came to the portal's present address.
pub(super) async fn locate(Extracted(app): Extracted<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    let (prefix, rest) = split(uri);
    let base = format!("{}{prefix}", origin(&parts));
    let (address, https_only) = {
        let state = app.bitrix();
        (state.address.clone(), state.https_only)
    };
    match address {
        Some(address) if !same(&address, &base) => {
            return (StatusCode::FOUND, [(LOCATION, format!("{address}{rest}"))]).into_response();
        }
        None if !matches!(prefix.as_str(), "" | "/bitrix24") => return StatusCode::NOT_FOUND.into_response(),
        _ => {}
    }
    if https_only && base.starts_with("http:") {
        return errors::https_required().into_response();
    }
    parts.extensions.insert(Base(base));
    next.run(Request::from_parts(parts, body)).await
}

/// The same place, over HTTP or HTTPS.
fn same(address: &str, base: &str) -> bool {
    let place =
        |text: &str| Url::parse(text).ok().map(|url| (url.host_str().map(str::to_owned), url.path().to_owned()));
    place(address) == place(base)
}

/// A layer that tells the handlers how they are reached.
pub(crate) fn reached_by(scheme: &'static str) -> Extension<Scheme> {
    Extension(Scheme(scheme))
}
