//! Deals, invoices and smart processes have stages by pipelines; a quote has an origin in other fields.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldValue};
use kopru_ports::crm::{CommandOutcome, CrmCommand, CrmWriter as _};
use rstest::rstest;
use serde_json::{Value, json};

use crate::portal::{Portal, result};
use crate::world::{Change, World, create, done, title, update};

const PATIENT: Duration = Duration::from_secs(10);

/// A portal whose deals have two pipelines, with one stage of the same name in each.
async fn with_deals() -> (World, Portal) {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    let field =
        |kind: &str, title: &str| json!({ "type": kind, "isReadOnly": false, "isMultiple": false, "title": title });
    let mut stage = field("crm_status", "Aşama");
    stage["statusType"] = json!("DEAL_STAGE");
    let fields = json!({
        "TITLE": field("string", "Anlaşma"),
        "STAGE_ID": stage,
        "CATEGORY_ID": field("crm_category", "Huni"),
    });
    portal.answer("crm.deal.fields", result(fields));
    let categories = json!([
        { "id": 0, "name": "Genel", "sort": 300, "entityTypeId": 2, "isDefault": "Y" },
        { "id": 9, "name": "Bayiler", "sort": 300, "entityTypeId": 2, "isDefault": "N" },
    ]);
    portal.answer("crm.category.list", result(json!({ "categories": categories })));
    let general = json!([{ "STATUS_ID": "NEW", "NAME": "Yeni" }, { "STATUS_ID": "WON", "NAME": "Kazanıldı" }]);
    let dealers = json!([{ "STATUS_ID": "C9:NEW", "NAME": "Yeni" }, { "STATUS_ID": "C9:UC_KN8KFI", "NAME": "Keşif" }]);
    let answers = json!({ "c0": [], "c1": [], "c2": general, "c3": dealers });
    portal.answer("batch", result(json!({ "result": answers, "result_error": [] })));
    world.fields(EntityKind::Deal).await.unwrap();
    (world, portal)
}

fn deal(command: CrmCommand) -> CrmCommand {
    CrmCommand { entity: EntityKind::Deal, ..command }
}

fn stage(id: &str) -> Change {
    ("STAGE_ID", FieldValue::Empty, FieldValue::Choice(id.to_owned()))
}

#[tokio::test]
async fn the_stages_of_all_pipelines_are_offered_each_name_once() {
    let (world, portal) = with_deals().await;
    let asked: Vec<String> = portal.calls().last().unwrap().1["cmd"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|command| Some(command.as_str()?.split_once("[ENTITY_ID]=")?.1.split('&').next()?.to_owned()))
        .collect();
    assert_eq!(asked, ["DEAL_STAGE", "DEAL_STAGE_9"]);
    let fields = world.fields(EntityKind::Deal).await.unwrap();
    let choices = |code: &str| -> Vec<(String, String)> {
        let field = fields.iter().find(|field| field.code.as_str() == code).unwrap();
        field.choices.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect()
    };
    let pair = |id: &str, label: &str| (id.to_owned(), label.to_owned());
    assert_eq!(choices("STAGE_ID"), [pair("NEW", "Yeni"), pair("WON", "Kazanıldı"), pair("C9:UC_KN8KFI", "Keşif")]);
    assert_eq!(choices("CATEGORY_ID"), [pair("0", "Genel"), pair("9", "Bayiler")]);
}

/// The cell says the stage's name; which stage that is, the record's pipeline decides.
#[rstest]
#[case::of_the_first("0", "NEW", Some("NEW"))]
#[case::of_another_by_its_name("9", "NEW", Some("C9:NEW"))]
#[case::which_the_pipeline_has_not("9", "WON", None)]
#[tokio::test]
async fn a_stage_is_one_of_the_records_pipeline(
    #[case] category: &str,
    #[case] wanted: &str,
    #[case] written: Option<&str>,
) {
    let (world, portal) = with_deals().await;
    portal.calls();
    portal.answer("crm.deal.get", result(json!({ "ID": "5", "CATEGORY_ID": category, "STAGE_ID": "X" })));
    let seen = json!({ "c0": true, "c1": { "ID": "5", "STAGE_ID": written } });
    portal.answer("batch", result(json!({ "result": seen, "result_error": [] })));
    let found = world.write(vec![deal(update("5", [stage(wanted)]))]).await.unwrap();
    if let Some(id) = written {
        assert_eq!(found, [done("5")]);
        let sent = portal.calls()[1].1["cmd"]["c0"].as_str().unwrap().to_owned();
        assert!(sent.contains(&format!("fields[STAGE_ID]={}", id.replace(':', "%3A"))), "{sent}");
    } else {
        let named = |code: &kopru_domain::FieldCode| code.as_str() == "STAGE_ID";
        assert!(matches!(&found[0], CommandOutcome::Refused { field: Some(code), .. } if named(code)), "{found:?}");
        assert_eq!(portal.calls().len(), 1, "nothing is written");
    }
}

#[rstest]
#[case::where_it_is_made(Some("9"), "C9:NEW")]
#[case::in_the_default_pipeline(None, "NEW")]
#[tokio::test]
async fn a_new_records_stage_is_one_of_its_pipeline(#[case] category: Option<&str>, #[case] written: &str) {
    let (world, portal) = with_deals().await;
    portal.calls();
    portal.answer("crm.deal.add", result(json!(351)));
    let category = category.map(|id| ("CATEGORY_ID", FieldValue::Empty, FieldValue::Choice(id.to_owned())));
    let command = deal(create("r1", category.into_iter().chain([stage("NEW")])));
    assert_eq!(world.write(vec![command]).await.unwrap(), [done("351")]);
    assert_eq!(portal.calls()[0].1["fields"]["STAGE_ID"], written);
}

/// Neither `ORIGIN_ID` nor `xmlId` is among a quote's fields.
#[tokio::test]
async fn a_quote_carries_its_origin_where_it_came_from() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    let field = |title: &str| json!({ "type": "string", "isReadOnly": false, "isMultiple": false, "title": title });
    let fields = json!({ "TITLE": field("Konu"), "UTM_SOURCE": field("Kaynak"), "UTM_CONTENT": field("İçerik") });
    portal.answer("crm.quote.fields", result(fields));
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    let fields = world.fields(EntityKind::Quote).await.unwrap();
    assert!(fields.iter().all(|field| field.read_only == field.code.as_str().starts_with("UTM_")));

    portal.answer("crm.quote.add", result(json!(43)));
    portal.answer("crm.quote.list", result(json!([{ "ID": "43", "UTM_CONTENT": "r1" }])));
    let command = CrmCommand { entity: EntityKind::Quote, ..create("r1", [title("Teklif")]) };
    assert_eq!(world.write(vec![command]).await.unwrap(), [done("43")]);
    let origins = ["r1".to_owned()];
    let found = world.bitrix.find_by_origin(&world.among(EntityKind::Quote).await, &origins).await.unwrap();
    assert_eq!(found[0].id, "43");
    let calls = portal.calls();
    let sent: Vec<&Value> = calls[2..].iter().map(|(_, params)| params).collect();
    assert_eq!(sent[0]["fields"], json!({ "TITLE": "Teklif", "UTM_SOURCE": "kopru", "UTM_CONTENT": "r1" }));
    assert_eq!(sent[1]["filter"], json!({ "=UTM_SOURCE": "kopru", "@UTM_CONTENT": ["r1"] }));
}
