//! What administrators give.

use kopru_adapters_smtp::{Smtp, SmtpOptions};
use kopru_http_client::{Method, PrivateAddresses};
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings as _};
use kopru_ports::{PortError, Retry};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::world::{Server, Surroundings, USER, nobody, options};

fn guarded() -> Smtp {
    Surroundings::default().smtp(SmtpOptions { private_addresses: PrivateAddresses::Deny, ..options() })
}

fn read(smtp: &Smtp, given: &Value) -> Result<Value, PortError<SettingsErrorKind>> {
    let kept = smtp.read(&given.to_string().into())?;
    Ok(serde_json::from_str(kept.expose_secret()).unwrap())
}

fn given(more: &Value) -> Value {
    let mut given = json!({ "host": "mail.example.com", "username": USER, "password": "p4ssword-of-ours" });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    given
}

fn oauth(more: &Value) -> Value {
    let mut oauth = json!({ "token_url": "https://oauth2.example.com/token", "client_id": "client",
        "client_secret": "cl1ent-secret", "refresh_token": "refresh-t0ken" });
    oauth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    given(&json!({ "password": null, "oauth": oauth }))
}

#[test]
fn what_is_left_empty_is_not_given() {
    let form = given(&json!({ "host": " mail.example.com\n", "port": null, "from": "", "oauth": null }));
    assert_eq!(read(&guarded(), &form).unwrap(), given(&json!({})));
    let form = oauth(&json!({ "client_id": " client " }));
    assert_eq!(read(&guarded(), &form).unwrap()["oauth"]["client_id"], "client");
    for security in ["tls", "starttls"] {
        read(&guarded(), &given(&json!({ "security": security, "port": 2525 }))).unwrap();
    }
}

#[rstest]
#[case::unknown(given(&json!({ "server": "x" })), "server")]
#[case::no_host(given(&json!({ "host": null })), "host")]
#[case::address_for_host(given(&json!({ "host": "smtp://mail.example.com" })), "host")]
#[case::host_with_port(given(&json!({ "host": "mail.example.com:587" })), "host")]
#[case::no_port(given(&json!({ "port": 70000 })), "port")]
#[case::another_services_port(given(&json!({ "port": 6379 })), "port")]
#[case::opportunistic(given(&json!({ "security": "opportunistic" })), "security")]
#[case::in_the_open(given(&json!({ "security": "none", "port": 25 })), "security")]
#[case::nobody(given(&json!({ "username": "" })), "username")]
#[case::two_lines(given(&json!({ "username": "a\r\nb" })), "username")]
#[case::no_credentials(given(&json!({ "password": null })), "password")]
#[case::both(given(&json!({ "oauth": oauth(&json!({}))["oauth"] })), "oauth")]
#[case::not_a_group(given(&json!({ "oauth": "token" })), "oauth")]
#[case::unknown_in_group(oauth(&json!({ "scope": "x" })), "oauth.scope")]
#[case::missing_in_group(oauth(&json!({ "refresh_token": "" })), "oauth.refresh_token")]
#[case::token_in_the_open(oauth(&json!({ "token_url": "http://oauth2.example.com/token" })), "oauth.token_url")]
#[case::no_address(given(&json!({ "from": "Acme" })), "from")]
#[case::no_pace(given(&json!({ "messages_per_second": 0 })), "messages_per_second")]
#[case::the_first_of_several(given(&json!({ "messages_per_second": 0, "port": "587" })), "port")]
fn the_field_at_fault_is_named(#[case] given: Value, #[case] field: &str) {
    let error = read(&guarded(), &given).unwrap_err();
    assert_eq!((error.kind, error.retry), (SettingsErrorKind::Field(field.to_owned()), Retry::Never));
}

#[test]
fn in_the_open_a_server_of_this_machine_may_be_called() {
    let smtp = Surroundings::default().smtp(options());
    read(&smtp, &given(&json!({ "host": "127.0.0.1", "security": "none", "port": 1025 }))).unwrap();
    let error = read(&smtp, &given(&json!({ "host": "10.0.0.1", "security": "none" }))).unwrap_err();
    assert_eq!(error.kind, SettingsErrorKind::Field("security".to_owned()));
}

#[test]
fn of_secrets_the_end_is_shown() {
    let shown = guarded().show(&given(&json!({})).to_string().into());
    assert_eq!(shown, given(&json!({ "password": "…ours" })));
    let shown = guarded().show(&oauth(&json!({})).to_string().into());
    let secrets = (&shown["oauth"]["client_secret"], &shown["oauth"]["refresh_token"], &shown["oauth"]["client_id"]);
    assert_eq!(secrets, (&json!("…cret"), &json!("…0ken"), &json!("client")));
}

async fn reached(server: &Server, more: &Value) -> Result<String, PortError<SettingsErrorKind>> {
    let smtp = Surroundings::default().smtp(options());
    smtp.reach(&server.settings(more).to_string().into()).await
}

#[tokio::test]
async fn an_account_is_tried_and_nothing_is_sent() {
    let server = Server::open().await;
    assert_eq!(reached(&server, &json!({})).await.unwrap(), USER);
    assert_eq!(server.stats().await, (0, 1));
    server.fault("QUIT", "hang_before", &json!({})).await;
    assert_eq!(reached(&server, &json!({})).await.unwrap(), USER);
    server.fault("NOOP", "reset_before", &json!({})).await;
    assert_eq!(reached(&server, &json!({})).await.unwrap_err().kind, SettingsErrorKind::Unavailable);
    let error = reached(&server, &json!({ "password": "an0ther" })).await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (SettingsErrorKind::Refused, Some("535 5.7.8")));
    let error = reached(&server, &json!({ "port": nobody() })).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (SettingsErrorKind::Unavailable, Retry::After(None)));
    let error = reached(&server, &json!({ "security": "starttls" })).await.unwrap_err();
    assert_eq!(error.detail.as_deref(), Some("the server offers no STARTTLS"));
    server.control(Method::POST, "smtp/settings", json!({ "mechanisms": [] })).await;
    assert_eq!(reached(&server, &json!({})).await.unwrap_err().kind, SettingsErrorKind::Unavailable);
}

#[tokio::test]
async fn a_private_address_is_the_hosts_fault() {
    let server = Server::open().await;
    let settings = server.settings(&json!({ "security": "starttls", "port": 587 }));
    let error = guarded().reach(&settings.to_string().into()).await.unwrap_err();
    assert_eq!(error.kind, SettingsErrorKind::Field("host".to_owned()));
}
