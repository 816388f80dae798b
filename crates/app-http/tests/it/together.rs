//! Two instances on one PostgreSQL.

use futures::future::join_all;
use serde_json::json;

use crate::harness::Service;

/// Bitrix24 replaces the refresh token with every use: a second refresh would end the connection.
#[tokio::test]
async fn a_token_that_ended_is_refreshed_once_by_all_instances() {
    let Some(mut service) = Service::start_on_postgres().await else { return };
    service.connected_by_app().await;
    service.consent().await;
    let instances = [service.base().to_owned(), service.beside()];
    let fields = ["lead", "contact", "company", "deal", "quote", "invoice"];
    let fields = fields.map(|entity| format!("/api/v1/sheet-sync/fields?entity={entity}"));
    let files = ["/api/v1/sheet-sync/spreadsheets"; 6].map(str::to_owned);
    for (vendor, paths, given) in [("bitrix24", fields, 2), ("google", files, 1)] {
        let before = service.given();
        service.vendors_post(&format!("{vendor}/expire"), json!({})).await;
        let asked = instances.iter().flat_map(|base| paths.iter().map(move |path| format!("{base}{path}")));
        let asked: Vec<String> = asked.collect();
        for answer in join_all(asked.iter().map(|url| service.call("GET", url, None))).await {
            assert_eq!(answer.status, 200, "{vendor}: {}", answer.text);
        }
        assert_eq!(service.given() - before, given, "{vendor}");
    }
}
