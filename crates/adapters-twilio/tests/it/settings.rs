//! What administrators give.

use kopru_ports::vendors::{SettingsErrorKind, VendorSettings as _};
use kopru_ports::{PortError, Retry};
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::scripted::{html, page, refused};
use crate::world::{ACCOUNT, PATIENT, SERVICE, Surroundings, World, nobody, settings};

const KEY: &str = "SK00000000000000000000000000000001";

fn read(given: &Value) -> Result<Value, PortError<SettingsErrorKind>> {
    let twilio = Surroundings::new(PATIENT, &json!({})).twilio(&nobody());
    let kept = twilio.read(&given.to_string().into())?;
    Ok(serde_json::from_str(kept.expose_secret()).unwrap())
}

#[test]
fn what_is_left_empty_is_not_given() {
    let given = json!({
        "account_sid": format!(" {ACCOUNT}\n"), "auth_token": "t0ken", "api_key_sid": "", "api_key_secret": null,
        "from_sms": " ", "from_whatsapp": "whatsapp:+15005550006", "messages_per_second": 80,
    });
    let kept = json!({
        "account_sid": ACCOUNT, "auth_token": "t0ken", "from_whatsapp": "whatsapp:+15005550006", "messages_per_second": 80,
    });
    assert_eq!(read(&given).unwrap(), kept);
}

#[rstest]
#[case::name("KOPRU")]
#[case::name_with_a_gap("Acme 24")]
#[case::short_code("1234")]
#[case::number("+908500000001")]
fn who_an_sms_can_come_from(#[case] from: &str) {
    read(&settings(&json!({ "from_sms": from }))).unwrap();
}

#[rstest]
#[case::unknown(json!({ "token": "x" }), "token")]
#[case::no_account(json!({ "account_sid": null }), "account_sid")]
#[case::another_kind(json!({ "account_sid": KEY }), "account_sid")]
#[case::too_short(json!({ "account_sid": "AC01" }), "account_sid")]
#[case::no_token(json!({ "auth_token": "" }), "auth_token")]
#[case::two_words(json!({ "auth_token": "two words" }), "auth_token")]
#[case::key_without_secret(json!({ "api_key_sid": KEY }), "api_key_secret")]
#[case::secret_without_key(json!({ "api_key_secret": "s3cret" }), "api_key_sid")]
#[case::no_key(json!({ "api_key_sid": ACCOUNT, "api_key_secret": "s3cret" }), "api_key_sid")]
#[case::no_plus(json!({ "from_sms": "905551234567" }), "from_sms")]
#[case::too_long(json!({ "from_sms": "Acme Limited" }), "from_sms")]
#[case::turkish(json!({ "from_sms": "KÖPRÜ" }), "from_sms")]
#[case::number_as_such(json!({ "from_sms": 905_551_234 }), "from_sms")]
#[case::name_on_whatsapp(json!({ "from_whatsapp": "KOPRU" }), "from_whatsapp")]
#[case::service(json!({ "messaging_service_sid": "MG1" }), "messaging_service_sid")]
#[case::no_sender(json!({ "from_sms": "", "from_whatsapp": "" }), "from_sms")]
#[case::no_pace(json!({ "messages_per_second": 0 }), "messages_per_second")]
#[case::pace_in_words(json!({ "messages_per_second": "1" }), "messages_per_second")]
#[case::the_first_of_several(json!({ "messaging_service_sid": "x", "from_sms": "x+x+x+x+x+x+x" }), "from_sms")]
fn the_first_field_at_fault_is_named(#[case] more: Value, #[case] field: &str) {
    let error = read(&settings(&more)).unwrap_err();
    assert_eq!((error.kind, error.retry), (SettingsErrorKind::Field(field.to_owned()), Retry::Never));
}

#[test]
fn what_is_no_object_is_refused() {
    let error = read(&json!(["s3cret"])).unwrap_err();
    assert_eq!(error.kind, SettingsErrorKind::Field("settings".to_owned()));
}

#[test]
fn of_secrets_the_end_is_shown() {
    let twilio = Surroundings::new(PATIENT, &json!({})).twilio(&nobody());
    let key = json!({ "auth_token": "0123456789abcdef", "api_key_sid": KEY, "api_key_secret": "short" });
    let mut shown = settings(&key);
    let stored: SecretString = shown.to_string().into();
    shown["auth_token"] = "…cdef".into();
    shown["api_key_secret"] = "…".into();
    assert_eq!(twilio.show(&stored), shown);
}

#[tokio::test]
async fn an_account_is_reached_without_effect() {
    let world = World::start(PATIENT).await;
    world.vendor.answer(page(&[], None));
    let given = settings(&json!({ "messaging_service_sid": SERVICE })).to_string();
    assert_eq!(world.twilio.reach(&given.into()).await.unwrap(), ACCOUNT);
    let asked = world.vendor.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.form.len()), ("GET", 0));
    assert_eq!(asked.query, [("PageSize".to_owned(), "1".to_owned())]);
}

#[rstest]
#[case::wrong(refused(401, 20003), SettingsErrorKind::Refused, Retry::Never)]
#[case::not_allowed(refused(403, 20003), SettingsErrorKind::Refused, Retry::Never)]
#[case::no_account(refused(404, 20404), SettingsErrorKind::Refused, Retry::Never)]
#[case::away(html(502), SettingsErrorKind::Unavailable, Retry::After(None))]
#[case::internal(refused(500, 20500), SettingsErrorKind::Unavailable, Retry::After(None))]
#[tokio::test]
async fn what_twilio_says_of_credentials(
    #[case] answer: wiremock::ResponseTemplate,
    #[case] kind: SettingsErrorKind,
    #[case] retry: Retry,
) {
    let world = World::start(PATIENT).await;
    world.vendor.answer(answer);
    let error = world.twilio.reach(&settings(&json!({})).to_string().into()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind, retry));
}
