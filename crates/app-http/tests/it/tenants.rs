//! Companies side by side: what one has, another one with valid keys of its own neither sees nor changes.

use crate::harness::{Answer, Config, Service};
use crate::sessions::{SHARED, host_token, unsigned};
use http::Method;
use serde_json::{Value, json};

/// Routes that ask for no key, each with another proof of its own.
pub const OPEN: [&str; 13] = [
    "/healthz",
    "/readyz",
    "/sheet-sync/oauth/callback",
    "/api/integrations/oauth/bitrix24/callback",
    "/api/v1/sheet-sync/webhook",
    "/api/v1/sync/webhook",
    "/console/sign-in",
    "/console/sign-out",
    "/hooks/twilio/{company}",
    "/hooks/resend/{company}",
    "/unsubscribe/{company}/{email}",
    "/api/integrations/oauth/google-calendar/callback",
    "/api/integrations/oauth/{vendor}/callback",
];

/// Routes that any key may call, for what it may do itself.
const ANY_SCOPE: [&str; 3] = ["/api/v1/sessions", "/api/v1/console-links", "/api/v1/consents/redeem"];

/// Routes whose answer is about the caller's own company, whatever `acme` has.
const OWN: [&str; 4] = [
    "/api/integrations/messages",
    "/api/integrations/messages/preview",
    "/api/integrations/opt-outs",
    "/api/integrations/templates",
];

/// Which scope a route asks for.
fn area(path: &str) -> &'static str {
    match path {
        _ if ANY_SCOPE.contains(&path) => "any",
        _ if path.contains("/calendar/") || path.contains("/google-calendar") => "calendar",
        _ if path.contains("/companies/") || path.contains("/oauth/") => "sync",
        _ if path.starts_with("/api/integrations/") => "messages",
        _ => "sync",
    }
}

/// What `acme` has: a synced sheet, a template, a message.
struct Acme {
    config: Config,
    id: String,
    message: String,
}

impl Acme {
    async fn with(service: &Service) -> Self {
        let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
        let id = config.path.rsplit('/').next().unwrap().to_owned();
        service.connect_twilio().await;
        service.call("PUT", "/api/integrations/templates/teklif", Some(json!({ "text": "Ayşe" }))).await;
        let message = json!({ "to": "0532 000 00 01", "template": "teklif" });
        let sent = service.call("POST", "/api/integrations/sms/send", Some(message)).await;
        let message = sent.json["messages"][0]["id"].as_str().unwrap().to_owned();
        Self { config, id, message }
    }
}

/// Every route that asks for a key: method and path, with what `acme` has in place of its parameters.
async fn routes(service: &Service, acme: &Acme) -> Vec<(String, String)> {
    let api = service.open("GET", "/openapi.json", None).await.json;
    let mut routes = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| !OPEN.contains(&path.as_str())) {
            let id = if path.contains("/messages/") { &acme.message } else { &acme.id };
            let path = path.replace("{company}", "acme").replace("{id}", id).replace("{spreadsheet}", "s");
            let path = path.replace("{vendor}", "twilio").replace("{name}", "teklif").replace("{user}", "ayse");
            assert!(!path.contains('{'), "{path} has a parameter that this walk does not know");
            routes.push((method.to_uppercase(), path));
        }
    }
    assert!(routes.len() > 20, "{}", routes.len());
    routes
}

/// By a key, for `ayse`.
async fn ask(service: &Service, key: &str, route: &(String, String)) -> Answer {
    asked(service, &[("Authorization", &format!("Bearer {key}")), ("Kopru-User", "ayse")], route).await
}

/// By what is one person's own. The console's cookie is taken from our own pages alone.
async fn ask_by(service: &Service, proof: (&str, &str), route: &(String, String)) -> Answer {
    match proof {
        ("Cookie", _) => asked(service, &[proof, ("Origin", service.base())], route).await,
        _ => asked(service, &[proof], route).await,
    }
}

