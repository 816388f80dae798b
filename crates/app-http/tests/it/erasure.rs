//! What is left of a company or of a person who is erased: nothing; and of all others everything.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::data::{beside, of, records};
use crate::harness::{Answer, Service, kopru, vault_key};

const AYSE: &str = "/api/v1/companies/acme/people/ayse";
const CAN: &str = "/api/v1/companies/acme/people/can";

/// What is told of `acme` and its people anywhere.
const ACMES: [&str; 10] = [
    "acme",
    "ayse",
    "Ayşe",
    "Deniz",
    "demo@example.com",
    "905320000001",
    "905320000777",
    "Merhaba",
    "teklif",
    "Telefon",
];

/// Something in everything: rows, messages, sessions, templates, opt-outs, consents under way.
async fn fill(service: &Service) {
    service.synced(&[["Ayşe", "0532 000 00 01"], ["Ayşe Nur", "0532 000 00 02"]]).await;
    service.consent_at("/api/integrations/oauth/google-calendar/authorize").await;
    beside(service).await;
    service.connect_twilio().await;
    service.call("PUT", "/api/integrations/templates/teklif", Some(json!({ "text": "Merhaba {{ad}}" }))).await;
    for (user, number) in [("ayse", "+905320000777"), ("can", "+905320000778")] {
        let later = Service::in_seconds(3600);
        for body in [
            json!({ "to": number, "message": format!("Merhaba, {user}") }),
            json!({ "to": number, "message": format!("Merhaba, {user}"), "send_at": later }),
        ] {
            let bearer = format!("Bearer {}", service.key);
            let headers = [("Authorization", bearer.as_str()), ("Kopru-User", user)];
            let sent = service.raw(Method::POST, "/api/integrations/sms/send", Some(body.to_string()), &headers).await;
            assert_eq!(sent.status, 202, "{}", sent.text);
        }
        for path in ["/api/v1/sessions", "/api/v1/console-links"] {
            service.call("POST", path, Some(json!({ "user": user }))).await;
        }
    }
    service.writes("sms", "+905320000777", "DUR").await;
    service.call("GET", "/api/integrations/oauth/google-calendar/authorize", None).await;
    let origins = json!({ "origins": ["https://acme.example"] });
    assert_eq!(service.call("PUT", "/api/v1/companies/acme/origins", Some(origins)).await.status, 200);
    while service.call("GET", "/api/integrations/opt-outs", None).await.json["items"] == json!([]) {
        service.a_moment().await;
    }
}

/// Another company, with what needs no vendor.
struct Beta {
    bearer: String,
}

impl Beta {
    async fn with(service: &Service) -> Self {
        service.operate(&["company", "add", "beta"]);
        let beta = Self { bearer: format!("Bearer {}", service.operate(&["api-key", "create", "--company", "beta"])) };
        let template = json!({ "text": "Bizim" });
        beta.call(service, "PUT", "/api/integrations/templates/bizim", Some(template)).await;
        beta.call(service, "POST", "/api/v1/sessions", Some(json!({ "user": "veli" }))).await;
        let number = json!({ "channel": "sms", "address": "+905329999999" });
        beta.call(service, "PUT", "/api/integrations/opt-outs", Some(number)).await;
        beta
    }

    async fn call(&self, service: &Service, method: &str, path: &str, body: Option<Value>) -> Answer {
        let headers = [("Authorization", self.bearer.as_str())];
        let answer = service.raw(method.parse().unwrap(), path, body.map(|body| body.to_string()), &headers).await;
        assert!(answer.status < 300, "{}", answer.text);
        answer
    }

    /// All that it has; the look at it is told in its audit log.
    async fn kept(&self, service: &Service) -> Vec<Value> {
        let mut all = records(&self.call(service, "GET", "/api/v1/companies/beta/export", None).await.text);
        all.retain(|record| record["action"] != "data_exported");
        assert!(all.len() > 6, "{all:?}");
        all
    }
}

/// How many of the tokens that Google has given are valid.
async fn valid_tokens(service: &Service) -> usize {
    let tokens: Vec<String> = serde_json::from_value(service.vendors_get("google/tokens").await).unwrap();
    let address = service.portal().replace("/bitrix24", "/google/oauth2/v2/userinfo");
    let mut valid = 0;
    for token in tokens {
        let bearer = format!("Bearer {token}");
        let answer = service.raw(Method::GET, &address, None, &[("Authorization", &bearer)]).await;
        valid += usize::from(answer.status == 200);
    }
    valid
}

