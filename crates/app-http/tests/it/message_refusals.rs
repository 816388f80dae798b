//! What people are told where a message cannot go: why, and what to do, in both languages.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Service;
use crate::messages::{AYSE, SMS, connected, send, to, until_status};

#[rstest]
#[case::letters("0532 CALL", "phone_letters")]
#[case::short("0532", "phone_")]
#[case::extension("0532 000 00 01 dahili 5", "phone_")]
#[case::empty("", "phone_empty")]
#[case::two_in_one("0532 000 00 01 0532 000 00 02", "phone_too_long")]
#[case::nobodys("0123 456 78 90", "phone_invalid")]
#[case::toll_free("0800 219 00 00", "phone_not_textable")]
#[tokio::test]
async fn a_bad_number_says_why_in_the_callers_language(#[case] number: &str, #[case] code: &str) {
    let service = connected().await;
    let turkish = service.call("POST", SMS, Some(to(number, "bir"))).await;
    let english = service.send("POST", SMS, Some(to(number, "bir")), &[("Accept-Language", "en")]).await;
    assert_eq!((turkish.status, &turkish.json["field"]), (422, &json!("to")), "{}", turkish.json);
    assert!(turkish.json["code"].as_str().unwrap().starts_with(code), "{}", turkish.json);
    assert_ne!(turkish.json["title"], english.json["title"]);
    // Among many, it is that recipient's own result.
    let many = json!({ "recipients": [number, AYSE], "message": "bir" });
    let sent = send(&service, SMS, many).await;
    assert_eq!(sent["messages"][0]["status"], "failed");
    assert_eq!(sent["messages"][0]["error"]["code"], turkish.json["code"]);
    until_status(&service, &sent["messages"][1]["id"], "delivered").await;
}

/// The vendor's code, and a sentence in both languages.
async fn tells(service: &Service, message: &Value, code: u32) {
    assert_eq!(message["error"]["vendor_code"], code.to_string(), "{message}");
    let path = format!("/api/integrations/messages/{}", message["id"].as_str().unwrap());
    let [turkish, english] = ["tr", "en"].map(|language| [("Accept-Language", language)]);
    let turkish = service.send("GET", &path, None, &turkish).await.json;
    let english = service.send("GET", &path, None, &english).await.json;
    let texts = [&turkish["error"]["text"], &english["error"]["text"]].map(|text| text.as_str().unwrap());
    assert!(texts[0] != texts[1] && texts.iter().all(|text| text.contains(';')), "{code}: {texts:?}");
}

/// Codes that come with a report.
#[tokio::test]
async fn every_code_of_a_report_says_what_to_do_in_both_languages() {
    let service = connected().await;
    let codes = [
        30003, 30004, 30005, 30006, 30007, 30008, 30018, 30023, 30032, 30034, 30036, 30410, 30450, 30500, 63003, 63007,
        63013, 63015, 63016, 63018, 63021, 63024, 63032, 63033, 63038, 63051,
    ];
    let numbers: Vec<String> = (0..codes.len()).map(|n| format!("+9053200010{n:02}")).collect();
    let outcomes: BTreeMap<&String, Value> = numbers
        .iter()
        .zip(codes)
        .map(|(number, code)| (number, json!({ "status": "undelivered", "error_code": code })))
        .collect();
    service.vendors_post("twilio/numbers", json!(outcomes)).await;
    let sent = send(&service, SMS, json!({ "recipients": numbers, "message": "bir" })).await;
    for (message, code) in sent["messages"].as_array().unwrap().iter().zip(codes) {
        let told = until_status(&service, &message["id"], "undelivered").await;
        tells(&service, &told, code).await;
    }
}

/// Codes with which the vendor refuses at once and for good. Those that say something of the account are in `messages`: its
/// messages wait.
#[tokio::test]
async fn every_code_of_a_refusal_says_what_to_do_in_both_languages() {
    let service = connected().await;
    let codes = [
        21211, 21212, 21217, 21219, 21408, 21602, 21603, 21604, 21606, 21608, 21610, 21612, 21614, 21617, 21618, 21619,
        21620, 21623, 21654, 21655, 21656, 21659, 21660, 21661, 21701, 21703, 21704, 21705, 21910, 35111, 35114, 35115,
        35117, 35118, 63027, 63028, 90007,
    ];
    for (number, code) in codes.into_iter().enumerate() {
        let fault =
            json!({ "vendor": "twilio", "matching": "Messages.json", "kind": "error", "code": code.to_string() });
        service.vendors_post("faults", fault).await;
        let wish = to(&format!("+9053200040{number:02}"), "bir");
        let answer = service.send("POST", SMS, Some(wish), &[("Prefer", "wait=20")]).await;
        let message = &answer.json["messages"][0];
        assert_eq!(message["status"], "failed", "{code}: {message}");
        tells(&service, message, code).await;
    }
}
