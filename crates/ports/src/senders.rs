//! What adapters that send have in common, whatever they send.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_domain::message::Trouble;
use secrecy::SecretString;

use crate::clock::Clock;
use crate::delivery::Urgency;
use crate::error::Retry;
use crate::gate::{Charge, Gate, Limit, Pass};
use crate::integrations::{IntegrationKind, IntegrationStore};
use crate::messages::SendError;

/// A company's settings for a vendor, as they are stored.
///
/// # Errors
/// [`Trouble::NotConfigured`] where there are none, [`Trouble::ProviderDown`] while the store is away.
pub async fn settings_of(
    store: &dyn IntegrationStore,
    company: &CompanyId,
    kind: IntegrationKind,
    adapter: &'static str,
) -> Result<SecretString, SendError> {
    let found = store.get(company, kind).await;
    let away = |cause| SendError::new(adapter, Trouble::ProviderDown, Retry::After(None)).caused_by(cause);
    let found = found.map_err(away)?.map(|found| found.settings);
    found.ok_or_else(|| SendError::new(adapter, Trouble::NotConfigured, Retry::Never))
}

/// The way past a sender's limit.
pub struct Turn<'a> {
    /// Who lets one after the other through.
    pub gate: &'a dyn Gate,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// The adapter's name in errors.
    pub adapter: &'static str,
}

impl Turn<'_> {
    /// Makes a call that sends, once it is its turn, and closes the gate for as long as the vendor asks for. A quota
    /// that is spent is the engine's to wait for.
    ///
    /// # Errors
    /// [`Trouble::RateLimited`], with the time until its turn, where that comes later: nothing was called then. What the
    /// call ends in, otherwise.
    pub async fn send<T>(
        &self,
        company: &CompanyId,
        urgency: Urgency,
        limit: Limit,
        call: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let scope = limit.scope.clone();
        let pass = Pass { company: company.clone(), urgency, charges: vec![Charge { limit, cost: 1.0 }] };
        self.gate.enter(pass).await.map_err(|later| {
            let pause = Duration::try_from(later.at.duration_since(self.clock.now())).unwrap_or_default();
            SendError::new(self.adapter, Trouble::RateLimited, Retry::After(Some(pause)))
        })?;
        let sent = call.await;
        if let Err(SendError { kind: Trouble::RateLimited, retry: Retry::After(Some(pause)), .. }) = &sent {
            self.gate.refused(&scope, self.clock.now() + *pause).await;
        }
        sent
    }
}
