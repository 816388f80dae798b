//! Spreadsheets, over the simulated Google.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kopru_adapters_google::GoogleSheets;
use kopru_domain::{CellValue, Gid};
use kopru_http_client::Method;
use kopru_oauth::TokenSessions;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{Spreadsheets, TabRef};
use kopru_ports::tokens::{StoredToken, TokenKey, TokenStore as _};
use kopru_ports_testkit::suites::spreadsheets::SheetsWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{MemoryStore, OpenGate};
use serde_json::{Value, json};

use super::{PATIENCE, fault, nobody};
use crate::sandbox::{Simulated, config};
use crate::world::{connection, http};

/// One person's files, reached with that person's tokens.
struct Files {
    simulated: Simulated,
    sheets: GoogleSheets,
    /// The same adapter, where nobody listens.
    away: GoogleSheets,
    is_away: AtomicBool,
}

async fn files() -> Files {
    let simulated = Simulated::start().await;
    let granted = simulated.connect().await.store.load(&connection()).await.unwrap().unwrap();
    let tokens = Arc::<MemoryStore>::default();
    tokens.save(&connection(), StoredToken { version: 0, ..granted }).await.unwrap();
    let sessions = Arc::new(TokenSessions::new(tokens, simulated.consent.clone(), simulated.clock.clone()));
    let sheets = |config| {
        let gate = Arc::<OpenGate>::default();
        GoogleSheets::new(config, http(PATIENCE), sessions.clone(), gate, simulated.clock.clone())
    };
    let (sheets, away) = (sheets(config(&simulated.sandbox)), sheets(nobody()));
    Files { simulated, sheets, away, is_away: AtomicBool::new(false) }
}

impl Files {
    async fn tab(&self, tab: &TabRef) -> Value {
        let path = format!("google/spreadsheets/{}", tab.spreadsheet.as_str());
        self.simulated.control(Method::GET, &path, json!({})).await["tabs"][0].clone()
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

#[async_trait]
impl SheetsWorld for Files {
    fn sheets(&self) -> &dyn Spreadsheets {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.sheets }
    }

    fn connection(&self) -> TokenKey {
        connection()
    }

    async fn put(&self, title: &str, rows: Vec<Vec<CellValue>>) -> TabRef {
        self.simulated.control(Method::POST, "clock", json!({ "advance_seconds": 1 })).await;
        let tabs = json!([{ "gid": 7, "title": "Tab adı", "values": rows }]);
        let made = self.simulated.control(Method::POST, "google/spreadsheets", json!({ "title": title, "tabs": tabs }));
        let spreadsheet = made.await["id"].as_str().unwrap().parse().unwrap();
        TabRef { connection: connection(), spreadsheet, gid: Gid(7), urgency: Urgency::Bulk }
    }

    async fn rows(&self, tab: &TabRef) -> Vec<Vec<CellValue>> {
        let mut rows: Vec<Vec<CellValue>> = serde_json::from_value(self.tab(tab).await["cells"].clone()).unwrap();
        for row in &mut rows {
            row.truncate(row.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1));
        }
        rows.truncate(rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1));
        rows
    }

    async fn notes(&self, tab: &TabRef) -> Vec<(u32, u32, String)> {
        let note = |note: &Value| {
            (number(&note["row"]) - 1, number(&note["column"]), note["note"].as_str().unwrap().to_owned())
        };
        list(&self.tab(tab).await["notes"]).iter().map(note).collect()
    }

    async fn hidden_columns(&self, tab: &TabRef) -> Vec<u32> {
        list(&self.tab(tab).await["hidden_columns"]).iter().map(number).collect()
    }

    async fn disconnect(&self) {
        self.simulated.control(Method::POST, "google/revoke_user", json!({})).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::spreadsheets_suite!(files());
