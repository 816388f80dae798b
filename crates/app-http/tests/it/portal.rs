//! A company's portal: by an app of its own, and after it was renamed.

use crate::harness::{Config, Service};
use rstest::rstest;
use serde_json::{Value, json};

const PORTAL: &str = "/api/v1/companies/acme/integrations/bitrix24";
/// Looked for where it must not be, which needs some length.
const APP_SECRET: &str = "local-app-s3cret";
const CALLBACK: &str = "/api/integrations/oauth/bitrix24/callback";

impl Service {
    /// A local app of the portal, whose card names our address, and its keys here.
    async fn app(&self) -> Value {
        let wanted = self.call("PUT", PORTAL, Some(self.keys())).await;
        assert_eq!(wanted.status, 200, "{}", wanted.json);
        let app = json!({ "client_id": "app.1", "client_secret": APP_SECRET,
            "redirect_uri": wanted.json["redirect_uri"] });
        self.vendors_post("bitrix24/apps", app).await;
        wanted.json
    }

    fn keys(&self) -> Value {
        let server = self.portal().replace("/bitrix24", "");
        json!({ "portal": self.portal(), "client_id": "app.1", "client_secret": APP_SECRET, "server": server })
    }

    /// A person of the portal agrees; where the portal sends the browser.
    async fn portal_agreed(&self) -> String {
        let page = self.call("POST", &format!("{PORTAL}/consent"), None).await.json["url"].clone();
        let page = page.as_str().expect("an address");
        let mut form: Vec<(String, String)> = url::Url::parse(page).unwrap().query_pairs().into_owned().collect();
        form.push(("user_id".to_owned(), "1".to_owned()));
        self.agree(page, &form).await
    }

    /// The company's portal is connected by an app.
    pub async fn connected_by_app(&self) {
        self.app().await;
        let back = self.portal_agreed().await;
        let ended = self.open("GET", &back, None).await;
        assert_eq!((ended.status, ended.location.as_deref()), (303, Some("/integrations/bitrix24")), "{}", ended.text);
    }

    async fn wait(&self, done: impl AsyncFn() -> bool) {
        for _ in 0..1_200 {
            if done().await {
                return;
            }
            self.a_moment().await;
        }
        panic!("it did not come to that");
    }

    async fn portal_is(&self) -> Value {
        self.call("GET", PORTAL, None).await.json
    }

    async fn renamed_to(&self, config: &Config, name: &str) {
        let edit = json!({ "gid": 0, "row": 2, "column": 0, "value": name });
        self.vendors_post("google/spreadsheets/s/edit", edit).await;
        self.settled(config).await;
        assert_eq!(self.titles().await, [name]);
    }
}

#[tokio::test]
async fn an_app_is_connected_by_consent_and_syncs_with_its_own_tokens() {
    let service = Service::start().await;
    let wanted = service.app().await;
    assert!(wanted["redirect_uri"].as_str().unwrap().ends_with(CALLBACK));
    let state = service.portal_is().await;
    let of = |state: &Value| [&state["kind"], &state["status"], &state["secret_ends_with"]].map(Clone::clone);
    assert_eq!(of(&state), ["app", "INACTIVE", "cret"]);
    let back = service.portal_agreed().await;
    assert_eq!(service.open("GET", &back, None).await.status, 303);
    assert_eq!(of(&service.portal_is().await), ["app", "ACTIVE", "cret"]);

    let config = service.imported(&[["Ayşe", "0532 000 00 01"]]).await;
    service.renamed_to(&config, "Ayşen").await;
    // In the middle of the work; the old pair ends with the renewal, so only the new one can carry the next edit.
    service.vendors_post("bitrix24/expire", json!({})).await;
    service.renamed_to(&config, "Ayla").await;
    service.vendors_post("bitrix24/expire", json!({})).await;
    service.renamed_to(&config, "Aylin").await;
    assert_eq!(service.portal_is().await["status"], "ACTIVE");
}

#[tokio::test]
async fn a_revoked_app_asks_for_its_consent_anew_and_what_waited_goes_on() {
    let service = Service::start().await;
    service.connected_by_app().await;
    let config = service.imported(&[["Ayşe", "0532 000 00 01"]]).await;
    service.vendors_post("bitrix24/revoke", json!({ "client_id": "app.1" })).await;
    let edit = json!({ "gid": 0, "row": 2, "column": 0, "value": "Ayşen" });
    service.vendors_post("google/spreadsheets/s/edit", edit).await;
    service.wait(async || service.portal_is().await["status"] == "RECONNECT_REQUIRED").await;
    assert_eq!(service.titles().await, ["Ayşe"]);
    let back = service.portal_agreed().await;
    assert_eq!(service.open("GET", &back, None).await.status, 303);
    assert_eq!(service.portal_is().await["status"], "ACTIVE");
    assert_eq!(service.call("POST", &format!("{}/reconcile", config.path), None).await.status, 202);
    // A portal that takes nothing is left alone for half a minute.
    service.wait(async || service.titles().await == ["Ayşen"]).await;
}

