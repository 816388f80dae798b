//! Another key for the vault, while the service runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_http_client::Method;
use serde_json::json;

use crate::harness::{Service, kopru, signed};

fn key(id: &str, byte: u8) -> String {
    format!("{id}:{}", STANDARD.encode([byte; 32]))
}

async fn edit(service: &Service, number: u32) {
    let cell = json!({ "gid": 0, "row": 2 + number % 2, "column": 0, "value": format!("Kişi {number}") });
    service.vendors_post("google/spreadsheets/s/edit", cell).await;
}

#[tokio::test]
async fn everything_is_sealed_anew_under_load_and_the_old_key_can_go() {
    let mut service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"], ["Can", "0532 000 00 02"]]).await;
    let (old, new) = (key("t", 7), key("n", 9));
    service.restart(&format!("{new},{old}"));
    for number in 0..6 {
        edit(&service, number).await;
        let keys = format!("{new},{old}");
        let told = kopru(service.folder()).args(["vault", "rotate"]).env("KOPRU_VAULT_KEYS", keys).output().unwrap();
        let text = String::from_utf8(told.stdout).unwrap();
        // Access and refresh token, settings, the webhook's secret, the probe; then nothing is left.
        assert!(text.starts_with(if number == 0 { "5 sealed anew" } else { "0 sealed anew" }), "{text}");
    }
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Kişi 4", "Kişi 5"]);
    service.restart(&new);
    edit(&service, 6).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Kişi 6", "Kişi 5"]);
    let body = json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 2 }).to_string();
    let headers = signed("msg_1", 0, &config.secret, &body);
    let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(service.raw(Method::POST, &config.webhook, Some(body), &pairs).await.status, 202);
}

#[tokio::test]
async fn a_key_that_is_still_needed_cannot_go() {
    let mut service = Service::start().await;
    service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let both = format!("{},{}", key("n", 9), key("t", 7));
    service.restart(&both);
    let folder = service.folder().to_owned();
    let alone = kopru(&folder).args(["company", "list"]).env("KOPRU_VAULT_KEYS", key("n", 9)).output().unwrap();
    assert!(alone.status.success(), "asks the server that runs");
    service.end();
    let refused = kopru(&folder).args(["serve", "--port", "0"]).env("KOPRU_VAULT_KEYS", key("n", 9)).output().unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("KOPRU_VAULT_KEYS does not open this database"), "{why}");
}

#[tokio::test]
async fn a_consent_under_way_outlives_the_key_under_which_it_began() {
    let mut service = Service::start().await;
    let page = service.call("GET", "/sheet-sync/oauth/authorize", None).await.location.unwrap();
    let back = service.agreed(&page).await;
    let (old, new) = (key("t", 7), key("n", 9));
    service.restart(&format!("{new},{old}"));
    let keys = format!("{new},{old}");
    let told = kopru(service.folder()).args(["vault", "rotate"]).env("KOPRU_VAULT_KEYS", keys).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.starts_with("2 sealed anew"), "the verifier and the probe: {told}");
    service.restart(&new);
    // The connections to the one that ended are seen to be closed.
    service.a_moment().await;
    assert_eq!(service.open("GET", &back, None).await.status, 303);
}
