//! Companies side by side: what one has, another one with valid keys of its own neither sees nor changes.

use crate::harness::{Answer, Service};
use serde_json::{Value, json};

/// Routes that ask for no key, each with another proof of its own.
const OPEN: [&str; 6] = [
    "/healthz",
    "/readyz",
    "/sheet-sync/oauth/callback",
    "/api/integrations/oauth/bitrix24/callback",
    "/api/v1/sheet-sync/webhook",
    "/api/v1/sync/webhook",
];

/// Every route that asks for a key: method and path, with what `acme` has in place of its parameters.
async fn routes(service: &Service, config: &str) -> Vec<(String, String)> {
    let api = service.open("GET", "/openapi.json", None).await.json;
    let mut routes = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| !OPEN.contains(&path.as_str())) {
            let path = path.replace("{company}", "acme").replace("{id}", config).replace("{spreadsheet}", "s");
            assert!(!path.contains('{'), "{path} has a parameter that this walk does not know");
            routes.push((method.to_uppercase(), path));
        }
    }
    assert!(routes.len() > 20, "{}", routes.len());
    routes
}

async fn ask(service: &Service, key: &str, (method, path): &(String, String)) -> Answer {
    let body = match (method.as_str(), path.as_str()) {
        ("POST", path) if path.ends_with("/configs") || path.ends_with("/detect") => {
            json!({ "spreadsheet": "s", "gid": 0, "entity": "lead" })
        }
        ("PUT", _) => json!({ "webhook": format!("{}/rest/1/abcdef/", service.portal()) }),
        ("PATCH", _) => json!({ "enabled": false, "name": "theirs" }),
        _ => Value::Null,
    };
    let query = if path.ends_with("/fields") { "?entity=lead" } else { "" };
    let bearer = format!("Bearer {key}");
    let headers = [("Authorization", bearer.as_str()), ("Kopru-User", "ayse")];
    let body = (!body.is_null()).then(|| body.to_string());
    service.raw(method.parse().unwrap(), &format!("{path}{query}"), body, &headers).await
}

#[tokio::test]
async fn another_companys_keys_reach_nothing() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let id = config.path.rsplit('/').next().unwrap().to_owned();
    service.operate(&["company", "add", "beta"]);
    let key = service.operate(&["api-key", "create", "--company", "beta"]);
    let before = service.call("GET", &config.path, None).await.text;
    for route in routes(&service, &id).await {
        let answer = ask(&service, &key, &route).await;
        let (method, path) = &route;
        match path {
            _ if path.contains(&id) => assert_eq!(answer.status, 404, "{method} {path}"),
            _ if path.contains("acme") => assert_eq!(answer.status, 403, "{method} {path}"),
            _ if path.ends_with("/configs") && method == "GET" => assert_eq!(answer.json["items"], json!([])),
            _ if path.ends_with("/authorize") => assert_eq!(answer.status, 303, "a consent of one's own"),
            _ if path.ends_with("/google") && method == "DELETE" => assert_eq!(answer.status, 204, "their own: none"),
            // Neither a Google account nor a portal of their own.
            _ => assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.text),
        }
        for theirs in ["Ayşe", "Telefon", "cdef", "demo@example.com", &config.secret, &config.key()] {
            assert!(!answer.text.contains(theirs), "{method} {path} reveals {theirs}");
        }
    }
    assert_eq!(service.call("GET", &config.path, None).await.text, before, "and nothing changed");
    assert_eq!(service.call("GET", "/api/v1/sheet-sync/google", None).await.status, 200, "still connected");
    assert_eq!(service.call("GET", "/api/v1/companies/acme/integrations/bitrix24", None).await.status, 200);
}

#[tokio::test]
async fn keys_without_the_scope_or_revoked_reach_nothing() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let id = config.path.rsplit('/').next().unwrap().to_owned();
    let create = |scope: &str| service.operate(&["api-key", "create", "--company", "acme", "--scopes", scope]);
    let (narrow, revoked) = (create("messages:send,calendar:write"), create("admin"));
    let list = service.operate(&["api-key", "list", "--company", "acme"]);
    let newest = list.lines().next().unwrap().split(' ').next().unwrap();
    service.operate(&["api-key", "revoke", newest, "--company", "acme"]);
    for route in routes(&service, &id).await {
        for (key, status, code) in [
            (narrow.as_str(), 403, "forbidden"),
            (revoked.as_str(), 401, "unauthenticated"),
            ("kopru_guessed", 401, "unauthenticated"),
            ("", 401, "unauthenticated"),
        ] {
            let answer = ask(&service, key, &route).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{key:?} {route:?}");
        }
    }
}
