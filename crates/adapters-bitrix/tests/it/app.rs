//! The portal by an app: tokens, their renewal, the consent. The answers are those of the vendor's pages.

use std::time::Duration;

use kopru_domain::EntityKind;
use kopru_http_client::Method;
use kopru_ports::connections::PortalConnections as _;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::oauth::{AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::tokens::{ConnectionStatus, StoredToken};
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::portal::{Portal, bytes, error, html, result};
use crate::sandbox::Simulated;
use crate::world::{World, answer_leads, company, create, done, title, update};

const PATIENT: Duration = Duration::from_secs(10);
const MEMBER: &str = "a223c6b3710f85df22e9377d6c4f7553";

/// A company with an app, its portal, and the authorization server of its region.
struct Stage {
    world: World,
    portal: Portal,
    server: Portal,
}

impl Stage {
    async fn start() -> Self {
        let stage = Self { world: World::new(PATIENT), portal: Portal::start().await, server: Portal::start().await };
        stage.world.connect_by(&stage.settings(&stage.portal)).await;
        stage.world.tokens.replace(token(&stage.world));
        stage
    }

    /// With the leads known: the next calls are the test's own.
    async fn with_leads() -> Self {
        let stage = Self::start().await;
        answer_leads(&stage.portal);
        stage.world.fields(EntityKind::Lead).await.unwrap();
        stage.portal.calls();
        stage
    }

    fn settings(&self, portal: &Portal) -> Value {
        json!({ "client_id": "app.573ad8a0346747.09223434", "client_secret": "s3cret",
            "client_endpoint": portal.endpoint(), "server_endpoint": self.server.endpoint(), "member_id": MEMBER })
    }

    /// As the server gives tokens.
    fn tokens(&self, member: &str) -> ResponseTemplate {
        let answer = json!({
            "access_token": "ydtj8pho532wydb5ixk78ol7uqlb7sch", "client_endpoint": self.portal.endpoint(),
            "domain": "oauth.bitrix.info", "expires_in": 3600, "member_id": member,
            "refresh_token": "3s6lr4kr3cv2od4v853gvrchb875bwxb", "scope": "app",
            "server_endpoint": self.server.endpoint(), "status": "T",
        });
        ResponseTemplate::new(200).set_body_json(answer)
    }

    async fn consent(&self) -> Box<dyn OAuthProvider> {
        self.world.bitrix.consent(&company()).await.unwrap()
    }

    async fn refused(&self) -> CrmError {
        self.world.write(vec![update("5", [title("a")])]).await.unwrap_err()
    }
}

/// Long past its end by the clock: only the portal's word counts.
pub fn token(world: &World) -> StoredToken {
    StoredToken {
        version: 0,
        access: "s1morf609228iwyjjpvfv6wsvuja4p8u".into(),
        refresh: Some("nfhxkzk3gvrg375wl7u7xex9awz6o3k8".into()),
        expires_at: world.clock.now() - Duration::from_hours(2),
        scopes: Vec::new(),
        account_id: "7".into(),
        account_email: "ayse@acme.example".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

fn expired() -> ResponseTemplate {
    bytes(401, r#"{"error":"expired_token","error_description":"The access token provided has expired."}"#)
}

fn tokens_used(portal: &Portal) -> Vec<String> {
    portal.calls().iter().map(|(_, params)| params["auth"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_token_is_in_the_body_and_nothing_is_renewed_ahead() {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", result(json!(true)));
    assert_eq!(stage.world.write(vec![update("5", [title("a")])]).await.unwrap(), [done("5")]);
    assert_eq!(tokens_used(&stage.portal), ["s1morf609228iwyjjpvfv6wsvuja4p8u"]);
    assert!(stage.portal.addresses().iter().all(|path| path.starts_with("/rest/") && !path.contains("s1morf")));
    assert_eq!(stage.server.calls(), []);
}

#[rstest]
#[case::as_documented("expired_token")]
#[case::in_capitals("EXPIRED_TOKEN")]
#[tokio::test]
async fn a_token_that_expired_is_renewed_once_and_the_same_call_repeated(#[case] code: &str) {
    let stage = Stage::with_leads().await;
    let refusal = error(401, code, "The access token provided has expired.");
    stage.portal.answer("crm.lead.update", refusal).answer("crm.lead.update", result(json!(true)));
    stage.server.answer("token", stage.tokens(MEMBER));
    assert_eq!(stage.world.write(vec![update("5", [title("a")])]).await.unwrap(), [done("5")]);
    let calls = stage.portal.calls();
    let [mut first, mut second] = [calls[0].1.clone(), calls[1].1.clone()];
    let tokens = [first["auth"].take(), second["auth"].take()];
    assert_eq!((first, tokens[1].as_str()), (second, Some("ydtj8pho532wydb5ixk78ol7uqlb7sch")));
    let asked = json!({ "grant_type": "refresh_token", "refresh_token": "nfhxkzk3gvrg375wl7u7xex9awz6o3k8",
        "client_id": "app.573ad8a0346747.09223434", "client_secret": "s3cret" });
    assert_eq!(stage.server.calls(), [("token".to_owned(), asked)]);
    assert_eq!(stage.server.addresses(), ["/oauth/token/"]);
    let stored = stage.world.tokens.now().unwrap();
    assert_eq!(stored.refresh.unwrap().expose_secret(), "3s6lr4kr3cv2od4v853gvrchb875bwxb");
    assert_eq!(stage.world.gate.passes.lock().unwrap().len(), 4, "every call to the portal passes the gate");
}

/// A refresh token is good for one refresh: who hears later that the same token expired must not use it again.
/// (Callers that hear it at once are `kopru-oauth`'s tests.)
#[tokio::test]
async fn calls_that_expired_with_one_token_cause_one_renewal() {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired());
    for _ in 0..4 {
        stage.portal.answer("crm.lead.update", expired().set_delay(Duration::from_millis(500)));
    }
    for _ in 0..5 {
        stage.portal.answer("crm.lead.update", result(json!(true)));
    }
    stage.server.answer("token", stage.tokens(MEMBER));
    let writes = (0..5).map(|_| stage.world.write(vec![update("5", [title("a")])]));
    for written in futures::future::join_all(writes).await {
        assert_eq!(written.unwrap(), [done("5")]);
    }
    assert_eq!(stage.server.calls().len(), 1);
}

/// A renewal ends the access token that it replaces, also in the hands of others.
#[tokio::test]
async fn a_token_that_somebody_else_replaced_is_no_lost_connection() {
    let stage = Stage::with_leads().await;
    let invalid = error(401, "invalid_token", "Unable to get application by token");
    stage.portal.answer("crm.lead.update", invalid.set_delay(Duration::from_millis(500)));
    stage.portal.answer("crm.lead.update", result(json!(true)));
    let passed = || stage.world.gate.passes.lock().unwrap().len();
    let before = passed();
    let replaced = async {
        while passed() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stage.world.tokens.replace(StoredToken { access: "theirs".into(), ..token(&stage.world) });
    };
    let (written, ()) = tokio::join!(stage.world.write(vec![update("5", [title("a")])]), replaced);
    assert_eq!(written.unwrap(), [done("5")]);
    assert_eq!(tokens_used(&stage.portal), ["s1morf609228iwyjjpvfv6wsvuja4p8u", "theirs"]);
    assert_eq!(stage.server.calls(), [], "nothing was renewed for it");
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_not_renewed_again() {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired()).answer("crm.lead.update", expired());
    stage.server.answer("token", stage.tokens(MEMBER));
    let refusal = stage.refused().await;
    assert_eq!((refusal.kind, refusal.retry), (CrmErrorKind::Credentials, Retry::Never));
    assert_eq!(stage.world.tokens.now().unwrap().status, ConnectionStatus::ReconnectRequired);
    stage.portal.calls();
    assert_eq!(stage.refused().await.kind, CrmErrorKind::Credentials);
    assert_eq!((stage.server.calls().len(), stage.portal.calls().len()), (1, 0), "and nobody is asked again");
}

/// The portal could carry it out when nobody counts on it any more, and a create would be made twice.
#[tokio::test]
async fn nothing_is_repeated_that_could_end_after_the_deadline() {
    let stage = Stage::with_leads().await;
    stage.portal.pace(stage.world.clock.clone(), Duration::from_secs(40));
    stage.portal.answer("crm.lead.add", expired());
    stage.server.answer("token", stage.tokens(MEMBER));
    let late = stage.world.write_by(vec![create("r1", [title("a")])], Duration::from_secs(45)).await.unwrap_err();
    assert_eq!((late.kind, late.retry), (CrmErrorKind::RateLimited, Retry::After(None)));
    assert_eq!(stage.portal.calls().len(), 1);
}

#[rstest]
#[case::no_token(401, "invalid_token")]
#[case::removed(401, "APPLICATION_NOT_FOUND")]
#[case::no_right(403, "insufficient_scope")]
#[tokio::test]
async fn nothing_else_renews_a_token(#[case] status: u16, #[case] code: &str) {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", error(status, code, "in words"));
    let _ = stage.world.write(vec![update("5", [title("a")])]).await;
    assert_eq!(stage.server.calls(), []);
}

#[tokio::test]
async fn a_grant_that_ended_has_to_be_given_anew() {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired());
    stage.server.answer("token", error(400, "invalid_grant", "Invalid authorization tokens"));
    let refusal = stage.refused().await;
    assert_eq!((refusal.kind, refusal.retry), (CrmErrorKind::Credentials, Retry::Never));
    assert_eq!(stage.world.tokens.now().unwrap().status, ConnectionStatus::ReconnectRequired);
    let calls = stage.portal.calls().len();
    assert_eq!(stage.refused().await.kind, CrmErrorKind::Credentials);
    assert_eq!((calls, stage.portal.calls().len()), (1, 0), "and nobody is asked again");
}

/// Errors of the app, not of the grant; `WRONG_CLIENT` comes with status 200.
#[rstest]
#[case::wrong_client(bytes(200, r#"{"error":"WRONG_CLIENT","error_description":"Wrong client"}"#))]
#[case::not_paid(bytes(200, r#"{"error":"PAYMENT_REQUIRED","error_description":"Payment required"}"#))]
#[case::unknown_client(error(401, "invalid_client", "in words"))]
#[tokio::test]
async fn an_app_that_is_refused_loses_no_connection(#[case] refusal: ResponseTemplate) {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired());
    stage.server.answer("token", refusal);
    assert_eq!(stage.refused().await.kind, CrmErrorKind::Credentials);
    assert_eq!(stage.world.tokens.now().unwrap().status, ConnectionStatus::Active);
}

#[rstest]
#[case::gateway(html(502))]
#[case::busy(html(503))]
#[case::half(bytes(200, r#"{"access_token":"ydtj"#))]
#[tokio::test]
async fn a_server_that_says_nothing_is_asked_again_later(#[case] answer: ResponseTemplate) {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired());
    stage.server.answer("token", answer);
    let refusal = stage.refused().await;
    assert_eq!((refusal.kind, refusal.retry), (CrmErrorKind::Unavailable, Retry::After(None)));
    assert_eq!(stage.world.tokens.now().unwrap().status, ConnectionStatus::Active);
}

#[tokio::test]
async fn tokens_of_another_portal_are_not_taken() {
    let stage = Stage::with_leads().await;
    stage.portal.answer("crm.lead.update", expired());
    stage.server.answer("token", stage.tokens("0123456789abcdef0123456789abcdef"));
    assert_eq!(stage.refused().await.kind, CrmErrorKind::Credentials);
    assert_eq!(stage.world.tokens.now().unwrap().access.expose_secret(), "s1morf609228iwyjjpvfv6wsvuja4p8u");
}

#[tokio::test]
async fn a_renamed_portals_address_is_learnt_from_a_redirect_or_with_tokens() {
    let stage = Stage::with_leads().await;
    let (name, new) = (stage.world.portal().await, Portal::start().await);
    let moved = format!("{}crm.lead.update", new.endpoint());
    stage.portal.answer("crm.lead.update", ResponseTemplate::new(302).insert_header("location", moved));
    new.answer("crm.lead.update", result(json!(true)));
    assert_eq!(stage.world.write(vec![update("5", [title("a")])]).await.unwrap(), [done("5")]);
    let kept: Value = serde_json::from_str(&stage.world.settings().await).unwrap();
    assert_eq!((kept["client_endpoint"].as_str(), kept["portal"].as_str()), (Some(&*new.endpoint()), Some(&*name)));

    new.answer("crm.lead.update", expired());
    stage.server.answer("token", stage.tokens(MEMBER));
    new.answer("crm.lead.update", result(json!(true)));
    stage.world.write(vec![update("5", [title("b")])]).await.unwrap();
    let kept: Value = serde_json::from_str(&stage.world.settings().await).unwrap();
    assert_eq!(kept["client_endpoint"].as_str(), Some(&*stage.portal.endpoint()), "as the server says");
    assert_eq!(stage.world.portal().await, name);
}

#[tokio::test]
async fn a_person_is_sent_to_the_portal_itself() {
    let stage = Stage::start().await;
    let request =
        AuthorizeRequest { state: "JJHgsdgfkdaslg7lbadsfg".into(), verifier: "v".into(), redirect_uri: String::new() };
    let address = stage.consent().await.authorize_url(&request);
    let expected = "oauth/authorize/?client_id=app.573ad8a0346747.09223434&state=JJHgsdgfkdaslg7lbadsfg";
    assert_eq!(address, stage.portal.endpoint().replace("rest/", expected));
}

async fn exchanged(stage: &Stage) -> Result<Grant, (OAuthErrorKind, Retry)> {
    let code = "avmocpghblyi01m3h42bljvqtyd19sw1".into();
    let answer = stage.consent().await.exchange(code, "verifier".into(), "https://kopru.example/").await;
    answer.map_err(|error| (error.kind, error.retry))
}

#[tokio::test]
async fn a_code_is_exchanged_and_the_portal_learnt() {
    let stage = Stage::start().await;
    let mut settings = stage.settings(&stage.portal);
    settings["member_id"] = Value::Null;
    stage.world.connect_by(&settings).await;
    stage.server.answer("token", stage.tokens(MEMBER));
    let grant = exchanged(&stage).await.unwrap();
    assert_eq!(grant.access.expose_secret(), "ydtj8pho532wydb5ixk78ol7uqlb7sch");
    assert_eq!(grant.refresh.unwrap().expose_secret(), "3s6lr4kr3cv2od4v853gvrchb875bwxb");
    assert_eq!(grant.expires_at, stage.world.clock.now() + Duration::from_hours(1));
    let asked = json!({ "grant_type": "authorization_code", "code": "avmocpghblyi01m3h42bljvqtyd19sw1",
        "client_id": "app.573ad8a0346747.09223434", "client_secret": "s3cret" });
    assert_eq!(stage.server.calls(), [("token".to_owned(), asked)]);
    let kept: Value = serde_json::from_str(&stage.world.settings().await).unwrap();
    assert_eq!(kept["member_id"], MEMBER);
}

/// The first tokens could be of any portal that the app is installed in.
#[tokio::test]
async fn the_first_tokens_have_to_be_of_the_portal_that_was_named() {
    let stage = Stage::start().await;
    let (renamed, mut settings) = (Portal::start().await, stage.settings(&stage.portal));
    settings["member_id"] = Value::Null;
    settings["client_endpoint"] = json!(renamed.endpoint());
    stage.world.connect_by(&settings).await;
    stage.server.answer("token", stage.tokens(MEMBER));
    let other = Some((OAuthErrorKind::Misconfigured, Retry::Never));
    assert_eq!(exchanged(&stage).await.err(), other, "nothing leads from there to here");
    let moved = format!("{}profile", stage.portal.endpoint());
    renamed.answer("profile", ResponseTemplate::new(302).insert_header("location", moved));
    stage.server.answer("token", stage.tokens(MEMBER));
    assert!(exchanged(&stage).await.is_ok());
    let kept: Value = serde_json::from_str(&stage.world.settings().await).unwrap();
    assert_eq!(kept["client_endpoint"], stage.portal.endpoint());
    assert_eq!(renamed.calls()[1].1, json!({}), "no secret goes to an address that was given up");
}

#[rstest]
#[case::used_up(error(400, "invalid_grant", ""), OAuthErrorKind::InvalidGrant, Retry::Never)]
#[case::bad_code(error(400, "bad_verification_code", ""), OAuthErrorKind::InvalidGrant, Retry::Never)]
#[case::in_capitals(error(200, "INVALID_GRANT", ""), OAuthErrorKind::InvalidGrant, Retry::Never)]
#[case::invalid_request(error(400, "invalid_request", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::invalid_client(error(401, "invalid_client", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::invalid_scope(error(400, "invalid_scope", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::insufficient_scope(error(403, "insufficient_scope", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::payment(error(402, "PAYMENT_REQUIRED", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::wrong_client(error(200, "WRONG_CLIENT", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::no_auth(error(401, "NO_AUTH_FOUND", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::not_installed(error(200, "NOT_INSTALLED", ""), OAuthErrorKind::Misconfigured, Retry::Never)]
#[case::busy(html(503), OAuthErrorKind::Unavailable, Retry::After(None))]
#[case::a_page(html(200), OAuthErrorKind::Unavailable, Retry::OutcomeUnknown)]
#[case::no_token(bytes(200, "{}"), OAuthErrorKind::Protocol, Retry::OutcomeUnknown)]
#[tokio::test]
async fn a_refused_code_says_whose_fault_it_is(
    #[case] answer: ResponseTemplate,
    #[case] kind: OAuthErrorKind,
    #[case] retry: Retry,
) {
    let stage = Stage::start().await;
    stage.server.answer("token", answer);
    assert_eq!(exchanged(&stage).await.err(), Some((kind, retry)));
}

#[tokio::test]
async fn the_account_is_a_person_of_the_portal() {
    let stage = Stage::start().await;
    let person = json!({ "ID": "1", "NAME": "Ayşe", "EMAIL": "ayse@acme.example" });
    stage.portal.answer("user.current", result(person)).answer("user.current", expired());
    let consent = stage.consent().await;
    let account = consent.account("token".into()).await.unwrap();
    assert_eq!(account.id, format!("{}/1", stage.world.portal().await));
    assert_eq!(account.email, "ayse@acme.example");
    assert_eq!(consent.account("token".into()).await.unwrap_err().kind, OAuthErrorKind::InvalidGrant);
}

#[tokio::test]
async fn a_webhook_needs_no_consent() {
    let stage = Stage::start().await;
    stage.world.connect(&stage.portal.webhook()).await;
    let refusal = stage.world.bitrix.consent(&company()).await.err().unwrap();
    assert_eq!(refusal.kind, CrmErrorKind::NotConnected);
}

/// In the middle of its work, and with a create under way: it is made once.
#[tokio::test]
async fn a_token_expires_in_the_simulated_portal() {
    let (simulated, server) = (Simulated::start().await, Portal::start().await);
    let world = &simulated.world;
    let settings = json!({ "client_id": "app.1", "client_secret": "s3cret",
        "client_endpoint": simulated.endpoint(), "server_endpoint": server.endpoint() });
    world.connect_by(&settings).await;
    world.tokens.replace(token(world));
    let seed = |token: &str| simulated.control(Method::POST, "bitrix24/tokens", json!({ "token": token }));
    seed("s1morf609228iwyjjpvfv6wsvuja4p8u").await;
    seed("ydtj8pho532wydb5ixk78ol7uqlb7sch").await;
    world.fields(EntityKind::Lead).await.unwrap();
    let fault = json!({ "vendor": "bitrix24", "matching": "batch", "kind": "expired_token" });
    simulated.control(Method::POST, "faults", fault).await;
    let answer = json!({ "access_token": "ydtj8pho532wydb5ixk78ol7uqlb7sch", "expires_in": 3600, "member_id": MEMBER,
        "refresh_token": "3s6lr4kr3cv2od4v853gvrchb875bwxb", "client_endpoint": simulated.endpoint() });
    server.answer("token", ResponseTemplate::new(200).set_body_json(answer));
    let commands = vec![create("r1", [title("a")]), create("r2", [title("b")])];
    assert_eq!(world.write(commands).await.unwrap(), [done("1"), done("2")]);
    assert_eq!((simulated.records("lead").await.len(), server.calls().len()), (2, 1));
    simulated.sandbox.stop().await;
}
