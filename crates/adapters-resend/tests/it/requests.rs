//! What goes to Resend, to the letter.

use kopru_domain::email::{Attachment, Email, Tag};
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::world::{KEY, PATIENT, Surroundings, request, settings};

/// A Resend that answers the same each time, with the adapter.
async fn answering(answer: ResponseTemplate) -> (MockServer, Surroundings) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    (server, Surroundings::new(PATIENT, &settings(&json!({}))))
}

async fn asked(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn a_short_one_has_no_more_than_it_needs() {
    let (server, around) = answering(ResponseTemplate::new(200).set_body_json(json!({ "id": "e1" }))).await;
    around.resend(&server.uri()).send(request(None)).await.unwrap();
    let asked = asked(&server).await.remove(0);
    let header = |name: &str| asked.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!((asked.method.as_str(), asked.url.path()), ("POST", "/emails"));
    assert_eq!(header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(header("idempotency-key"), "00000000-0000-0000-0000-000000000007");
    assert_eq!(header("content-type"), "application/json");
    let expected = json!({
        "from": "Köprü <satis@acme.example.com>", "to": ["isil@example.com"], "subject": "Teklif", "text": "Merhaba Işıl",
        "tags": [{ "name": "kopru_id", "value": "00000000-0000-0000-0000-000000000007" }],
    });
    assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap(), expected);
}

#[tokio::test]
async fn a_long_one_has_all_of_it_and_our_tag_is_nobody_elses() {
    let (server, around) = answering(ResponseTemplate::new(200).set_body_json(json!({ "id": "e1" }))).await;
    let short = request(Some("<p>Merhaba</p>"));
    let email = Email {
        to_name: Some("Işıl, Ğ".to_owned()),
        cc: vec!["b@example.com".parse().unwrap()],
        bcc: vec!["c@example.com".parse().unwrap()],
        reply_to: vec!["Destek <d@example.com>".parse().unwrap()],
        attachments: vec![Attachment::new("teklif.pdf", Some("application/pdf"), vec![0, 255, 10]).unwrap()],
        tags: vec![Tag::new("kampanya", "bahar").unwrap(), Tag::new("kopru_id", "theirs").unwrap()],
        unsubscribe: Some("https://kopru.example/unsubscribe/acme/7".to_owned()),
        ..short.email
    };
    around.resend(&server.uri()).send(EmailRequest { email, ..short }).await.unwrap();
    let body: Value = serde_json::from_slice(&asked(&server).await[0].body).unwrap();
    let expected = json!({
        "from": "Köprü <satis@acme.example.com>", "to": ["\"Işıl, Ğ\" <isil@example.com>"],
        "cc": ["b@example.com"], "bcc": ["c@example.com"], "reply_to": ["Destek <d@example.com>"],
        "subject": "Teklif", "text": "Merhaba Işıl", "html": "<p>Merhaba</p>",
        "headers": {
            "List-Unsubscribe": "<https://kopru.example/unsubscribe/acme/7>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "attachments": [{ "filename": "teklif.pdf", "content_type": "application/pdf", "content": "AP8K" }],
        "tags": [
            { "name": "kampanya", "value": "bahar" },
            { "name": "kopru_id", "value": "00000000-0000-0000-0000-000000000007" },
        ],
    });
    assert_eq!(body, expected);
}

/// Resend tells a repetition by its bytes.
#[tokio::test]
async fn a_repetition_is_the_same_to_the_byte() {
    let (server, around) = answering(ResponseTemplate::new(200).set_body_json(json!({ "id": "e1" }))).await;
    for _ in 0..2 {
        around.resend(&server.uri()).send(request(Some("<p>Merhaba</p>"))).await.unwrap();
    }
    let asked = asked(&server).await;
    assert_eq!(asked[0].body, asked[1].body);
    assert_eq!(asked[0].headers.get("idempotency-key"), asked[1].headers.get("idempotency-key"));
}

#[tokio::test]
async fn what_is_refused_tells_its_name_and_no_address() {
    let body = json!({ "statusCode": 403, "name": "validation_error", "message": "isil@example.com is not verified" });
    let (server, around) = answering(ResponseTemplate::new(403).set_body_json(body)).await;
    let error = around.resend(&server.uri()).send(request(None)).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::DomainUnverified, Retry::Never));
    assert_eq!(error.detail.as_deref(), Some("validation_error"));
    assert!(!format!("{error} {error:?}").contains("isil"), "{error:?}");
}

/// What cannot be read was sent all the same.
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_unknown() {
    for answer in
        [ResponseTemplate::new(200).set_body_string("ok"), ResponseTemplate::new(200).set_body_json(json!({}))]
    {
        let (server, around) = answering(answer).await;
        let error = around.resend(&server.uri()).send(request(None)).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::OutcomeUnknown, Retry::OutcomeUnknown));
    }
}
