//! Access tokens in place of a password.

use futures::future::join_all;
use kopru_adapters_smtp::Smtp;
use kopru_domain::message::Trouble;
use kopru_http_client::Method;
use kopru_ports::Retry;
use kopru_ports::emails::EmailSender as _;
use kopru_ports::messages::SendError;
use serde_json::{Value, json};

use crate::world::{Server, Surroundings, USER, options, request, send};

const SCOPE: &str = "https://mail.google.com/";

/// An account that comes with tokens of the simulated Google.
async fn by_tokens(server: &Server, scope: &str, secret: &str) -> Smtp {
    let grant = json!({ "account": USER, "scopes": [scope] });
    let grant = server.control(Method::POST, "google/tokens", grant).await;
    let oauth = json!({
        "token_url": format!("{}/google/token", server.sandbox.base_url()), "client_id": "sandbox-client",
        "client_secret": secret, "refresh_token": grant["refresh_token"],
    });
    let mut settings = server.settings(&json!({ "oauth": oauth }));
    settings.as_object_mut().unwrap().remove("password");
    Surroundings::new(&settings).smtp(options())
}

/// The next e-mail needs a connection of its own.
async fn cut(server: &Server) {
    server.fault("RSET", "reset_before", &json!({})).await;
}

async fn at_google(server: &Server, kind: &str, more: &Value) {
    let mut fault = json!({ "vendor": "google", "matching": "/token", "kind": kind });
    fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.control(Method::POST, "faults", fault).await;
}

fn known(error: &SendError) -> (Trouble, Retry) {
    assert!(!format!("{error} {error:?}").contains("sandbox-secret"), "{error:?}");
    (error.kind, error.retry)
}

#[tokio::test]
async fn a_token_serves_until_its_end() {
    let server = Server::open().await;
    let smtp = by_tokens(&server, SCOPE, "sandbox-secret").await;
    send(&smtp).await.unwrap();
    cut(&server).await;
    // Nobody is asked for another one.
    at_google(&server, "status", &json!({ "status": 500 })).await;
    send(&smtp).await.unwrap();
    assert_eq!(server.stats().await, (2, 2));
}

/// Whoever needs one waits for it.
#[tokio::test]
async fn of_many_one_fetches_the_token() {
    let server = Server::open().await;
    let smtp = by_tokens(&server, SCOPE, "sandbox-secret").await;
    for _ in 0..2 {
        let given = server.sandbox.secrets().len();
        let sent = join_all((0..3).map(|id| smtp.send(request(id)))).await;
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
        assert_eq!(server.sandbox.secrets().len(), given + 1);
        server.control(Method::POST, "google/expire", json!({})).await;
        server.fault("RSET", "reset_before", &json!({ "times": 3 })).await;
    }
}

/// The server explains it in a challenge, for which the client has no answer.
#[tokio::test]
async fn a_token_that_ended_before_its_time_is_replaced() {
    let server = Server::open().await;
    let smtp = by_tokens(&server, SCOPE, "sandbox-secret").await;
    send(&smtp).await.unwrap();
    server.control(Method::POST, "google/expire", json!({})).await;
    cut(&server).await;
    send(&smtp).await.unwrap();
    // The refused one had a connection of its own.
    assert_eq!(server.stats().await, (2, 3));
}

#[tokio::test]
async fn a_token_that_is_never_accepted_is_replaced_once() {
    let server = Server::open().await;
    let smtp = by_tokens(&server, "https://www.googleapis.com/auth/gmail.send", "sandbox-secret").await;
    assert_eq!(known(&send(&smtp).await.unwrap_err()), (Trouble::CredentialsRefused, Retry::Never));
    assert_eq!(server.stats().await, (0, 2));
}

#[tokio::test]
async fn without_a_token_nobody_is_called() {
    let server = Server::open().await;
    let smtp = by_tokens(&server, SCOPE, "another-secret").await;
    assert_eq!(known(&send(&smtp).await.unwrap_err()), (Trouble::CredentialsRefused, Retry::Never));
    let smtp = by_tokens(&server, SCOPE, "sandbox-secret").await;
    for kind in ["reset_before", "html", "garbage"] {
        at_google(&server, kind, &json!({})).await;
        let error = send(&smtp).await.unwrap_err();
        assert_eq!(error.kind, Trouble::ProviderDown);
        assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
    }
    assert_eq!(server.stats().await, (0, 0));
    send(&smtp).await.unwrap();
}
