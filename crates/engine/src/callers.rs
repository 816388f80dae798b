//! Who calls: an API key, or a person by a session that was made with one.

use kopru_domain::{CompanyId, UserId};
use kopru_ports::host::HostErrorKind;
use kopru_ports::identity::Scope;
use kopru_ports::sessions::{Session, SessionKind};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::error::EngineError;
use crate::{Engine, secrets};

/// How API keys begin.
pub(crate) const KEY: &str = "kopru_";

/// Somebody who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The company.
    pub company: CompanyId,
    /// The person, where the proof is one person's own.
    pub user: Option<UserId>,
    /// What the caller may do.
    pub scopes: Vec<Scope>,
    /// How the caller proved who it is.
    pub by: Proof,
}

/// How a caller proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// By an API key.
    Key(Uuid),
    /// By a session's bearer token in the host's page; the hash by which the session is known.
    Embedded(String),
    /// By the console's cookie; likewise.
    Console(String),
    /// By a token of the host's own.
    Host,
    /// By sitting at the service's own machine.
    Operator,
}

impl Caller {
    /// An operator of the service, who may do everything in a company.
    #[must_use]
    pub fn operator(company: CompanyId) -> Self {
        Self { company, user: None, scopes: vec![Scope::Admin], by: Proof::Operator }
    }

    /// Whether the caller may do that.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| *own == Scope::Admin || *own == scope)
    }

    /// The person whose things alone the caller sees and changes; `None` is everybody's in the company. A key is the
    /// host's back end, which answers for its people, and an administrator is above them: whoever else calls is one of
    /// the people.
    #[must_use]
    pub fn confined_to(&self) -> Option<&UserId> {
        let is_person = match self.by {
            Proof::Embedded(_) | Proof::Console(_) | Proof::Host => true,
            Proof::Key(_) | Proof::Operator => false,
        };
        self.user.as_ref().filter(|_| is_person && !self.may(Scope::Admin))
    }

    /// By what the same person is known again: the session, or the person where the host's own tokens follow each other.
    /// A key's calls are the host's, whoever it calls for.
    pub(crate) fn session(&self) -> Option<String> {
        match (&self.by, &self.user) {
            (Proof::Embedded(hash) | Proof::Console(hash), _) => Some(hash.clone()),
            // No cookie's hash has a blank in it.
            (Proof::Host, Some(user)) => Some(format!("host {} {user}", self.company)),
            (Proof::Host, None) | (Proof::Key(_) | Proof::Operator, _) => None,
        }
    }

    /// Whether the caller sees and changes what is that person's; `None` is nobody's.
    #[must_use]
    pub fn reaches(&self, owner: Option<&UserId>) -> bool {
        self.confined_to().is_none_or(|own| owner == Some(own))
    }
}

impl Engine {
    /// Whoever shows this bearer token: an API key's text, an embedded session's, or a token of the host's own.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for what is unknown, revoked or expired; [`EngineError::Host`] where the host's
    /// keys cannot be had.
    pub async fn authenticate(&self, text: &SecretString) -> Result<Caller, EngineError> {
        if text.expose_secret().starts_with(KEY) {
            return self.holder(text).await;
        }
        // Ours have no dots.
        if text.expose_secret().contains('.') {
            return self.of_host(text).await;
        }
        let session = self.valid_session(text, SessionKind::Embedded).await?;
        Ok(caller(session, Proof::Embedded(secrets::hash(text))))
    }

    /// Whoever shows this cookie of the console.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for what is unknown or expired.
    pub async fn signed_in(&self, cookie: &SecretString) -> Result<Caller, EngineError> {
        let session = self.valid_session(cookie, SessionKind::Console).await?;
        Ok(caller(session, Proof::Console(secrets::hash(cookie))))
    }

    async fn holder(&self, text: &SecretString) -> Result<Caller, EngineError> {
        let found = self.ports.identity.key_by_hash(&secrets::hash(text)).await?;
        let key = found.filter(|key| key.revoked.is_none()).ok_or(EngineError::NotAuthentic)?;
        Ok(Caller { company: key.company, user: None, scopes: key.scopes, by: Proof::Key(key.id) })
    }

    async fn of_host(&self, token: &SecretString) -> Result<Caller, EngineError> {
        let hosts = self.ports.hosts.as_ref().ok_or(EngineError::NotAuthentic)?;
        let person = hosts.verify(token).await.map_err(|error| match error.kind {
            HostErrorKind::Refused => EngineError::NotAuthentic,
            _ => EngineError::Host(error),
        })?;
        self.ports.identity.company(&person.company).await?.ok_or(EngineError::NotAuthentic)?;
        let scopes = self.settings.host_scopes.clone();
        Ok(Caller { company: person.company, user: Some(person.user), scopes, by: Proof::Host })
    }

    pub(crate) async fn valid_session(&self, token: &SecretString, kind: SessionKind) -> Result<Session, EngineError> {
        let found = self.ports.sessions.session(&secrets::hash(token), self.ports.clock.now()).await?;
        found.filter(|session| session.kind == kind).ok_or(EngineError::NotAuthentic)
    }
}

fn caller(session: Session, by: Proof) -> Caller {
    Caller { company: session.company, user: Some(session.user), scopes: session.scopes, by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reaches_what_is_the_persons_own() {
        let (ayse, can): (UserId, UserId) = ("ayse".parse().unwrap(), "can".parse().unwrap());
        let (own, session) = (Some(&ayse), String::new);
        for (by, scopes, all) in [
            (Proof::Embedded(session()), vec![Scope::SyncManage], false),
            (Proof::Console(session()), vec![Scope::SyncManage, Scope::MessagesSend], false),
            (Proof::Host, vec![Scope::SyncManage], false),
            (Proof::Console(session()), vec![Scope::Admin], true),
            (Proof::Key(Uuid::nil()), vec![Scope::SyncManage], true),
            (Proof::Operator, vec![Scope::Admin], true),
        ] {
            let caller = Caller { company: "acme".parse().unwrap(), user: own.cloned(), scopes, by };
            assert!(caller.reaches(own), "{caller:?}");
            assert_eq!((caller.reaches(Some(&can)), caller.reaches(None)), (all, all), "{caller:?}");
        }
    }
}
