//! Consents, whatever the vendor: a single-use state ties the vendor's answer to who began.

use std::time::Duration;

use kopru_ports::oauth::{AuthorizeRequest, OAuthProvider, PendingConsent};
use kopru_ports::seal::SealContext;
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use secrecy::SecretString;

use crate::error::{EngineError, Problem};
use crate::{Engine, secrets};

/// So long a person may take over the consent page.
const CONSENT: Duration = Duration::from_mins(10);

fn verifier_context(key: &TokenKey) -> SealContext {
    SealContext { company: key.company.clone(), owner: key.user.to_string(), purpose: "oauth.verifier".to_owned() }
}

impl Engine {
    /// The address to send the person to. `return_to` is a path of this service.
    pub(crate) async fn begin_consent(
        &self,
        key: TokenKey,
        provider: &dyn OAuthProvider,
        redirect_uri: String,
        return_to: &str,
    ) -> Result<String, EngineError> {
        if !return_to.starts_with('/') || return_to.starts_with("//") || return_to.contains('\\') {
            return Err(EngineError::Invalid(Problem::BadReturnAddress));
        }
        let (state, verifier) = (secrets::token()?, secrets::token()?);
        let sealed_verifier = self.ports.sealer.seal(&verifier_context(&key), &verifier).await?;
        let consent = PendingConsent { key, sealed_verifier, return_to: return_to.to_owned() };
        self.ports.consents.put(&secrets::hash(&state), consent, self.ports.clock.now() + CONSENT).await?;
        Ok(provider.authorize_url(&AuthorizeRequest { state, verifier, redirect_uri }))
    }

    /// The consent that the vendor answers, once.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for a state that is unknown, used, expired or another service's.
    pub(crate) async fn take_consent(
        &self,
        state: &SecretString,
        service: Service,
    ) -> Result<PendingConsent, EngineError> {
        let consent = self.ports.consents.take(&secrets::hash(state), self.ports.clock.now()).await?;
        consent.filter(|consent| consent.key.service == service).ok_or(EngineError::NotAuthentic)
    }

    /// Stores what the vendor gives for the code.
    ///
    /// # Errors
    /// [`EngineError::ScopesMissing`] when boxes were left unticked.
    pub(crate) async fn complete_consent(
        &self,
        consent: &PendingConsent,
        provider: &dyn OAuthProvider,
        redirect_uri: &str,
        code: SecretString,
    ) -> Result<(), EngineError> {
        let verifier = self.ports.sealer.open(&verifier_context(&consent.key), &consent.sealed_verifier).await?;
        let grant = provider.exchange(code, verifier, redirect_uri).await?;
        let needed = provider.needed_scopes().iter();
        let missing: Vec<String> = needed
            .filter(|scope| !grant.scopes.iter().any(|granted| granted == *scope))
            .map(ToString::to_string)
            .collect();
        if !missing.is_empty() {
            return Err(EngineError::ScopesMissing(missing));
        }
        let account = provider.account(grant.access.clone()).await?;
        let token = StoredToken {
            version: 0,
            access: grant.access,
            refresh: grant.refresh,
            expires_at: grant.expires_at,
            scopes: grant.scopes,
            account_id: account.id,
            account_email: account.email,
            status: ConnectionStatus::Active,
            last_error: None,
        };
        self.ports.tokens.save(&consent.key, token).await?;
        Ok(())
    }
}
