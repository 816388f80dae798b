//! One call to a portal: rationed, sent, read by meaning. Nothing is repeated here but a call that a renamed
//! portal sent on without carrying it out.

use std::sync::Arc;
use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_http_client::{Failure, HttpClient, Method, Reply, header};
use kopru_ports::crm::{Among, CrmError, CrmErrorKind};
use kopru_ports::gate::{Charge, Gate, Limit, Pass};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::tokens::{ConnectionStatus, TokenStore};
use kopru_ports::{Clock, Retry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::config::{BitrixConfig, Portal};
use crate::costs::Costs;
use crate::error::{classify, error};
use crate::known::Known;
use crate::pace::{self, Pace, Word};
use crate::wire::{Envelope, code};

/// One method has used up its time; the portal's others go on.
pub(crate) const METHOD_BLOCKED: &str = "operation_time_limit";

/// Bitrix24 portals, each by its company's inbound webhook or app.
pub struct Bitrix24 {
    pub(crate) integrations: Arc<dyn IntegrationStore>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) http: HttpClient,
    pub(crate) call_time: Duration,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) known: Known,
    pub(crate) costs: Costs,
    pub(crate) pace: Pace,
}

impl Bitrix24 {
    /// Portals by the companies' own settings; a call may take `call_time`, as the client's time-out says.
    /// Bitrix24 itself cuts a call after 60 s: with less, a call can be carried out after it was given up.
    #[must_use]
    pub fn new(
        integrations: Arc<dyn IntegrationStore>,
        tokens: Arc<dyn TokenStore>,
        (http, call_time): (HttpClient, Duration),
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            integrations,
            tokens,
            http,
            call_time,
            gate,
            clock,
            known: Known::default(),
            costs: Costs::default(),
            pace: Pace::default(),
        }
    }

    /// The company's portal.
    pub(crate) async fn portal_of(&self, company: &CompanyId) -> Result<Portal, CrmError> {
        let found = self.integrations.get(company, IntegrationKind::Bitrix24).await;
        let found = found.map_err(|cause| error(CrmErrorKind::Unavailable, Retry::After(None)).caused_by(cause))?;
        let found = found.ok_or_else(|| error(CrmErrorKind::NotConnected, Retry::Never))?;
        read_settings(&found.settings)
    }

    /// The company's portal, if it is still the one that is meant: the ids of another one's records mean
    /// nothing there.
    pub(crate) async fn portal_named(&self, company: &CompanyId, name: &str) -> Result<Portal, CrmError> {
        let portal = self.portal_of(company).await?;
        if portal.name == name { Ok(portal) } else { Err(error(CrmErrorKind::NotConnected, Retry::Never)) }
    }

    /// The portal whose records are searched.
    pub(crate) async fn searched(&self, among: &Among) -> Result<Portal, CrmError> {
        Ok(Portal { urgency: among.urgency, ..self.portal_named(&among.company, &among.portal).await? })
    }

    /// Makes one call.
    ///
    /// # Errors
    /// With [`Retry::OutcomeUnknown`] where the portal may have carried it out.
    pub(crate) async fn call(
        &self,
        company: &CompanyId,
        portal: &Portal,
        method: &str,
        params: &Value,
    ) -> Result<Envelope, CrmError> {
        let answer = match &portal.app {
            Some(app) => self.call_as(app, company, portal, (method, params)).await,
            None => self.call_at(company, portal, method, params).await,
        };
        answer.map_err(|refused| refused.error)
    }

    /// Makes one call at the portal's address, or at the one that a renamed portal sends it on to.
    pub(crate) async fn call_at(
        &self,
        company: &CompanyId,
        portal: &Portal,
        method: &str,
        params: &Value,
    ) -> Result<Envelope, Refused> {
        let times =
            self.pace.charges((portal, company), (method, params), |method| self.costs.mean(&portal.name, method));
        let reply = self.post((company, portal), method, params, &times).await?;
        if !is_redirect(&reply) {
            let answer = self.heed(portal, read(&reply)).await;
            self.account((company, portal), (method, params), &times, &answer).await;
            return answer;
        }
        let moved = reply.location().and_then(|location| portal.moved(method, location)).ok_or_else(lost)?;
        let reply = self.post((company, &moved), method, params, &[]).await?;
        if is_redirect(&reply) {
            return Err(lost().into());
        }
        let answer = self.heed(&moved, read(&reply)).await;
        if answer.is_ok() {
            self.remember(company, portal, &moved).await;
        }
        answer
    }

    async fn post(
        &self,
        (company, portal): (&CompanyId, &Portal),
        method: &str,
        params: &Value,
        times: &[Charge],
    ) -> Result<Reply, CrmError> {
        self.enter(company, portal, times).await?;
        // After the wait, a redirect or a token's renewal: what could still be carried out later is not begun.
        if portal.until.is_some_and(|until| self.clock.now() + self.call_time > until) {
            return Err(error(CrmErrorKind::RateLimited, Retry::After(None)));
        }
        let url = format!("{}{method}", portal.base.expose_secret());
        let request = self.http.request(Method::POST, &url).header(header::ACCEPT, "application/json").json(params);
        self.http.send(request).await.map_err(|cause| {
            let retry = if cause.failure == Failure::NotSent { Retry::After(None) } else { Retry::OutcomeUnknown };
            error(CrmErrorKind::Unavailable, retry).caused_by(cause)
        })
    }

    /// Tells the gate of a refusal that concerns all calls to the portal.
    async fn heed(&self, portal: &Portal, answer: Result<Envelope, Refused>) -> Result<Envelope, Refused> {
        if let Err(Refused { code, error }) = &answer
            && let (CrmErrorKind::RateLimited, Retry::After(Some(pause))) = (error.kind, error.retry)
            && code != METHOD_BLOCKED
        {
            self.gate.refused(&limit(portal).scope, self.clock.now() + pause).await;
        }
        answer
    }

    /// Corrects the charges for operating time by what the portal says.
    async fn account(
        &self,
        (company, portal): (&CompanyId, &Portal),
        (method, params): (&str, &Value),
        times: &[Charge],
        answer: &Result<Envelope, Refused>,
    ) {
        let outcomes = match answer {
            Ok(envelope) => pace::outcomes(method, params, envelope),
            Err(refused) if refused.error.kind == CrmErrorKind::RateLimited => {
                pace::refused(method, params, refused.code == METHOD_BLOCKED)
            }
            Err(_) => return,
        };
        let scope = |method: &str| pace::limit(portal, company, method).scope;
        let charged = |method: &str| {
            times.iter().find(|charge| charge.limit.scope == scope(method)).map_or(0.0, |charge| charge.cost)
        };
        for (method, word) in self.pace.read(&portal.name, &outcomes, charged, self.clock.now()) {
            match word {
                Word::Spent(seconds) => self.gate.corrected(&scope(&method), seconds).await,
                Word::Until(moment) => self.gate.refused(&scope(&method), moment).await,
            }
        }
    }

    /// Keeps a renamed portal's address, unless somebody connected another one meanwhile. A store that does
    /// not answer costs one more redirect, no more.
    pub(crate) async fn remember(&self, company: &CompanyId, from: &Portal, to: &Portal) {
        let Ok(stored) = self.portal_of(company).await else { return };
        if stored.base.expose_secret() != from.base.expose_secret() {
            return;
        }
        let (kind, now) = (IntegrationKind::Bitrix24, self.clock.now());
        if self.integrations.put(company, kind, to.settings()).await.is_ok() {
            let _ = self.integrations.set_status(company, kind, ConnectionStatus::Active, None, now).await;
        }
    }

    async fn enter(&self, company: &CompanyId, portal: &Portal, times: &[Charge]) -> Result<(), CrmError> {
        let call = Charge { limit: limit(portal), cost: 1.0 };
        let pass = Pass {
            company: company.clone(),
            urgency: portal.urgency,
            charges: std::iter::once(call).chain(times.iter().cloned()).collect(),
        };
        self.gate.enter(pass).await.map_err(|later| {
            let pause = Duration::try_from(later.at.duration_since(self.clock.now())).unwrap_or_default();
            error(CrmErrorKind::RateLimited, Retry::After(Some(pause)))
        })
    }
}

