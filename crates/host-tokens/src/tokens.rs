use async_trait::async_trait;
use jsonwebtoken::{decode, decode_header};
use kopru_ports::host::{HostError, HostPerson, HostTokens};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::keys::{Keys, refused};

/// What a host's tokens have to say.
#[derive(Debug, Clone)]
pub struct Terms {
    /// For whom they are: one of their `aud`.
    pub audience: String,
    /// Who made them, their `iss`; anybody with the key where it is `None`.
    pub issuer: Option<String>,
    /// The claim that names the person.
    pub user_claim: String,
    /// The claim that names the company.
    pub company_claim: String,
}

/// A host's JWTs.
pub struct HostJwts {
    keys: Keys,
    terms: Terms,
}

impl HostJwts {
    /// Tokens that are signed with `keys` and meet `terms`.
    #[must_use]
    pub fn new(keys: Keys, terms: Terms) -> Self {
        Self { keys, terms }
    }

    fn person(&self, claims: &Map<String, Value>) -> Option<HostPerson> {
        Some(HostPerson {
            company: word(claims.get(&self.terms.company_claim)?)?.parse().ok()?,
            user: word(claims.get(&self.terms.user_claim)?)?.parse().ok()?,
        })
    }
}

/// An id, which hosts write as a text or as a number.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

#[async_trait]
impl HostTokens for HostJwts {
    async fn verify(&self, token: &SecretString) -> Result<HostPerson, HostError> {
        let token = token.expose_secret();
        let header = decode_header(token).map_err(|_| refused())?;
        let (key, mut validation) = self.keys.of(&header).await?;
        validation.set_required_spec_claims(&["exp", "aud"]);
        validation.set_audience(&[&self.terms.audience]);
        validation.validate_nbf = true;
        if let Some(issuer) = &self.terms.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        let claims = decode::<Map<String, Value>>(token, &key, &validation);
        let claims = claims.map_err(|error| refused().caused_by(error))?.claims;
        self.person(&claims).ok_or_else(refused)
    }
}
