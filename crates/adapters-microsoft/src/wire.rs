//! Microsoft's JSON.

use secrecy::SecretString;
use serde::Deserialize;

/// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#successful-response-2>
#[derive(Debug, Deserialize)]
pub(crate) struct Tokens {
    pub access_token: SecretString,
    #[serde(default)]
    pub refresh_token: Option<SecretString>,
    /// In seconds.
    #[serde(default)]
    pub expires_in: Option<u64>,
    #[serde(default)]
    pub scope: String,
}

/// What the token endpoint says of a refusal; its `error_description` is not taken: it repeats what was asked.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenRefusal {
    pub error: String,
}

/// <https://learn.microsoft.com/en-us/graph/api/user-get>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    pub id: String,
    /// Personal accounts may have none.
    #[serde(default)]
    pub mail: Option<String>,
    pub user_principal_name: String,
}

/// <https://learn.microsoft.com/en-us/graph/api/resources/message>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub id: String,
    pub is_draft: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Messages {
    pub value: Vec<Message>,
}

/// <https://learn.microsoft.com/en-us/graph/errors>
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorDetail {
    pub code: String,
}