async fn asked(service: &Service, headers: &[(&str, &str)], (method, path): &(String, String)) -> Answer {
    let body = match (method.as_str(), path.as_str()) {
        ("POST", path) if path.ends_with("/configs") || path.ends_with("/detect") => {
            json!({ "spreadsheet": "s", "gid": 0, "entity": "lead" })
        }
        ("POST", path) if path.ends_with("/redeem") => json!({ "code": "guessed" }),
        ("POST", path) if ANY_SCOPE.contains(&path) => json!({ "user": "ayse" }),
        ("PUT", path) if path.ends_with("/origins") => json!({ "origins": ["https://theirs.example"] }),
        ("PUT", path) if path.ends_with("/retention") => {
            json!({ "history_days": 1, "events_days": 1, "audit_days": 1, "messages_days": 1 })
        }
        ("PUT", path) if path.contains("/templates/") => json!({ "text": "theirs" }),
        ("PUT", path) if path.ends_with("/messaging") => json!({ "region": "DE", "zone": "UTC" }),
        ("PUT" | "DELETE", path) if path.ends_with("/opt-outs") => {
            json!({ "channel": "sms", "address": "+905329999999" })
        }
        ("POST", path) if path.ends_with("/email/send") => {
            json!({ "to": "a@example.com", "from": "b@example.com", "subject": "theirs", "text": "theirs" })
        }
        ("DELETE", path) if path.ends_with("/companies/acme") => json!({ "confirm": "acme" }),
        ("POST", path) if path.ends_with("/send") => json!({ "to": "+905329999999", "message": "theirs" }),
        ("POST", path) if path.ends_with("/preview") => json!({ "text": "theirs" }),
        ("PUT", _) => json!({ "webhook": format!("{}/rest/1/abcdef/", service.portal()) }),
        ("PATCH", _) => json!({ "enabled": false, "name": "theirs" }),
        _ => Value::Null,
    };
    let query = if path.ends_with("/fields") { "?entity=lead" } else { "" };
    let body = (!body.is_null()).then(|| body.to_string());
    service.raw(method.parse().unwrap(), &format!("{path}{query}"), body, headers).await
}

