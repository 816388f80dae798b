//! Looking up what became of a message.

use jiff::Timestamp;
use kopru_domain::message::{Channel, MessageStatus, Trouble};
use kopru_ports::Retry;
use kopru_ports::messages::{MessageSender as _, Report, Search};
use rstest::rstest;
use serde_json::{Value, json};

use crate::scripted::{html, message, ok, page, refused};
use crate::world::{ACCOUNT, FROM, PATIENT, PERSON, SERVICE, World, company, number, text};

/// 2026-11-23T10:00:00.9Z: Twilio tells whole seconds.
const SINCE: Timestamp = Timestamp::constant(1_795_428_000, 900_000_000);
const EARLIER: &str = "Mon, 23 Nov 2026 09:59:59 +0000";
const LATER: &str = "Mon, 23 Nov 2026 10:00:07 +0000";

fn search() -> Search {
    let (company, to, content) = (company(), number(PERSON), text("Merhaba Işıl"));
    Search { company, channel: Channel::WhatsApp, to, content, since: SINCE }
}

fn ids(found: &[Report]) -> Vec<&str> {
    found.iter().map(|report| report.provider_id.as_str()).collect()
}

#[tokio::test]
async fn what_fits_is_found_over_pages_until_they_are_too_old() {
    let world = World::start(PATIENT).await;
    let next = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=50&Page=1&PageToken=PASM1");
    let old = json!({ "date_created": EARLIER });
    let first = [
        message("SM1", "queued", &json!({})),
        message("SM2", "sent", &json!({ "body": "Merhaba" })),
        message("SM3", "received", &json!({ "direction": "inbound" })),
        message("SM4", "failed", &json!({ "error_code": 63016, "date_created": LATER })),
        message("SM5", "sent", &old),
    ];
    let second = [
        message("SM6", "sent", &json!({ "body": "Sent from your Twilio trial account - Merhaba Işıl" })),
        message("SM7", "sent", &json!({ "date_created": null, "body": "Merhaba Işıl\n" })),
    ];
    let third = [message("SM8", "sent", &old)];
    world.vendor.answer(page(&first, Some(&next))).answer(page(&second, Some(&next))).answer(page(&third, Some(&next)));
    let found = world.twilio.search(&search()).await.unwrap();
    assert_eq!(ids(&found), ["SM4", "SM1", "SM6", "SM7"]);
    let failed = (MessageStatus::Failed, Some(Trouble::WindowClosed), Some("63016".to_owned()));
    assert_eq!((found[0].status, found[0].trouble, found[0].code.clone()), failed);

    let asked = world.vendor.asked();
    let query: Vec<_> = asked[0].query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (to, from) = (format!("whatsapp:{PERSON}"), format!("whatsapp:{FROM}"));
    assert_eq!(query, [("To", &*to), ("PageSize", "50"), ("From", &*from)]);
    assert_eq!(asked[1].query.last().unwrap(), &("PageToken".to_owned(), "PASM1".to_owned()));
    assert_eq!(asked.len(), 3);
}

/// A service may have taken any of its numbers.
#[tokio::test]
async fn a_services_messages_are_looked_for_from_anybody() {
    let settings = json!({ "account_sid": ACCOUNT, "auth_token": "x", "messaging_service_sid": SERVICE });
    let world = World::with(PATIENT, &settings).await;
    world.vendor.answer(page(&[message("SM1", "accepted", &json!({ "from": null }))], None));
    assert_eq!(ids(&world.twilio.search(&search()).await.unwrap()), ["SM1"]);
    assert!(world.vendor.asked()[0].query.iter().all(|(name, _)| name != "From"));
}

/// An address of somebody else's does not get the account's credentials.
#[tokio::test]
async fn a_next_page_is_twilios_own() {
    let world = World::start(PATIENT).await;
    world.vendor.answer(page(&[message("SM1", "sent", &json!({}))], Some("@other.example/")));
    assert_eq!(ids(&world.twilio.search(&search()).await.unwrap()), ["SM1"]);
}

#[rstest]
#[case::accepted("accepted", MessageStatus::Queued)]
#[case::queued("queued", MessageStatus::Queued)]
#[case::sending("sending", MessageStatus::Queued)]
#[case::scheduled("scheduled", MessageStatus::Scheduled)]
#[case::sent("sent", MessageStatus::Sent)]
#[case::delivered("delivered", MessageStatus::Delivered)]
#[case::partially("partially_delivered", MessageStatus::Delivered)]
#[case::read("read", MessageStatus::Read)]
#[case::undelivered("undelivered", MessageStatus::Undelivered)]
#[case::failed("failed", MessageStatus::Failed)]
#[case::canceled("canceled", MessageStatus::Canceled)]
#[case::new_word("teleported", MessageStatus::Queued)]
#[tokio::test]
async fn every_status_is_known(#[case] word: &str, #[case] status: MessageStatus) {
    let world = World::start(PATIENT).await;
    world.vendor.answer(ok(message("SM1", word, &json!({ "error_code": 30003 }))));
    let report = world.twilio.report(&company(), "SM1").await.unwrap().unwrap();
    let is_bad = matches!(status, MessageStatus::Undelivered | MessageStatus::Failed);
    assert_eq!((report.status, report.trouble), (status, is_bad.then_some(Trouble::Unreachable)));
    assert_eq!(report.code.is_some(), is_bad);
}

#[tokio::test]
async fn an_unknown_message_is_none() {
    let world = World::start(PATIENT).await;
    world.vendor.answer(refused(404, 20404));
    assert_eq!(world.twilio.report(&company(), "SM?x").await.unwrap(), None);
    assert_eq!(world.vendor.asked()[0].path.rsplit('/').next(), Some("SM%3Fx.json"));
}

/// Twilio takes back what is scheduled; of anything else it says no, and its state says why.
#[rstest]
#[case::done_before("canceled", true)]
#[case::too_late("sent", false)]
#[tokio::test]
async fn a_refused_cancellation_is_looked_into(#[case] status: &str, #[case] canceled: bool) {
    let world = World::start(PATIENT).await;
    world.vendor.answer(refused(409, 30409)).answer(ok(message("SM1", status, &json!({}))));
    assert_eq!(world.twilio.cancel(&company(), "SM1").await.unwrap(), canceled);
}

#[rstest]
#[case::gateway(html(502))]
#[case::internal(refused(500, 20500))]
#[case::page_of_success(html(200))]
#[case::another_answer(ok(Value::Null))]
#[tokio::test]
async fn a_question_may_be_asked_again(#[case] answer: wiremock::ResponseTemplate) {
    let world = World::start(PATIENT).await;
    world.vendor.answer(answer.clone()).answer(answer);
    let errors =
        [world.twilio.search(&search()).await.unwrap_err(), world.twilio.report(&company(), "SM1").await.unwrap_err()];
    for error in errors {
        assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, Retry::After(None)));
    }
}
