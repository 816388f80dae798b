//! What Resend tells by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use kopru_adapters_resend::Resend;
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest, InboundWebhook};
use kopru_ports_testkit::suites::inbound::InboundWorld;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::world::{PATIENT, Surroundings, nobody, settings};

const NOW: Timestamp = Timestamp::constant(1_795_428_000, 0);
const SECRET: [u8; 24] = [7; 24];

fn secret(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 24]))
}

fn stored(byte: u8) -> SecretString {
    settings(&json!({ "webhook_secret": secret(byte) })).to_string().into()
}

/// A request signed as Svix signs it.
fn request(body: &Value) -> InboundRequest {
    let (body, second) = (body.to_string(), NOW.as_second().to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(&SECRET).unwrap();
    mac.update(format!("msg_1.{second}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers = [("svix-id", "msg_1"), ("svix-timestamp", &second), ("svix-signature", &signature)];
    InboundRequest {
        url: "https://hub.example/hooks/resend/acme".parse().unwrap(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.into_bytes(),
        received: NOW,
    }
}

fn event(kind: &str, more: &Value) -> Value {
    let mut data = json!({
        "email_id": "m1", "created_at": "2026-11-22T23:41:12.126Z", "from": "Acme <satis@acme.example.com>",
        "subject": "Teklif", "to": [],
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "type": kind, "created_at": "2026-11-22T23:41:12.126Z", "data": data })
}

fn adapter() -> Resend {
    Surroundings::new(PATIENT, &json!({})).resend(&nobody())
}

fn read(body: &Value) -> Result<Inbound, InboundErrorKind> {
    adapter().read(&stored(7), &request(body)).map_err(|error| error.kind)
}

struct Webhook(Resend);

impl InboundWorld for Webhook {
    fn webhook(&self) -> &dyn InboundWebhook {
        &self.0
    }

    fn settings(&self) -> SecretString {
        stored(7)
    }

    fn others_settings(&self) -> SecretString {
        stored(8)
    }

    fn tells(&self, told: &Inbound) -> InboundRequest {
        let Inbound::Report { id, report, .. } = told else { panic!("Resend tells of no such thing") };
        let kind = match report.status {
            MessageStatus::Read => "opened".to_owned(),
            status => json!(status).as_str().unwrap().to_owned(),
        };
        let tags: Value = id.iter().map(|id| ("kopru_id".to_owned(), json!(id))).collect();
        request(&event(&format!("email.{kind}"), &json!({ "tags": tags })))
    }
}

kopru_ports_testkit::inbound_suite!(std::future::ready(Webhook(adapter())); skip: [
    a_persons_message_is_read = "Resend's e-mails that come in are not read",
    a_changed_address_is_refused = "Svix signs the body; what it is about stands there",
]);

#[rstest]
#[case("Permanent", Trouble::Bounced)]
#[case("Transient", Trouble::MailboxBusy)]
fn a_bounce_tells_of_whom_and_why(#[case] kind: &str, #[case] trouble: Trouble) {
    let bounce = json!({ "type": kind, "subType": "General", "message": "isil@example.com", "diagnosticCode": [] });
    let body = event("email.bounced", &json!({ "bounce": bounce, "to": ["Işıl <isil@example.com>"] }));
    let Ok(Inbound::Report { id, recipients, report }) = read(&body) else { panic!("no report") };
    assert_eq!((id, recipients), (None, vec!["isil@example.com".parse().unwrap()]));
    assert_eq!((report.status, report.trouble), (MessageStatus::Undelivered, Some(trouble)));
    assert_eq!(report.code.as_deref(), Some("General"));
}

#[test]
fn a_complaint_is_of_who_has_seen_it() {
    let Ok(Inbound::Report { report, .. }) = read(&event("email.complained", &json!({}))) else { panic!("no report") };
    assert_eq!((report.status, report.trouble), (MessageStatus::Read, Some(Trouble::Complained)));
}

/// Answers have a list of them, webhooks an object.
#[test]
fn tags_are_read_in_both_shapes() {
    let id = Uuid::from_u128(7);
    let (object, list) = (json!({ "kopru_id": id }), json!([{ "name": "kopru_id", "value": id }]));
    for tags in [object, list] {
        let Ok(Inbound::Report { id: found, .. }) = read(&event("email.sent", &json!({ "tags": tags }))) else {
            panic!("no report")
        };
        assert_eq!(found, Some(id));
    }
}

#[rstest]
#[case("domain.updated")]
#[case("contact.created")]
#[case("email.received")]
fn what_is_of_no_email_of_ours_concerns_us_not(#[case] kind: &str) {
    assert_eq!(read(&json!({ "type": kind, "created_at": "x", "data": { "id": "d1" } })), Ok(Inbound::Nothing));
}

#[test]
fn what_is_signed_and_cannot_be_read_says_so() {
    assert_eq!(read(&json!({ "type": "email.sent", "data": {} })), Err(InboundErrorKind::Unreadable));
    assert_eq!(read(&json!([])), Err(InboundErrorKind::Unreadable));
}

#[test]
fn an_old_request_and_one_without_our_secret_are_not_believed() {
    let sent = request(&event("email.sent", &json!({})));
    let late = InboundRequest { received: NOW + jiff::SignedDuration::from_mins(6), ..sent.clone() };
    let no_secret: SecretString = settings(&json!({})).to_string().into();
    for (settings, request) in [(&stored(7), &late), (&no_secret, &sent)] {
        assert_eq!(adapter().read(settings, request).unwrap_err().kind, InboundErrorKind::NotAuthentic);
    }
}
