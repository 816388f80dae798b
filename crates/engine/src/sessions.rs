//! Sessions: a host exchanges its API key for one person's token, or for a link that signs in to the console.

use std::ops::RangeInclusive;
use std::time::Duration;

use kopru_domain::UserId;
use kopru_ports::audit::AuditAction;
use kopru_ports::identity::Scope;
use kopru_ports::sessions::{Session, SessionKind};
use kopru_ports::{StoreError, StoreErrorKind};
use secrecy::SecretString;

use crate::callers::{Caller, Proof};
use crate::error::{EngineError, Problem};
use crate::{Engine, secrets};

/// How long an embedded session may last.
pub const LIFETIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(12);
/// A link is followed at once.
const LINK: Duration = Duration::from_mins(5);
/// A working day at the console.
const CONSOLE: Duration = Duration::from_hours(12);

/// A session that was just begun: the only time that its token is known.
#[derive(Debug)]
pub struct NewSession {
    /// Its token.
    pub token: SecretString,
    /// Whose it is, what it may do, and until when.
    pub session: Session,
}

/// For whom a session is, and what it may do.
#[derive(Debug, Clone)]
pub struct SessionWish {
    /// The person.
    pub user: UserId,
    /// What it may do; what the key may, but not as its administrator, where it is `None`.
    pub scopes: Option<Vec<Scope>>,
}

impl Engine {
    /// A token for one person in the host's pages.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] where the caller is no API key, or has not all the scopes itself;
    /// [`Problem::BadValue`] for a lifetime out of [`LIFETIMES`].
    pub async fn open_session(
        &self,
        caller: &Caller,
        wish: SessionWish,
        lifetime: Duration,
    ) -> Result<NewSession, EngineError> {
        if !LIFETIMES.contains(&lifetime) {
            return Err(EngineError::Invalid(Problem::BadValue("expires_in")));
        }
        self.begin(self.granted(caller, wish, SessionKind::Embedded, lifetime)?).await
    }

    /// What a link holds that signs a person in to the console, once and soon.
    ///
    /// # Errors
    /// As [`Engine::open_session`].
    pub async fn console_link(&self, caller: &Caller, wish: SessionWish) -> Result<NewSession, EngineError> {
        let session = self.granted(caller, wish, SessionKind::SignIn, LINK)?;
        self.record(caller, AuditAction::LinkMade, &session.user).await?;
        self.begin(session).await
    }

    /// Signs in to the console by what a link holds.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for a link that is unknown, used or too old.
    pub async fn sign_in(&self, link: &SecretString) -> Result<NewSession, EngineError> {
        let now = self.ports.clock.now();
        let link = self.valid_session(link, SessionKind::SignIn).await.map(|_| secrets::hash(link))?;
        let taken = self.ports.sessions.end_session(&link, now).await?.ok_or(EngineError::NotAuthentic)?;
        self.begin(Session { kind: SessionKind::Console, expires: now + CONSOLE, ..taken }).await
    }

    /// Ends the caller's session; an API key has none.
    pub async fn end_session(&self, caller: &Caller) -> Result<(), EngineError> {
        if let Proof::Embedded(session) | Proof::Console(session) = &caller.by {
            self.ports.sessions.end_session(session, self.ports.clock.now()).await?;
        }
        Ok(())
    }

    /// The session for which a key may be exchanged.
    fn granted(
        &self,
        caller: &Caller,
        wish: SessionWish,
        kind: SessionKind,
        lifetime: Duration,
    ) -> Result<Session, EngineError> {
        let Proof::Key(key) = caller.by else { return Err(EngineError::NotAllowed) };
        let scopes = wish.scopes.unwrap_or_else(|| for_a_person(&caller.scopes));
        if scopes.is_empty() || !scopes.iter().all(|scope| caller.may(*scope)) {
            return Err(EngineError::NotAllowed);
        }
        let expires = self.ports.clock.now() + lifetime;
        Ok(Session { company: caller.company.clone(), user: wish.user, kind, scopes, key, expires })
    }

    async fn begin(&self, session: Session) -> Result<NewSession, EngineError> {
        let token = secrets::token()?;
        let begun = self.ports.sessions.begin_session(&secrets::hash(&token), &session, self.ports.clock.now()).await;
        begun.map_err(revoked)?;
        Ok(NewSession { token, session })
    }
}

/// What a person may do with a key that may do that: an administrator's key stands for all but administration.
fn for_a_person(scopes: &[Scope]) -> Vec<Scope> {
    let everything = [Scope::MessagesSend, Scope::CalendarWrite, Scope::SyncManage];
    let is_admin = scopes.contains(&Scope::Admin);
    everything.into_iter().filter(|scope| is_admin || scopes.contains(scope)).collect()
}

/// The key was revoked while its session was begun.
fn revoked(error: StoreError) -> EngineError {
    match error.kind {
        StoreErrorKind::Conflict => EngineError::NotAuthentic,
        _ => EngineError::Store(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_no_administrator_unless_the_host_says_so() {
        use Scope::{Admin, CalendarWrite, MessagesSend, SyncManage};
        assert_eq!(for_a_person(&[Admin]), [MessagesSend, CalendarWrite, SyncManage]);
        assert_eq!(for_a_person(&[SyncManage, MessagesSend]), [MessagesSend, SyncManage]);
        assert_eq!(for_a_person(&[]), []);
    }
}
