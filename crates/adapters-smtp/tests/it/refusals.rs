//! What a server does not take, and what is said of it.

use std::time::Duration;

use kopru_adapters_smtp::SmtpOptions;
use kopru_domain::email::{Attachment, Email};
use kopru_domain::message::Trouble;
use kopru_http_client::{Method, PrivateAddresses};
use kopru_ports::Retry;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use rstest::rstest;
use serde_json::json;

use crate::world::{PASSWORD, Server, Surroundings, nobody, options, request, send};

fn with_copies() -> EmailRequest {
    let short = request(7);
    let cc = vec!["b@example.com".parse().unwrap()];
    let bcc = vec!["gizli@example.com".parse().unwrap()];
    EmailRequest { email: Email { cc, bcc, ..short.email }, ..short }
}

/// Not even those before.
#[rstest]
#[case("isil@example.com", "550 5.1.1 Nobody here")]
#[case("b@example.com", "cc/bcc: 550 5.1.1 Nobody here")]
#[case("gizli@example.com", "cc/bcc: 550 5.1.1 Nobody here")]
#[tokio::test]
async fn where_one_is_refused_nobody_gets_it(#[case] refused: &str, #[case] words: &str) {
    let server = Server::open().await;
    let refusal = json!({ "code": 550, "text": format!("5.1.1 <{refused}>: Nobody here") });
    server.control(Method::POST, "smtp/recipients", json!({ refused: refusal })).await;
    let smtp = server.smtp(options());
    let error = smtp.send(with_copies()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::RecipientInvalid, Retry::Never));
    assert_eq!(error.detail.as_deref(), Some(words));
    assert!(!format!("{error} {error:?}").contains("example.com"), "{error:?}");
    assert_eq!(server.stats().await, (0, 1));
    server.control(Method::POST, "smtp/recipients", json!({})).await;
    smtp.send(with_copies()).await.unwrap();
    assert_eq!(server.stats().await, (1, 1));
}

#[tokio::test]
async fn what_is_larger_than_the_server_takes_is_not_begun() {
    let server = Server::open().await;
    server.control(Method::POST, "smtp/settings", json!({ "size": 20_000 })).await;
    server.fault("MAIL FROM", "status", &json!({ "status": 500, "body": "begun" })).await;
    let file = Attachment::new("a.bin", None, vec![0; 20_000]).unwrap();
    let short = request(7);
    let large = EmailRequest { email: Email { attachments: vec![file], ..short.email }, ..short };
    let error = server.smtp(options()).send(large).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::EmailTooLarge, Retry::Never));
    assert_eq!(error.detail.as_deref(), Some("SIZE 20000"));
}

#[rstest]
#[case(json!(["PLAIN"]), true)]
#[case(json!(["LOGIN"]), true)]
#[case(json!(["XOAUTH2", "LOGIN", "PLAIN"]), true)]
#[case(json!(["XOAUTH2"]), false)]
#[case(json!([]), false)]
#[tokio::test]
async fn a_password_goes_as_the_server_offers(#[case] mechanisms: serde_json::Value, #[case] goes: bool) {
    let server = Server::open().await;
    server.control(Method::POST, "smtp/settings", json!({ "mechanisms": mechanisms })).await;
    let sent = send(&server.smtp(options())).await;
    assert_eq!(sent.is_ok(), goes);
    if let Err(error) = sent {
        assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, Retry::After(None)));
        assert_eq!(error.detail.as_deref(), Some("the server offers no PLAIN and no LOGIN"));
    }
}

/// Not even where the server repeats it.
#[tokio::test]
async fn no_error_tells_a_secret() {
    let server = Server::open().await;
    let told = format!("5.5.1 What is {PASSWORD}? c2F0aXNAZXhhbXBsZS5jb20=");
    server.fault("AUTH", "status", &json!({ "status": 502, "body": told })).await;
    let error = send(&server.smtp(options())).await.unwrap_err();
    assert_eq!(error.detail.as_deref(), Some("502 5.5.1"));
    let wrong = Surroundings::new(&server.settings(&json!({ "password": "wr0ng-s3cret" })));
    let error = send(&wrong.smtp(options())).await.unwrap_err();
    assert_eq!(error.kind, Trouble::CredentialsRefused);
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_pause_that_is_asked_for_closes_the_gate() {
    let server = Server::open().await;
    let around = Surroundings::new(&server.settings(&json!({ "messages_per_second": 7 })));
    let smtp = around.smtp(options());
    server.fault("RCPT TO", "status", &json!({ "status": 450, "body": "4.7.1 Too fast" })).await;
    let error = send(&smtp).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::RateLimited, Retry::After(Some(Duration::from_mins(1)))));
    let account = smtp.account(&crate::world::company()).await.unwrap().sender.account;
    assert_eq!(around.gate.refusals.lock().unwrap()[0].0, account);
    let passes = around.gate.passes.lock().unwrap();
    assert_eq!((passes[0].charges[0].limit.scope.as_str(), passes[0].charges[0].limit.per_second), (&*account, 7.0));
}

/// By its address, whatever its name: nothing is said there.
#[rstest]
#[case("localhost", "tls", 465)]
#[case("127.0.0.1", "starttls", 587)]
#[case("0x7f.1", "starttls", 587)]
#[case("::1", "tls", 465)]
#[case("10.0.0.1", "tls", 465)]
#[case("169.254.169.254", "tls", 465)]
#[case("localhost", "none", 25)]
#[case("8.8.8.8", "tls", 6379)]
#[tokio::test]
async fn a_private_address_is_not_called(#[case] host: &str, #[case] security: &str, #[case] port: u16) {
    let server = Server::open().await;
    let more = json!({ "host": host, "security": security, "port": port });
    let around = Surroundings::new(&server.settings(&more));
    let smtp = around.smtp(SmtpOptions { private_addresses: PrivateAddresses::Deny, ..options() });
    let error = send(&smtp).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
}

/// Also where private addresses may be called.
#[tokio::test]
async fn in_the_open_only_this_machine_is_called() {
    let server = Server::open().await;
    let around = Surroundings::new(&server.settings(&json!({ "host": "192.0.2.1" })));
    assert_eq!(send(&around.smtp(options())).await.unwrap_err().kind, Trouble::NotConfigured);
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let server = Server::open().await;
    let around = Surroundings::new(&server.settings(&json!({ "port": nobody() })));
    let error = send(&around.smtp(options())).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, Retry::After(None)));
    assert_eq!(error.detail.as_deref(), Some("no connection"));
}
