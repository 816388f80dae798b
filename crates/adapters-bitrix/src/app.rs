//! Calls as an app: with a token, which is replaced only when the portal says that it expired
//! ([renewal](https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html)).

use std::sync::Arc;

use kopru_domain::CompanyId;
use kopru_oauth::TokenSessions;
use kopru_ports::PortError;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::tokens::{AccessTokens as _, Service, TokenErrorKind, TokenKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::client::{Bitrix24, Refused};
use crate::config::{AppConfig, Portal};
use crate::consent::BitrixConsent;
use crate::error::error;
use crate::wire::Envelope;

const EXPIRED: &str = "expired_token";
/// Also said of a token whose renewal by somebody else ended it, though its hour was not over
/// ([tokens](https://training.bitrix24.com/support/training/course/?COURSE_ID=169&LESSON_ID=20134)).
const INVALID: &str = "invalid_token";

impl Bitrix24 {
    /// Makes one call with the app's token; the same one again, once, with a new token where it had expired or was
    /// replaced meanwhile. A new token that has expired already is no use to renew.
    pub(crate) async fn call_as(
        &self,
        app: &Arc<AppConfig>,
        company: &CompanyId,
        portal: &Portal,
        (method, params): (&str, &Value),
    ) -> Result<Envelope, Refused> {
        let key = TokenKey::of_company(company, Service::Bitrix24);
        let sessions = self.sessions(app, company, portal);
        let token = sessions.access_token(&key).await.map_err(of_token)?;
        let answer = self.call_at(company, portal, method, &signed(params, &token.secret)).await;
        match &answer {
            Err(refused) if refused.code == EXPIRED => {
                sessions.refused(&key, &token.secret).await.map_err(of_token)?;
            }
            Err(refused) if refused.code == INVALID => {}
            _ => return answer,
        }
        let next = sessions.access_token(&key).await.map_err(of_token)?;
        if next.secret.expose_secret() == token.secret.expose_secret() {
            return answer;
        }
        let answer = self.call_at(company, portal, method, &signed(params, &next.secret)).await;
        if answer.as_ref().is_err_and(|refused| refused.code == EXPIRED) {
            sessions.refused_again(&key, &next.secret).await.map_err(of_token)?;
        }
        answer
    }

    fn sessions(&self, app: &Arc<AppConfig>, company: &CompanyId, portal: &Portal) -> TokenSessions {
        let consent = BitrixConsent::of(app.clone(), (company, portal), self);
        TokenSessions::new(self.tokens.clone(), Arc::new(consent), self.clock.clone()).only_when_refused()
    }
}

/// No page of the vendor's, and none of its clients, has the token in a header.
fn signed(params: &Value, token: &SecretString) -> Value {
    let mut signed = params.clone();
    signed["auth"] = json!(token.expose_secret());
    signed
}

/// Nothing was asked of the portal yet.
fn of_token(cause: PortError<TokenErrorKind>) -> CrmError {
    let kind = match cause.kind {
        TokenErrorKind::NotConnected => CrmErrorKind::NotConnected,
        TokenErrorKind::ReconnectRequired | TokenErrorKind::Misconfigured => CrmErrorKind::Credentials,
        _ => CrmErrorKind::Unavailable,
    };
    error(kind, cause.retry).caused_by(cause).without_effect()
}
