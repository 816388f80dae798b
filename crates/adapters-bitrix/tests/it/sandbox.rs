//! Against the simulated portal: what is in it afterwards.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldValue};
use kopru_http_client::{HttpClient, Method};
use kopru_ports::crm::{CommandOutcome, CrmWriter as _};
use kopru_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::world::{World, create, done, http, phones, text, title, update};

pub struct Simulated {
    pub world: World,
    pub sandbox: Sandbox,
    pub http: HttpClient,
}

impl Simulated {
    pub async fn start() -> Self {
        Self::with(Duration::from_secs(30)).await
    }

    /// With an adapter that waits so long for an answer.
    pub async fn with(patience: Duration) -> Self {
        let (world, sandbox) = (World::new(patience), Sandbox::start(SandboxConfig::default()).await.unwrap());
        world.connect(&format!("{}/bitrix24/rest/1/abcdef/", sandbox.base_url())).await;
        Self { world, sandbox, http: http(patience) }
    }

    /// The portal's REST address for apps.
    pub fn endpoint(&self) -> String {
        format!("{}/bitrix24/rest/", self.sandbox.base_url())
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.sandbox.base_url());
        let reply = self.http.send(self.http.request(method, &url).json(&body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.json().unwrap()
    }

    async fn leads(&self) -> Vec<Value> {
        self.records("lead").await
    }

    /// What is in the portal, by `lead` or an entity type id.
    pub async fn records(&self, entity: &str) -> Vec<Value> {
        let found = self.control(Method::GET, &format!("bitrix24/records/{entity}"), json!({})).await;
        found.as_array().unwrap().clone()
    }

    pub async fn seed_lead(&self, fields: Value) -> String {
        let seed = json!({ "records": [{ "entity": "lead", "fields": fields }] });
        self.control(Method::POST, "bitrix24/seed", seed).await["ids"][0].to_string()
    }
}

#[tokio::test]
async fn many_leads_in_batches_of_fifty() {
    let simulated = Simulated::start().await;
    let origins: Vec<String> = (0..120).map(|n| format!("row-{n:03}")).collect();
    for chunk in origins.chunks(50) {
        let commands = chunk.iter().map(|origin| create(origin, [title(&format!("Aday & {origin} #1"))])).collect();
        let outcomes = simulated.world.write(commands).await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, CommandOutcome::Done { .. })), "{outcomes:?}");
    }
    let leads = simulated.leads().await;
    let titles: Vec<&str> = leads.iter().map(|lead| lead["fields"]["TITLE"].as_str().unwrap()).collect();
    assert_eq!(titles, origins.iter().map(|origin| format!("Aday & {origin} #1")).collect::<Vec<_>>());
    let found =
        simulated.world.bitrix.find_by_origin(&simulated.world.among(EntityKind::Lead).await, &origins).await.unwrap();
    assert_eq!(found.into_iter().map(|record| record.origin).collect::<Vec<_>>(), origins);

    let stats = simulated.control(Method::GET, "bitrix24/stats", json!({})).await;
    let passes = simulated.world.gate.passes.lock().unwrap().len();
    assert_eq!(stats["requests"], json!(passes), "every request passes the gate");
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn one_of_two_phones_changes() {
    let simulated = Simulated::start().await;
    let numbers = json!([{ "VALUE": "+90 532 111 11 11", "VALUE_TYPE": "MOBILE" }, { "VALUE": "+902122222222" }]);
    let id = simulated.seed_lead(json!({ "TITLE": "a", "PHONE": numbers })).await;
    let before = simulated.leads().await[0]["multi"].clone();
    let change = ("PHONE", phones(&["+905321111111"]), phones(&["+905333333333"]));
    assert_eq!(simulated.world.write(vec![update(&id, [change])]).await.unwrap(), [done(&id)]);
    let mut expected = before;
    expected["PHONE"][0]["VALUE"] = json!("+905333333333");
    assert_eq!(simulated.leads().await[0]["multi"], expected);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_field_and_a_list_are_cleared() {
    let simulated = Simulated::start().await;
    let tags = json!({ "entity": "lead", "field_name": "UF_CRM_TAGS", "type": "enumeration", "multiple": true,
        "label": "Etiketler", "items": [{ "id": 81, "value": "A" }, { "id": 82, "value": "B" }] });
    simulated.control(Method::POST, "bitrix24/seed", json!({ "user_fields": [tags] })).await;
    let id = simulated.seed_lead(json!({ "TITLE": "a", "COMMENTS": "x", "UF_CRM_TAGS": [81, 82] })).await;
    let other = simulated.seed_lead(json!({ "TITLE": "b", "COMMENTS": "y", "UF_CRM_TAGS": [82] })).await;
    let several = || FieldValue::Many(vec![FieldValue::Choice("81".into())]);
    let clear = |id: &str| {
        update(id, [("COMMENTS", text("x"), FieldValue::Empty), ("UF_CRM_TAGS", several(), FieldValue::Empty)])
    };
    // One as JSON, then both in a batch.
    assert_eq!(simulated.world.write(vec![clear(&id)]).await.unwrap(), [done(&id)]);
    assert_eq!(simulated.world.write(vec![clear(&id), clear(&other)]).await.unwrap(), [done(&id), done(&other)]);
    for lead in simulated.leads().await {
        let fields = &lead["fields"];
        let is_empty =
            |code: &str| matches!(&fields[code], Value::Null) || fields[code] == "" || fields[code] == json!([]);
        assert!(is_empty("COMMENTS") && is_empty("UF_CRM_TAGS"), "{fields}");
    }
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_by_its_origin() {
    let simulated = Simulated::start().await;
    // The portal is described before the fault is armed.
    simulated.world.fields(EntityKind::Lead).await.unwrap();
    let fault = json!({ "vendor": "bitrix24", "matching": "crm.lead.add", "kind": "reset_after" });
    simulated.control(Method::POST, "faults", fault).await;
    let found = simulated.world.write(vec![create("r1", [title("a")])]).await.unwrap();
    assert_eq!(found, [CommandOutcome::Unknown]);
    let origins = ["r1", "r2"].map(str::to_owned);
    let found =
        simulated.world.bitrix.find_by_origin(&simulated.world.among(EntityKind::Lead).await, &origins).await.unwrap();
    let id = simulated.leads().await[0]["id"].to_string();
    assert_eq!(found.iter().map(|record| (record.origin.as_str(), &record.id)).collect::<Vec<_>>(), [("r1", &id)]);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_batch_that_is_cut_off_leaves_all_of_it_unknown_and_a_part_of_it_done() {
    let simulated = Simulated::start().await;
    simulated.world.fields(EntityKind::Lead).await.unwrap();
    let fault = json!({ "vendor": "bitrix24", "matching": "batch", "kind": "batch_cut", "k": 2 });
    simulated.control(Method::POST, "faults", fault).await;
    let origins = ["r1", "r2", "r3"].map(str::to_owned);
    let commands = origins.iter().map(|origin| create(origin, [title("a")])).collect();
    assert_eq!(simulated.world.write(commands).await.unwrap(), vec![CommandOutcome::Unknown; 3]);
    let found =
        simulated.world.bitrix.find_by_origin(&simulated.world.among(EntityKind::Lead).await, &origins).await.unwrap();
    assert_eq!(found.into_iter().map(|record| record.origin).collect::<Vec<_>>(), ["r1", "r2"]);
    simulated.sandbox.stop().await;
}
