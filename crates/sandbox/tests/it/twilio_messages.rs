//! The Message resource: shapes, refusals, lists.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::{Fixture, json_of},
    twilio_support::{ACCOUNT, Fields, PERSON, SENDER, SERVICE, TOKEN},
};

#[tokio::test]
async fn a_new_message_has_the_documented_shape() {
    let fixture = Fixture::stopped().await;
    let mut message =
        fixture.text(&[("MediaUrl", "https://a.example/1.png"), ("MediaUrl", "https://a.example/2.gif")]).await;
    let sid = message["sid"].as_str().unwrap().to_owned();
    assert!(sid.starts_with("MM") && sid.len() == 34);
    let created = message["date_created"].take();
    assert!(jiff::fmt::rfc2822::parse(created.as_str().unwrap()).is_ok(), "{created}");
    assert_eq!(message["date_updated"].take(), created);
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}");
    let expected = json!({
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "Merhaba",
        "date_created": null, "date_sent": null, "date_updated": null,
        "direction": "outbound-api", "error_code": null, "error_message": null,
        "from": SENDER, "messaging_service_sid": null, "num_media": "2", "num_segments": "1",
        "price": null, "price_unit": "USD", "sid": sid, "status": "queued",
        "subresource_uris": {"media": format!("{uri}/Media.json")}, "to": PERSON, "uri": format!("{uri}.json"),
    });
    assert_eq!(message, expected);
    let (status, media) = fixture.get_twilio(&format!("Messages/{sid}/Media.json")).await;
    assert_eq!(status, 200);
    let types: Vec<_> = media["media_list"].as_array().unwrap().iter().map(|one| &one["content_type"]).collect();
    assert_eq!(types, ["image/png", "image/gif"]);
}

#[tokio::test]
async fn with_a_service_sender_and_segments_are_not_known_yet() {
    let fixture = Fixture::stopped().await;
    let (status, message) =
        fixture.post_message(&[("To", PERSON), ("MessagingServiceSid", SERVICE), ("Body", "Merhaba")]).await;
    assert_eq!(status, 201);
    let told = ["from", "status", "num_segments", "messaging_service_sid"].map(|name| &message[name]);
    assert_eq!(told, [&Value::Null, &json!("accepted"), &json!("0"), &json!(SERVICE)]);
    let queued = fixture.becomes(&message, "queued").await;
    assert_eq!((&queued["from"], &queued["num_segments"]), (&json!(SENDER), &json!("1")));
}

const TO: (&str, &str) = ("To", PERSON);
const FROM: (&str, &str) = ("From", SENDER);
const BODY: (&str, &str) = ("Body", "x");
const WITH_SERVICE: (&str, &str) = ("MessagingServiceSid", SERVICE);
const FIXED: (&str, &str) = ("ScheduleType", "fixed");
const CONTENT: (&str, &str) = ("ContentSid", "HX00000000000000000000000000000001");

#[rstest]
#[case::no_recipient(&[FROM, BODY], 21604)]
#[case::empty_recipient(&[("To", ""), FROM, BODY], 21604)]
#[case::national_number(&[("To", "0555 123 45 67"), FROM, BODY], 21211)]
#[case::to_itself(&[("To", SENDER), FROM, BODY], 21211)]
#[case::no_sender(&[TO, BODY], 21603)]
#[case::sender_is_nothing(&[TO, ("From", "?"), BODY], 21212)]
#[case::strange_sender(&[TO, ("From", "+15005550010"), BODY], 21606)]
#[case::strange_whatsapp_sender(&[("To", "whatsapp:+905551234567"), ("From", "whatsapp:+15005550010"), BODY], 63007)]
#[case::two_channels(&[("To", "whatsapp:+905551234567"), FROM, BODY], 21910)]
#[case::no_body(&[TO, FROM], 21602)]
#[case::bad_media(&[TO, FROM, ("MediaUrl", "ftp://a.example/1.png")], 21620)]
#[case::variables_alone(&[TO, FROM, ("ContentVariables", "{}")], 21654)]
#[case::unknown_content(&[TO, FROM, ("ContentSid", "HX00000000000000000000000000000009")], 21655)]
#[case::bad_variables(&[TO, FROM, CONTENT, ("ContentVariables", "1=a")], 21656)]
#[case::missing_variable(&[TO, FROM, CONTENT], 21656)]
#[case::malformed_service(&[TO, BODY, ("MessagingServiceSid", "MG1")], 21705)]
#[case::no_validity(&[TO, FROM, BODY, ("ValidityPeriod", "0")], 90007)]
#[case::long_validity(&[TO, FROM, BODY, ("ValidityPeriod", "36001")], 90007)]
#[case::callback_host(&[TO, FROM, BODY, ("StatusCallback", "https://a_b.example/")], 21609)]
#[case::scheduled_for_never(&[TO, BODY, WITH_SERVICE, FIXED], 35111)]
#[case::scheduled_without_service(&[TO, FROM, BODY, FIXED, ("SendAt", "2099-01-01T00:00:00Z")], 35118)]
#[case::scheduled_badly(&[TO, BODY, WITH_SERVICE, FIXED, ("SendAt", "tomorrow")], 35114)]
#[case::scheduled_for_the_past(&[TO, BODY, WITH_SERVICE, FIXED, ("SendAt", "2020-01-01T00:00:00Z")], 35115)]
#[case::scheduled_for_late(&[TO, BODY, WITH_SERVICE, FIXED, ("SendAt", "2099-01-01T00:00:00Z")], 35117)]
#[case::magic_sender_invalid(&[TO, ("From", "+15005550001"), BODY], 21212)]
#[case::magic_sender_not_own(&[TO, ("From", "+15005550007"), BODY], 21606)]
#[case::magic_sender_full(&[TO, ("From", "+15005550008"), BODY], 21611)]
#[case::magic_invalid(&[("To", "+15005550001"), FROM, BODY], 21211)]
#[case::magic_unreachable(&[("To", "+15005550002"), FROM, BODY], 21612)]
#[case::magic_region(&[("To", "+15005550003"), FROM, BODY], 21408)]
#[case::magic_opted_out(&[("To", "+15005550004"), FROM, BODY], 21610)]
#[case::magic_landline(&[("To", "+15005550009"), FROM, BODY], 21614)]
#[tokio::test]
async fn refusals_have_their_codes(#[case] fields: Fields<'_>, #[case] code: u32) {
    let fixture = Fixture::start().await;
    let content = json!({"HX00000000000000000000000000000001": {"body": "Merhaba {{1}}"}});
    fixture.control("twilio/contents", json!({"contents": content})).await;
    let (status, error) = fixture.post_message(fields).await;
    let told = ["code", "status", "more_info"].map(|name| error[name].clone());
    assert_eq!(told, [json!(code), json!(400), json!(format!("https://www.twilio.com/docs/errors/{code}"))]);
    assert_eq!(status, 400);
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert_eq!(fixture.inspect("twilio/stats").await["sends"], 0);
}

