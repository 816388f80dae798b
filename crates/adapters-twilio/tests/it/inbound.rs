//! What Twilio tells by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use kopru_adapters_twilio::Twilio;
use kopru_domain::message::{Channel, MessageStatus, OptWord, Trouble};
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest, InboundWebhook};
use kopru_ports_testkit::suites::inbound::InboundWorld;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;
use sha1::Sha1;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::world::{ACCOUNT, FROM, PATIENT, PERSON, Surroundings, TOKEN, nobody, settings};

const STATUS: &str = "https://hub.example/hooks/twilio/acme";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A request signed as Twilio signs it.
fn request(url: &str, fields: &[(&str, &str)]) -> InboundRequest {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let text: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(format!("{url}{text}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let headers = [("content-type", FORM), ("x-twilio-signature", &signature)];
    InboundRequest {
        url: url.parse().unwrap(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes(),
        received: Timestamp::UNIX_EPOCH,
    }
}

fn stored(account: &str, token: &str) -> SecretString {
    settings(&json!({ "account_sid": account, "auth_token": token })).to_string().into()
}

fn adapter() -> Twilio {
    Surroundings::new(PATIENT, &json!({})).twilio(&nobody())
}

fn read(request: &InboundRequest) -> Result<Inbound, InboundErrorKind> {
    adapter().read(&stored(ACCOUNT, TOKEN), request).map_err(|error| error.kind)
}

struct Webhook(Twilio);

impl InboundWorld for Webhook {
    fn webhook(&self) -> &dyn InboundWebhook {
        &self.0
    }

    fn settings(&self) -> SecretString {
        stored(ACCOUNT, TOKEN)
    }

    fn others_settings(&self) -> SecretString {
        stored(&ACCOUNT.replace('1', "2"), "another-token")
    }

    fn tells(&self, told: &Inbound) -> InboundRequest {
        let mut url = Url::parse(STATUS).unwrap();
        let mut fields = vec![("AccountSid", ACCOUNT.to_owned()), ("ApiVersion", "2010-04-01".to_owned())];
        match told {
            Inbound::Report { id, report, .. } => {
                if let Some(id) = id {
                    url.query_pairs_mut().append_pair("mid", &id.to_string());
                }
                let status = serde_json::to_value(report.status).unwrap().as_str().unwrap().to_owned();
                fields.extend([("MessageSid", report.provider_id.clone()), ("MessageStatus", status)]);
            }
            Inbound::Message(message) => {
                let prefix = if message.channel == Channel::WhatsApp { "whatsapp:" } else { "" };
                let word = message.word.map(|word| format!("{word:?}").to_uppercase());
                fields.extend(word.map(|word| ("OptOutType", word)));
                fields.extend([
                    ("MessageSid", message.provider_id.clone()),
                    ("SmsStatus", "received".to_owned()),
                    ("From", format!("{prefix}{}", message.from)),
                    ("To", format!("{prefix}{FROM}")),
                    ("Body", message.text.clone()),
                ]);
            }
            Inbound::Nothing => {}
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        request(url.as_str(), &fields)
    }
}

kopru_ports_testkit::inbound_suite!(std::future::ready(Webhook(adapter())));

#[test]
fn a_failure_tells_its_code() {
    let fields = [
        ("AccountSid", ACCOUNT),
        ("MessageSid", "SM1"),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30003"),
        ("To", PERSON),
    ];
    let Ok(Inbound::Report { id, report, .. }) = read(&request(&format!("{STATUS}?mid=no-id"), &fields)) else {
        panic!("no report")
    };
    let expected = (None, MessageStatus::Undelivered, Some(Trouble::Unreachable), Some("30003"));
    assert_eq!((id, report.status, report.trouble, report.code.as_deref()), expected);
}

/// Pictures come without a text.
#[rstest]
#[case::empty(("whatsapp:+905551234567", ""), Some(Channel::WhatsApp))]
#[case::short_code(("1234", "Merhaba"), None)]
#[case::name(("ACME", "Merhaba"), None)]
#[case::another_channel(("messenger:1234567890", "Merhaba"), None)]
fn who_can_be_answered_wrote(#[case] (from, body): (&str, &str), #[case] channel: Option<Channel>) {
    let fields = [("AccountSid", ACCOUNT), ("MessageSid", "SM1"), ("From", from), ("Body", body), ("NumMedia", "1")];
    match read(&request(STATUS, &fields)).unwrap() {
        Inbound::Message(message) => {
            assert_eq!((Some(message.channel), message.from.as_str()), (channel, PERSON));
            assert_eq!(message.word, None::<OptWord>);
        }
        told => assert_eq!((told, channel), (Inbound::Nothing, None)),
    }
}

#[rstest]
#[case::another_account(&[("AccountSid", "AC2"), ("MessageSid", "SM1"), ("MessageStatus", "sent")], Err(InboundErrorKind::NotAuthentic))]
#[case::no_account(&[("MessageSid", "SM1"), ("MessageStatus", "sent")], Err(InboundErrorKind::NotAuthentic))]
#[case::no_id(&[("AccountSid", ACCOUNT), ("MessageStatus", "sent")], Err(InboundErrorKind::Unreadable))]
#[case::a_call(&[("AccountSid", ACCOUNT), ("CallSid", "CA1"), ("CallStatus", "ringing"), ("From", PERSON)], Ok(Inbound::Nothing))]
fn what_else_can_come(#[case] fields: &[(&str, &str)], #[case] told: Result<Inbound, InboundErrorKind>) {
    assert_eq!(read(&request(STATUS, fields)), told);
}

/// Events of other products are JSON; their address has the body's hash.
#[test]
fn json_is_believed_by_its_hash_and_concerns_nobody() {
    // Of `{}`.
    let url = format!("{STATUS}?bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    let mut event = InboundRequest { body: b"{}".into(), ..request(&url, &[]) };
    event.headers[0].1 = "application/json".to_owned();
    assert_eq!(read(&event), Ok(Inbound::Nothing));
    event.body = b"{ }".into();
    assert_eq!(read(&event), Err(InboundErrorKind::NotAuthentic));
}

#[test]
fn settings_that_cannot_be_read_believe_nobody() {
    let request = request(STATUS, &[("AccountSid", ACCOUNT)]);
    let error = adapter().read(&"{}".into(), &request).unwrap_err();
    assert_eq!(error.kind, InboundErrorKind::NotAuthentic);
}
