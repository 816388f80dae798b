//! Consents, whatever the vendor: a single-use state ties the vendor's answer to who began.

use std::time::Duration;

use kopru_ports::audit::AuditAction;
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthProvider, PendingConsent};
use kopru_ports::seal::{SealContext, VERIFIER};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use secrecy::SecretString;

use crate::callers::{Caller, Proof};
use crate::error::{EngineError, Problem};
use crate::redeem::ParkedConsent;
use crate::{Engine, secrets};

/// So long a person may take over the consent page.
const CONSENT: Duration = Duration::from_mins(10);

/// What a vendor sends a person back with.
#[derive(Debug)]
pub struct ConsentAnswer {
    /// The state that it was given.
    pub state: SecretString,
    /// The code for tokens.
    pub code: SecretString,
    /// The console's cookie, where the browser has one.
    pub cookie: Option<SecretString>,
}

/// What became of a consent when the vendor sent the person back.
#[derive(Debug)]
pub enum ConsentEnd {
    /// The account is connected.
    Connected {
        /// Where the person goes next.
        return_to: String,
    },
    /// It waits for whoever began it.
    Parked(ParkedConsent),
}

impl Engine {
    /// The address to send the person to. `return_to` is a path of this service, or a page of the company's.
    pub(crate) async fn begin_consent(
        &self,
        key: TokenKey,
        (provider, redirect_uri): (&dyn OAuthProvider, String),
        caller: &Caller,
        return_to: &str,
    ) -> Result<String, EngineError> {
        if !self.may_return_to(&key.company, return_to).await? {
            return Err(EngineError::Invalid(Problem::BadReturnAddress));
        }
        let (state, verifier) = (secrets::token()?, secrets::token()?);
        let consent = PendingConsent {
            sealed_verifier: self.ports.sealer.seal(&SealContext::of_consent(&key, VERIFIER), &verifier).await?,
            key,
            return_to: return_to.to_owned(),
            session: caller.session(),
            by_code: matches!(caller.by, Proof::Embedded(_) | Proof::Host),
            sealed_code: None,
            actor: caller.actor(),
        };
        let now = self.ports.clock.now();
        self.ports.consents.put(&secrets::hash(&state), consent, now..now + CONSENT).await?;
        Ok(provider.authorize_url(&AuthorizeRequest { state, verifier, redirect_uri }))
    }

    /// Takes what a vendor sent the person back with.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for a state that is unknown, used, expired or another browser's;
    /// [`EngineError::ScopesMissing`] when boxes were left unticked.
    pub async fn end_consent(&self, service: Service, answer: ConsentAnswer) -> Result<ConsentEnd, EngineError> {
        let consent = self.take_consent(&answer, service).await?;
        if consent.by_code {
            return self.park_consent(consent, answer.code).await;
        }
        self.connect(&consent, answer.code).await?;
        Ok(ConsentEnd::Connected { return_to: consent.return_to })
    }

    pub(crate) async fn connect(&self, consent: &PendingConsent, code: SecretString) -> Result<(), EngineError> {
        match consent.key.service {
            Service::Bitrix24 => self.connect_by_app(consent, code).await,
            Service::Gmail | Service::Outlook => self.connect_mailbox(consent, code).await,
            _ => self.connect_google(consent, code).await,
        }
    }

    /// The consent that the vendor answers, once.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for a state that is unknown, used, expired, another service's, or that was begun
    /// at a console where another person sits.
    async fn take_consent(&self, answer: &ConsentAnswer, service: Service) -> Result<PendingConsent, EngineError> {
        let consent = self.ports.consents.take(&secrets::hash(&answer.state), self.ports.clock.now()).await?;
        let cookie = answer.cookie.as_ref().map(secrets::hash);
        let is_its = |consent: &PendingConsent| {
            let is_at_its_end = consent.by_code || consent.session.is_none() || consent.session == cookie;
            consent.key.service == service && consent.sealed_code.is_none() && is_at_its_end
        };
        consent.filter(is_its).ok_or(EngineError::NotAuthentic)
    }

    /// Stores what the vendor gives for the code.
    ///
    /// # Errors
    /// [`EngineError::ScopesMissing`] when boxes were left unticked, [`EngineError::OtherAccount`] when a person who
    /// is connected comes back with another account: what runs on the first one would lose its files.
    pub(crate) async fn complete_consent(
        &self,
        consent: &PendingConsent,
        provider: &dyn OAuthProvider,
        redirect_uri: &str,
        code: SecretString,
    ) -> Result<(), EngineError> {
        let context = SealContext::of_consent(&consent.key, VERIFIER);
        let verifier = self.ports.sealer.open(&context, &consent.sealed_verifier).await?;
        let grant = provider.exchange(code, verifier, redirect_uri).await?;
        check_scopes(provider, &grant)?;
        let account = provider.account(grant.access.clone()).await?;
        let before = self.ports.tokens.load(&consent.key).await?;
        if let Some(before) = &before
            && before.account_id != account.id
            && consent.key.service.is_personal()
        {
            self.give_back(provider, &account, grant).await;
            return Err(EngineError::OtherAccount(before.account_email.clone()));
        }
        self.record_connected(consent).await?;
        self.ports.tokens.save(&consent.key, connected(grant, account, before)).await?;
        Ok(())
    }

    async fn record_connected(&self, consent: &PendingConsent) -> Result<(), EngineError> {
        let TokenKey { company, user, service } = &consent.key;
        let (action, subject) = match service {
            Service::Bitrix24 => (AuditAction::PortalConnected, ""),
            Service::Gmail | Service::Outlook => (AuditAction::VendorConnected, service.name()),
            _ => (AuditAction::GoogleConnected, user.as_str()),
        };
        self.record_as(company, consent.actor.clone(), action, subject).await
    }

    /// Ends a grant that nobody wanted, unless others have connected the same account: a vendor may end theirs with
    /// it. One that stays granted is no harm to anybody: its tokens are forgotten.
    async fn give_back(&self, provider: &dyn OAuthProvider, account: &Account, grant: Grant) {
        if matches!(self.ports.tokens.count_for_account(&account.id).await, Ok(0))
            && let Err(error) = provider.revoke(grant.refresh.unwrap_or(grant.access)).await
        {
            tracing::info!(%error, "a grant that was not wanted could not be ended");
        }
    }
}

/// Boxes can be left unticked.
fn check_scopes(provider: &dyn OAuthProvider, grant: &Grant) -> Result<(), EngineError> {
    let is_missing = |scope: &&&str| !grant.scopes.iter().any(|granted| granted == **scope);
    let missing: Vec<String> = provider.needed_scopes().iter().filter(is_missing).map(ToString::to_string).collect();
    if missing.is_empty() { Ok(()) } else { Err(EngineError::ScopesMissing(missing)) }
}

fn connected(grant: Grant, account: Account, before: Option<StoredToken>) -> StoredToken {
    StoredToken {
        version: 0,
        access: grant.access,
        // A vendor may give one at the first consent only.
        refresh: grant.refresh.or_else(|| before.and_then(|before| before.refresh)),
        expires_at: grant.expires_at,
        scopes: grant.scopes,
        account_id: account.id,
        account_email: account.email,
        status: ConnectionStatus::Active,
        last_error: None,
    }
}
