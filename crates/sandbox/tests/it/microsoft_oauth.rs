//! The identity platform: the page, codes, tokens, and what ends them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, header::LOCATION};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    microsoft_support::ACCOUNT,
    support::{Fixture, json_of},
};

const REDIRECT: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";
const SCOPE: &str = "offline_access openid email https://graph.microsoft.com/Mail.Send";

fn asked() -> Vec<(&'static str, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let fields = [
        ("client_id", "sandbox-client"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "st/ate"),
        ("nonce", "n1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    fields.map(|(name, value)| (name, value.to_owned())).to_vec()
}

async fn decide(fixture: &Fixture, decision: &str) -> Url {
    let form = [asked(), vec![("decision", decision.to_owned())]].concat();
    let request = fixture.request(Method::POST, "microsoft/common/oauth2/v2.0/authorize").form(&form);
    let answer = request.send().await.unwrap();
    Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap()
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn token(fixture: &Fixture, fields: &[(&str, &str)]) -> (u16, Value) {
    let own = [("client_id", "sandbox-client"), ("client_secret", "sandbox-secret")];
    let mut form: Vec<_> = own.into_iter().filter(|(name, _)| fields.iter().all(|(other, _)| other != name)).collect();
    form.extend(fields.iter().filter(|(_, value)| !value.is_empty()));
    json_of(fixture.request(Method::POST, "microsoft/common/oauth2/v2.0/token").form(&form).send().await.unwrap()).await
}

async fn exchange(fixture: &Fixture, changed: &[(&str, &str)]) -> (u16, Value) {
    let code = query(&decide(fixture, "allow").await, "code").unwrap();
    redeem(fixture, &code, changed).await
}

async fn redeem(fixture: &Fixture, code: &str, changed: &[(&str, &str)]) -> (u16, Value) {
    let usual =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    let kept = usual.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    token(fixture, &kept.chain(changed.iter().copied()).collect::<Vec<_>>()).await
}

async fn refresh(fixture: &Fixture, refresh_token: &Value, more: &[(&str, &str)]) -> (u16, Value) {
    let own = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str().unwrap())];
    token(fixture, &[&own, more].concat()).await
}

#[tokio::test]
async fn a_consent_becomes_tokens_that_tell_whose_they_are() {
    let fixture = Fixture::start().await;
    let page =
        fixture.request(Method::GET, "microsoft/common/oauth2/v2.0/authorize").query(&asked()).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Microsoft") && page.contains(ACCOUNT) && page.contains("Mail.Send"), "{page}");
    let callback = decide(&fixture, "allow").await;
    assert_eq!(query(&callback, "state").as_deref(), Some("st/ate"));
    let (status, tokens) = redeem(&fixture, &query(&callback, "code").unwrap(), &[]).await;
    assert_eq!((status, &tokens["expires_in"], &tokens["token_type"]), (200, &json!(3599), &json!("Bearer")));
    assert_eq!(tokens["scope"], "email https://graph.microsoft.com/Mail.Send openid");
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(
        (&claims["email"], &claims["aud"], &claims["nonce"]),
        (&json!(ACCOUNT), &json!("sandbox-client"), &json!("n1"))
    );
    assert_eq!(claims["iss"], format!("{}/microsoft/common/v2.0", fixture.base));
}

#[tokio::test]
async fn who_declines_is_told_so() {
    let fixture = Fixture::start().await;
    let callback = decide(&fixture, "cancel").await;
    assert_eq!((query(&callback, "error").as_deref(), query(&callback, "code")), (Some("access_denied"), None));
}

#[rstest]
#[case::client("client_id", "nobody", "AADSTS700016")]
#[case::redirect("redirect_uri", "http://elsewhere.example/", "AADSTS50011")]
#[case::response("response_type", "token", "AADSTS900144")]
#[case::mode("response_mode", "fragment", "AADSTS90014")]
#[case::scope("scope", "", "AADSTS900144")]
#[case::challenge("code_challenge_method", "plain", "AADSTS501491")]
#[tokio::test]
async fn pages_that_cannot_be_shown(#[case] name: &'static str, #[case] value: &str, #[case] text: &str) {
    let fixture = Fixture::start().await;
    let mut asked: Vec<_> = asked().into_iter().filter(|(other, _)| *other != name).collect();
    asked.push((name, value.to_owned()));
    let answer =
        fixture.request(Method::GET, "microsoft/common/oauth2/v2.0/authorize").query(&asked).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains(text));
}

