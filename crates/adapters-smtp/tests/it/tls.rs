//! Connections that are private, or are none.

use kopru_adapters_smtp::SmtpOptions;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::{Report, SendError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rstest::rstest;
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::world::{Server, Surroundings, options, send};

async fn sent(server: &Server, security: &str, trusted: Vec<u8>) -> Result<Report, SendError> {
    let address = if security == "tls" { server.sandbox.smtps_address() } else { server.sandbox.smtp_address() };
    let more = json!({ "security": security, "port": address.unwrap().port() });
    let around = Surroundings::new(&server.settings(&more));
    send(&around.smtp(SmtpOptions { trusted, ..options() })).await
}

#[rstest]
#[tokio::test]
async fn an_email_goes_in_private(#[values("tls", "starttls")] security: &str) {
    let server = Server::private().await;
    sent(&server, security, server.certificate()).await.unwrap();
    assert_eq!(server.inspect("smtp/messages").await[0]["private"], true);
}

#[rstest]
#[tokio::test]
async fn who_is_not_trusted_is_told_nothing(#[values("tls", "starttls")] security: &str) {
    let server = Server::private().await;
    let error = sent(&server, security, Vec::new()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, Retry::After(None)));
    assert!(error.detail.unwrap().contains("certificate"));
}

/// Whoever stands between may have left it out.
#[tokio::test]
async fn where_no_privacy_is_offered_nothing_is_said() {
    let server = Server::open().await;
    server.fault("AUTH", "status", &json!({ "status": 500, "body": "a password in the open" })).await;
    let error = sent(&server, "starttls", Vec::new()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, Retry::After(None)));
    assert_eq!(error.detail.as_deref(), Some("the server offers no STARTTLS"));
}

async fn hear(socket: &mut TcpStream) {
    let read = socket.read(&mut [0; 512]).await.unwrap();
    assert_ne!(read, 0);
}

/// A server with words behind its last one in the open; whether a client goes private with them.
async fn injecting(listener: TcpListener, acceptor: TlsAcceptor) -> bool {
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(b"220 a\r\n").await.unwrap();
    hear(&mut socket).await;
    socket.write_all(b"250-a\r\n250 STARTTLS\r\n").await.unwrap();
    hear(&mut socket).await;
    socket.write_all(b"220 go\r\n250-a\r\n250 AUTH PLAIN\r\n235 welcome\r\n").await.unwrap();
    acceptor.accept(socket).await.is_ok()
}

#[tokio::test]
async fn what_was_said_in_the_open_does_not_count_in_private() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![cert.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(injecting(listener, TlsAcceptor::from(Arc::new(config))));

    let settings =
        json!({ "host": "localhost", "port": port, "security": "starttls", "username": "u", "password": "p" });
    let smtp = Surroundings::new(&settings).smtp(SmtpOptions { trusted: cert.pem().into(), ..options() });
    assert_eq!(send(&smtp).await.unwrap_err().kind, Trouble::ProviderDown);
    assert!(!server.await.unwrap());
}
