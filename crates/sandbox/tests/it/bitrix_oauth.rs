//! Section 1: applications, their tokens, and a portal that was renamed.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder, header::LOCATION};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Fixture, json_of};

const CLIENT: [(&str, &str); 2] = [("client_id", "app.1"), ("client_secret", "s")];
const MEMBER: &str = "7c5e1d0a4b8f4e2d9a6b3c1f0e8d7a52";

async fn with_app() -> Fixture {
    let fixture = Fixture::start().await;
    let app = json!({"client_id": "app.1", "client_secret": "s", "redirect_uri": "http://127.0.0.1:9/back?own=1", "scopes": ["crm"]});
    fixture.control("bitrix24/apps", app).await;
    fixture
}

/// Presses the button of the portal's page; what comes back to the application.
async fn authorize(fixture: &Fixture) -> BTreeMap<String, String> {
    let page = "bitrix24/oauth/authorize/?client_id=app.1&state=a%20b";
    let shown = fixture.request(Method::GET, page).send().await.unwrap();
    assert!(shown.text().await.unwrap().contains("<b>app.1</b>"));
    let form = [("client_id", "app.1"), ("state", "a b"), ("user_id", "2")];
    let answer = fixture.request(Method::POST, page).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let target = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    assert!(target.as_str().starts_with("http://127.0.0.1:9/back?own=1&"));
    target.query_pairs().into_owned().collect()
}

fn by_query(fixture: &Fixture, fields: &[(&str, &str)]) -> RequestBuilder {
    fixture.request(Method::GET, "oauth/token/").query(&CLIENT).query(fields)
}

fn by_form(fixture: &Fixture, fields: &[(&str, &str)]) -> RequestBuilder {
    fixture.request(Method::POST, "oauth/token/").form(&[&CLIENT, fields].concat())
}

async fn sent(request: RequestBuilder) -> (u16, Value) {
    json_of(request.send().await.unwrap()).await
}

async fn exchange(fixture: &Fixture, code: &str) -> (u16, Value) {
    sent(by_query(fixture, &[("grant_type", "authorization_code"), ("code", code)])).await
}

async fn refresh(fixture: &Fixture, token: &str) -> (u16, Value) {
    sent(by_form(fixture, &[("grant_type", "refresh_token"), ("refresh_token", token)])).await
}

async fn tokens(fixture: &Fixture) -> Value {
    let code = authorize(fixture).await["code"].clone();
    exchange(fixture, &code).await.1
}