#[tokio::test]
async fn another_companys_keys_reach_nothing() {
    let service = Service::start().await;
    let acme = Acme::with(&service).await;
    let (config, id) = (&acme.config, acme.id.as_str());
    service.operate(&["company", "add", "beta"]);
    let key = service.operate(&["api-key", "create", "--company", "beta"]);
    let before = service.call("GET", &config.path, None).await.text;
    for route in routes(&service, &acme).await {
        let answer = ask(&service, &key, &route).await;
        let (method, path) = &route;
        match path {
            _ if path.contains(&acme.message) => assert_eq!(answer.status, 404, "{method} {path}"),
            // They have none of that name until they make one.
            _ if path.contains("/templates/") => {
                assert!([200, 204, 404].contains(&answer.status), "{method} {path}: {}", answer.text);
            }
            _ if OWN.contains(&path.as_str()) => {
                assert!(answer.status < 300, "{method} {path}: {}", answer.text);
            }
            _ if path.contains("/calendar/") => {
                assert!([409, 422].contains(&answer.status), "no calendar of their own");
            }
            _ if path.contains(id) => assert_eq!(answer.status, 404, "{method} {path}"),
            _ if path.contains("acme") => assert_eq!(answer.status, 403, "{method} {path}"),
            _ if path.ends_with("/configs") && method == "GET" => assert_eq!(answer.json["items"], json!([])),
            _ if path.ends_with("/authorize") => assert!([200, 303].contains(&answer.status), "a consent of one's own"),
            _ if path.ends_with("/redeem") => assert_eq!(answer.status, 422, "no code of theirs"),
            _ if ANY_SCOPE.contains(&path.as_str()) => assert!([201, 204].contains(&answer.status), "their own"),
            _ if path.contains("/google") && method == "DELETE" => assert_eq!(answer.status, 204, "their own: none"),
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
    let kept = service.call("GET", "/api/integrations/templates/teklif", None).await.json;
    assert_eq!(kept["text"], "Ayşe", "the template of that name is acme's own");
}

#[tokio::test]
async fn keys_without_the_scope_or_revoked_reach_nothing() {
    let service = Service::start().await;
    let acme = Acme::with(&service).await;
    let create = |scope: &str| service.operate(&["api-key", "create", "--company", "acme", "--scopes", scope]);
    let [messages, calendar, revoked] = ["messages:send", "calendar:write", "admin"].map(create);
    let list = service.operate(&["api-key", "list", "--company", "acme"]);
    let newest = list.lines().next().unwrap().split(' ').next().unwrap();
    service.operate(&["api-key", "revoke", newest, "--company", "acme"]);
    for route in routes(&service, &acme).await {
        let area = area(&route.1);
        for (key, own) in [(&messages, "messages"), (&calendar, "calendar")] {
            let answer = ask(&service, key, &route).await;
            let told = (answer.status, answer.json["code"].as_str());
            assert!(area == own || area == "any" || told == (403, Some("forbidden")), "{own}: {route:?} {told:?}");
        }
        for (key, status, code) in [
            (revoked.as_str(), 401, "unauthenticated"),
            ("kopru_guessed", 401, "unauthenticated"),
            ("", 401, "unauthenticated"),
        ] {
            let answer = ask(&service, key, &route).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{key:?} {route:?}");
        }
    }
}

#[tokio::test]
async fn what_proves_nothing_any_more_reaches_nothing() {
    let host = ["--host-jwt-secret", SHARED, "--host-jwt-audience", "kopru", "--host-jwt-scopes", "admin,sync:manage"];
    let service = Service::start_and(&host).await;
    let acme = Acme::with(&service).await;
    let claims = json!({ "sub": "ayse", "company": "acme", "aud": "kopru", "exp": 32_503_680_000_u64 });
    let but = |claim: &str, value: Value| {
        let mut claims = claims.clone();
        claims[claim] = value;
        host_token(&claims)
    };
    let brief = service.call("POST", "/api/v1/sessions", Some(json!({ "user": "ayse", "expires_in": 1 }))).await;
    let expired = format!("Bearer {}", brief.json["token"].as_str().unwrap());
    let (ended, cookie) = (service.session("ayse").await, service.signed_in("ayse").await);
    let list = ("GET".to_owned(), "/api/v1/sheet-sync/configs".to_owned());
    for proof in [("Authorization", host_token(&claims).as_str()), ("Authorization", &ended), ("Cookie", &cookie)] {
        assert_eq!(ask_by(&service, proof, &list).await.status, 200, "{proof:?} is good");
    }
    service.raw(Method::DELETE, "/api/v1/sessions", None, &[("Authorization", &ended)]).await;
    service.raw(Method::POST, "/console/sign-out", None, &[("Cookie", &cookie)]).await;
    while ask_by(&service, ("Authorization", &expired), &list).await.status == 200 {
        service.a_moment().await;
    }
    let (other_audience, old) = (but("aud", json!("others")), but("exp", json!(1_000_000_000)));
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let forged = host_token(&claims).replace(&signature(&host_token(&claims)), &signature(&old));
    let bearers = [expired, ended, unsigned(&claims), forged, other_audience, old];
    let proofs = bearers.map(|bearer| ("Authorization", bearer)).into_iter().chain([("Cookie", cookie)]);
    let proofs: Vec<_> = proofs.collect();
    for route in routes(&service, &acme).await {
        for (header, proof) in &proofs {
            let answer = ask_by(&service, (header, proof), &route).await;
            let told = (answer.status, answer.json["code"].as_str());
            assert_eq!(told, (401, Some("unauthenticated")), "{header} {proof} {route:?}");
        }
    }
    assert_eq!(service.call("GET", &acme.config.path, None).await.json["enabled"], true, "and nothing changed");
}

const OF_PEOPLE: &str = "sync:manage,messages:send,calendar:write";

#[tokio::test]
async fn a_colleague_reaches_nothing_that_is_anothers() {
    let host = ["--host-jwt-secret", SHARED, "--host-jwt-audience", "kopru", "--host-jwt-scopes", OF_PEOPLE];
    let service = Service::start_and(&host).await;
    let acme = Acme::with(&service).await;
    let claims = json!({ "sub": "can", "company": "acme", "aud": "kopru", "exp": 32_503_680_000_u64 });
    let (session, cookie, token) = (service.session("can").await, service.signed_in("can").await, host_token(&claims));
    let before = service.call("GET", &acme.config.path, None).await.text;
    for route in routes(&service, &acme).await {
        let (method, path) = &route;
        let by_id = path.contains(&acme.id) || path.contains(&acme.message);
        let is_list = path.ends_with("/configs") || path.ends_with("/messages");
        let expected = match () {
            () if path.contains("/calendar/") => continue,
            () if by_id => 404,
            () if is_list && method == "GET" => 200,
            () if path.contains("/companies/") && !(method == "GET" && path.ends_with("/bitrix24")) => 403,
            () => continue,
        };
        for proof in [("Authorization", session.as_str()), ("Cookie", &cookie), ("Authorization", &token)] {
            let answer = ask_by(&service, proof, &route).await;
            assert_eq!(answer.status, expected, "{} {route:?}: {}", proof.0, answer.text);
            assert!(!is_list || answer.json["items"] == json!([]), "{route:?}: {}", answer.text);
        }
    }
    assert_eq!(service.call("GET", &acme.config.path, None).await.text, before, "and nothing changed");
    let wish = json!({ "user": "can", "scopes": ["admin"] });
    let above = service.call("POST", "/api/v1/sessions", Some(wish)).await;
    let above = format!("Bearer {}", above.json["token"].as_str().unwrap());
    for bearer in [&service.session("ayse").await, &above] {
        for path in [&acme.config.path, &format!("/api/integrations/messages/{}", acme.message)] {
            let answer = service.raw(Method::GET, path, None, &[("Authorization", bearer)]).await;
            assert_eq!(answer.status, 200, "{path}: one's own, and an administrator's");
        }
    }
}

#[tokio::test]
async fn a_colleagues_idempotency_key_gives_no_answer_of_anothers() {
    let service = Service::start().await;
    service.connect_twilio().await;
    let send = async |user: &str| {
        let body = json!({ "to": "0532 000 00 01", "message": "merhaba" }).to_string();
        let bearer = service.session(user).await;
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "order-42")];
        service.raw(Method::POST, "/api/integrations/sms/send", Some(body), &headers).await
    };
    let (first, again, other) = (send("ayse").await, send("ayse").await, send("can").await);
    assert_eq!((first.status, &first.json["batch"]), (202, &again.json["batch"]));
    assert_eq!((other.status, other.json["code"].as_str()), (409, Some("idempotency_key_taken")));
    assert!(!other.text.contains("merhaba"), "{}", other.text);
}
