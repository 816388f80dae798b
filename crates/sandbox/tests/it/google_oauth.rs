//! Sections 1 and 4 of the Google facts: consent, tokens, Drive's list.

use reqwest::{Method, header::LOCATION};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Fixture, SHEETS, json_of};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:9/callback?own=1";
const DRIVE: &str = "https://www.googleapis.com/auth/drive.metadata.readonly";

fn asked(prompt: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", "sandbox-client"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "email https://www.googleapis.com/auth/spreadsheets"),
        ("state", "a b/c"),
        ("access_type", "offline"),
        ("prompt", prompt),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// Answers the consent page's form; the parameters of the redirect.
async fn consent(fixture: &Fixture, form: &[(&str, &str)]) -> Vec<(String, String)> {
    let request = fixture.request(Method::POST, "google/o/oauth2/v2/auth").form(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let target = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    target.query_pairs().into_owned().collect()
}

async fn allow(fixture: &Fixture, prompt: &str) -> String {
    let mut form = asked(prompt);
    form.extend([("decision", "allow"), ("grant", "email"), ("grant", SHEETS)]);
    let pairs = consent(fixture, &form).await;
    pairs.into_iter().find(|(key, _)| key == "code").unwrap().1
}

async fn exchange(fixture: &Fixture, code: &str, verifier: &str) -> (u16, Value) {
    let form =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", verifier)];
    let request = fixture.request(Method::POST, "google/token").form(&form);
    let request = request.basic_auth("sandbox-client", Some("sandbox-secret"));
    json_of(request.send().await.unwrap()).await
}

async fn refresh(fixture: &Fixture, token: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-secret"),
    ];
    let request = fixture.request(Method::POST, "google/token").form(&form);
    json_of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn consent_token_refresh_revoke() {
    let fixture = Fixture::start().await;
    let page = fixture.request(Method::GET, "google/o/oauth2/v2/auth").query(&asked("consent"));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("demo@example.com") && page.contains(&format!("value=\"{SHEETS}\" checked")));
    let code = allow(&fixture, "consent").await;
    assert!(code.contains('/'), "codes must be decoded by the client");
    let (status, tokens) = exchange(&fixture, &code, VERIFIER).await;
    assert_eq!((status, tokens["expires_in"].as_i64()), (200, Some(3599)));
    assert!(tokens["scope"].as_str().unwrap().contains("auth/userinfo.email"), "short names come back in full");
    assert_eq!(exchange(&fixture, &code, VERIFIER).await.1["error"], "invalid_grant", "a code serves once");

    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let (status, again) = refresh(&fixture, refresh_token).await;
    assert_eq!((status, again.get("refresh_token")), (200, None));
    let me = fixture.request(Method::GET, "google/v1/userinfo").bearer_auth(again["access_token"].as_str().unwrap());
    assert_eq!(json_of(me.send().await.unwrap()).await.1["email"], "demo@example.com");

    let revoke =
        fixture.request(Method::POST, "google/revoke").query(&[("token", again["access_token"].as_str().unwrap())]);
    assert_eq!(revoke.send().await.unwrap().status(), 200);
    let expected = json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."});
    assert_eq!(refresh(&fixture, refresh_token).await, (400, expected));
}

#[tokio::test]
async fn a_wrong_verifier_is_refused() {
    let fixture = Fixture::start().await;
    let code = allow(&fixture, "consent").await;
    let (status, answer) = exchange(&fixture, &code, "another").await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_second_consent_without_prompt_gives_no_refresh_token() {
    let fixture = Fixture::start().await;
    let mut has_refresh = Vec::new();
    for prompt in ["none", "none", "select_account consent"] {
        let code = allow(&fixture, prompt).await;
        has_refresh.push(exchange(&fixture, &code, VERIFIER).await.1.get("refresh_token").is_some());
    }
    assert_eq!(has_refresh, [true, false, true]);
}

#[tokio::test]
async fn a_person_may_grant_a_part_or_nothing() {
    let fixture = Fixture::start().await;
    let mut form = asked("consent");
    form.extend([("decision", "allow"), ("grant", "email")]);
    let pairs = consent(&fixture, &form).await;
    let scope = ("scope".to_owned(), "https://www.googleapis.com/auth/userinfo.email".to_owned());
    assert!(pairs.contains(&scope));
    let mut form = asked("consent");
    form.push(("decision", "cancel"));
    let pairs = consent(&fixture, &form).await;
    let expected = [("own", "1"), ("state", "a b/c"), ("error", "access_denied")];
    assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[rstest]
#[case::client("client_id", "nobody", 401)]
#[case::redirect("redirect_uri", "http://example.com/", 400)]
#[case::response_type("response_type", "token", 400)]
#[tokio::test]
async fn a_bad_request_never_redirects(#[case] key: &str, #[case] value: &str, #[case] status: u16) {
    let fixture = Fixture::start().await;
    let mut query = asked("consent");
    query.retain(|(name, _)| *name != key);
    query.push((key, value));
    let request = fixture.request(Method::GET, "google/o/oauth2/v2/auth").query(&query);
    assert_eq!(request.send().await.unwrap().status(), status);
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client() {
    let fixture = Fixture::start().await;
    let form = [("grant_type", "refresh_token"), ("client_id", "sandbox-client"), ("client_secret", "no")];
    let request = fixture.request(Method::POST, "google/token").form(&form);
    let (status, answer) = json_of(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn files_come_in_pages_and_errors_in_the_older_shape() {
    let fixture = Fixture::start().await;
    for title in ["Satış 2025", "Satış 2026", "Stok"] {
        fixture.control("google/spreadsheets", json!({"title": title, "tabs": [{"title": "T"}]})).await;
    }
    let token = fixture.token(DRIVE).await;
    let list = async |token: &str, query: &[(&str, &str)]| {
        let request = fixture.request(Method::GET, "google/drive/v3/files").query(query).bearer_auth(token);
        json_of(request.send().await.unwrap()).await
    };
    let q = "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false and name contains 'satış'";
    let query = [("q", q), ("orderBy", "name"), ("pageSize", "1"), ("fields", "nextPageToken,files(name)")];
    let (_, first) = list(&token, &query).await;
    assert_eq!(first["files"], json!([{"name": "Satış 2025"}]));
    let mut next = query.to_vec();
    next.push(("pageToken", first["nextPageToken"].as_str().unwrap()));
    assert_eq!(list(&token, &next).await.1, json!({"files": [{"name": "Satış 2026"}]}));
    assert_eq!(list(&token, &[("nonsense", "1")]).await.0, 400);

    let wrong = fixture.token(SHEETS).await;
    let (status, answer) = list(&wrong, &[]).await;
    assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (403, &json!("insufficientPermissions")));
    fixture.control("google/expire", json!({})).await;
    let (status, answer) = list(&token, &[]).await;
    assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (401, &json!("authError")));
}

#[rstest]
#[case::sheets(SHEETS, 400)]
#[case::signing_in_only("openid", 200)]
#[tokio::test]
async fn while_an_application_is_tested_its_tokens_live_a_week(#[case] scope: &str, #[case] status: u16) {
    let fixture = Fixture::start().await;
    fixture.control("google/settings", json!({"testing": true})).await;
    let tokens = fixture.control("google/tokens", json!({"scopes": [scope]})).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    fixture.control("clock", json!({"advance_seconds": 6 * 86400})).await;
    assert_eq!(refresh(&fixture, token).await.0, 200);
    fixture.control("clock", json!({"advance_seconds": 86400})).await;
    assert_eq!(refresh(&fixture, token).await.0, status);
}

#[tokio::test]
async fn of_more_than_a_hundred_refresh_tokens_the_oldest_is_gone() {
    let fixture = Fixture::start().await;
    let mut tokens = Vec::new();
    for _ in 0..101 {
        let pair = fixture.control("google/tokens", json!({"scopes": [SHEETS]})).await;
        tokens.push(pair["refresh_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(refresh(&fixture, &tokens[0]).await.1["error"], "invalid_grant");
    assert_eq!(refresh(&fixture, &tokens[1]).await.0, 200);
}

#[tokio::test]
async fn an_access_token_lives_its_hour_on_the_sandboxs_clock() {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    let token = fixture.token(DRIVE).await;
    let status = async || {
        let request = fixture.request(Method::GET, "google/drive/v3/files").bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };
    fixture.control("clock", json!({"advance_seconds": 3598})).await;
    assert_eq!(status().await, 200);
    fixture.control("clock", json!({"advance_seconds": 1})).await;
    assert_eq!(status().await, 401);
}