/// Calls a method with the token; the status and the error's code.
async fn call(fixture: &Fixture, method: &str, token: &Value) -> (u16, String) {
    let path = format!("bitrix24/rest/{method}.json");
    let (status, body) = sent(fixture.request(Method::POST, &path).json(&json!({"auth": token}))).await;
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_code_becomes_tokens_that_say_where_everything_is() {
    let fixture = with_app().await;
    let host = fixture.base.strip_prefix("http://").unwrap().to_owned();
    let back = authorize(&fixture).await;
    assert_eq!((back["state"].as_str(), back["member_id"].as_str()), ("a b", MEMBER));
    assert_eq!((back["domain"].clone(), back["server_domain"].clone()), (format!("{host}/bitrix24"), host.clone()));
    let (status, answer) = exchange(&fixture, &back["code"]).await;
    assert_eq!(status, 200, "{answer}");
    let expected = json!({
        "access_token": answer["access_token"], "refresh_token": answer["refresh_token"], "expires": answer["expires"],
        "expires_in": 3600, "scope": "crm", "domain": host, "server_endpoint": format!("{}/rest/", fixture.base),
        "status": "L", "client_endpoint": format!("{}/bitrix24/rest/", fixture.base), "member_id": MEMBER, "user_id": 2,
    });
    assert_eq!(answer, expected);
    let path = "bitrix24/rest/profile";
    let by_form = fixture.request(Method::POST, path).form(&[("auth", answer["access_token"].as_str().unwrap())]);
    assert_eq!(sent(by_form).await.1["result"]["ID"], "2");
    let by_header = fixture.request(Method::POST, path).bearer_auth(answer["access_token"].as_str().unwrap());
    assert_eq!(sent(by_header).await.1["error"], "NO_AUTH_FOUND", "no header is looked at");
}

#[rstest]
#[case::in_time(29, 200)]
#[case::too_late(30, 400)]
#[tokio::test]
async fn a_code_lives_thirty_seconds_and_serves_once(#[case] seconds: u64, #[case] status: u16) {
    let fixture = with_app().await;
    fixture.control("clock", json!({"scale": 0})).await;
    let code = authorize(&fixture).await["code"].clone();
    fixture.control("clock", json!({"advance_seconds": seconds})).await;
    assert_eq!(exchange(&fixture, &code).await.0, status);
    let (status, answer) = exchange(&fixture, &code).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn an_access_token_lives_an_hour() {
    let fixture = with_app().await;
    fixture.control("clock", json!({"scale": 0})).await;
    let access = tokens(&fixture).await["access_token"].clone();
    fixture.control("clock", json!({"advance_seconds": 3599})).await;
    assert_eq!(call(&fixture, "profile", &access).await.0, 200);
    fixture.control("clock", json!({"advance_seconds": 1})).await;
    let request = fixture.request(Method::GET, "bitrix24/rest/profile").query(&[("auth", access.as_str().unwrap())]);
    let expected = json!({"error": "expired_token", "error_description": "The access token provided has expired."});
    assert_eq!(sent(request).await, (401, expected));
}

#[tokio::test]
async fn a_refresh_kills_the_old_refresh_token_and_the_access_token_issued_with_it() {
    let fixture = with_app().await;
    let old = tokens(&fixture).await;
    let (status, new) = refresh(&fixture, old["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, new["expires"].is_i64()), (200, true));
    assert_eq!(call(&fixture, "profile", &old["access_token"]).await, refused(401, "invalid_token"));
    assert_eq!(call(&fixture, "profile", &new["access_token"]).await.0, 200);
    let (status, again) = refresh(&fixture, old["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn tokens_expire_mid_stream_are_revoked_and_go_with_the_application() {
    let fixture = with_app().await;
    let pair = tokens(&fixture).await;
    fixture.control("bitrix24/expire", json!({})).await;
    assert_eq!(call(&fixture, "profile", &pair["access_token"]).await, refused(401, "expired_token"));
    let pair = refresh(&fixture, pair["refresh_token"].as_str().unwrap()).await.1;
    fixture.control("bitrix24/revoke", json!({"client_id": "app.1"})).await;
    assert_eq!(call(&fixture, "profile", &pair["access_token"]).await, refused(401, "invalid_token"));
    assert_eq!(refresh(&fixture, pair["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");

    let pair = tokens(&fixture).await;
    fixture.control("bitrix24/uninstall", json!({"client_id": "app.1"})).await;
    assert_eq!(call(&fixture, "profile", &pair["access_token"]).await, refused(401, "APPLICATION_NOT_FOUND"));
    let (status, answer) = refresh(&fixture, pair["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, &answer["error"]), (401, &json!("NOT_INSTALLED")));
    let page = fixture.request(Method::GET, "bitrix24/oauth/authorize/?client_id=app.1");
    assert_eq!(page.send().await.unwrap().status(), 400, "a failure is shown on the portal");
}

#[rstest]
#[case::unknown_client_with_200(&[("client_id", "nobody")], 200, "WRONG_CLIENT")]
#[case::wrong_secret(&[("client_secret", "no")], 400, "invalid_client")]
#[case::no_grant_type(&[], 400, "invalid_request")]
#[case::unknown_code(&[("grant_type", "authorization_code"), ("code", "x")], 400, "invalid_grant")]
#[tokio::test]
async fn the_authorization_server_refuses(#[case] fields: &[(&str, &str)], #[case] status: u16, #[case] code: &str) {
    let fixture = with_app().await;
    let (got, answer) = sent(by_query(&fixture, fields)).await;
    assert_eq!((got, &answer["error"]), (status, &json!(code)));
}

#[tokio::test]
async fn a_token_reaches_as_far_as_its_scopes() {
    let fixture = with_app().await;
    let access = tokens(&fixture).await["access_token"].clone();
    assert_eq!(call(&fixture, "crm.lead.list", &access).await.0, 200);
    assert_eq!(call(&fixture, "userfieldconfig.list", &access).await, refused(403, "insufficient_scope"));
    assert_eq!(call(&fixture, "user.get", &access).await, refused(403, "insufficient_scope"));
    let scope = fixture.request(Method::POST, "bitrix24/rest/scope").json(&json!({"auth": access}));
    assert_eq!(sent(scope).await.1["result"], json!(["crm"]));
}

#[tokio::test]
async fn the_regions_server_is_named_and_another_one_does_not_know_the_client() {
    let fixture = with_app().await;
    let server = fixture.base.replace("127.0.0.1", "localhost");
    fixture.control("bitrix24/settings", json!({"auth_server": server})).await;
    let back = authorize(&fixture).await;
    assert_eq!(format!("http://{}", back["server_domain"]), server);
    let (status, elsewhere) = exchange(&fixture, &back["code"]).await;
    assert_eq!((status, &elsewhere["error"]), (200, &json!("WRONG_CLIENT")));
    let fields = [("grant_type", "authorization_code"), ("code", &back["code"])];
    let request = fixture.http.get(format!("{server}/oauth/token/")).query(&CLIENT).query(&fields);
    assert_eq!(sent(request).await.1["server_endpoint"], format!("{server}/rest/"));
}

#[tokio::test]
async fn a_renamed_portal_answers_302_at_its_old_address() {
    let fixture = with_app().await;
    let pair = tokens(&fixture).await;
    let base = format!("{}/yeni", fixture.base);
    assert_eq!(fixture.request(Method::GET, "yeni/rest/1/abcdef/profile").send().await.unwrap().status(), 404);
    fixture.control("bitrix24/rename", json!({"to": base})).await;
    for old in ["", "bitrix24/"] {
        let request = fixture.request(Method::POST, &format!("{old}rest/1/abcdef/crm.lead.add?x=1"));
        let answer = request.json(&json!({"fields": {"TITLE": "a"}})).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.headers()[LOCATION], format!("{base}/rest/1/abcdef/crm.lead.add?x=1"));
    }
    assert_eq!(fixture.inspect("bitrix24/records/lead").await, json!([]), "a redirect has no effect");
    let add = fixture.request(Method::POST, "yeni/rest/1/abcdef/crm.lead.add");
    assert_eq!(sent(add.json(&json!({"fields": {"TITLE": "a"}}))).await.1["result"], 1);
    let (_, new) = refresh(&fixture, pair["refresh_token"].as_str().unwrap()).await;
    assert_eq!((&new["member_id"], &new["client_endpoint"]), (&json!(MEMBER), &json!(format!("{base}/rest/"))));
}

#[tokio::test]
async fn a_portal_may_move_to_another_host() {
    let fixture = Fixture::start().await;
    let base = fixture.base.replace("127.0.0.1", "localhost");
    fixture.control("bitrix24/rename", json!({"to": base})).await;
    let old = fixture.request(Method::GET, "rest/1/abcdef/profile").send().await.unwrap();
    assert_eq!(old.headers()[LOCATION], format!("{base}/rest/1/abcdef/profile"));
    assert_eq!(fixture.http.get(format!("{base}/rest/1/abcdef/profile")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_cloud_refuses_plain_http() {
    let fixture = Fixture::start().await;
    fixture.control("bitrix24/settings", json!({"https_only": true})).await;
    let refused = json!({"error": "INVALID_REQUEST", "error_description": "Https required."});
    assert_eq!(fixture.rest("profile", json!({})).await, (400, refused));
}
