//! People's sessions: in the host's pages, and at the console.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

const WHO: &str = "/api/v1/sheet-sync/google";
const CONFIGS: &str = "/api/v1/sheet-sync/configs";
const HOST: &str = "https://crm.example.com";

impl Service {
    /// A token for `user`.
    pub async fn session(&self, user: &str) -> String {
        let opened = self.call("POST", "/api/v1/sessions", Some(json!({ "user": user }))).await;
        assert_eq!(opened.status, 201, "{}", opened.text);
        assert_eq!(opened.json["scopes"], json!(["messages:send", "calendar:write", "sync:manage"]));
        format!("Bearer {}", opened.json["token"].as_str().unwrap())
    }

    /// The console's cookie of `user`, as a browser sends it.
    pub async fn signed_in(&self, user: &str) -> String {
        let link = self.link(user).await;
        cookie(&self.raw(Method::POST, &link, None, &[]).await)
    }

    pub async fn link(&self, user: &str) -> String {
        let made =
            self.call("POST", "/api/v1/console-links", Some(json!({ "user": user, "return_to": "/docs" }))).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["url"].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.raw(Method::GET, path, None, headers).await
    }
}

fn cookie(answer: &Answer) -> String {
    let text = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["kopru_console=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(text.contains(part), "{text}");
    }
    text.split(';').next().unwrap().to_owned()
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.json["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_session_is_one_persons_and_needs_no_header() {
    let service = Service::start().await;
    service.consent().await;
    let (own, other) = (service.session("ayse").await, service.session("can").await);
    assert_eq!(service.get(WHO, &[("Authorization", &own)]).await.json["account"], "demo@example.com");
    assert_eq!(code(&service.get(WHO, &[("Authorization", &other)]).await), (404, "not_found"));
    let as_another = service.get(WHO, &[("Authorization", &other), ("Kopru-User", "ayse")]).await;
    assert_eq!(code(&as_another), (403, "forbidden"));
}

#[tokio::test]
async fn a_session_has_no_more_than_its_key_and_makes_no_other() {
    let service = Service::start().await;
    let narrow = service.operate(&["api-key", "create", "--company", "acme", "--scopes", "messages:send"]);
    let narrow = format!("Bearer {narrow}");
    let ask = async |bearer: &str, path: &str, body: Value| {
        service.raw(Method::POST, path, Some(body.to_string()), &[("Authorization", bearer)]).await
    };
    for (scopes, expected) in [(json!(["messages:send"]), 201), (json!(["admin"]), 403), (json!([]), 403)] {
        let wish = json!({ "user": "ayse", "scopes": scopes });
        assert_eq!(ask(&narrow, "/api/v1/sessions", wish.clone()).await.status, expected, "{scopes}");
        assert_eq!(ask(&narrow, "/api/v1/console-links", wish).await.status, expected, "{scopes}");
    }
    let session = service.session("ayse").await;
    for path in ["/api/v1/sessions", "/api/v1/console-links"] {
        assert_eq!(code(&ask(&session, path, json!({ "user": "can" })).await), (403, "forbidden"));
    }
    for (field, wish) in [
        ("user", json!({ "user": "" })),
        ("expires_in", json!({ "user": "ayse", "expires_in": 43_201 })),
        ("expires_in", json!({ "user": "ayse", "expires_in": 0 })),
        ("scopes", json!({ "user": "ayse", "scopes": ["root"] })),
    ] {
        let refused = service.call("POST", "/api/v1/sessions", Some(wish)).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.json["field"].as_str().unwrap().starts_with(field), "{}", refused.text);
    }
    let outside = json!({ "user": "ayse", "return_to": "//evil.example" });
    let refused = service.call("POST", "/api/v1/console-links", Some(outside)).await;
    assert_eq!(code(&refused), (422, "bad_return_address"));
}

