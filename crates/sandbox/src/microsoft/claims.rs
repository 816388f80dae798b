//! Who a person is, as clients read it: <https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference>.

use axum::{Json, extract::Path, http::request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::state::{Grant, TOKEN_LIFE};
use crate::bitrix::portal::origin;

const DIRECTORY: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

pub(super) fn issuer(origin: &str, tenant: &str) -> String {
    format!("{origin}/microsoft/{tenant}/v2.0")
}

/// Where everything is, at the address by which it is asked for.
pub(super) async fn configuration(Path(tenant): Path<String>, parts: Parts) -> Json<Value> {
    let base = format!("{}/microsoft/{tenant}", origin(&parts));
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
    }))
}

/// Nothing is signed with a key that anybody could look up.
pub(super) async fn keys() -> Json<Value> {
    Json(json!({"keys": []}))
}

/// A stable id for an account, made from its address.
pub(super) fn object_id(account: &str) -> String {
    let sum = account.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
    format!("00000000-0000-0000-{:04x}-{:012x}", sum >> 48, sum & 0xffff_ffff_ffff)
}

pub(super) fn client_info(account: &str) -> String {
    encoded(&json!({"uid": object_id(account), "utid": DIRECTORY}))
}

/// A client that got it over TLS from the token endpoint need not verify its signature, and this one has none.
pub(super) fn id_token(grant: &Grant, issuer: &str, nonce: Option<&str>, now: i64) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox"});
    let mut claims = json!({
        "ver": "2.0", "iss": issuer, "sub": object_id(&grant.account), "aud": grant.client_id,
        "exp": now + TOKEN_LIFE, "iat": now, "nbf": now, "name": grant.account,
        "preferred_username": grant.account, "email": grant.account, "oid": object_id(&grant.account), "tid": DIRECTORY,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    format!("{}.{}.{}", encoded(&header), encoded(&claims), URL_SAFE_NO_PAD.encode("unsigned"))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
