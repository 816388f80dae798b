//! The CRM's ports.

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind, FieldCode};
use kopru_http_client::Method;
use kopru_ports::Clock;
use kopru_ports::crm::{CrmCatalog, CrmWriter};
use kopru_ports_testkit::suites::crm::CrmWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{PATIENCE, fault, nobody};
use crate::app::token;
use crate::sandbox::Simulated;
use crate::world::company;

/// With the leads known: the next call is the clause's own.
async fn portal() -> Simulated {
    let simulated = Simulated::with(PATIENCE).await;
    simulated.world.fields(EntityKind::Lead).await.unwrap();
    simulated
}

fn webhook(address: &str, secret: &str) -> SecretString {
    json!({ "webhook": format!("{address}/bitrix24/rest/1/{secret}/") }).to_string().into()
}

#[async_trait]
impl CrmWorld for Simulated {
    fn writer(&self) -> &dyn CrmWriter {
        &self.world.bitrix
    }

    fn catalog(&self) -> &dyn CrmCatalog {
        &self.world.bitrix
    }

    fn clock(&self) -> &dyn Clock {
        &*self.world.clock
    }

    fn company(&self) -> CompanyId {
        company()
    }

    fn texts(&self) -> [FieldCode; 2] {
        ["TITLE", "COMMENTS"].map(FieldCode::from)
    }

    fn phones(&self) -> FieldCode {
        "PHONE".into()
    }

    fn settings(&self) -> SecretString {
        webhook(&self.sandbox.base_url(), "abcdef")
    }

    fn wrong_settings(&self) -> SecretString {
        webhook(&self.sandbox.base_url(), "wrong")
    }

    async fn put(&self, [title, comment]: [&str; 2]) -> String {
        self.seed_lead(json!({ "TITLE": title, "COMMENTS": comment })).await
    }

    async fn read(&self, id: &str) -> Option<[String; 2]> {
        let lead = self.records("lead").await.into_iter().find(|lead| lead["id"].as_u64() == id.parse().ok())?;
        Some(self.texts().map(|code| lead["fields"][code.as_str()].as_str().unwrap_or_default().to_owned()))
    }

    async fn count(&self) -> usize {
        self.records("lead").await.len()
    }

    async fn add_field(&self, code: &FieldCode) {
        let field = json!({ "entity": "lead", "field_name": code.as_str(), "type": "string", "label": "Yeni" });
        self.control(Method::POST, "bitrix24/seed", json!({ "user_fields": [field] })).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        let webhook = format!("{}/bitrix24/rest/1/abcdef/", nobody());
        self.world.connect_by(&json!({ "portal": self.world.portal().await, "webhook": webhook })).await;
    }
}

kopru_ports_testkit::crm_writer_suite!(portal());
kopru_ports_testkit::crm_catalog_suite!(portal());

/// The same by an app's tokens.
async fn portal_by_an_app() -> Simulated {
    let simulated = Simulated::with(PATIENCE).await;
    let (world, granted) = (&simulated.world, token(&simulated.world));
    let settings = json!({ "client_id": "app.1", "client_secret": "s3cret",
        "client_endpoint": simulated.endpoint(), "server_endpoint": simulated.endpoint() });
    world.connect_by(&settings).await;
    let given = json!({ "token": granted.access.expose_secret() });
    simulated.control(Method::POST, "bitrix24/tokens", given).await;
    world.tokens.replace(granted);
    world.fields(EntityKind::Lead).await.unwrap();
    simulated
}

mod by_an_app {
    use super::portal_by_an_app;

    kopru_ports_testkit::crm_writer_suite!(portal_by_an_app());
}
