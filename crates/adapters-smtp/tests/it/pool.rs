//! Connections that wait for the next e-mail.

use futures::future::join_all;
use kopru_ports::emails::EmailSender as _;
use serde_json::json;

use crate::world::{Server, Surroundings, options, request, send};

#[tokio::test]
async fn the_next_email_goes_by_the_same_connection() {
    let server = Server::open().await;
    let smtp = server.smtp(options());
    for _ in 0..3 {
        send(&smtp).await.unwrap();
    }
    assert_eq!(server.stats().await, (3, 1));
}

/// Neither before an e-mail nor amid one it is trusted blindly.
#[tokio::test]
async fn a_connection_that_has_ended_is_replaced() {
    let server = Server::open().await;
    let smtp = server.smtp(options());
    send(&smtp).await.unwrap();
    server.fault("RSET", "reset_before", &json!({})).await;
    send(&smtp).await.unwrap();
    server.fault("RSET", "status", &json!({ "status": 421, "body": "4.4.2 Timeout" })).await;
    send(&smtp).await.unwrap();
    assert_eq!(server.stats().await, (3, 3));
}

#[tokio::test]
async fn with_other_settings_all_begins_anew() {
    let server = Server::open().await;
    let around = Surroundings::new(&server.settings(&json!({})));
    let smtp = around.smtp(options());
    send(&smtp).await.unwrap();
    around.change(&server.settings(&json!({ "messages_per_second": 7 })));
    send(&smtp).await.unwrap();
    assert_eq!(server.stats().await, (2, 2));
}

/// Those beyond wait for one to be free.
#[tokio::test]
async fn an_account_has_three_connections_at_the_most() {
    let server = Server::open().await;
    let smtp = server.smtp(options());
    let sent = join_all((0..12).map(|id| smtp.send(request(id)))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let (taken, connections) = server.stats().await;
    assert!(taken == 12 && (1..=3).contains(&connections), "{taken} by {connections}");
}

/// After a refusal in the midst of an e-mail the next one is no part of it.
#[tokio::test]
async fn after_a_refusal_the_connection_goes_on() {
    let server = Server::open().await;
    let smtp = server.smtp(options());
    for phase in ["MAIL FROM", "RCPT TO", "DATA", "END-OF-DATA"] {
        server.fault(phase, "status", &json!({ "status": 550, "body": "5.0.0 No" })).await;
        send(&smtp).await.unwrap_err();
        send(&smtp).await.unwrap();
    }
    assert_eq!(server.stats().await, (4, 1));
    assert_eq!(server.inspect("smtp/messages").await[3]["recipients"], json!(["isil@example.com"]));
}
