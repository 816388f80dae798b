//! Section 4: the bucket of requests and the operating time of methods.

use kopru_sandbox::SandboxConfig;
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

#[tokio::test]
async fn above_the_burst_requests_are_refused_and_a_batch_is_one() {
    let config = SandboxConfig { bitrix_rate: 0.0, bitrix_burst: 2.0, ..SandboxConfig::default() };
    let fixture = Fixture::with(config).await;
    fixture.batch(json!({"a": "profile", "b": "profile", "c": "profile"})).await;
    assert_eq!(fixture.rest("profile", json!({})).await.0, 200);
    let refused = json!({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"});
    assert_eq!(fixture.rest("profile", json!({})).await, (503, refused));
    let stats = fixture.inspect("bitrix24/stats").await;
    let expected = json!({"requests": 3, "commands": 4, "limit_refusals": 1, "by_method": {"profile": 4}});
    assert_eq!(stats, expected);
}

/// How many of `count` calls at one and the same moment are admitted.
async fn admitted(fixture: &Fixture, count: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..count {
        admitted += usize::from(fixture.rest("server.time", json!({})).await.0 == 200);
    }
    admitted
}

#[rstest]
#[case::standard(false, 50, 2)]
#[case::enterprise(true, 250, 5)]
#[tokio::test]
async fn the_bucket_has_the_size_and_the_leak_of_the_plan(
    #[case] enterprise: bool,
    #[case] burst: usize,
    #[case] per_second: usize,
) {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    fixture.control("bitrix24/settings", json!({"enterprise": enterprise})).await;
    assert_eq!(admitted(&fixture, burst + 3).await, burst);
    fixture.control("clock", json!({"advance_seconds": 1})).await;
    assert_eq!(admitted(&fixture, 9).await, per_second);
}

#[tokio::test]
async fn the_bucket_is_shared_by_all_credentials_of_one_source_address() {
    let fixture = Fixture::start().await;
    fixture.control("bitrix24/settings", json!({"rate": 0, "burst": 1})).await;
    fixture.control("bitrix24/tokens", json!({"token": "t"})).await;
    assert_eq!(admitted(&fixture, 1).await, 1);
    let by_token = format!("{}/bitrix24/rest/profile?auth=t", fixture.base);
    assert_eq!(fixture.http.get(&by_token).send().await.unwrap().status(), 503);
    let elsewhere = Client::builder().no_proxy().local_address("127.0.0.2".parse::<std::net::IpAddr>().unwrap());
    let elsewhere = elsewhere.build().unwrap();
    assert_eq!(elsewhere.get(&by_token).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_method_that_used_its_time_is_blocked_alone_also_within_a_batch() {
    let fixture = Fixture::start().await;
    let settings = json!({"costs": {"*": 0.11}, "operating_limit_s": 0.2});
    fixture.control("bitrix24/settings", settings).await;
    let commands = json!({"a": "crm.currency.list", "b": "profile", "c": "profile", "d": "profile"});
    let answer = fixture.batch(commands).await;
    assert!(answer["result_time"]["c"]["operating"].as_f64().unwrap() >= 0.2);
    assert_eq!(answer["result_error"]["d"]["error"], "OPERATION_TIME_LIMIT");
    let (status, alone) = fixture.rest("profile", json!({})).await;
    assert_eq!((status, alone.get("time")), (429, None));
    let (status, other) = fixture.rest("user.current", json!({})).await;
    assert_eq!((status, other["time"]["date_start"].is_string()), (200, true));
    assert_ne!(other["time"]["operating"], Value::Null);
}

#[tokio::test]
async fn the_documented_480_seconds_of_600_are_let_go_by_the_minute() {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    fixture.control("bitrix24/settings", json!({"costs": {"profile": 48}})).await;
    for _ in 0..10 {
        assert_eq!(fixture.rest("profile", json!({})).await.0, 200);
        fixture.control("clock", json!({"advance_seconds": 30})).await;
    }
    let refused =
        json!({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."});
    assert_eq!(fixture.rest("profile", json!({})).await, (429, refused));
    // 300 s have gone; the first minute's two calls leave after 600 s.
    fixture.control("clock", json!({"advance_seconds": 299})).await;
    assert_eq!(fixture.rest("profile", json!({})).await.0, 429);
    fixture.control("clock", json!({"advance_seconds": 1})).await;
    let (status, answer) = fixture.rest("profile", json!({})).await;
    assert_eq!((status, answer["time"]["operating"].as_f64()), (200, Some(480.0 - 96.0 + 48.0)));
}

#[tokio::test]
async fn operating_is_the_sum_of_the_method_and_not_of_the_call() {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    fixture.control("bitrix24/settings", json!({"costs": {"profile": 0.31, "scope": 0.09}})).await;
    let time = async |method: &str| fixture.rest(method, json!({})).await.1["time"].clone();
    let (first, second) = (time("profile").await, time("profile").await);
    assert_eq!((&first["operating"], &second["operating"]), (&json!(0.31), &json!(0.62)));
    assert_eq!((&second["processing"], &second["duration"]), (&json!(0.31), &json!(0.31)));
    let reset = first["start"].as_f64().unwrap() + 600.0;
    assert!((first["operating_reset_at"].as_f64().unwrap() - reset).abs() <= 1.0);
    assert_eq!(time("scope").await["operating"], json!(0.0), "shorter than 0.1 s is not counted");
}

#[rstest]
#[case::as_documented("commands", json!([0.5, 0.5]), 0.0, 1.0)]
#[case::as_measured_in_pull_request_539("batch", json!([0.5, 1.0]), 1.0, 0.5)]
#[case::as_in_the_servers_code("detached", json!([0.5, 0.5]), 0.0, 0.5)]
#[tokio::test]
async fn the_sources_disagree_on_who_is_billed_for_a_batch(
    #[case] billing: &str,
    #[case] of_commands: Value,
    #[case] of_batch: f64,
    #[case] of_method_afterwards: f64,
) {
    let fixture = Fixture::start().await;
    let costs = json!({"profile": 0.5, "scope": 0.5});
    fixture.control("bitrix24/settings", json!({"costs": costs, "batch_billing": billing})).await;
    let (_, answer) = fixture.rest("batch", json!({"cmd": {"a": "profile", "b": "scope"}})).await;
    let times = &answer["result"]["result_time"];
    assert_eq!(json!([times["a"]["operating"], times["b"]["operating"]]), of_commands);
    assert_eq!(answer["time"]["operating"].as_f64(), Some(of_batch));
    let (_, alone) = fixture.rest("profile", json!({})).await;
    assert_eq!(alone["time"]["operating"].as_f64(), Some(of_method_afterwards));
}

#[tokio::test]
async fn a_portal_without_an_operating_limit_does_not_speak_of_it() {
    let fixture = Fixture::start().await;
    let settings = json!({"operating": false, "operating_limit_s": 0.2, "costs": {"profile": 1}});
    fixture.control("bitrix24/settings", settings).await;
    for _ in 0..2 {
        let (status, answer) = fixture.rest("profile", json!({})).await;
        let time = answer["time"].as_object().unwrap();
        assert_eq!((status, time.keys().any(|key| key.starts_with("operating"))), (200, false));
    }
}

#[tokio::test]
async fn a_request_is_cut_at_sixty_seconds_and_a_part_of_it_is_done() {
    let fixture = Fixture::start().await;
    fixture.control("bitrix24/settings", json!({"costs": {"crm.lead.add": 25, "profile": 61}})).await;
    let commands = json!(["crm.lead.add?fields[TITLE]=a"].repeat(5));
    let request = fixture.request(reqwest::Method::POST, "bitrix24/rest/1/abcdef/batch");
    let (status, page) = json_of(request.json(&json!({"cmd": commands})).send().await.unwrap()).await;
    assert_eq!((status, page.as_str().unwrap().starts_with("<html>")), (504, true));
    assert_eq!(fixture.inspect("bitrix24/records/lead").await.as_array().unwrap().len(), 3);
    assert_eq!(fixture.rest("profile", json!({})).await.0, 504);
}

#[tokio::test]
async fn the_clock_jumps_stands_still_and_never_goes_back() {
    let fixture = Fixture::start().await;
    fixture.control("clock", json!({"scale": 0})).await;
    let start = async || fixture.rest("profile", json!({})).await.1["time"]["start"].as_f64().unwrap();
    let before = start().await;
    assert!((start().await - before).abs() < f64::EPSILON);
    fixture.control("clock", json!({"advance_seconds": 90.5})).await;
    assert!((start().await - before - 90.5).abs() < 0.002);
    let back = fixture.request(reqwest::Method::POST, "_control/clock").json(&json!({"advance_seconds": -1}));
    assert_eq!(back.send().await.unwrap().status(), 400);
}
