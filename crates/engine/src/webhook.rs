//! The sheet's own webhook: a signed hint that rows changed.
//!
//! Signed as [Standard Webhooks](https://www.standardwebhooks.com/) says: `webhook-id`,
//! `webhook-timestamp`, and `webhook-signature` over `id.timestamp.body`. Without these headers a hint is
//! taken too, since the address holds a key and every row is read again before anything is written.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use kopru_ports::configs::SyncConfig;
use kopru_ports::seal::SealedPlace;
use kopru_ports::sync::{Accepted, SheetEvent};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

use crate::error::{EngineError, Problem};
use crate::{Engine, secrets, work};

/// A post older or newer than this is not accepted; the edit itself may be of any age.
const WINDOW: Duration = Duration::from_mins(5);
/// More rows than that are looked for by reading the whole tab.
const MOST_ROWS: u32 = 200;

/// The headers of a signed post.
#[derive(Debug, Clone)]
pub struct WebhookHeaders {
    /// `webhook-id`: by it alone repetitions are known.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: String,
    /// `webhook-signature`: one or more of `v1,BASE64`, separated by blanks.
    pub signature: String,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Stored durably.
    Accepted,
    /// Known already.
    Duplicate,
}

/// Hand-made scripts send numbers as texts too, and some languages whole numbers as `5.0`.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and small enough to be exact")]
        Value::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15).map(|float| float as i64)
        }),
        _ => None,
    }
}

impl Engine {
    /// Takes a post to a configuration's own address: verified, then stored durably before this returns.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for an unknown key, a wrong signature or a post outside the window;
    /// [`Problem::OtherSheet`] and [`Problem::BadEvent`] for a body that does not fit.
    pub async fn accept_webhook(
        &self,
        key: &SecretString,
        headers: Option<WebhookHeaders>,
        body: &[u8],
    ) -> Result<Delivered, EngineError> {
        let config = self.ports.configs.by_webhook_key(&secrets::hash(key)).await?.ok_or(EngineError::NotAuthentic)?;
        let now = self.ports.clock.now();
        let id = match headers {
            Some(headers) => {
                let place = SealedPlace::WebhookSecret(config.company.clone(), config.id);
                let secret = self.ports.sealer.open(&place.context(), &config.sealed_secret).await?;
                verify(&secret, &headers, body, now)?;
                headers.id
            }
            None => format!("hint_{}", self.ports.ids.next().simple()),
        };
        let event = SheetEvent { id, rows: changed_rows(&config, body)?, received: now };
        let stored = self.ports.sync.accept(&config.company, config.id, event, work::events(&config, now)).await?;
        self.waker.wake();
        Ok(match stored {
            Accepted::Stored => Delivered::Accepted,
            Accepted::Duplicate => Delivered::Duplicate,
        })
    }
}

fn verify(secret: &SecretString, headers: &WebhookHeaders, body: &[u8], now: Timestamp) -> Result<(), EngineError> {
    let sent = headers.timestamp.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let sent = sent.ok_or(EngineError::NotAuthentic)?;
    if now.duration_since(sent).unsigned_abs() > WINDOW || headers.id.is_empty() || headers.id.len() > 256 {
        return Err(EngineError::NotAuthentic);
    }
    let key =
        STANDARD.decode(secret.expose_secret().trim_start_matches("whsec_")).map_err(|_| EngineError::NotAuthentic)?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| EngineError::NotAuthentic)?;
    let mac = mac.chain_update(format!("{}.{}.", headers.id, headers.timestamp)).chain_update(body);
    let signatures = headers.signature.split(' ').filter_map(|entry| STANDARD.decode(entry.strip_prefix("v1,")?).ok());
    let mut right = false;
    for signature in signatures.take(8) {
        right |= mac.clone().verify_slice(&signature).is_ok();
    }
    if right { Ok(()) } else { Err(EngineError::NotAuthentic) }
}

/// The rows that an event names, from 0 and half-open; `None` asks for the whole tab.
fn changed_rows(config: &SyncConfig, body: &[u8]) -> Result<Option<(u32, u32)>, EngineError> {
    let bad = |field| EngineError::Invalid(Problem::BadEvent(field));
    let event: Value = serde_json::from_slice(body).map_err(|_| bad("body"))?;
    let sheet = event["sheet_id"].as_str().ok_or(bad("sheet_id"))?;
    let gid = number(&event["gid"]).ok_or(bad("gid"))?;
    if sheet != config.spreadsheet.as_str() || gid != i64::from(config.gid.0) {
        return Err(EngineError::Invalid(Problem::OtherSheet));
    }
    let row = |value: &Value| number(value).and_then(|row| u32::try_from(row).ok()).filter(|row| *row > 0);
    let (first, end) = match (event["event"].as_str(), &event["rows"]) {
        (Some("row_edited" | "row_added"), _) => {
            let row = row(&event["row_id"]).ok_or(bad("row_id"))?;
            (row - 1, row)
        }
        (Some("rows_changed"), Value::Null) | (Some("row_deleted"), _) => return Ok(None),
        (Some("rows_changed"), rows) => {
            let (first, last) = row(&rows[0]).zip(row(&rows[1])).ok_or(bad("rows"))?;
            if first > last || rows[2] != Value::Null {
                return Err(bad("rows"));
            }
            (first - 1, last)
        }
        _ => return Err(bad("event")),
    };
    // The header row and large ranges are looked at with the whole tab.
    Ok(Some((first, end)).filter(|(first, end)| *first > 0 && end - first <= MOST_ROWS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks and Svix documentation.
    fn documented() -> (SecretString, WebhookHeaders, &'static [u8], Timestamp) {
        let headers = WebhookHeaders {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".into(),
            timestamp: "1614265330".into(),
            signature: "v1,bm9ldHUgd3Jvbmc= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into(),
        };
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        (secret, headers, br#"{"test": 2432232314}"#, Timestamp::from_second(1_614_265_330).unwrap())
    }

    #[test]
    fn the_documented_signature_is_right() {
        let (secret, headers, body, now) = documented();
        assert!(verify(&secret, &headers, body, now).is_ok());
    }

    #[test]
    fn another_body_id_or_time_is_not() {
        let (secret, headers, body, now) = documented();
        assert!(verify(&secret, &headers, b"{}", now).is_err());
        assert!(verify(&secret, &headers, body, now + Duration::from_secs(301)).is_err());
        assert!(verify(&secret, &WebhookHeaders { id: "msg_other".into(), ..headers.clone() }, body, now).is_err());
        assert!(verify(&secret, &WebhookHeaders { signature: String::new(), ..headers }, body, now).is_err());
    }
}
