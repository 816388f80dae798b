//! Section 4: the bucket of requests and the operating time of methods.

use kopru_sandbox::SandboxConfig;
use serde_json::{Value, json};

use crate::support::Fixture;

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

#[tokio::test]
async fn a_method_that_used_its_time_is_blocked_alone_also_within_a_batch() {
    let fixture = Fixture::start().await;
    let settings = json!({"cost_ms": 110, "operating_limit_s": 0.2});
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
