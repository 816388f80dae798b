//! What administrators give.

use kopru_ports::vendors::{SettingsErrorKind, VendorSettings as _};
use kopru_ports::{PortError, Retry};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use wiremock::matchers::{bearer_token, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{FROM, KEY, PATIENT, Surroundings, nobody, settings};

fn read(given: &Value) -> Result<Value, PortError<SettingsErrorKind>> {
    let resend = Surroundings::new(PATIENT, &json!({})).resend(&nobody());
    let kept = resend.read(&given.to_string().into())?;
    Ok(serde_json::from_str(kept.expose_secret()).unwrap())
}

#[test]
fn what_is_left_empty_is_not_given() {
    let given = json!({ "api_key": format!(" {KEY}\n"), "from": "", "webhook_secret": null, "requests_per_second": 5 });
    assert_eq!(read(&given).unwrap(), json!({ "api_key": KEY, "requests_per_second": 5 }));
    read(&settings(&json!({ "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }))).unwrap();
}

#[rstest]
#[case::unknown(json!({ "key": "x" }), "key")]
#[case::no_key(json!({ "api_key": null }), "api_key")]
#[case::another_key(json!({ "api_key": "SG.abc" }), "api_key")]
#[case::two_words(json!({ "api_key": "re_two words" }), "api_key")]
#[case::no_address(json!({ "from": "Acme" }), "from")]
#[case::no_secret(json!({ "webhook_secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }), "webhook_secret")]
#[case::no_base64(json!({ "webhook_secret": "whsec_…" }), "webhook_secret")]
#[case::no_pace(json!({ "requests_per_second": 0 }), "requests_per_second")]
#[case::pace_in_words(json!({ "requests_per_second": "2" }), "requests_per_second")]
#[case::the_first_of_several(json!({ "requests_per_second": "2", "from": "Acme" }), "from")]
fn the_field_at_fault_is_named(#[case] more: Value, #[case] field: &str) {
    let error = read(&settings(&more)).unwrap_err();
    assert_eq!((error.kind, error.retry), (SettingsErrorKind::Field(field.to_owned()), Retry::Never));
}

#[test]
fn of_secrets_the_end_is_shown() {
    let resend = Surroundings::new(PATIENT, &json!({})).resend(&nobody());
    let shown = resend
        .show(&settings(&json!({ "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" })).to_string().into());
    assert_eq!(shown, json!({ "api_key": "…6789", "from": FROM, "webhook_secret": "…LaSw" }));
}

#[rstest]
#[case::all_rights(200, "", None)]
#[case::may_send_only(401, "restricted_api_key", None)]
#[case::unknown_key(403, "invalid_api_key", Some(SettingsErrorKind::Refused))]
#[case::no_key(401, "missing_api_key", Some(SettingsErrorKind::Refused))]
#[case::down(500, "application_error", Some(SettingsErrorKind::Unavailable))]
#[case::busy(429, "rate_limit_exceeded", Some(SettingsErrorKind::Unavailable))]
#[tokio::test]
async fn a_key_is_tried(#[case] status: u16, #[case] name: &str, #[case] expected: Option<SettingsErrorKind>) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_json(json!({ "name": name, "data": [] }));
    let asked = Mock::given(method("GET")).and(path("/domains")).and(bearer_token(KEY));
    asked.respond_with(answer).expect(1).mount(&server).await;
    let around = Surroundings::new(PATIENT, &json!({}));
    let reached = around.resend(&server.uri()).reach(&settings(&json!({})).to_string().into()).await;
    assert_eq!(reached.err().map(|error| error.kind), expected);
}

#[tokio::test]
async fn where_nobody_listens_the_key_is_not_refused() {
    let resend = Surroundings::new(PATIENT, &json!({})).resend(&nobody());
    let error = resend.reach(&settings(&json!({})).to_string().into()).await.unwrap_err();
    assert_eq!(error.kind, SettingsErrorKind::Unavailable);
}
