//! What Twilio's answers to a message mean.

use std::time::Duration;

use kopru_domain::message::{Channel, MessageStatus, Trouble};
use kopru_ports::messages::{MessageSender as _, Report, SendError};
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use serde_json::json;
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::scripted::{created, html, message, refused};
use crate::world::{ACCOUNT, FROM, PATIENT, PERSON, Surroundings, TOKEN, World, nobody, request, settings};

const SHORT: Duration = Duration::from_secs(1);
const NEVER: Retry = Retry::Never;
const AFTER: Retry = Retry::After(None);
const SECOND: Retry = Retry::After(Some(Duration::from_secs(1)));
const UNKNOWN: Retry = Retry::OutcomeUnknown;

async fn send(world: &World) -> Result<Report, SendError> {
    let sent = world.twilio.send(request(Channel::Sms)).await;
    let told = format!("{sent:?} {}", sent.as_ref().err().map(ToString::to_string).unwrap_or_default());
    assert!(!told.contains(TOKEN) && !told.contains(PERSON), "something is given away: {told}");
    sent
}

#[rstest]
#[case::bad_number(refused(400, 21211), Trouble::RecipientInvalid, NEVER, Some("21211"))]
#[case::opted_out(refused(400, 21610), Trouble::OptedOut, NEVER, Some("21610"))]
#[case::credentials(refused(401, 20003), Trouble::CredentialsRefused, NEVER, Some("20003"))]
#[case::new_code(refused(400, 29_999), Trouble::Unexplained, NEVER, Some("29999"))]
#[case::too_many(refused(429, 20429), Trouble::RateLimited, SECOND, Some("20429"))]
#[case::full_queue(refused(400, 21611), Trouble::SenderQueueFull, AFTER, Some("21611"))]
#[case::internal(refused(500, 20500), Trouble::OutcomeUnknown, UNKNOWN, Some("20500"))]
#[case::unavailable(refused(503, 20503), Trouble::ProviderDown, AFTER, Some("20503"))]
#[case::no_room(html(503), Trouble::ProviderDown, AFTER, None)]
#[case::gateway(html(502), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[case::gateway_time_out(html(504), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[case::page_of_success(html(200), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[case::page_of_refusal(html(403), Trouble::CredentialsRefused, NEVER, None)]
#[case::cut_off(ResponseTemplate::new(201).set_body_string("{\"sid\": \"SM"), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[case::garbage(ResponseTemplate::new(201).set_body_bytes([0xff, 0, 7]), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[case::elsewhere(ResponseTemplate::new(302).insert_header("location", "/"), Trouble::OutcomeUnknown, UNKNOWN, None)]
#[tokio::test]
async fn an_answer_is_read_by_its_meaning(
    #[case] answer: ResponseTemplate,
    #[case] kind: Trouble,
    #[case] retry: Retry,
    #[case] code: Option<&str>,
) {
    let world = World::start(PATIENT).await;
    world.vendor.answer(answer);
    let error = send(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry, error.detail.as_deref()), (kind, retry, code));
    assert_eq!(world.vendor.asked().len(), 1, "nothing is repeated here");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_unknown() {
    let world = World::start(SHORT).await;
    world.vendor.answer(created("SM1", "queued").set_delay(SHORT * 10));
    let error = send(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::OutcomeUnknown, UNKNOWN));
}

/// What was written may have been read.
#[tokio::test]
async fn a_connection_that_breaks_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        drop(stream);
    });
    let twilio = Surroundings::new(PATIENT, &settings(&json!({}))).twilio(&base);
    let error = twilio.send(request(Channel::Sms)).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::OutcomeUnknown, UNKNOWN));
    server.await.unwrap();
}

#[rstest]
#[case::nobody(nobody())]
#[case::no_name("http://twilio.invalid".to_owned())]
#[tokio::test]
async fn without_a_connection_nothing_was_sent(#[case] base: String) {
    let twilio = Surroundings::new(PATIENT, &settings(&json!({}))).twilio(&base);
    let error = twilio.send(request(Channel::Sms)).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, AFTER));
}

#[tokio::test]
async fn a_message_that_failed_at_once_was_taken_all_the_same() {
    let world = World::start(PATIENT).await;
    let failed = message("SM1", "failed", &json!({ "error_code": 30007 }));
    world.vendor.answer(ResponseTemplate::new(201).set_body_json(failed));
    let report = send(&world).await.unwrap();
    assert_eq!((report.status, report.trouble), (MessageStatus::Failed, Some(Trouble::BlockedByCarrier)));
}

#[rstest]
#[case::as_asked(Some("7"), 7)]
#[case::by_ourselves(None, 1)]
#[tokio::test]
async fn too_many_calls_close_the_senders_gate(#[case] asked: Option<&str>, #[case] seconds: u64) {
    let world = World::start(PATIENT).await;
    let answer = refused(429, 20429);
    world.vendor.answer(asked.map_or(answer.clone(), |pause| answer.insert_header("retry-after", pause)));
    let pause = Duration::from_secs(seconds);
    assert_eq!(send(&world).await.unwrap_err().retry, Retry::After(Some(pause)));
    let closed = (format!("twilio:{ACCOUNT}:{FROM}"), world.around.clock.now() + pause);
    assert_eq!(*world.around.gate.refusals.lock().unwrap(), [closed]);
}

#[tokio::test]
async fn a_closed_gate_is_a_pause_without_a_call() {
    let world = World::start(PATIENT).await;
    let pause = Duration::from_mins(1);
    *world.around.gate.closed_until.lock().unwrap() = Some(world.around.clock.now() + pause);
    let error = send(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::RateLimited, Retry::After(Some(pause))));
    assert_eq!(world.vendor.asked(), []);
}

#[tokio::test]
async fn without_a_sender_for_the_channel_nothing_is_asked() {
    let settings = json!({ "account_sid": ACCOUNT, "auth_token": "x", "from_whatsapp": FROM });
    let world = World::with(PATIENT, &settings).await;
    let error = send(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, NEVER));
}