/// All apps and webhooks from one address share a portal's bucket: 50 at once, 2 a second
/// ([limits](https://apidocs.bitrix24.com/limits.html)). One is left for the difference of two clocks. By the portal's
/// present address: after a renaming companies know it under different names, but all find it there.
pub(crate) fn limit(portal: &Portal) -> Limit {
    Limit { scope: format!("bitrix24:{}", portal.address()), per_second: 2.0, burst: 49.0, kept: 3.0 }
}

fn is_redirect(reply: &Reply) -> bool {
    (300..400).contains(&reply.status)
}

/// A redirect that is no renaming, or one after another: the call was not carried out.
fn lost() -> CrmError {
    error(CrmErrorKind::Credentials, Retry::Never).detail("the portal redirects to where it does not answer either")
}

/// A call that the portal did not answer as wished; the code is empty where it gave none.
pub(crate) struct Refused {
    pub code: String,
    pub error: CrmError,
}

impl From<CrmError> for Refused {
    fn from(error: CrmError) -> Self {
        Self { code: String::new(), error }
    }
}

/// An answer may be an error with any status, also 200; a page in place of JSON says nothing of what was done.
fn read(reply: &Reply) -> Result<Envelope, Refused> {
    let unknown = || error(CrmErrorKind::Unavailable, Retry::OutcomeUnknown);
    let envelope: Envelope = reply.json().map_err(|cause| unknown().caused_by(cause))?;
    if let Some(found) = &envelope.error {
        let code = code(found).to_ascii_lowercase();
        let (kind, retry) = classify(reply.status, &code, &envelope.error_description);
        return Err(Refused { code, error: error(kind, retry).detail(envelope.error_description) });
    }
    if reply.status < 300 { Ok(envelope) } else { Err(unknown().into()) }
}

pub(crate) fn read_settings(settings: &SecretString) -> Result<Portal, CrmError> {
    let invalid = || error(CrmErrorKind::InvalidValue, Retry::Never);
    // What serde says of them could hold a secret.
    let config: BitrixConfig = serde_json::from_str(settings.expose_secret()).map_err(|_| invalid())?;
    config.portal().map_err(|cause| invalid().caused_by(cause))
}
