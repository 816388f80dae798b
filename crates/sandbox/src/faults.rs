//! Faults on demand: what networks and vendors do on their bad days.

use std::{sync::Mutex, sync::MutexGuard, sync::PoisonError, time::Duration};

use axum::{
    body::Body,
    extract::{OriginalUri, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{bitrix, google, microsoft, resend, server::Shared, twilio};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Vendor {
    Google,
    Bitrix24,
    Twilio,
    Microsoft,
    Resend,
    Smtp,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    HangBefore,
    HangAfter,
    ResetBefore,
    ResetAfter,
    Status,
    Html,
    Garbage,
    Slow,
    BatchCut,
    ExpiredToken,
    Error,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, skip_deserializing)]
    pub id: u64,
    pub vendor: Vendor,
    /// Part of the path, in any case; empty matches every call.
    #[serde(default)]
    pub matching: String,
    pub kind: Kind,
    /// How many matching calls are hit, after `skip` were let through.
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default)]
    pub skip: u32,
    pub ms: Option<u64>,
    pub status: Option<u16>,
    pub body: Option<String>,
    /// `error`: in the vendor's own envelope.
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub description: String,
    /// `batch_cut`: commands that are done before the gateway gives up.
    pub k: Option<usize>,
}

impl Fault {
    fn status(&self, otherwise: u16) -> StatusCode {
        StatusCode::from_u16(self.status.unwrap_or(otherwise)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn refusal(&self) -> bitrix::errors::RestError {
        bitrix::errors::RestError::new(self.status(400), &self.code, self.description.as_str())
    }
}

fn once() -> u32 {
    1
}

/// Tells the batch handler to stop after so many commands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchCut(pub usize);

#[derive(Debug, Default)]
struct Armed {
    last_id: u64,
    faults: Vec<Fault>,
}

#[derive(Debug)]
pub(crate) struct Faults {
    armed: Mutex<Armed>,
    /// Counts the clearings; held connections wait for the next one.
    cleared: watch::Sender<u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { armed: Mutex::default(), cleared: watch::Sender::new(0) }
    }
}

impl Faults {
    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn arm(&self, mut fault: Fault) -> u64 {
        let mut armed = self.armed();
        armed.last_id += 1;
        fault.id = armed.last_id;
        let id = fault.id;
        armed.faults.push(fault);
        id
    }

    pub fn list(&self) -> Vec<Fault> {
        self.armed().faults.clone()
    }

    /// Disarms everything and lets the held connections go.
    pub fn clear(&self) {
        self.armed().faults.clear();
        self.cleared.send_modify(|count| *count += 1);
    }

    /// The fault that hits this call, if one does.
    pub fn take(&self, vendor: Vendor, path: &str) -> Option<Fault> {
        let path = path.to_lowercase();
        self.take_first(|fault| fault.vendor == vendor && path.contains(&fault.matching.to_lowercase()))
    }

    /// The error that hits this command of a batch alone, if one does.
    pub fn take_command(&self, method: &str) -> Option<bitrix::errors::RestError> {
        let hits = |fault: &Fault| {
            let named = !fault.matching.is_empty() && method.contains(&fault.matching.to_lowercase());
            named && fault.vendor == Vendor::Bitrix24 && matches!(fault.kind, Kind::Error)
        };
        self.take_first(hits).map(|fault| fault.refusal())
    }

    fn take_first(&self, hits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut armed = self.armed();
        let fault = armed.faults.iter_mut().find(|fault| fault.times > 0 && hits(fault))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.clone())
    }

    /// Sees clearings from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.cleared.subscribe()
    }

    /// Waits for `ms` or the next clearing after `cleared` was subscribed.
    pub async fn hold(mut cleared: watch::Receiver<u64>, ms: Option<u64>) {
        let limit = ms.map_or(Duration::MAX, Duration::from_millis);
        tokio::select! {
            _ = cleared.changed() => {}
            () = tokio::time::sleep(limit) => {}
        }
    }
}

/// Runs the call to its end even if the client goes away meanwhile, as the
/// vendors' servers do.
async fn complete(next: Next, request: Request) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|_| severed())
}

pub(crate) async fn inject_google(app: State<Shared>, request: Request, next: Next) -> Response {
    inject(&app, Vendor::Google, request, next).await
}

pub(crate) async fn inject_bitrix(app: State<Shared>, request: Request, next: Next) -> Response {
    inject(&app, Vendor::Bitrix24, request, next).await
}

pub(crate) async fn inject_twilio(app: State<Shared>, request: Request, next: Next) -> Response {
    inject(&app, Vendor::Twilio, request, next).await
}

pub(crate) async fn inject_microsoft(app: State<Shared>, request: Request, next: Next) -> Response {
    inject(&app, Vendor::Microsoft, request, next).await
}

