//! Consents that a page began: the browser that comes back from the vendor shows no session. What the vendor gave is kept
//! until the session that began it shows the code that this browser got: somebody who was talked into another person's
//! consent carries no code to that person.

use std::time::Duration;

use kopru_ports::oauth::PendingConsent;
use kopru_ports::seal::{CODE, SealContext};
use kopru_ports::tokens::TokenKey;
use secrecy::SecretString;

use crate::callers::Caller;
use crate::consent::ConsentEnd;
use crate::error::{EngineError, Problem};
use crate::{Engine, secrets};

/// A page shows its code at once.
const PARKED: Duration = Duration::from_mins(2);

/// A consent that waits for whoever began it.
#[derive(Debug)]
pub struct ParkedConsent {
    /// What it is fetched with, once and soon.
    pub code: SecretString,
    /// Where the person goes next: a path of this service, or a page of the company's.
    pub return_to: String,
    /// The company's pages: none but these may know the code.
    pub origins: Vec<String>,
}

impl Engine {
    pub(crate) async fn park_consent(
        &self,
        consent: PendingConsent,
        vendors: SecretString,
    ) -> Result<ConsentEnd, EngineError> {
        let code = secrets::token()?;
        let (origins, return_to) = (self.origins(&consent.key.company).await?, consent.return_to.clone());
        let sealed = self.ports.sealer.seal(&SealContext::of_consent(&consent.key, CODE), &vendors).await?;
        let parked = PendingConsent { sealed_code: Some(sealed), ..consent };
        let now = self.ports.clock.now();
        self.ports.consents.put(&secrets::hash(&code), parked, now..now + PARKED).await?;
        Ok(ConsentEnd::Parked(ParkedConsent { code, return_to, origins }))
    }

    /// Connects the account of a consent that the caller began; to what.
    ///
    /// # Errors
    /// [`Problem::ConsentOver`] for a code that is unknown, used, expired or another caller's;
    /// [`EngineError::ScopesMissing`] and [`EngineError::OtherAccount`] as where a consent ends at once.
    pub async fn redeem_consent(&self, caller: &Caller, code: &SecretString) -> Result<TokenKey, EngineError> {
        let taken = self.ports.consents.take(&secrets::hash(code), self.ports.clock.now()).await?;
        let own = taken.filter(|consent| consent.session.is_some() && consent.session == caller.session());
        let consent = own.ok_or(EngineError::Invalid(Problem::ConsentOver))?;
        let sealed = consent.sealed_code.as_deref().ok_or(EngineError::Invalid(Problem::ConsentOver))?;
        let vendors = self.ports.sealer.open(&SealContext::of_consent(&consent.key, CODE), sealed).await?;
        self.connect(&consent, vendors).await?;
        Ok(consent.key)
    }
}
