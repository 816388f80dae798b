//! People who write, who opt out, and WhatsApp's window of a day.

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::Fixture,
    twilio_support::{ACCOUNT, PERSON, SENDER, SERVICE, Server},
};

const WHATSAPP: &str = "whatsapp:+905551234567";
const WHATSAPP_SENDER: &str = "whatsapp:+15005550006";
const TEMPLATE: &str = "HX00000000000000000000000000000001";

async fn writes(fixture: &Fixture, from: &str, to: &str, body: &str) {
    fixture.control("twilio/inbound", json!({"from": from, "to": to, "body": body})).await;
}

#[tokio::test]
async fn a_persons_message_is_posted_and_listed() {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    fixture.control("twilio/webhook", json!({"url": server.url})).await;
    let inbound = json!({
        "from": WHATSAPP, "to": WHATSAPP_SENDER, "body": "Merhaba ğüş",
        "media": ["https://a.example/1.png"], "profile_name": "Ayşe",
    });
    let sid = fixture.control("twilio/inbound", inbound).await["sid"].clone();
    let form = server.next().await.form;
    let told =
        ["MessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "MediaContentType0", "ProfileName", "WaId"];
    let expected = [
        sid.as_str().unwrap(),
        ACCOUNT,
        WHATSAPP,
        WHATSAPP_SENDER,
        "Merhaba ğüş",
        "1",
        "image/png",
        "Ayşe",
        "905551234567",
    ];
    assert_eq!(told.map(|name| form[name].as_str()), expected);
    assert!(!form.contains_key("OptOutType"));
    let list = fixture.get_twilio("Messages.json?From=whatsapp:%2B905551234567").await.1;
    let message = &list["messages"][0];
    let told = ["sid", "direction", "status"].map(|name| message[name].as_str().unwrap());
    assert_eq!(told, [sid.as_str().unwrap(), "inbound", "received"]);
}

#[tokio::test]
async fn stop_refuses_later_messages_and_start_takes_it_back() {
    let fixture = Fixture::start().await;
    let fields = [("To", PERSON), ("From", SENDER), ("Body", "x")];
    writes(&fixture, PERSON, SENDER, " stop ").await;
    assert_eq!(fixture.post_message(&fields).await.1["code"], 21610);
    assert_eq!(fixture.inspect("twilio/opt_outs").await, json!([{"sender": SERVICE, "person": PERSON}]));
    let another = [("To", "+905550000000"), ("From", SENDER), ("Body", "x")];
    assert_eq!(fixture.post_message(&another).await.0, 201);
    writes(&fixture, PERSON, SENDER, "START").await;
    assert_eq!(fixture.post_message(&fields).await.0, 201);
}

#[tokio::test]
async fn with_a_service_an_opt_out_shows_when_the_sender_is_picked() {
    let fixture = Fixture::start().await;
    writes(&fixture, PERSON, "+908500000001", "STOP").await;
    let (status, message) =
        fixture.post_message(&[("To", PERSON), ("MessagingServiceSid", SERVICE), ("Body", "x")]).await;
    assert_eq!((status, &message["status"]), (201, &json!("accepted")));
    assert_eq!(fixture.becomes(&message, "failed").await["error_code"], 21610);
    assert_eq!(fixture.inspect("twilio/messages").await[1]["reached"], false);
}

#[rstest]
#[case::english("STOP", SENDER, false, true)]
#[case::turkish("DUR", SENDER, false, false)]
#[case::whatsapp("STOP", WHATSAPP_SENDER, false, false)]
#[case::part_of_a_text("please stop", SENDER, false, false)]
#[case::turkish_if_set_up("iptal", SENDER, true, true)]
#[case::whatsapp_if_set_up("STOP", WHATSAPP_SENDER, true, true)]
#[tokio::test]
async fn which_words_opt_out(#[case] word: &str, #[case] sender: &str, #[case] advanced: bool, #[case] is_out: bool) {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    fixture.control("twilio/webhook", json!({"url": server.url})).await;
    fixture.control("twilio/settings", json!({"advanced_opt_out": advanced, "stop_words": ["DUR", "IPTAL"]})).await;
    let person = if sender == SENDER { PERSON } else { WHATSAPP };
    writes(&fixture, person, sender, word).await;
    let kind = server.next().await.form.remove("OptOutType");
    assert_eq!(kind.as_deref(), (advanced && is_out).then_some("STOP"));
    let outs = fixture.inspect("twilio/opt_outs").await;
    assert_eq!(outs.as_array().unwrap().len(), usize::from(is_out));
}

async fn whatsapp(fixture: &Fixture, more: &[(&str, &str)]) -> Value {
    let fields = [&[("To", WHATSAPP), ("From", WHATSAPP_SENDER)], more].concat();
    let (status, message) = fixture.post_message(&fields).await;
    assert_eq!(status, 201, "{message}");
    fixture.advance(60).await;
    message
}

#[tokio::test]
async fn free_text_in_whatsapp_needs_a_message_of_the_last_day() {
    let fixture = Fixture::stopped().await;
    let free = &[("Body", "Merhaba")];
    let closed = whatsapp(&fixture, free).await;
    assert_eq!(fixture.becomes(&closed, "undelivered").await["error_code"], 63016);
    writes(&fixture, WHATSAPP, WHATSAPP_SENDER, "selam").await;
    fixture.advance(23 * 3600).await;
    let open = whatsapp(&fixture, free).await;
    fixture.becomes(&open, "read").await;
    fixture.advance(3600).await;
    let closed = whatsapp(&fixture, free).await;
    fixture.becomes(&closed, "undelivered").await;
}

#[rstest]
#[case::approved(true, "read")]
#[case::not_approved(false, "undelivered")]
#[tokio::test]
async fn an_approved_template_opens_a_conversation(#[case] approved: bool, #[case] status: &str) {
    let fixture = Fixture::stopped().await;
    let content =
        json!({TEMPLATE: {"body": "Merhaba {{1}}, {{2}}.", "variables": {"2": "hoş geldiniz"}, "approved": approved}});
    fixture.control("twilio/contents", json!({"contents": content})).await;
    let message = whatsapp(&fixture, &[("ContentSid", TEMPLATE), ("ContentVariables", r#"{"1":"Ayşe"}"#)]).await;
    assert_eq!(message["body"], "Merhaba Ayşe, hoş geldiniz.");
    fixture.becomes(&message, status).await;
}
