//! How a company comes to its portal.

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_http_client::Method;
use kopru_ports::connections::PortalConnections;
use kopru_ports::crm::CrmCatalog;
use kopru_ports_testkit::suites::portal_connections::ConnectionsWorld;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::PATIENCE;
use crate::sandbox::Simulated;
use crate::world::company;

fn app(address: &str) -> Value {
    json!({ "client_id": "app.1", "client_secret": "s3cret",
        "client_endpoint": format!("{address}/bitrix24/rest/"), "server_endpoint": format!("{address}/rest/") })
}

struct Connected(Simulated);

async fn connected() -> Connected {
    let simulated = Simulated::with(PATIENCE).await;
    simulated.world.connect_by(&app(&simulated.sandbox.base_url())).await;
    Connected(simulated)
}

#[async_trait]
impl ConnectionsWorld for Connected {
    fn connections(&self) -> &dyn PortalConnections {
        &self.0.world.bitrix
    }

    fn catalog(&self) -> &dyn CrmCatalog {
        &self.0.world.bitrix
    }

    fn company(&self) -> CompanyId {
        company()
    }

    fn settings(&self) -> SecretString {
        app(&self.0.sandbox.base_url()).to_string().into()
    }

    async fn rename(&self) -> SecretString {
        let address = self.0.sandbox.base_url().replace("127.0.0.1", "localhost");
        self.0.control(Method::POST, "bitrix24/rename", json!({ "to": format!("{address}/bitrix24") })).await;
        app(&address).to_string().into()
    }

    async fn connect(&self, settings: &SecretString) {
        self.0.world.connect_by(&serde_json::from_str(settings.expose_secret()).unwrap()).await;
    }
}

kopru_ports_testkit::portal_connections_suite!(connected());
