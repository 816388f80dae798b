//! What is known of a call that failed.

#![cfg(test)]

use std::time::Duration;

use kopru_http_client::{Failure, HttpClient, HttpOptions, Method, PrivateAddresses};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(private_addresses: PrivateAddresses) -> HttpClient {
    let timeout = Duration::from_millis(300);
    HttpClient::new(&HttpOptions { timeout, connect_timeout: timeout, private_addresses }).unwrap()
}

async fn failure(client: &HttpClient, url: &str) -> Failure {
    let error = client.send(client.request(Method::POST, url)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "an address in an error: {error:?}");
    error.failure
}

/// A server that reads a request and then does what `then` says.
async fn server(answer: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        match answer {
            Some(bytes) => stream.write_all(bytes).await.unwrap(),
            None => std::future::pending().await,
        }
    });
    url
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer_and_redirects_are_not_followed() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(302).insert_header("location", "http://elsewhere/"))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(PrivateAddresses::Allow);
    let reply = client.send(client.request(Method::GET, &server.uri())).await.unwrap();
    assert_eq!((reply.status, reply.location()), (302, Some("http://elsewhere/")));
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(failure(&client(PrivateAddresses::Allow), &url).await, Failure::NotSent);
}

#[tokio::test]
async fn after_sending_a_time_out_or_a_broken_connection_leaves_the_outcome_unknown() {
    let client = client(PrivateAddresses::Allow);
    assert_eq!(failure(&client, &server(None).await).await, Failure::Unknown);
    assert_eq!(failure(&client, &server(Some(b"")).await).await, Failure::Unknown);
    assert_eq!(
        failure(&client, &server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")).await).await,
        Failure::Unknown
    );
}

#[tokio::test]
async fn a_reset_after_sending_leaves_the_outcome_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        stream.set_zero_linger().unwrap();
    });
    assert_eq!(failure(&client(PrivateAddresses::Allow), &url).await, Failure::Unknown);
}

#[tokio::test]
async fn private_addresses_are_not_called_whatever_their_spelling() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let port = server.address().port();
    let client = client(PrivateAddresses::Deny);
    for host in ["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"] {
        let request = client.request(Method::POST, &format!("http://{host}:{port}/s3cret"));
        let error = client.send(request).await.unwrap_err();
        assert_eq!((error.failure, error.to_string().as_str()), (Failure::NotSent, "the address is not a public one"));
    }
    let by_port = format!("http://localhost:{port}/s3cret");
    assert_eq!(failure(&client, &by_port).await, Failure::NotSent);
    assert!(client.bars(&by_port).await && client.bars("https://acme.bitrix24.com:8443/rest/1/s3cret/").await);
}