#[rstest]
#[case::secret(&[("client_secret", "wrong")], 401, "invalid_client", 7_000_215)]
#[case::no_secret(&[("client_secret", "")], 401, "invalid_client", 7_000_218)]
#[case::client(&[("client_id", "nobody")], 400, "unauthorized_client", 700_016)]
#[case::redirect(&[("redirect_uri", "http://127.0.0.1:9/other")], 400, "invalid_grant", 50_011)]
#[case::verifier(&[("code_verifier", "other")], 400, "invalid_grant", 501_481)]
#[case::no_verifier(&[("code_verifier", "")], 400, "invalid_grant", 501_481)]
#[case::code(&[("code", "M.C1_other")], 400, "invalid_grant", 70_000)]
#[case::grant_type(&[("grant_type", "password")], 400, "unsupported_grant_type", 70_003)]
#[tokio::test]
async fn exchanges_that_fail(
    #[case] changed: &[(&str, &str)],
    #[case] status: u16,
    #[case] error: &str,
    #[case] number: u32,
) {
    let fixture = Fixture::start().await;
    let (answered, body) = exchange(&fixture, changed).await;
    assert_eq!((answered, &body["error"], &body["error_codes"]), (status, &json!(error), &json!([number])), "{body}");
    assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")));
}

#[tokio::test]
async fn a_code_serves_once_and_for_ten_minutes() {
    let fixture = Fixture::stopped().await;
    let code = query(&decide(&fixture, "allow").await, "code").unwrap();
    assert_eq!(redeem(&fixture, &code, &[]).await.0, 200);
    assert_eq!(redeem(&fixture, &code, &[]).await.1["error_codes"], json!([54_005]));
    let code = query(&decide(&fixture, "allow").await, "code").unwrap();
    fixture.advance(600).await;
    assert_eq!(redeem(&fixture, &code, &[]).await.1["error_codes"], json!([70_008]));
}

#[tokio::test]
async fn a_client_without_a_secret_has_pkce_alone() {
    let fixture = Fixture::start().await;
    fixture.control("microsoft/clients", json!({"sandbox-client": null})).await;
    assert_eq!(exchange(&fixture, &[("client_secret", "")]).await.0, 200);
    assert_eq!(exchange(&fixture, &[("client_secret", ""), ("code_verifier", "x")]).await.0, 400);
}

#[tokio::test]
async fn every_refresh_brings_another_token_and_the_old_one_lives_on_or_not() {
    let fixture = Fixture::stopped().await;
    let first = exchange(&fixture, &[]).await.1["refresh_token"].clone();
    let (status, tokens) = refresh(&fixture, &first, &[("scope", "https://graph.microsoft.com/Mail.Send")]).await;
    assert_eq!((status, &tokens["scope"]), (200, &json!("https://graph.microsoft.com/Mail.Send")));
    assert_ne!(tokens["refresh_token"], first);
    assert_eq!(refresh(&fixture, &first, &[]).await.0, 200);
    assert_eq!(refresh(&fixture, &first, &[("scope", "Mail.Read")]).await.1["error_codes"], json!([65_001]));
    fixture.control("microsoft/settings", json!({"refresh_once": true})).await;
    assert_eq!(refresh(&fixture, &first, &[]).await.0, 200);
    assert_eq!(refresh(&fixture, &first, &[]).await.1["error"], "invalid_grant");
    let last = refresh(&fixture, &tokens["refresh_token"], &[]).await.1["refresh_token"].clone();
    fixture.advance(90 * 24 * 3600).await;
    assert_eq!(refresh(&fixture, &last, &[]).await.1["error_codes"], json!([70_008]));
}

#[rstest]
#[case::password("invalid_grant", 400)]
#[case::second_factor("interaction_required", 400)]
#[case::bad_day("temporarily_unavailable", 503)]
#[tokio::test]
async fn grants_end_until_the_person_consents_again(#[case] error: &str, #[case] status: u16) {
    let fixture = Fixture::start().await;
    let tokens = exchange(&fixture, &[]).await.1;
    fixture.control("microsoft/refuse", json!({"error": error})).await;
    let (answered, body) = refresh(&fixture, &tokens["refresh_token"], &[]).await;
    assert_eq!((answered, &body["error"]), (status, &json!(error)));
    let me = fixture.request(Method::GET, "microsoft/v1.0/me").bearer_auth(tokens["access_token"].as_str().unwrap());
    assert_eq!(me.send().await.unwrap().status(), 401);
    assert_eq!(exchange(&fixture, &[]).await.0, 200);
}