#[rstest]
#[case::sqlite(false)]
#[case::postgres(true)]
#[tokio::test]
async fn of_a_company_nothing_is_left_whatever_is_interrupted(#[case] on_postgres: bool) {
    let started = if on_postgres { Service::start_on_postgres().await } else { Some(Service::start().await) };
    let Some(mut service) = started else { return };
    fill(&service).await;
    let beta = Beta::with(&service).await;
    let others = beta.kept(&service).await;
    assert!(valid_tokens(&service).await > 0);
    let away = json!({ "vendor": "google", "matching": "revoke", "kind": "status", "status": 503, "times": 1000 });
    service.vendors_post("faults", away).await;

    let erased = service.call("DELETE", "/api/v1/companies/acme", Some(json!({ "confirm": "acme" }))).await;
    assert_eq!(erased.status, 202, "{}", erased.text);
    while service.call("GET", "/api/v1/companies/acme/audit", None).await.status != 401 {
        service.a_moment().await;
    }
    service.restart(&format!("t:{}", vault_key()));
    assert!(service.operate(&["company", "list"]).contains("acme"), "Google does not answer yet");
    service.delete_faults().await;
    while service.operate(&["company", "list"]) != "beta" {
        service.a_moment().await;
    }
    assert_eq!(valid_tokens(&service).await, 0, "ended at Google");
    assert_eq!(beta.kept(&service).await, others);
    let left = service.left();
    let database = String::from_utf8_lossy(&left.database);
    assert!(database.contains("beta") && database.contains("veli") && database.contains("Bizim"));
    assert_eq!(ACMES.iter().filter(|told| database.contains(**told)).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(left.leaks().is_empty());
}

#[tokio::test]
async fn a_company_is_not_erased_by_accident() {
    let service = Service::start_unset().await;
    for body in [json!({ "confirm": "acm" }), json!({ "confirm": "beta" }), json!({})] {
        let answer = service.call("DELETE", "/api/v1/companies/acme", Some(body)).await;
        assert_eq!((answer.status, answer.json["field"].as_str()), (422, Some("confirm")));
    }
    assert_eq!(service.call("DELETE", "/api/v1/companies/acme", None).await.status, 422);
    let wish = json!({ "user": "ayse", "scopes": ["admin", "sync:manage"] });
    let token = service.call("POST", "/api/v1/sessions", Some(wish)).await.json["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let body = Some(json!({ "confirm": "acme" }).to_string());
    let by_session = service.raw(Method::DELETE, "/api/v1/companies/acme", body, &[("Authorization", &bearer)]).await;
    assert_eq!((by_session.status, by_session.json["code"].as_str()), (403, Some("forbidden")));
    let refused = kopru(service.folder()).args(["company", "erase", "acme"]).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--yes"));
    let unknown = kopru(service.folder()).args(["company", "erase", "nope", "--yes"]).output().unwrap();
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("no such company"));
    assert_eq!(service.operate(&["company", "list"]), "acme");
}

#[tokio::test]
async fn of_a_person_one_entry_without_a_name_is_left_and_colleagues_keep_everything() {
    let service = Service::start().await;
    fill(&service).await;
    let export = async |path: &str| service.call("GET", &format!("{path}/export"), None).await;
    let before = export(CAN).await;
    for kind in ["config", "row", "history", "connection", "session", "message"] {
        assert!(!of(&records(&before.text), kind).is_empty(), "{kind}");
    }
    let (valid, ayse) = (valid_tokens(&service).await, records(&export(AYSE).await.text));

    assert_eq!(service.operate(&["company", "erase", "acme", "--user", "can", "--yes"]), "erased");
    let left = records(&export(CAN).await.text);
    assert_eq!(left.iter().map(|record| record["action"].clone()).collect::<Vec<_>>(), ["data_exported"]);
    let all = service.call("GET", "/api/v1/companies/acme/export", None).await;
    for told in ["Deniz", "0532 000 00 09", "+905320000778"] {
        assert!(!all.text.contains(told), "{told}");
    }
    let log = of(&records(&all.text), "audit").into_iter().cloned().collect::<Vec<_>>();
    let erased: Vec<_> = log.iter().filter(|entry| entry["action"] == "data_erased").collect();
    assert_eq!((erased.len(), &erased[0]["subject"], &erased[0]["actor"]["user"]), (1, &json!(""), &Value::Null));
    assert_eq!(valid_tokens(&service).await, valid, "the account is a colleague's too");
    let without = |records: Vec<Value>| -> Vec<Value> {
        records.into_iter().filter(|record| record["action"] != "data_exported").collect()
    };
    assert_eq!(without(records(&export(AYSE).await.text)), without(ayse));

    assert_eq!(service.call("DELETE", AYSE, None).await.status, 202);
    while !of(&records(&export(AYSE).await.text), "connection").is_empty()
        || service.call("GET", "/api/v1/sheet-sync/configs", None).await.json["items"] != json!([])
    {
        service.a_moment().await;
    }
    assert_eq!(valid_tokens(&service).await, 0, "and now nobody's");
    let outs = service.call("GET", "/api/integrations/opt-outs", None).await.json;
    assert_eq!(outs["items"].as_array().unwrap().len(), 1, "opt-outs belong to numbers");
    assert_eq!(service.call("GET", "/api/integrations/templates/teklif", None).await.status, 200);
}

#[tokio::test]
async fn a_command_that_has_the_file_alone_leaves_nothing_of_a_person_in_it() {
    let mut service = Service::start_unset().await;
    for number in 0..40 {
        for user in [format!("somebody-{number}"), "person-to-be-erased".to_owned()] {
            service.call("POST", "/api/v1/sessions", Some(json!({ "user": user }))).await;
            service.call("POST", "/api/v1/console-links", Some(json!({ "user": user }))).await;
        }
    }
    service.end();
    let erase = ["company", "erase", "acme", "--user", "person-to-be-erased", "--yes"];
    assert_eq!(service.operate(&erase), "erased");
    let database = service.left().database;
    let database = String::from_utf8_lossy(&database);
    assert!(database.contains("somebody-39") && database.contains("data_erased"));
    assert!(!database.contains("person-to-be-erased"));
}