#[tokio::test]
async fn a_session_ends_by_itself_by_its_owner_and_with_its_key() {
    let service = Service::start().await;
    let brief = json!({ "user": "ayse", "expires_in": 1 });
    let opened = service.call("POST", "/api/v1/sessions", Some(brief)).await;
    let brief = format!("Bearer {}", opened.json["token"].as_str().unwrap());
    let ended = service.session("ayse").await;
    let done = service.raw(Method::DELETE, "/api/v1/sessions", None, &[("Authorization", &ended)]).await;
    assert_eq!(done.status, 204);
    assert_eq!(code(&service.get(CONFIGS, &[("Authorization", &ended)]).await), (401, "unauthenticated"));
    while service.get(CONFIGS, &[("Authorization", &brief)]).await.status == 200 {
        service.a_moment().await;
    }
    assert_eq!(code(&service.get(CONFIGS, &[("Authorization", &brief)]).await), (401, "unauthenticated"));
    let orphan = service.session("ayse").await;
    let keys = service.operate(&["api-key", "list", "--company", "acme"]);
    service.operate(&["api-key", "revoke", keys.split(' ').next().unwrap(), "--company", "acme"]);
    assert_eq!(code(&service.get(CONFIGS, &[("Authorization", &orphan)]).await), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_link_signs_in_once_and_by_a_click_alone() {
    let service = Service::start().await;
    let link = service.link("ayse").await;
    for _ in 0..2 {
        let page = service.get(&link, &[]).await;
        assert!(page.status == 200 && page.text.contains("<form method=\"post\">"), "{}", page.text);
        assert!(page.headers.get("set-cookie").is_none(), "whoever looks at a link does not use it up");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
    }
    let lured = service.raw(Method::POST, &link, None, &[("Origin", HOST)]).await;
    assert_eq!(lured.status, 403, "another page signs nobody in");
    let signed_in = service.raw(Method::POST, &link, None, &[]).await;
    assert_eq!((signed_in.status, signed_in.location.as_deref()), (303, Some("/docs")));
    let again = service.raw(Method::POST, &link, None, &[("Accept-Language", "en")]).await;
    assert!(again.status == 401 && again.text.contains("not valid any more"), "{}", again.text);
    let cookie = cookie(&signed_in);
    assert_eq!(service.get(CONFIGS, &[("Cookie", &cookie)]).await.status, 200);
    let token = cookie.split('=').nth(1).unwrap();
    let bearer = service.get(CONFIGS, &[("Authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(bearer.status, 401, "a cookie is no bearer token");
    let embedded = service.session("ayse").await.replace("Bearer ", "kopru_console=");
    assert_eq!(service.get(CONFIGS, &[("Cookie", &embedded)]).await.status, 401, "nor the other way round");
    assert_eq!(service.raw(Method::POST, "/console/sign-out", None, &[("Cookie", &cookie)]).await.status, 200);
    assert_eq!(service.get(CONFIGS, &[("Cookie", &cookie)]).await.status, 401);
}

#[tokio::test]
async fn the_cookie_serves_our_own_pages_alone() {
    let service = Service::start().await;
    service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [HOST] }))).await;
    let cookie = service.signed_in("ayse").await;
    let delete = async |headers: &[(&str, &str)]| {
        service.raw(Method::DELETE, WHO, None, &[&[("Cookie", cookie.as_str())], headers].concat()).await.status
    };
    assert_eq!(delete(&[]).await, 401, "whoever changes something says from where");
    assert_eq!(delete(&[("Origin", HOST)]).await, 401);
    assert_eq!(delete(&[("Origin", "null")]).await, 401);
    assert_eq!(delete(&[("Origin", service.base())]).await, 204);
    assert_eq!(service.get(CONFIGS, &[("Cookie", &cookie), ("Origin", HOST)]).await.status, 401);
}

#[tokio::test]
async fn a_consent_ends_in_the_browser_that_began_it() {
    let service = Service::start().await;
    let (own, other) = (service.signed_in("ayse").await, service.signed_in("can").await);
    for (cookie, status) in [("", 401), (other.as_str(), 401), (own.as_str(), 303)] {
        let begun = service.get("/sheet-sync/oauth/authorize", &[("Cookie", &own)]).await;
        let back = service.agreed(&begun.location.unwrap()).await;
        assert_eq!(service.get(&back, &[("Cookie", cookie)]).await.status, status, "{cookie}");
    }
    assert_eq!(service.get(WHO, &[("Cookie", &own)]).await.json["status"], "ACTIVE");
    assert_eq!(service.get(WHO, &[("Cookie", &other)]).await.status, 404);
}

const SHEETS: &str = "/sheet-sync/oauth/authorize";
const CALENDAR: &str = "/api/integrations/oauth/google-calendar/authorize";
const REDEEM: &str = "/api/v1/consents/redeem";

impl Service {
    async fn post(&self, path: &str, body: Option<Value>, bearer: &str) -> Answer {
        let body = body.map(|body| body.to_string());
        self.raw(Method::POST, path, body, &[("Authorization", bearer), ("Origin", HOST)]).await
    }

    /// A page begins a consent, and somebody agrees; where the vendor sends that browser.
    async fn agreed_from_a_page(&self, authorize: &str, bearer: &str) -> String {
        let begun = self.post(authorize, None, bearer).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        self.agreed(begun.json["url"].as_str().unwrap()).await
    }

    /// The code that the browser brings back to the page.
    async fn code_for_the_page(&self, authorize: &str, bearer: &str) -> Value {
        let query = "return_to=https%3A%2F%2Fcrm.example.com%2Fdeals%2F7%3Ftab%3Dx";
        let back = self.agreed_from_a_page(&format!("{authorize}?{query}"), bearer).await;
        let ended = self.open("GET", &back, None).await;
        let to = ended.location.unwrap();
        assert_eq!((ended.status, ended.headers["referrer-policy"].to_str().unwrap()), (303, "no-referrer"));
        let (page, code) = to.split_once("&kopru_code=").unwrap();
        assert_eq!(page, "https://crm.example.com/deals/7?tab=x");
        assert_eq!(self.open("GET", &back, None).await.status, 401, "a state works once");
        json!({ "code": code })
    }
}

#[rstest]
#[case::sheets_by_a_session(SHEETS, false)]
#[case::calendar_by_a_session(CALENDAR, false)]
#[case::calendar_by_the_hosts_token(CALENDAR, true)]
#[tokio::test]
async fn a_pages_consent_connects_for_who_began_it_alone(#[case] authorize: &str, #[case] by_host: bool) {
    let scopes = "sync:manage,calendar:write";
    let host = ["--host-jwt-secret", SHARED, "--host-jwt-audience", "kopru", "--host-jwt-scopes", scopes];
    let service = Service::start_and(&host).await;
    service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [HOST] }))).await;
    let token =
        |user: &str, exp: u64| host_token(&json!({ "sub": user, "company": "acme", "aud": "kopru", "exp": exp }));
    let (own, others) = if by_host {
        (token("ayse", 32_503_680_000), [token("can", 32_503_680_000), service.session("ayse").await])
    } else {
        (service.session("ayse").await, [service.session("can").await, service.session("ayse").await])
    };
    let state = if authorize == SHEETS { WHO } else { "/api/integrations/oauth/google-calendar" };
    // The address was sent to somebody else: that browser shows the code as whoever is signed in there.
    for other in &others {
        let code = service.code_for_the_page(authorize, &own).await;
        let taken = service.post(REDEEM, Some(code.clone()), other).await;
        assert_eq!(self::code(&taken), (422, "consent_over"), "{other}");
        assert_eq!(service.post(REDEEM, Some(code), &own).await.status, 422, "shown once, it is used up");
        assert_eq!(service.get(state, &[("Authorization", &own)]).await.status, 404, "nothing is connected");
    }
    let code = service.code_for_the_page(authorize, &own).await;
    // The host's tokens follow each other; the person is the same.
    let own = if by_host { token("ayse", 32_503_680_001) } else { own };
    let redeemed = service.post(REDEEM, Some(code.clone()), &own).await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.text);
    assert_eq!(service.get(state, &[("Authorization", &own)]).await.json["status"], "ACTIVE");
    assert_eq!(self::code(&service.post(REDEEM, Some(code), &own).await), (422, "consent_over"), "once");
}

