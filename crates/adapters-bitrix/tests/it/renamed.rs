//! A renamed portal: its old address answers 302 to every call
//! ([change of the domain](https://apidocs.bitrix24.com/settings/how-to-call-rest-api/change-domen.html)).

use std::collections::BTreeSet;
use std::time::Duration;

use kopru_ports::connections::PortalConnections as _;
use kopru_ports::crm::{CrmCatalog as _, CrmErrorKind, CrmWriter as _, WriteRequest};
use kopru_ports::delivery::Urgency;
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::portal::{Portal, error, result};
use crate::world::{World, company, done, title, update};

const PATIENT: Duration = Duration::from_secs(10);

fn to(address: &str) -> ResponseTemplate {
    ResponseTemplate::new(302).insert_header("location", address)
}

fn sent_on(portal: &Portal) -> ResponseTemplate {
    to(&format!("{}crm.lead.update", portal.webhook()))
}

#[tokio::test]
async fn the_same_post_goes_to_the_new_address_which_is_kept_under_the_old_name() {
    let (world, old) = World::with_leads(PATIENT).await;
    let (name, new) = (world.portal().await, Portal::start().await);
    old.answer("crm.lead.update", sent_on(&new));
    new.answer("crm.lead.update", result(json!(true))).answer("crm.lead.update", result(json!(true)));
    assert_eq!(world.write(vec![update("5", [title("A & B")])]).await.unwrap(), [done("5")]);
    assert_eq!(new.calls(), old.calls(), "method and parameters are the same");

    let restarted = world.restarted();
    assert_eq!(restarted.portal().await, name);
    old.answer("crm.lead.fields", error(503, "QUERY_LIMIT_EXCEEDED", "nobody is there any more"));
    crate::world::answer_leads(&new);
    assert_eq!(restarted.write(vec![update("5", [title("C")])]).await.unwrap(), [done("5")]);
    assert_eq!(old.calls(), []);
}

/// One company knew it under its former name, the other one never did: they spend from one bucket.
#[tokio::test]
async fn companies_that_know_a_portal_by_different_names_share_its_limit() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    old.answer("crm.lead.update", sent_on(&new));
    for _ in 0..3 {
        new.answer("crm.lead.update", result(json!(true)));
    }
    world.write(vec![update("5", [title("a")])]).await.unwrap();
    let other = "other".parse().unwrap();
    world.connect_also(&other, &new.webhook()).await;
    crate::world::answer_leads(&new);
    world.gate.passes.lock().unwrap().clear();
    world.write(vec![update("5", [title("b")])]).await.unwrap();
    let request = WriteRequest {
        company: other.clone(),
        portal: world.bitrix.portal(&other).await.unwrap(),
        commands: vec![update("5", [title("c")])],
        deadline: world.clock.now() + Duration::from_mins(1),
        urgency: Urgency::Bulk,
    };
    assert_ne!(request.portal, world.portal().await);
    world.bitrix.write(request).await.unwrap();
    let passes = world.gate.passes.lock().unwrap();
    let scopes: BTreeSet<_> = passes.iter().map(|pass| pass.charges[0].limit.scope.as_str()).collect();
    assert_eq!((passes.len(), scopes.len()), (4, 1), "{scopes:?}");
}

#[tokio::test]
async fn every_request_passes_the_gate() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    old.answer("crm.lead.update", sent_on(&new));
    new.answer("crm.lead.update", result(json!(true)));
    world.write(vec![update("5", [title("a")])]).await.unwrap();
    assert_eq!(world.gate.passes.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_address_that_refuses_is_not_kept() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    let before = world.settings().await;
    old.answer("crm.lead.update", sent_on(&new));
    new.answer("crm.lead.update", error(401, "INVALID_CREDENTIALS", "Invalid request credentials"));
    let refusal = world.write(vec![update("5", [title("a")])]).await.unwrap_err();
    assert_eq!((refusal.kind, world.settings().await), (CrmErrorKind::Credentials, before));
}

#[tokio::test]
async fn a_connection_that_was_made_meanwhile_stays() {
    let (world, old) = World::with_leads(PATIENT).await;
    let (new, other) = (Portal::start().await, Portal::start().await);
    let settings = json!({ "webhook": old.webhook() }).to_string().into();
    world.connect(&other.webhook()).await;
    let profile = to(&format!("{}profile", new.webhook()));
    old.answer("profile", profile);
    new.answer("profile", result(json!({ "ID": "1" })));
    let before = world.settings().await;
    world.bitrix.reach(&company(), &settings).await.unwrap();
    assert_eq!(world.settings().await, before);
}

