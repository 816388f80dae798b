//! Google's quotas, its two error shapes, and what a project shares.

use kopru_sandbox::SandboxConfig;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, SHEETS, json_of};

async fn token(fixture: &Fixture, account: &str, client: &str) -> Value {
    let asked = json!({"account": account, "client_id": client, "scopes": [SHEETS]});
    fixture.control("google/tokens", asked).await
}

async fn read(fixture: &Fixture, tokens: &Value) -> (u16, Value) {
    let request = fixture.request(Method::GET, "google/v4/spreadsheets/s1?fields=spreadsheetId");
    json_of(request.bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap()).await
}

#[tokio::test]
async fn a_person_has_sixty_reads_in_any_minute_and_the_project_more() {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    let _sheet = fixture.sheet(json!([["a"]])).await;
    let (one, other) = (token(&fixture, "a@example.com", "c").await, token(&fixture, "b@example.com", "c").await);
    for second in 0..60 {
        assert_eq!(read(&fixture, &one).await.0, 200, "{second}");
        fixture.control("clock", json!({"advance_seconds": 0.5})).await;
    }
    let (status, answer) = read(&fixture, &one).await;
    assert_eq!((status, &answer["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    let detail = &answer["error"]["details"][0];
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    assert_eq!(
        (&detail["reason"], &detail["metadata"]["quota_limit"]),
        (&json!("RATE_LIMIT_EXCEEDED"), &json!("ReadRequestsPerMinutePerUser"))
    );
    assert_eq!(read(&fixture, &other).await.0, 200);
    // The first ones leave the minute one by one.
    fixture.control("clock", json!({"advance_seconds": 30})).await;
    assert_eq!((read(&fixture, &one).await.0, read(&fixture, &one).await.0), (200, 429));
}

#[tokio::test]
async fn the_projects_quota_names_the_project() {
    let fixture = Fixture::with(SandboxConfig { google_reads_per_minute: 0, ..SandboxConfig::default() }).await;
    let answer = read(&fixture, &token(&fixture, "a@example.com", "c").await).await.1;
    assert_eq!(answer["error"]["details"][0]["metadata"]["quota_limit"], "ReadRequestsPerMinutePerProject");
}

#[rstest]
#[case::drive("/drive/v3/files", json!({"code": 403, "message": "m", "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded", "message": "m"}]}))]
#[case::sheets("/v4/spreadsheets/s1", json!({"code": 403, "message": "m", "status": "PERMISSION_DENIED", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "userRateLimitExceeded", "domain": "googleapis.com"}]}))]
#[tokio::test]
async fn one_error_has_two_shapes(#[case] path: &str, #[case] error: Value) {
    let fixture = Fixture::start().await;
    let fault = json!({"vendor": "google", "kind": "error", "status": 403, "code": "userRateLimitExceeded", "description": "m"});
    fixture.control("faults", fault).await;
    let answer = fixture.request(Method::GET, &format!("google{path}")).send().await.unwrap();
    assert_eq!(json_of(answer).await, (403, json!({"error": error})));
}

#[tokio::test]
async fn revoking_one_clients_token_ends_all_that_the_account_granted_to_the_project() {
    let fixture = Fixture::start().await;
    let _sheet = fixture.sheet(json!([["a"]])).await;
    let sheets = token(&fixture, "a@example.com", "sheets").await;
    let calendar = token(&fixture, "a@example.com", "calendar").await;
    let stranger = token(&fixture, "b@example.com", "sheets").await;
    let revoke =
        fixture.request(Method::POST, "google/revoke").query(&[("token", calendar["refresh_token"].as_str().unwrap())]);
    assert_eq!(revoke.send().await.unwrap().status(), 200);
    assert_eq!((read(&fixture, &sheets).await.0, read(&fixture, &stranger).await.0), (401, 200));
}
