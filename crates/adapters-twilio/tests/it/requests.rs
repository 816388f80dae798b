//! What goes on the wire.

use jiff::Timestamp;
use kopru_domain::message::{Channel, MessageStatus};
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Limit, Pass};
use kopru_ports::messages::{Content, MessageSender as _, SendRequest};
use kopru_ports_testkit::suites::message_sender::template;
use rstest::rstest;
use serde_json::{Value, json};

use crate::scripted::{Asked, created, message, ok};
use crate::world::{ACCOUNT, FROM, PATIENT, PERSON, SERVICE, World, company, request, settings};

const SID: &str = "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TEMPLATE: &str = "HX00000000000000000000000000000001";
const LATER: Timestamp = Timestamp::constant(1_795_435_200, 500_000_000);
/// `AC00000000000000000000000000000001:sandbox-token`
const BY_TOKEN: &str = "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzYW5kYm94LXRva2Vu";
/// `SK00000000000000000000000000000001:s3cret`
const BY_KEY: &str = "U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzM2NyZXQ=";

/// The request of one message that is taken.
async fn asked(settings: &Value, request: SendRequest) -> Asked {
    let world = World::with(PATIENT, settings).await;
    world.vendor.answer(created(SID, "queued"));
    let report = world.twilio.send(request).await.unwrap();
    assert_eq!((report.provider_id.as_str(), report.status), (SID, MessageStatus::Queued));
    world.vendor.asked().remove(0)
}

fn fields(asked: &Asked) -> Vec<(&str, &str)> {
    asked.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn a_text() {
    let asked = asked(&settings(&json!({})), request(Channel::Sms)).await;
    assert_eq!(
        (asked.method.as_str(), &*asked.path),
        ("POST", &*format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"))
    );
    assert_eq!((asked.credentials.as_str(), &asked.query), (BY_TOKEN, &vec![]));
    assert_eq!(fields(&asked), [("To", PERSON), ("From", FROM), ("Body", "Merhaba Işıl")]);
}

#[tokio::test]
async fn by_an_api_key_the_account_stays_in_the_path() {
    let key = json!({ "api_key_sid": "SK00000000000000000000000000000001", "api_key_secret": "s3cret" });
    let asked = asked(&settings(&key), request(Channel::Sms)).await;
    assert_eq!((asked.credentials.as_str(), asked.path.contains(ACCOUNT)), (BY_KEY, true));
}

#[tokio::test]
async fn a_template_by_whatsapp() {
    let content = template(TEMPLATE, &[("1", "Işıl \"Ş\""), ("2", "10:30")]);
    let asked = asked(&settings(&json!({})), SendRequest { content, ..request(Channel::WhatsApp) }).await;
    let (to, from) = (format!("whatsapp:{PERSON}"), format!("whatsapp:{FROM}"));
    let variables = r#"{"1":"Işıl \"Ş\"","2":"10:30"}"#;
    let expected = [("To", &*to), ("From", &*from), ("ContentSid", TEMPLATE), ("ContentVariables", variables)];
    assert_eq!(fields(&asked), expected);
}

#[tokio::test]
async fn a_template_without_variables() {
    let content = template(TEMPLATE, &[]);
    let asked = asked(&settings(&json!({})), SendRequest { content, ..request(Channel::Sms) }).await;
    assert_eq!(fields(&asked), [("To", PERSON), ("From", FROM), ("ContentSid", TEMPLATE)]);
}

#[tokio::test]
async fn pictures_alone_with_a_callback_that_keeps_its_query() {
    let media = ["https://a.example/1.png?x=1&y=2", "https://a.example/2.png"].map(|url| url.parse().unwrap()).into();
    let callback = Some("https://hub.example/hooks/twilio/acme?a=b%20c#rc=3".parse().unwrap());
    let content = Content::Text(String::new());
    let request = SendRequest { content, media, callback, ..request(Channel::Sms) };
    let asked = asked(&settings(&json!({})), request).await;
    let callback = "https://hub.example/hooks/twilio/acme?a=b%20c&mid=00000000-0000-0000-0000-000000000007#rc=3";
    let expected = [
        ("To", PERSON),
        ("From", FROM),
        ("MediaUrl", "https://a.example/1.png?x=1&y=2"),
        ("MediaUrl", "https://a.example/2.png"),
        ("StatusCallback", callback),
    ];
    assert_eq!(fields(&asked), expected);
}

#[tokio::test]
async fn at_a_time_by_the_service_to_the_second() {
    let settings = settings(&json!({ "messaging_service_sid": SERVICE }));
    let asked = asked(&settings, SendRequest { send_at: Some(LATER), ..request(Channel::Sms) }).await;
    let expected = [
        ("To", PERSON),
        ("From", FROM),
        ("MessagingServiceSid", SERVICE),
        ("Body", "Merhaba Işıl"),
        ("ScheduleType", "fixed"),
        ("SendAt", "2026-11-23T12:00:00Z"),
    ];
    assert_eq!(fields(&asked), expected);
}

#[rstest]
#[case::own_number(settings(&json!({ "messaging_service_sid": SERVICE })), ("From", FROM))]
#[case::service(json!({ "account_sid": ACCOUNT, "auth_token": "x", "messaging_service_sid": SERVICE }), ("MessagingServiceSid", SERVICE))]
#[tokio::test]
async fn who_sends(#[case] settings: Value, #[case] sender: (&str, &str)) {
    let asked = asked(&settings, request(Channel::Sms)).await;
    assert_eq!(fields(&asked), [("To", PERSON), sender, ("Body", "Merhaba Işıl")]);
}

#[rstest]
#[case::slow(json!({}), 1.0, 1.0, 0.0)]
#[case::slower(json!({ "messages_per_second": 0.3 }), 0.3, 1.0, 0.0)]
#[case::fast(json!({ "messages_per_second": 80 }), 80.0, 80.0, 16.0)]
#[tokio::test]
async fn a_sender_has_its_pace(#[case] more: Value, #[case] per_second: f64, #[case] burst: f64, #[case] kept: f64) {
    let world = World::with(PATIENT, &settings(&more)).await;
    world.vendor.answer(created(SID, "queued"));
    world.twilio.send(SendRequest { urgency: Urgency::Bulk, ..request(Channel::WhatsApp) }).await.unwrap();
    let limit = Limit { scope: format!("twilio:{ACCOUNT}:whatsapp:{FROM}"), per_second, burst, kept };
    let pass = Pass { company: company(), urgency: Urgency::Bulk, charges: vec![Charge { limit, cost: 1.0 }] };
    assert_eq!(*world.around.gate.passes.lock().unwrap(), [pass]);
}

#[tokio::test]
async fn a_message_is_asked_for_and_taken_back_by_its_sid() {
    let world = World::start(PATIENT).await;
    world.vendor.answer(ok(message(SID, "delivered", &json!({})))).answer(ok(message(SID, "canceled", &json!({}))));
    let report = world.twilio.report(&company(), SID).await.unwrap().unwrap();
    assert_eq!((report.status, report.trouble, report.code), (MessageStatus::Delivered, None, None));
    assert!(world.twilio.cancel(&company(), SID).await.unwrap());
    let [get, post] = &world.vendor.asked()[..] else { panic!("two requests") };
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json");
    assert_eq!((get.method.as_str(), &get.path), ("GET", &path));
    assert_eq!((post.method.as_str(), &post.path, fields(post)), ("POST", &path, vec![("Status", "canceled")]));
    assert_eq!(*world.around.gate.passes.lock().unwrap(), [], "questions spend nothing of the sender's pace");
}
