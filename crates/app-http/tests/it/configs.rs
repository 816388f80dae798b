//! Configurations change, pause and go.

use std::time::{Duration, Instant};

use crate::harness::{Config, Service};
use serde_json::{Value, json};

const PEOPLE: [[&str; 2]; 2] = [["Can", "0532 000 00 01"], ["Ayşe", "0532 000 00 02"]];

impl Service {
    async fn edit_name(&self, row: usize, name: &str) {
        let edit = json!({ "gid": 0, "row": row, "column": 0, "value": name });
        self.vendors_post("google/spreadsheets/s/edit", edit).await;
    }

    async fn change(&self, config: &Config, change: Value) -> (u16, Value) {
        let answer = self.call("PATCH", &config.path, Some(change)).await;
        (answer.status, answer.json)
    }

    async fn connected_again(&self, config: Config) {
        let wish = json!({ "spreadsheet": "s", "gid": 0, "entity": "lead", "quiet_ms": 0 });
        let created = self.call("POST", "/api/v1/sheet-sync/configs", Some(wish)).await.json;
        let path = format!("/api/v1/sheet-sync/configs/{}", created["id"].as_str().unwrap());
        let again = Config { path, ..config };
        assert_eq!(self.call("POST", &format!("{}/activate", again.path), None).await.status, 202);
        self.settled(&again).await;
    }

    async fn lead(&self, number: usize) -> Value {
        self.vendors_get("bitrix24/records/lead").await[number]["fields"].clone()
    }
}

#[tokio::test]
async fn a_changed_mapping_is_brought_into_every_record() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let mut mapping = service.call("GET", &config.path, None).await.json["mapping"].clone();
    mapping["columns"][0]["target"] = json!("COMMENTS");
    let (status, changed) = service.change(&config, json!({ "mapping": mapping, "name": "Müşteriler" })).await;
    assert_eq!((status, &changed["name"], &changed["mapping"]), (200, &json!("Müşteriler"), &mapping));
    service.settled(&config).await;
    let (first, second) = (service.lead(0).await, service.lead(1).await);
    assert_eq!((&first["COMMENTS"], &second["COMMENTS"]), (&json!("Can"), &json!("Ayşe")));
    assert_eq!(first["TITLE"], "Can", "a field that is fed no more keeps its value");
    service.edit_name(2, "Canan").await;
    service.settled(&config).await;
    assert_eq!(service.lead(0).await["COMMENTS"], "Canan");
}

#[tokio::test]
async fn what_was_written_under_another_style_is_repaired() {
    let service = Service::start().await;
    let config = service.synced(&[["Can", "(212) 555 01 00"]]).await;
    let phones = async || service.vendors_get("bitrix24/records/lead").await[0]["multi"]["PHONE"].clone();
    assert_eq!(phones().await[0]["VALUE"], "+902125550100");
    let mut mapping = service.call("GET", &config.path, None).await.json["mapping"].clone();
    mapping["columns"][1]["style"]["region"] = json!("US");
    assert_eq!(service.change(&config, json!({ "mapping": mapping })).await.0, 200);
    service.settled(&config).await;
    let phones = phones().await;
    assert_eq!((phones[0]["VALUE"].as_str(), phones.as_array().unwrap().len()), (Some("+12125550100"), 1));
}

#[tokio::test]
async fn a_mapping_to_a_field_that_the_portal_does_not_have_changes_nothing() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let before = service.call("GET", &config.path, None).await.json["mapping"].clone();
    let mut mapping = before.clone();
    mapping["columns"][0]["target"] = json!("UF_NONE");
    let (status, problem) = service.change(&config, json!({ "mapping": mapping })).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("no_such_field")));
    assert_eq!(service.call("GET", &config.path, None).await.json["mapping"], before);
    let fields = service.call("GET", "/api/v1/sheet-sync/fields?entity=lead", None).await.json;
    let of = |code: &str| fields["items"].as_array().unwrap().iter().find(|field| field["code"] == code).cloned();
    assert_eq!((of("COMMENTS").unwrap()["writable"].clone(), of("UF_NONE")), (json!(true), None));
}

#[tokio::test]
async fn a_paused_configuration_writes_nothing_until_it_is_taken_up_again() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    assert_eq!(service.change(&config, json!({ "enabled": false })).await.0, 200);
    service.edit_name(2, "Canan").await;
    service.call("POST", &format!("{}/reconcile", config.path), None).await;
    service.until(&config, |summary| summary["events"] == 1 && summary["work"] == 0).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe"]);
    assert_eq!(service.change(&config, json!({ "enabled": true })).await.1["enabled"], true);
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Canan", "Ayşe"]);
}

#[tokio::test]
async fn a_deleted_configuration_leaves_sheet_and_records_as_they_are() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let sheet = service.vendors_get("google/spreadsheets/s").await;
    assert_eq!(service.call("DELETE", &config.path, None).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(service.call(method, &config.path, None).await.status, 404);
    }
    let event = json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 2 });
    assert_eq!(service.open("POST", &config.webhook, Some(event)).await.status, 401);
    assert_eq!(service.titles().await, ["Can", "Ayşe"]);
    assert_eq!(service.vendors_get("google/spreadsheets/s").await["tabs"][0]["cells"], sheet["tabs"][0]["cells"]);
}

#[tokio::test]
async fn a_tab_that_is_connected_again_finds_its_records() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    assert_eq!(service.call("DELETE", &config.path, None).await.status, 204);
    service.connected_again(config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe"]);
    let phones = service.vendors_get("bitrix24/records/lead").await[0]["multi"]["PHONE"].clone();
    assert_eq!(phones.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_portal_that_cannot_be_asked_for_earlier_records_is_not_asked_again_at_once() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    assert_eq!(service.call("DELETE", &config.path, None).await.status, 204);
    let away = json!({ "vendor": "bitrix24", "matching": "list", "kind": "status", "status": 503, "times": 2 });
    service.vendors_post("faults", away).await;
    let since = Instant::now();
    service.connected_again(config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe"]);
    assert!(since.elapsed() >= Duration::from_secs(1 + 1), "two pauses");
}

#[tokio::test]
async fn another_company_finds_nothing() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    service.operate(&["company", "add", "other"]);
    let key = format!("Bearer {}", service.operate(&["api-key", "create", "--company", "other"]));
    for (method, body) in [("GET", None), ("PATCH", Some(json!({ "enabled": false }))), ("DELETE", None)] {
        let method = method.parse().unwrap();
        let body = body.map(|body: Value| body.to_string());
        let answer = service.raw(method, &config.path, body, &[("Authorization", &key)]).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (404, Some("not_found")));
    }
    assert_eq!(service.call("GET", &config.path, None).await.json["enabled"], true);
}
