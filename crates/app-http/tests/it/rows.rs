//! Rows keep their identity and say what became of them, whatever people do to the sheet.

use crate::harness::{Config, Service};
use serde_json::{Value, json};

const PEOPLE: [[&str; 2]; 3] = [["Can", "0532 000 00 01"], ["Ayşe", "0532 000 00 02"], ["Bora", "0532 000 00 03"]];

impl Service {
    async fn edit(&self, row: usize, column: usize, value: Value) {
        self.vendors_post(
            "google/spreadsheets/s/edit",
            json!({ "gid": 0, "row": row, "column": column, "value": value }),
        )
        .await;
    }

    async fn tab(&self) -> Value {
        self.vendors_get("google/spreadsheets/s").await["tabs"][0].clone()
    }

    async fn cell(&self, row: usize, header: &str) -> Value {
        let cells = self.tab().await["cells"].clone();
        let column = cells[0].as_array().unwrap().iter().position(|cell| cell == header).unwrap();
        cells[row - 1][column].clone()
    }

    async fn note(&self, row: usize) -> String {
        let notes = self.tab().await["notes"].clone();
        let of_row = notes.as_array().unwrap().iter().find(|note| note["row"] == row).cloned();
        of_row.map_or_else(String::new, |note| note["note"].as_str().unwrap().to_owned())
    }

    async fn people_sorted_by_name(&self, config: &Config) {
        self.vendors_post("google/spreadsheets/s/rows", json!({ "gid": 0, "action": "sort", "column": 0 })).await;
        self.settled(config).await;
    }
}

#[tokio::test]
async fn after_sorting_an_edit_reaches_the_record_of_its_row() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let before = service.cell(3, "Köprü Kayıt").await;
    service.people_sorted_by_name(&config).await;
    assert_eq!(service.cell(2, "Ad").await, "Ayşe");
    assert_eq!(service.cell(2, "Köprü Kayıt").await, before, "the record number moved with its row");
    service.edit(2, 0, json!("Ayşen")).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşen", "Bora"]);
    assert_eq!(service.cell(2, "Köprü Durum").await, "✅ Senkronize");
}

#[tokio::test]
async fn an_inserted_row_is_a_new_record_and_a_deleted_one_touches_none() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let row = json!({ "gid": 0, "action": "insert", "row": 3, "values": ["Yeni", "0532 000 00 09"] });
    service.vendors_post("google/spreadsheets/s/rows", row).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe", "Bora", "Yeni"]);
    service.vendors_post("google/spreadsheets/s/rows", json!({ "gid": 0, "action": "delete", "row": 2 })).await;
    service.settled(&config).await;
    service.edit(4, 0, json!("Boran")).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe", "Boran", "Yeni"]);
}

#[tokio::test]
async fn a_copied_row_gets_an_identity_and_a_record_of_its_own() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let cells = service.tab().await["cells"][1].clone();
    for (column, value) in cells.as_array().unwrap().iter().enumerate() {
        service.edit(6, column, value.clone()).await;
    }
    service.settled(&config).await;
    assert_ne!(service.cell(6, "Köprü ID").await, service.cell(2, "Köprü ID").await);
    service.edit(6, 0, json!("Kopya")).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Can", "Ayşe", "Bora", "Kopya"]);
    assert_ne!(service.cell(6, "Köprü Kayıt").await, service.cell(2, "Köprü Kayıt").await);
}

#[tokio::test]
async fn a_cell_that_cannot_be_read_is_told_and_the_rest_of_its_row_goes() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    service.edit(2, 1, json!("aranacak")).await;
    service.edit(2, 0, json!("Canan")).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await[0], "Canan");
    assert_eq!(service.cell(2, "Köprü Durum").await, "❌ Hata");
    assert!(service.note(2).await.starts_with("Telefon: Telefon numarası okunamadı"));
    let refused = service.call("GET", &format!("{}/refused", config.path), None).await.json;
    assert_eq!(
        (&refused["items"][0]["row"], &refused["items"][0]["refusals"][0]["code"]),
        (&json!(2), &json!("not_a_phone"))
    );
    service.edit(2, 1, json!("0532 000 00 07")).await;
    service.settled(&config).await;
    assert_eq!(service.cell(2, "Köprü Durum").await, "✅ Senkronize");
    assert_eq!(service.note(2).await, "");
    let phones = service.vendors_get("bitrix24/records/lead").await[0]["multi"]["PHONE"].clone();
    assert_eq!(phones.as_array().unwrap().len(), 1, "the new number took the old one's place");
}