#[tokio::test]
async fn limits_of_length_and_number() {
    let fixture = Fixture::start().await;
    let code = async |fields: Fields<'_>| fixture.post_message(&[&[TO, FROM], fields].concat()).await.1["code"].clone();
    let (full, over) = ("ş".repeat(1600), "😀".repeat(801));
    assert_eq!(code(&[("Body", &full)]).await, Value::Null);
    assert_eq!(code(&[("Body", &over)]).await, 21617);
    assert_eq!(code(&[("MediaUrl", "https://a.example/1.png"); 10]).await, Value::Null);
    assert_eq!(code(&[("MediaUrl", "https://a.example/1.png"); 11]).await, 21623);
}

#[tokio::test]
async fn services_that_cannot_send() {
    let fixture = Fixture::start().await;
    let empty = "MG00000000000000000000000000000002";
    let texts = "MG00000000000000000000000000000003";
    let account = json!({"auth_token": TOKEN, "senders": [SENDER], "services": {empty: [], texts: [SENDER]}});
    fixture.control("twilio/accounts", json!({ACCOUNT: account})).await;
    let send = async |to, sid| {
        let (status, error) = fixture.post_message(&[("To", to), BODY, ("MessagingServiceSid", sid)]).await;
        (status, error["code"].as_u64())
    };
    assert_eq!(send(PERSON, SERVICE).await, (404, Some(21701)));
    assert_eq!(send(PERSON, empty).await, (400, Some(21704)));
    assert_eq!(send("whatsapp:+905551234567", texts).await, (400, Some(21703)));
}

#[tokio::test]
async fn a_body_that_is_not_a_form_has_no_fields() {
    let fixture = Fixture::start().await;
    let request =
        fixture.twilio(Method::POST, "Messages.json").json(&json!({"To": PERSON, "From": SENDER, "Body": "x"}));
    let (status, error) = json_of(request.send().await.unwrap()).await;
    assert_eq!((status, &error["code"]), (400, &json!(21604)));
}

#[rstest]
#[case::token(ACCOUNT, TOKEN, 200)]
#[case::api_key("SK00000000000000000000000000000001", "sandbox-secret", 200)]
#[case::wrong_token(ACCOUNT, "wrong", 401)]
#[case::token_with_the_keys_name("SK00000000000000000000000000000001", TOKEN, 401)]
#[case::another_account("AC00000000000000000000000000000002", "other-token", 401)]
#[tokio::test]
async fn only_an_accounts_own_credentials_open_it(#[case] user: &str, #[case] secret: &str, #[case] expected: u16) {
    let fixture = Fixture::start().await;
    let other = json!({"AC00000000000000000000000000000002": {"auth_token": "other-token"}});
    fixture.control("twilio/accounts", other).await;
    let path = format!("twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1");
    let request = fixture.request(Method::GET, &path).basic_auth(user, Some(secret));
    let (status, body) = json_of(request.send().await.unwrap()).await;
    assert_eq!(status, expected);
    assert_eq!(body["code"].as_u64(), (expected == 401).then_some(20003));
}

