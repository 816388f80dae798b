//! Who calls: an API key, a person's session, and the person whom the caller acts for.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::CookieJar;
use kopru_domain::{CompanyId, UserId};
use kopru_engine::{Caller, EngineError};
use kopru_ports::identity::Scope;
use secrecy::SecretString;
use utoipa::IntoParams;

use super::App;
use super::problem::Failure;

/// The console's cookie.
pub const COOKIE: &str = "kopru_console";

/// A caller whose proof is valid.
#[derive(Debug, Clone)]
pub struct Known(pub Caller);

impl<S> FromRequestParts<S> for Known
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let app = App::from_ref(state);
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let found = match (bearer.and_then(|value| value.strip_prefix("Bearer ")), cookie(&parts.headers)) {
            (Some(text), _) => app.engine.authenticate(&SecretString::from(text.trim())).await,
            (None, Some(cookie)) if is_own_page(&app, parts) => app.engine.signed_in(&cookie).await,
            (None, _) => Err(EngineError::NotAuthentic),
        };
        let caller = found.map_err(|error| match error {
            EngineError::NotAuthentic => Failure::Unauthenticated,
            other => Failure::Engine(other),
        })?;
        app.rates.count(&caller, parts)?;
        may_call_from_there(&app, &caller.company, &parts.headers).await?;
        Ok(Self(caller))
    }
}

/// The console's session, where the browser shows one.
pub fn cookie(headers: &HeaderMap) -> Option<SecretString> {
    CookieJar::from_headers(headers).get(COOKIE).map(|cookie| SecretString::from(cookie.value()))
}

/// A browser sends the cookie along with whatever another page asks: only our own pages may ask by it.
fn is_own_page(app: &App, parts: &Parts) -> bool {
    let from = origin(&parts.headers);
    from.map_or_else(|| parts.method.is_safe(), |from| from == app.engine.public_origin())
}

/// Pages of other hosts than the company's get nothing, whatever token they have.
async fn may_call_from_there(app: &App, company: &CompanyId, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(from) = origin(headers).filter(|from| *from != app.engine.public_origin()) else { return Ok(()) };
    let own = app.engine.origins(company).await?;
    if own.iter().any(|own| own == from) { Ok(()) } else { Err(Failure::Origin) }
}

/// From which page a browser sends the request, where it says so.
pub fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default())
}

/// A caller that may manage the company's sync.
#[derive(Debug, Clone)]
pub struct Manager {
    /// Its company.
    pub company: CompanyId,
    /// The caller.
    pub caller: Caller,
}

impl<S> FromRequestParts<S> for Manager
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Known(caller) = Known::from_request_parts(parts, state).await?;
        let manager = Self { company: caller.company.clone(), caller };
        if manager.caller.may(Scope::SyncManage) { Ok(manager) } else { Err(Failure::Forbidden) }
    }
}

impl Manager {
    /// The company in the address has to be the caller's own.
    pub fn of(self, company: &str) -> Result<Caller, Failure> {
        if self.company.as_str() == company { Ok(self.caller) } else { Err(Failure::Forbidden) }
    }
}

/// A caller that may do everything in the company.
#[derive(Debug, Clone)]
pub struct Administrator(pub Manager);

impl<S> FromRequestParts<S> for Administrator
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let manager = Manager::from_request_parts(parts, state).await?;
        if manager.caller.may(Scope::Admin) { Ok(Self(manager)) } else { Err(Failure::Forbidden) }
    }
}

/// A caller together with the person whom it acts for: a session's own, or the one that a key names in the header
/// `Kopru-User`.
#[derive(Debug, Clone)]
pub struct Person {
    /// The company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// The caller.
    pub caller: Caller,
}

impl<S> FromRequestParts<S> for Person
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Manager { company, mut caller } = Manager::from_request_parts(parts, state).await?;
        caller.user = acts_for(&caller, parts)?;
        let user = caller.user.clone().ok_or(Failure::NoUser)?;
        Ok(Self { company, user, caller })
    }
}

/// A caller that may send messages, with the person whom it acts for where one is named.
#[derive(Debug, Clone)]
pub struct Messenger(pub Caller);

impl<S> FromRequestParts<S> for Messenger
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Known(mut caller) = Known::from_request_parts(parts, state).await?;
        caller.user = acts_for(&caller, parts)?;
        if caller.may(Scope::MessagesSend) { Ok(Self(caller)) } else { Err(Failure::Forbidden) }
    }
}

/// A caller that may write calendars, together with the person whose it is.
#[derive(Debug, Clone)]
pub struct CalendarPerson {
    /// The person.
    pub user: UserId,
    /// The caller.
    pub caller: Caller,
}

impl<S> FromRequestParts<S> for CalendarPerson
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Known(mut caller) = Known::from_request_parts(parts, state).await?;
        if !caller.may(Scope::CalendarWrite) {
            return Err(Failure::Forbidden);
        }
        caller.user = acts_for(&caller, parts)?;
        let user = caller.user.clone().ok_or(Failure::NoUser)?;
        Ok(Self { user, caller })
    }
}

/// A session's own person, or the one whom a key names in the header `Kopru-User`.
fn acts_for(caller: &Caller, parts: &Parts) -> Result<Option<UserId>, Failure> {
    let named: Option<UserId> =
        parts.headers.get("kopru-user").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    match (&caller.user, named) {
        (Some(own), Some(named)) if *own != named => Err(Failure::Forbidden),
        (Some(own), _) => Ok(Some(own.clone())),
        (None, named) => Ok(named),
    }
}

/// The header that names the person, for the description of the routes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description: the header itself is read by Person")]
pub struct PersonHeader {
    /// The person whom the caller acts for, in the host's own words: 1 to 128 visible characters. A session's own
    /// person where it is not given.
    #[param(rename = "Kopru-User", required = false)]
    kopru_user: String,
}