#[tokio::test]
async fn a_window_tells_its_opener_the_code_where_that_is_the_companys_page() {
    let service = Service::start().await;
    service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [HOST] }))).await;
    let own = service.session("ayse").await;
    let back = service.agreed_from_a_page(CALENDAR, &own).await;
    let page = service.open("GET", &back, None).await;
    assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    assert!(page.text.contains(&format!("const origin of [\"{HOST}\"]")), "{}", page.text);
    let code = page.text.split("\"code\":\"").nth(1).unwrap().split('"').next().unwrap();
    let redeemed = service.post(REDEEM, Some(json!({ "code": code })), &own).await;
    assert_eq!(redeemed.json["service"], "google-calendar", "{}", redeemed.text);
    // A state is no code, and what is parked answers to no state.
    let back = service.agreed_from_a_page(CALENDAR, &own).await;
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(self::code(&service.post(REDEEM, Some(json!({ "code": state })), &own).await), (422, "consent_over"));
}

#[tokio::test]
async fn pages_of_the_companys_origins_may_call_and_no_others() {
    let service = Service::start().await;
    service.operate(&["company", "add", "beta"]);
    let beta = format!("Bearer {}", service.operate(&["api-key", "create", "--company", "beta"]));
    let kept = service
        .call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": ["HTTPS://crm.example.com:443/"] })))
        .await;
    assert_eq!(kept.json, json!({ "origins": [HOST] }));
    let session = service.session("ayse").await;
    for (origin, asked, called) in [(HOST, Some(HOST), 200), ("https://evil.example", None, 403), ("null", None, 403)] {
        let ask = [("Origin", origin), ("Access-Control-Request-Method", "GET")];
        let preflight = service.raw(Method::OPTIONS, CONFIGS, None, &ask).await;
        let allowed = |answer: &Answer| answer.headers.get("access-control-allow-origin").cloned();
        assert_eq!(allowed(&preflight).as_ref().map(|value| value.to_str().unwrap()), asked, "{origin}");
        assert!(preflight.headers.get("access-control-allow-credentials").is_none(), "no cookies");
        let answer = service.get(CONFIGS, &[("Origin", origin), ("Authorization", &session)]).await;
        assert_eq!(answer.status, called, "{origin}");
        assert_eq!(allowed(&answer).is_some(), asked.is_some(), "{origin}");
    }
    let theirs = service.get(CONFIGS, &[("Origin", HOST), ("Authorization", &beta)]).await;
    assert_eq!(code(&theirs), (403, "origin_not_allowed"), "another company's page");
    for bad in ["http://crm.example.com", "https://crm.example.com/x", "*"] {
        let refused = service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [bad] }))).await;
        assert_eq!(code(&refused), (422, "bad_origin"), "{bad}");
    }
}