#[tokio::test]
async fn a_call_is_not_sent_on_that_could_end_after_the_deadline() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    old.pace(world.clock.clone(), Duration::from_secs(40));
    old.answer("crm.lead.update", sent_on(&new));
    let late = world.write_by(vec![update("5", [title("a")])], Duration::from_secs(45)).await.unwrap_err();
    assert_eq!((late.kind, late.retry), (CrmErrorKind::RateLimited, Retry::After(None)));
    assert_eq!(new.calls(), []);
}

/// The loop ends after one step, and nothing was written.
#[tokio::test]
async fn a_redirect_without_an_end_is_an_error() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    old.answer("crm.lead.update", sent_on(&new));
    new.answer("crm.lead.update", sent_on(&old));
    let refusal = world.write(vec![update("5", [title("a")])]).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.retry), (CrmErrorKind::Credentials, Retry::Never));
    assert_eq!((old.calls().len(), new.calls().len()), (1, 1));
}

#[tokio::test]
async fn a_page_for_people_is_no_new_address() {
    let (world, old) = World::with_leads(PATIENT).await;
    let new = Portal::start().await;
    old.answer("crm.lead.update", to(&new.webhook().replace("/rest/1/s3cret/", "/auth/")));
    old.answer("crm.lead.update", ResponseTemplate::new(302));
    for _ in 0..2 {
        let refusal = world.write(vec![update("5", [title("a")])]).await.unwrap_err();
        assert_eq!((refusal.kind, refusal.retry), (CrmErrorKind::Credentials, Retry::Never));
    }
    assert_eq!(new.calls(), []);
}

fn profile_at(portal: &Portal) -> ResponseTemplate {
    to(&format!("{}profile", portal.endpoint()))
}

/// What would be stored for a webhook, where the company has configurations for portals of `names`.
async fn recognised(world: &World, webhook: &str, names: &[String]) -> Value {
    let settings = json!({ "webhook": webhook }).to_string().into();
    let settings = world.bitrix.recognised(&company(), &settings, names).await.unwrap();
    serde_json::from_str(settings.expose_secret()).unwrap()
}

fn host(portal: &Portal) -> String {
    portal.endpoint().replace("http://", "").replace("/rest/", "")
}

#[tokio::test]
async fn a_portal_connected_by_its_new_address_keeps_its_name() {
    let (world, old) = World::with_leads(PATIENT).await;
    let (name, new) = (world.portal().await, Portal::start().await);
    old.answer("profile", profile_at(&new));
    let settings = recognised(&world, &new.webhook(), &[]).await;
    assert_eq!(settings, json!({ "portal": name, "webhook": new.webhook() }));
    assert_eq!(old.calls(), [("profile".to_owned(), json!({}))], "without the secret");

    // The old address may be silent by now: the new one is stored.
    world.connect_by(&settings).await;
    let another = new.webhook().replace("s3cret", "0ther");
    assert_eq!(recognised(&world, &another, &[]).await["portal"], *name);
    assert_eq!(new.calls(), []);
}

#[tokio::test]
async fn a_portal_that_was_disconnected_is_known_by_its_configurations() {
    let (world, old, new) = (World::new(PATIENT), Portal::start().await, Portal::start().await);
    old.answer("profile", profile_at(&new));
    let names = [host(&new), "127.0.0.1:1".to_owned(), host(&old)];
    assert_eq!(recognised(&world, &new.webhook(), &names).await["portal"], host(&old));
}

#[rstest]
#[case::of_its_own(error(401, "NO_AUTH_FOUND", "Wrong authorization data"))]
#[case::gone(ResponseTemplate::new(404))]
#[case::a_page_for_people(to("https://www.bitrix24.com/"))]
#[case::elsewhere(to("https://third.bitrix24.com/rest/profile"))]
#[tokio::test]
async fn another_portal_has_a_name_of_its_own(#[case] answer: ResponseTemplate) {
    let (world, old) = World::with_leads(PATIENT).await;
    let (name, other) = (world.portal().await, Portal::start().await);
    old.answer("profile", answer);
    assert_eq!(recognised(&world, &other.webhook(), &[name]).await["portal"], host(&other));
}
