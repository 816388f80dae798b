//! Who calls: an API key's company, and the person whom the caller acts for.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::identity::Scope;
use secrecy::SecretString;
use utoipa::IntoParams;

use super::App;
use super::problem::Failure;

/// A caller that may manage the company's sync.
#[derive(Debug, Clone)]
pub struct Manager {
    /// Its company.
    pub company: CompanyId,
}

impl<S> FromRequestParts<S> for Manager
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let text = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Failure::Unauthenticated)?;
        let app = App::from_ref(state);
        let key = app.engine.authenticate(&SecretString::from(text.trim())).await;
        let key = key.map_err(|error| match error {
            kopru_engine::EngineError::NotAuthentic => Failure::Unauthenticated,
            other => Failure::Engine(other),
        })?;
        app.rates.count(&key.id, parts)?;
        let allowed = key.scopes.iter().any(|scope| matches!(scope, Scope::Admin | Scope::SyncManage));
        if allowed { Ok(Self { company: key.company }) } else { Err(Failure::Forbidden) }
    }
}

impl Manager {
    /// The company in the address has to be the key's own.
    pub fn of(self, company: &str) -> Result<CompanyId, Failure> {
        if self.company.as_str() == company { Ok(self.company) } else { Err(Failure::Forbidden) }
    }
}

/// A caller together with the person whom it acts for, named in the header `Kopru-User`.
#[derive(Debug, Clone)]
pub struct Person {
    /// The company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
}

impl<S> FromRequestParts<S> for Person
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Manager { company } = Manager::from_request_parts(parts, state).await?;
        let user =
            parts.headers.get("kopru-user").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        Ok(Self { company, user: user.ok_or(Failure::NoUser)? })
    }
}

/// The header that names the person, for the description of the routes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description: the header itself is read by Person")]
pub struct PersonHeader {
    /// The person whom the caller acts for, in the host's own words: 1 to 128 visible characters.
    #[param(rename = "Kopru-User")]
    kopru_user: String,
}