#[tokio::test]
async fn a_page_that_may_call_can_read_what_failed() {
    let service = Service::start_and(&["--requests-per-minute", "2"]).await;
    service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [HOST] }))).await;
    let session = service.session("ayse").await;
    let deal = json!({ "record_type": "deal", "record": { "id": 1, "title": "x", "closedate": "2026-12-15" } });
    for (path, body, bearer, expected) in [
        ("/api/integrations/calendar/add", deal, session.as_str(), (409, "not_connected")),
        (CONFIGS, json!({}), &session, (422, "unreadable")),
        (CONFIGS, json!({}), "Bearer guessed", (401, "unauthenticated")),
        (CONFIGS, json!({}), &session, (429, "too_many_requests")),
    ] {
        let headers = [("Origin", HOST), ("Authorization", bearer)];
        let answer = service.raw(Method::POST, path, Some(body.to_string()), &headers).await;
        assert_eq!(code(&answer), expected, "{}", answer.text);
        assert_eq!(answer.headers["access-control-allow-origin"], HOST, "{expected:?}");
        let told = answer.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(told.contains("retry-after") && answer.headers.contains_key("x-request-id"), "{told}");
    }
    let ask = [
        ("Origin", HOST),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,idempotency-key,prefer"),
    ];
    let preflight = service.raw(Method::OPTIONS, "/api/integrations/sms/send", None, &ask).await;
    let allowed = preflight.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(["authorization", "idempotency-key", "prefer"].iter().all(|name| allowed.contains(name)), "{allowed}");
}

#[tokio::test]
async fn a_consent_leads_back_to_allowed_pages_alone() {
    let service = Service::start().await;
    service.call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": [HOST] }))).await;
    for (address, status) in [
        ("https://crm.example.com/deals/7?tab=sms", 303),
        ("/sheet-sync", 303),
        ("https://crm.example.com.evil.example/", 422),
        ("https://crm.example.com@evil.example/", 422),
        ("//crm.example.com/", 422),
        ("javascript:alert(1)", 422),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish();
        let begun = service.call("GET", &format!("/sheet-sync/oauth/authorize?{query}"), None).await;
        assert_eq!(begun.status, status, "{address}");
    }
}

pub const SHARED: &str = "a secret that host and service share";

pub fn host_token(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(SHARED.as_bytes());
    format!("Bearer {}", jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap())
}

/// One that says that it needs no signature.
pub fn unsigned(claims: &Value) -> String {
    format!("Bearer eyJhbGciOiJub25lIn0.{}.", host_token(claims).split('.').nth(1).unwrap())
}

#[tokio::test]
async fn the_hosts_own_tokens_are_taken_where_the_operator_says_so() {
    let set = ["--host-jwt-secret", SHARED, "--host-jwt-audience", "kopru", "--host-jwt-user-claim", "uid"];
    let service = Service::start_with(&[&set[..], &["--host-jwt-scopes", "sync:manage"]].concat()).await;
    let claims = json!({ "uid": 7, "company": "acme", "aud": "kopru", "exp": 32_503_680_000_u64 });
    let with = |claim: &str, value: Value| {
        let mut claims = claims.clone();
        claims[claim] = value;
        host_token(&claims)
    };
    let ask = async |service: &Service, token: &str| service.get(CONFIGS, &[("Authorization", token)]).await.status;
    assert_eq!(ask(&service, &host_token(&claims)).await, 200);
    for token in [
        with("exp", json!(1_000_000_000)),
        with("aud", json!("others")),
        with("company", json!("nobody")),
        with("uid", json!("")),
        unsigned(&claims),
    ] {
        assert_eq!(ask(&service, &token).await, 401, "{token}");
    }
    let as_another = [("Authorization", host_token(&claims)), ("Kopru-User", "8".to_owned())];
    let as_another = as_another.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(code(&service.get(WHO, &as_another).await), (403, "forbidden"));
    assert_eq!(ask(&Service::start_unset().await, &host_token(&claims)).await, 401, "nobody said so");
}