pub(crate) async fn inject_resend(app: State<Shared>, request: Request, next: Next) -> Response {
    inject(&app, Vendor::Resend, request, next).await
}

async fn inject(app: &Shared, vendor: Vendor, mut request: Request, next: Next) -> Response {
    let full = request.extensions().get::<OriginalUri>().map(|OriginalUri(uri)| uri);
    let path = decoded(full.unwrap_or(request.uri()).path());
    let Some(fault) = app.faults.take(vendor, &path) else {
        return complete(next, request).await;
    };
    tracing::debug!(?fault, "fault");
    let cleared = app.faults.watch();
    match fault.kind {
        Kind::HangBefore => {
            Faults::hold(cleared, fault.ms).await;
            severed()
        }
        Kind::HangAfter => {
            complete(next, request).await;
            Faults::hold(cleared, fault.ms).await;
            severed()
        }
        Kind::ResetBefore => severed(),
        Kind::ResetAfter => {
            complete(next, request).await;
            severed()
        }
        Kind::Status => canned(&fault),
        Kind::Html => gateway(StatusCode::BAD_GATEWAY),
        Kind::Garbage => {
            complete(next, request).await;
            "{\"result\":{\"it".into_response()
        }
        Kind::Slow => {
            tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(1000))).await;
            complete(next, request).await
        }
        Kind::BatchCut => {
            request.extensions_mut().insert(BatchCut(fault.k.unwrap_or(1)));
            complete(next, request).await
        }
        Kind::Error => match vendor {
            Vendor::Google => {
                let error = google::errors::on_demand(fault.status(400).as_u16(), &fault.code, &fault.description);
                google::errors::in_shape(error, &path).into_response()
            }
            Vendor::Bitrix24 => fault.refusal().into_response(),
            Vendor::Twilio => {
                twilio::errors::on_demand(fault.status(400).as_u16(), &fault.code, &fault.description).into_response()
            }
            Vendor::Microsoft => match microsoft::errors::OAuthError::named(&fault.code) {
                Some(error) if path.contains("/oauth2/") => error.into_response(),
                _ => {
                    let status = fault.status(500).as_u16();
                    microsoft::errors::on_demand(status, &fault.code, &fault.description).into_response()
                }
            },
            Vendor::Resend => resend::errors::on_demand(fault.status, &fault.code, &fault.description).into_response(),
            Vendor::Smtp => canned(&fault),
        },
        Kind::ExpiredToken => match vendor {
            Vendor::Google => google::errors::in_shape(google::errors::unauthenticated(), &path).into_response(),
            Vendor::Bitrix24 => bitrix::errors::expired_token().into_response(),
            Vendor::Twilio => twilio::errors::refused(20003).into_response(),
            Vendor::Microsoft => microsoft::errors::unauthenticated("The token is expired.").into_response(),
            Vendor::Resend => resend::errors::refused("invalid_api_key").into_response(),
            Vendor::Smtp => canned(&fault),
        },
    }
}

/// The path as people write it, so that `values:batchUpdate` matches `values%3AbatchUpdate`.
fn decoded(path: &str) -> String {
    let literal = path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let pair = url::form_urlencoded::parse(literal.as_bytes()).next();
    pair.map(|(path, _)| path.into_owned()).unwrap_or_default()
}

/// No answer at all: the body fails before a byte is flushed, and the server
/// closes the connection.
fn severed() -> Response {
    let cut = futures::stream::once(async { Err::<axum::body::Bytes, _>(std::io::Error::other("severed on demand")) });
    Body::from_stream(cut).into_response()
}

fn canned(fault: &Fault) -> Response {
    let body = fault.body.clone().unwrap_or_default();
    let kind = if body.trim_start().starts_with('{') { "application/json" } else { "text/plain" };
    (fault.status(500), [(CONTENT_TYPE, kind)], body).into_response()
}

/// What a gateway in front of the vendor says when the vendor does not.
pub(crate) fn gateway(status: StatusCode) -> Response {
    let title = status.to_string();
    let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_then_hits_then_is_spent() {
        let faults = Faults::default();
        faults.arm(
            serde_json::from_str(r#"{"vendor":"google","matching":"Values","kind":"html","times":1,"skip":1}"#)
                .unwrap(),
        );
        let hits = ["/v4/values:x", "/token", "/v4/VALUES:x", "/v4/values:x"]
            .map(|path| faults.take(Vendor::Google, path).is_some());
        assert_eq!(hits, [false, false, true, false]);
    }

    #[test]
    fn an_encoded_colon_matches() {
        assert_eq!(decoded("/v4/a/values%3AbatchUpdate"), "/v4/a/values:batchUpdate");
    }
}
