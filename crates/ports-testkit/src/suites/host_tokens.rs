//! [`HostTokens`]'s clauses.

use kopru_ports::host::{HostErrorKind, HostPerson, HostTokens};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// Runs the clauses of [`HostTokens`]: `$world` gives a future of a fresh
/// [`HostWorld`](crate::suites::host_tokens::HostWorld).
#[macro_export]
macro_rules! host_tokens_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, host_tokens: [
            a_token_names_its_person,
            a_token_has_to_be_in_time,
            a_token_has_to_be_for_us,
            a_token_has_to_name_company_and_person,
            a_changed_token_is_refused,
            an_unsigned_token_is_refused,
            what_is_no_token_is_refused,
        ], skip: [$($($skip)*)?]);
    };
}

/// The audience that the adapter under test is set to; its claims are `sub` and `company`.
pub const AUDIENCE: &str = "kopru";

/// A host, and the adapter under test.
pub trait HostWorld {
    /// The adapter.
    fn tokens(&self) -> &dyn HostTokens;
    /// A token with these claims, rightly signed.
    fn sign(&self, claims: &Value) -> SecretString;
}

/// Claims that are as they should be: far from their end.
fn claims() -> Value {
    json!({ "sub": "ayse", "company": "acme", "aud": AUDIENCE, "exp": 32_503_680_000_u64 })
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

async fn refuses(world: &impl HostWorld, token: SecretString) {
    let error = world.tokens().verify(&token).await.expect_err("it must not be accepted");
    assert_eq!(error.kind, HostErrorKind::Refused);
}

/// By texts or numbers, for us alone or for others too.
pub async fn a_token_names_its_person(world: impl HostWorld) {
    let person =
        |user: &str| HostPerson { company: "acme".parse().expect("an id"), user: user.parse().expect("an id") };
    for (claims, user) in [
        (claims(), "ayse"),
        (with("sub", json!(42)), "42"),
        (with("aud", json!(["others", AUDIENCE])), "ayse"),
        (with("nbf", json!(1_000_000_000)), "ayse"),
    ] {
        let found = world.tokens().verify(&world.sign(&claims)).await.expect("accepted");
        assert_eq!(found, person(user), "{claims}");
    }
}

/// Neither expired, nor not valid yet, nor without an end.
pub async fn a_token_has_to_be_in_time(world: impl HostWorld) {
    for (claim, value) in [("exp", json!(1_000_000_000)), ("nbf", json!(32_503_679_000_u64)), ("exp", Value::Null)] {
        refuses(&world, world.sign(&with(claim, value))).await;
    }
}

/// A token that another service was meant to have.
pub async fn a_token_has_to_be_for_us(world: impl HostWorld) {
    for audience in [json!("others"), json!(["others"]), json!([]), Value::Null] {
        refuses(&world, world.sign(&with("aud", audience))).await;
    }
}

/// Each an id of ours.
pub async fn a_token_has_to_name_company_and_person(world: impl HostWorld) {
    for claim in ["sub", "company"] {
        for value in [Value::Null, json!(""), json!("two words"), json!(["ayse"]), json!(-1)] {
            refuses(&world, world.sign(&with(claim, value))).await;
        }
    }
}

/// The signature is of what it says.
pub async fn a_changed_token_is_refused(world: impl HostWorld) {
    let [own, other] = ["ayse", "can"].map(|user| world.sign(&with("sub", json!(user))).expose_secret().to_owned());
    let (own, other): (Vec<&str>, Vec<&str>) = (own.split('.').collect(), other.split('.').collect());
    refuses(&world, [own[0], other[1], own[2]].join(".").into()).await;
    refuses(&world, [own[0], own[1], ""].join(".").into()).await;
}

/// `alg: none` (RFC 8725, 2.1).
pub async fn an_unsigned_token_is_refused(world: impl HostWorld) {
    let signed = world.sign(&claims());
    let claims = signed.expose_secret().split('.').nth(1).expect("a token");
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    refuses(&world, unsigned.into()).await;
}

/// Whatever somebody sends.
pub async fn what_is_no_token_is_refused(world: impl HostWorld) {
    for text in ["", ".", "..", "a.b.c", "e30.e30.e30", "ş.ş.ş"] {
        refuses(&world, text.into()).await;
    }
}