#[tokio::test]
async fn lists_are_filtered_and_paged_while_messages_come_in() {
    let fixture = Fixture::start().await;
    for body in ["1", "2", "3"] {
        fixture.post_message(&[TO, FROM, ("Body", body)]).await;
    }
    fixture.post_message(&[("To", "+905550000000"), FROM, BODY]).await;
    let bodies = |page: &Value| -> Vec<String> {
        page["messages"].as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap().to_owned()).collect()
    };
    let first = fixture.get_twilio("Messages.json?To=%2B905551234567&PageSize=2").await.1;
    assert_eq!(bodies(&first), ["3", "2"]);
    fixture.post_message(&[TO, FROM, ("Body", "4")]).await;
    let tail = first["next_page_uri"].as_str().unwrap().split_once(&format!("{ACCOUNT}/")).unwrap().1;
    let second = fixture.get_twilio(tail).await.1;
    assert_eq!((bodies(&second), &second["next_page_uri"]), (vec!["1".to_owned()], &Value::Null));
    assert_eq!((&second["page"], &second["start"], &second["page_size"]), (&json!(1), &json!(3), &json!(2)));
}

#[tokio::test]
async fn dates_are_of_sending() {
    let fixture = Fixture::start().await;
    let message = fixture.text(&[]).await;
    fixture.becomes(&message, "delivered").await;
    let found = async |query: &str| {
        fixture.get_twilio(&format!("Messages.json?{query}")).await.1["messages"].as_array().unwrap().len()
    };
    assert_eq!(found("DateSent%3E=2020-01-01").await, 1);
    assert_eq!(found("DateSent%3C=2020-01-01").await, 0);
    assert_eq!(found("DateSent=2020-01-01").await, 0);
    assert_eq!(fixture.get_twilio("Messages.json?DateSent=yesterday").await.0, 400);
}

#[tokio::test]
async fn a_sent_message_is_redacted_and_deleted_and_a_waiting_one_is_not() {
    let fixture = Fixture::stopped().await;
    let message = fixture.text(&[]).await;
    let tail = format!("Messages/{}.json", message["sid"].as_str().unwrap());
    let delete = async || json_of(fixture.twilio(Method::DELETE, &tail).send().await.unwrap()).await;
    let update =
        async |form: Fields<'_>| json_of(fixture.twilio(Method::POST, &tail).form(form).send().await.unwrap()).await;
    assert_eq!(delete().await.1["code"], 20009);
    assert_eq!(update(&[("Status", "canceled")]).await.1["code"], 30409);
    fixture.advance(60).await;
    fixture.becomes(&message, "delivered").await;
    assert_eq!(update(&[("Body", "")]).await.1["body"], "");
    assert_eq!(update(&[("Body", "new")]).await.0, 400);
    assert_eq!(delete().await.0, 204);
    let (status, error) = fixture.get_twilio(&tail).await;
    assert_eq!((status, &error["code"]), (404, &json!(20404)));
}

#[tokio::test]
async fn too_many_calls_at_once_are_refused() {
    let fixture = Fixture::start().await;
    fixture.control("twilio/settings", json!({"concurrency": 2, "answer_ms": 300})).await;
    let send = || fixture.post_message(&[TO, FROM, BODY]);
    let (one, two, three) = tokio::join!(send(), send(), send());
    let mut codes = [one, two, three].map(|(status, answer)| (status, answer["code"].as_u64()));
    codes.sort_unstable();
    assert_eq!(codes, [(201, None), (201, None), (429, Some(20429))]);
    assert_eq!(fixture.inspect("twilio/stats").await["sends"], 2);
}

#[rstest]
#[case::error(json!({"kind": "error", "status": 500, "code": "20500"}), 500, json!(20500), 0)]
#[case::expired(json!({"kind": "expired_token"}), 401, json!(20003), 0)]
#[case::gateway(json!({"kind": "html"}), 502, Value::Null, 0)]
#[case::cut_answer(json!({"kind": "garbage"}), 200, Value::Null, 1)]
#[tokio::test]
async fn faults_come_in_its_own_envelope(
    #[case] mut fault: Value,
    #[case] status: u16,
    #[case] code: Value,
    #[case] messages: usize,
) {
    let fixture = Fixture::start().await;
    fault["vendor"] = json!("twilio");
    fault["matching"] = json!("messages.json");
    fixture.control("faults", fault).await;
    let (answered, body) = fixture.post_message(&[TO, FROM, BODY]).await;
    assert_eq!((answered, &body["code"]), (status, &code));
    assert_eq!(fixture.inspect("twilio/messages").await.as_array().unwrap().len(), messages);
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_lives_on() {
    let fixture = Fixture::start().await;
    fixture.control("faults", json!({"vendor": "twilio", "kind": "reset_after"})).await;
    let request = fixture.twilio(Method::POST, "Messages.json").form(&[TO, FROM, BODY]);
    assert!(request.send().await.is_err());
    let found = fixture.get_twilio("Messages.json?To=%2B905551234567").await.1;
    let message = fixture.becomes(&found["messages"][0], "delivered").await;
    assert_eq!(message["body"], "x");
    assert_eq!(fixture.inspect("twilio/messages").await[0]["reached"], true);
}
