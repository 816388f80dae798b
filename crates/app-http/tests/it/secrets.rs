//! What was secret in a service's life is nowhere in what is left of it: neither in its database nor in its log.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

/// A leak of so much is one.
const PIECE: usize = 12;
/// What is secret in an address.
const IN_ADDRESSES: [&str; 5] = ["code", "key", "kopru_code", "state", "token"];
/// What is secret in a body, and which addresses hold something.
const IN_BODIES: [&str; 3] = ["client_secret", "token", "webhook_secret"];
const ADDRESSES: [&str; 2] = ["url", "webhook_url"];

/// All secrets that were seen on the way in or out.
#[derive(Default)]
pub struct Secrets(Mutex<BTreeSet<String>>);

impl Secrets {
    /// Takes what can be told from other text.
    pub fn learn(&self, secret: &str) {
        if secret.len() >= PIECE {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
        }
    }

    /// The value of a header by which callers say who they are.
    pub fn learn_header(&self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "authorization" => self.learn(value.trim_start_matches("Bearer ")),
            "cookie" | "set-cookie" => self.learn(value.split([';', '=']).nth(1).unwrap_or_default()),
            "location" => self.learn_address(value),
            _ => {}
        }
    }

    pub fn learn_address(&self, address: &str) {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if IN_ADDRESSES.contains(&&*name) {
                self.learn(&value);
            }
        }
    }

    pub fn learn_answer(&self, answer: &Answer) {
        for (name, value) in &answer.headers {
            self.learn_header(name.as_str(), value.to_str().unwrap_or_default());
        }
        self.learn_body(&answer.json);
    }

    pub fn learn_body(&self, body: &Value) {
        for secret in IN_BODIES.iter().filter_map(|name| body[*name].as_str()) {
            self.learn(secret.trim_start_matches("whsec_"));
        }
        for address in ADDRESSES.iter().filter_map(|name| body[*name].as_str()) {
            self.learn_address(address);
        }
    }

    pub fn all(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is left of a service.
pub struct Left {
    pub database: Vec<u8>,
    pub log: String,
    pub secrets: BTreeSet<String>,
}

impl Left {
    /// The secrets that are in it, and where.
    pub fn leaks(&self) -> BTreeSet<(&str, &'static str)> {
        let pieces: HashMap<Vec<u8>, &str> =
            self.secrets.iter().flat_map(|secret| pieces(secret).map(move |piece| (piece, secret.as_str()))).collect();
        let places = [(&self.database[..], "the database"), (self.log.as_bytes(), "the log")];
        places.into_iter().flat_map(|(bytes, place)| found(&pieces, bytes).map(move |secret| (secret, place))).collect()
    }
}

/// Every piece of a secret, as it is and in the spellings in which it could have been kept.
fn pieces(secret: &str) -> impl Iterator<Item = Vec<u8>> {
    let in_addresses: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut texts = vec![secret.to_owned(), in_addresses];
    // A text within a longer one begins at any of three places of its base64.
    for skipped in 0..3.min(secret.len()) {
        texts.extend([STANDARD.encode(&secret[skipped..]), URL_SAFE_NO_PAD.encode(&secret[skipped..])]);
    }
    texts.into_iter().flat_map(|text| text.as_bytes().windows(PIECE).map(<[u8]>::to_vec).collect::<Vec<_>>())
}

/// The secrets of the pieces that are in `bytes`. Most places are passed by their first bytes alone.
fn found<'s>(pieces: &HashMap<Vec<u8>, &'s str>, bytes: &[u8]) -> impl Iterator<Item = &'s str> {
    let at = |bytes: &[u8]| {
        let first = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (first.wrapping_mul(0x9e37_79b1) >> 12) as usize
    };
    let mut begins = vec![false; 1 << 20];
    for piece in pieces.keys() {
        begins[at(piece)] = true;
    }
    bytes.windows(PIECE).filter(move |window| begins[at(window)]).filter_map(|window| pieces.get(window).copied())
}

fn left(secret: &str, text: &str) -> Left {
    Left { database: Vec::new(), log: text.to_owned(), secrets: BTreeSet::from([secret.to_owned()]) }
}

#[rstest]
#[case("token=ya29.a0AfH6SMBx")]
#[case("…9.a0AfH6SMBx…")]
#[case("eWEyOS5hMEFmSDZTTUJ4")]
#[case("eyJ0b2tlbiI6InlhMjkuYTBBZkg2U01CeCJ9")]
fn a_leak_that_was_planted_is_found(#[case] text: &str) {
    let secret = "ya29.a0AfH6SMBx";
    assert_eq!(left(secret, text).leaks(), BTreeSet::from([(secret, "the log")]));
    assert_eq!(left(secret, "nothing of the kind is in here").leaks(), BTreeSet::new());
}

#[rstest]
#[case::sqlite(false)]
#[case::postgres(true)]
#[tokio::test]
async fn a_services_secrets_are_known_and_those_that_leak_are_found(#[case] on_postgres: bool) {
    let Some(mut service) =
        (if on_postgres { Service::start_on_postgres().await } else { Some(Service::start().await) })
    else {
        return;
    };
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let opened = service.call("POST", "/api/v1/sessions", Some(json!({ "user": "ayse" }))).await;
    let link = service.call("POST", "/api/v1/console-links", Some(json!({ "user": "ayse" }))).await;
    let signed_in = service.open("POST", link.json["url"].as_str().unwrap(), None).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    // Planted: a piece of the webhook's secret where a name is kept, and one of the session's token in an address.
    let (secret, token) = (config.secret.trim_start_matches("whsec_"), opened.json["token"].as_str().unwrap());
    let renamed = service.call("PATCH", &config.path, Some(json!({ "name": &secret[5..17] }))).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    service.open("GET", &format!("/{}", &token[5..17]), None).await;

    let tokens: Vec<String> = serde_json::from_value(service.vendors_get("google/tokens").await).unwrap();
    assert!(tokens.len() >= 3 && tokens.iter().any(|token| token.starts_with("ya29.")), "{tokens:?}");
    let left = service.left();
    assert!(left.database.len() > 10_000 && left.log.contains("DEBUG"), "there is something to look at");
    let known = [service.key.clone(), config.key(), secret.to_owned(), token.to_owned(), cookie];
    for secret in known.iter().chain(&tokens) {
        assert!(left.secrets.contains(secret), "{secret} is not looked for");
    }
    assert_eq!(left.leaks(), BTreeSet::from([(secret, "the database"), (token, "the log")]));
}