#[tokio::test]
async fn a_state_works_once_and_for_its_own_service() {
    let service = Service::start().await;
    service.app().await;
    let back = service.portal_agreed().await;
    let elsewhere = back.replace(CALLBACK, "/sheet-sync/oauth/callback");
    assert_eq!(service.open("GET", &elsewhere, None).await.status, 401, "it is not Google's");
    assert_eq!(service.open("GET", &back, None).await.status, 401, "and is used up by that");
    let back = service.portal_agreed().await;
    let forged = back.replace("state=", "state=x");
    assert_eq!(service.open("GET", &forged, None).await.status, 401);
    assert_eq!(service.open("GET", &back, None).await.status, 303);
    assert_eq!(service.open("GET", &back, None).await.status, 401);
}

#[tokio::test]
async fn a_code_that_the_portal_does_not_know_connects_nothing() {
    let service = Service::start().await;
    service.app().await;
    let back = service.portal_agreed().await;
    let (address, query) = back.split_once('?').unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "code");
    let query = url::form_urlencoded::Serializer::new("code=unknown".to_owned()).extend_pairs(pairs).finish();
    let ended = service.open("GET", &format!("{address}?{query}"), None).await;
    assert!(ended.status >= 400 && ended.text.contains("Bağlantı tamamlanamadı"), "{} {}", ended.status, ended.text);
    assert_eq!(service.portal_is().await["status"], "INACTIVE");
}

#[tokio::test]
async fn a_disconnected_app_leaves_no_tokens() {
    let service = Service::start().await;
    service.connected_by_app().await;
    assert_eq!(service.call("DELETE", PORTAL, None).await.status, 204);
    assert_eq!(service.call("GET", PORTAL, None).await.status, 404);
    let begun = service.call("POST", &format!("{PORTAL}/consent"), None).await;
    assert_eq!((begun.status, begun.json["code"].as_str()), (409, Some("portal_not_connected")));
    // The same keys again: what was granted before is not known any more.
    assert_eq!(service.call("PUT", PORTAL, Some(service.keys())).await.status, 200);
    let fields = service.call("GET", "/api/v1/sheet-sync/fields?entity=lead", None).await;
    assert_eq!(fields.json["code"], "portal_not_connected");
}

#[rstest]
#[case::no_address("")]
#[case::in_clear("http://acme.bitrix24.com")]
#[case::with_a_password("https://a:b@acme.bitrix24.com")]
#[case::a_question("acme.bitrix24.com/?x=1")]
#[tokio::test]
async fn an_address_that_is_no_portals_is_refused(#[case] portal: &str) {
    let service = Service::start().await;
    let keys = json!({ "portal": portal, "client_id": "app.1", "client_secret": "s" });
    let answer = service.call("PUT", PORTAL, Some(keys)).await;
    assert_eq!((answer.status, answer.json["code"].as_str()), (422, Some("bad_portal_app")), "{}", answer.json);
    assert_eq!(service.call("GET", PORTAL, None).await.status, 404);
}

/// Bitrix24's redirect says that it is the same portal, whether or not the old connection was ended before.
#[rstest]
#[case::by_another_webhook(false)]
#[case::after_a_disconnection(true)]
#[tokio::test]
async fn a_renamed_portal_connected_by_its_new_address_keeps_its_records(#[case] disconnected: bool) {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let (old, new) = (service.portal(), service.portal().replace("127.0.0.1", "localhost"));
    service.vendors_post("bitrix24/rename", json!({ "to": new })).await;
    if disconnected {
        assert_eq!(service.call("DELETE", PORTAL, None).await.status, 204);
    }
    let webhook = json!({ "webhook": format!("{new}/rest/1/abcdef/") });
    let connected = service.call("PUT", PORTAL, Some(webhook)).await;
    let name = old.strip_prefix("http://").unwrap().strip_suffix("/bitrix24").unwrap();
    assert_eq!(connected.json["portal"], name, "the name by which it is known: {}", connected.json);
    service.renamed_to(&config, "Ayşen").await;
}