#[tokio::test]
async fn an_emptied_cell_clears_and_a_blank_of_an_import_does_not() {
    let service = Service::start().await;
    let config = service.synced(&[["Can", ""], ["Ayşe", "0532 000 00 02"]]).await;
    service.edit(3, 1, Value::Null).await;
    service.settled(&config).await;
    let records = service.vendors_get("bitrix24/records/lead").await;
    assert!(records[1]["multi"]["PHONE"].as_array().is_none_or(Vec::is_empty));
    assert!(records[0]["changes"].as_array().unwrap().is_empty(), "nothing was written that did not change");
}

#[tokio::test]
async fn a_deleted_id_column_stops_the_sheet_and_harms_nothing() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    let header = service.tab().await["cells"][0].clone();
    let column = header.as_array().unwrap().iter().position(|cell| cell == "Köprü ID").unwrap();
    service.edit(1, column, json!("")).await;
    service.edit(2, 0, json!("Canan")).await;
    service.settled(&config).await;
    let summary = service.call("GET", &config.path, None).await.json["summary"].clone();
    assert_eq!((&summary["parked"], &summary["rows"]), (&json!(1), &json!(3)));
    assert_eq!(service.titles().await, ["Can", "Ayşe", "Bora"]);
    service.edit(1, column, json!("Köprü ID")).await;
    service.call("POST", &format!("{}/reconcile", config.path), None).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Canan", "Ayşe", "Bora"]);
}

#[tokio::test]
async fn a_renamed_column_is_told_and_taken_up_again_when_it_is_back() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    service.edit(1, 1, json!("Numara")).await;
    service.edit(2, 1, json!("0532 000 00 07")).await;
    service.settled(&config).await;
    assert_eq!(service.cell(2, "Köprü Durum").await, "❌ Hata");
    assert!(service.note(2).await.starts_with("Telefon: Eşlenen sütun sayfada bulunamadı"));
    let phone = async || service.vendors_get("bitrix24/records/lead").await[0]["multi"]["PHONE"][0]["VALUE"].clone();
    assert_eq!(phone().await, "+905320000001", "nothing is guessed");
    service.edit(1, 1, json!("Telefon")).await;
    service.call("POST", &format!("{}/reconcile", config.path), None).await;
    service.settled(&config).await;
    assert_eq!(phone().await, "+905320000007");
    assert_eq!(service.cell(2, "Köprü Durum").await, "✅ Senkronize");
}

#[tokio::test]
async fn a_paused_sheet_keeps_what_happens_and_takes_it_up_when_it_is_activated() {
    let service = Service::start().await;
    let config = service.synced(&PEOPLE).await;
    assert_eq!(service.call("DELETE", "/api/v1/sheet-sync/google", None).await.status, 204);
    service.edit(2, 0, json!("Canan")).await;
    service.consent().await;
    assert_eq!(service.titles().await, ["Can", "Ayşe", "Bora"]);
    assert_eq!(service.call("POST", &format!("{}/activate", config.path), None).await.status, 202);
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Canan", "Ayşe", "Bora"]);
}

/// Somebody deletes an option in the portal, which then drops it from a new record and answers success.
#[tokio::test]
async fn what_the_portal_drops_from_a_new_record_is_in_the_rows_note() {
    let service = Service::start().await;
    let tags = |options: Value| {
        json!({ "user_fields": [{ "entity": "lead", "field_name": "UF_CRM_TAG", "type": "enumeration",
            "label": "Etiket", "items": options }] })
    };
    let both = json!([{ "id": 81, "value": "Sıcak" }, { "id": 82, "value": "Soğuk" }]);
    service.vendors_post("bitrix24/seed", tags(both)).await;
    let webhook = json!({ "webhook": format!("{}/rest/1/abcdef/", service.portal()) });
    assert_eq!(service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(webhook)).await.status, 200);
    let config = service.imported_as(["Ad", "Etiket"], &[["Ayşe", "Sıcak"]]).await;
    service.vendors_post("bitrix24/seed", tags(json!([{ "id": 81, "value": "Sıcak" }]))).await;
    let row = json!({ "gid": 0, "action": "insert", "row": 3, "values": ["Can", "Soğuk"] });
    service.vendors_post("google/spreadsheets/s/rows", row).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Ayşe", "Can"], "the record is made, once");
    assert_eq!(service.cell(3, "Köprü Durum").await, "❌ Hata");
    let note = service.note(3).await;
    assert!(note.contains("Etiket") && note.contains("Bitrix24 bu değeri almadı"), "{note}");
    service.edit(3, 1, json!("Sıcak")).await;
    service.settled(&config).await;
    assert_eq!(service.cell(3, "Köprü Durum").await, "✅ Senkronize");
    assert_eq!(service.vendors_get("bitrix24/records/lead").await[1]["fields"]["UF_CRM_TAG"], "81");
}
