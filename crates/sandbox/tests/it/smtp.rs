//! The SMTP server, with and without privacy, and its bad days.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    smtp_support::{Client, USER, mail_server, plain},
    support::Fixture,
};

const LETTER: &str = "From: =?utf-8?B?w5ZybmVr?= <satis@example.com>\r\nTo: ayse@example.com\r\n\
    Subject: =?utf-8?Q?Teklifiniz_haz=C4=B1r?=\r\nMessage-ID: <1@example.com>\r\n\r\nMerhaba\r\n..\r\n.\r\n";

async fn taken(fixture: &Fixture) -> usize {
    fixture.inspect("smtp/messages").await.as_array().unwrap().len()
}

#[tokio::test]
async fn a_message_is_taken_filed_and_kept_as_it_came() {
    let fixture = mail_server(None).await;
    let mut client = Client::ready(&fixture).await;
    assert_eq!(client.say("MAIL FROM:<satis@example.com>").await, "250 2.1.0 Ok");
    for to in ["Ayse@example.com", "gizli@example.com", "ayse@example.com"] {
        assert_eq!(client.say(&format!("RCPT TO:<{to}>")).await, "250 2.1.5 Ok");
    }
    assert_eq!(client.say("DATA").await, "354 End with a dot");
    let queued = client.say(LETTER.trim_end()).await;
    let id = queued.strip_prefix("250 2.0.0 Ok: queued as ").unwrap().to_owned();
    assert_eq!(client.say("QUIT").await, "221 2.0.0 Bye");
    assert_eq!(client.hear().await, None);

    let filed = fixture.inspect("mail").await[0].clone();
    assert_eq!(
        (&filed["vendor"], &filed["id"], &filed["from"]),
        (&json!("smtp"), &json!(id), &json!("Örnek <satis@example.com>"))
    );
    assert_eq!(filed["reached"], json!(["ayse@example.com", "gizli@example.com"]));
    assert_eq!((&filed["subject"], &filed["text"]), (&json!("Teklifiniz hazır"), &json!("Merhaba\r\n.\r\n")));
    let raw = fixture.request(Method::GET, filed["raw_url"].as_str().unwrap().trim_start_matches('/'));
    let expected = LETTER.replace("\r\n..\r\n", "\r\n.\r\n").strip_suffix(".\r\n").unwrap().to_owned();
    assert_eq!(raw.send().await.unwrap().text().await.unwrap(), expected);
    let message = fixture.inspect("smtp/messages").await[0].clone();
    assert_eq!((&message["user"], &message["private"]), (&json!(USER), &json!(false)));
}

#[tokio::test]
async fn with_a_certificate_credentials_are_taken_in_private_alone() {
    let folder = tempdir().unwrap();
    let fixture = mail_server(Some(&folder)).await;
    let mut client = Client::open(fixture.smtp()).await;
    let hello = client.greet().await;
    assert!(hello.contains("STARTTLS") && !hello.contains("AUTH"), "{hello}");
    for command in [plain("sandbox-password"), "MAIL FROM:<a@example.com>".to_owned()] {
        assert_eq!(client.say(&command).await, "530 5.7.0 Must issue a STARTTLS command first");
    }
    let mut client = client.start_tls(&folder).await;
    let hello = client.greet().await;
    assert!(!hello.contains("STARTTLS") && hello.contains("AUTH PLAIN LOGIN XOAUTH2"), "{hello}");
    assert_eq!(client.say(&plain("sandbox-password")).await, "235 2.7.0 Accepted");
    client.begin("ayse@example.com").await;
    assert!(client.say(LETTER.trim_end()).await.starts_with("250"));

    let mut client = Client::open_private(fixture.smtps(), &folder).await;
    client.greet().await;
    assert_eq!(client.say(&plain("sandbox-password")).await, "235 2.7.0 Accepted");
    client.begin("ayse@example.com").await;
    assert!(client.say(LETTER.trim_end()).await.starts_with("250"));
    let all = fixture.inspect("smtp/messages").await;
    assert_eq!((&all[0]["private"], &all[1]["private"]), (&json!(true), &json!(true)));
}

#[rstest]
#[case::login(&["AUTH LOGIN", "c2F0aXNAZXhhbXBsZS5jb20=", "c2FuZGJveC1wYXNzd29yZA=="], &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 Accepted"])]
#[case::login_at_once(&["AUTH LOGIN c2F0aXNAZXhhbXBsZS5jb20=", "c2FuZGJveC1wYXNzd29yZA=="], &["334 UGFzc3dvcmQ6", "235 2.7.0 Accepted"])]
#[case::wrong_password(&["AUTH LOGIN", "c2F0aXNAZXhhbXBsZS5jb20=", "eA=="], &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 5.7.8 Username and password not accepted"])]
#[case::nonsense(&["AUTH PLAIN", "*"], &["334", "501 5.5.2 Cannot decode the response"])]
#[case::another_mechanism(&["AUTH CRAM-MD5"], &["504 5.5.4 Unrecognized authentication type"])]
#[case::sender_first(&["MAIL FROM:<a@example.com>"], &["530 5.7.0 Authentication required"])]
#[case::recipient_first(&["RCPT TO:<a@example.com>"], &["503 5.5.1 MAIL first"])]
#[case::data_first(&["DATA"], &["503 5.5.1 RCPT first"])]
#[case::unknown(&["HELLO"], &["500 5.5.2 Unknown command"])]
#[tokio::test]
async fn conversations(#[case] said: &[&str], #[case] heard: &[&str]) {
    let fixture = mail_server(None).await;
    let mut client = Client::open(fixture.smtp()).await;
    client.greet().await;
    for (line, reply) in said.iter().zip(heard) {
        assert_eq!(client.say(line).await, *reply, "{line}");
    }
}

#[tokio::test]
async fn a_token_signs_in_and_a_refused_one_is_explained_first() {
    let fixture = mail_server(None).await;
    fixture.control("smtp/accounts", json!({USER: {"tokens": ["own"]}})).await;
    let issued = json!({"account": USER, "scopes": ["https://mail.google.com/"]});
    let googles = fixture.control("google/tokens", issued).await["access_token"].as_str().unwrap().to_owned();
    let sign_in = |token: &str| {
        format!("AUTH XOAUTH2 {}", STANDARD.encode(format!("user={USER}\x01auth=Bearer {token}\x01\x01")))
    };
    for token in ["own", &googles] {
        let mut client = Client::open(fixture.smtp()).await;
        client.greet().await;
        assert_eq!(client.say(&sign_in(token)).await, "235 2.7.0 Accepted");
    }
    fixture.control("google/expire", json!({})).await;
    let mut client = Client::open(fixture.smtp()).await;
    client.greet().await;
    let challenge = client.say(&sign_in(&googles)).await;
    let told = STANDARD.decode(challenge.strip_prefix("334 ").unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&told).unwrap()["status"], "400");
    assert_eq!(client.say("").await, "535 5.7.8 Username and password not accepted");
}

#[tokio::test]
async fn sizes_and_recipients_have_limits() {
    let fixture = mail_server(None).await;
    fixture.control("smtp/settings", json!({"size": 1000, "recipients": 2})).await;
    fixture.control("smtp/recipients", json!({"Dolu@example.com": {"code": 452, "text": "4.2.2 Mailbox full"}})).await;
    let mut client = Client::ready(&fixture).await;
    assert_eq!(client.say("MAIL FROM:<a@example.com> SIZE=1001").await, "552 5.3.4 Message size exceeds fixed limit");
    client.say("MAIL FROM:<a@example.com> SIZE=1000").await;
    assert_eq!(client.say("RCPT TO:<dolu@example.com>").await, "452 4.2.2 Mailbox full");
    client.say("RCPT TO:<a@example.com>").await;
    client.say("RCPT TO:<b@example.com>").await;
    assert_eq!(client.say("RCPT TO:<c@example.com>").await, "452 4.5.3 Too many recipients");
    client.say("DATA").await;
    let long = format!("{}\r\n.", "x".repeat(1001));
    assert_eq!(client.say(&long).await, "552 5.3.4 Message size exceeds fixed limit");
    client.say("RSET").await;
    client.begin("a@example.com").await;
    assert!(client.say(LETTER.trim_end()).await.starts_with("250"), "the conversation goes on");
    assert_eq!(taken(&fixture).await, 1);
}

#[rstest]
#[case::greeting("connect", json!({"kind": "status", "status": 421, "body": "4.3.2 Busy"}), Some("421 4.3.2 Busy"), 0)]
#[case::at_mail("mail from", json!({"kind": "status", "status": 450}), Some("450 4.3.0 Try again later"), 0)]
#[case::at_one_recipient("rcpt to:<ayse@", json!({"kind": "status", "status": 550, "body": "5.1.1 No such user"}), Some("550 5.1.1 No such user"), 0)]
#[case::at_data("data", json!({"kind": "status", "status": 451}), Some("451 4.3.0 Try again later"), 0)]
#[case::after_data("end-of-data", json!({"kind": "status", "status": 554, "body": "5.7.1 Spam"}), Some("554 5.7.1 Spam"), 0)]
#[case::before_the_dot("message", json!({"kind": "reset_before"}), None, 0)]
#[case::after_the_dot_without_effect("end-of-data", json!({"kind": "reset_before"}), None, 0)]
#[case::after_the_dot_with_effect("end-of-data", json!({"kind": "reset_after"}), None, 1)]
#[case::held("end-of-data", json!({"kind": "hang_after", "ms": 50}), None, 1)]
#[case::nonsense("end-of-data", json!({"kind": "garbage"}), Some("???"), 1)]
#[case::late("end-of-data", json!({"kind": "slow", "ms": 50}), Some("250"), 1)]
#[case::expired("auth", json!({"kind": "expired_token"}), Some("535 5.7.8 Authentication credentials invalid"), 0)]
#[tokio::test]
async fn each_phase_fails_as_it_is_told(
    #[case] matching: &str,
    #[case] mut fault: Value,
    #[case] expected: Option<&str>,
    #[case] messages: usize,
) {
    let fixture = mail_server(None).await;
    fault["vendor"] = json!("smtp");
    fault["matching"] = json!(matching);
    fixture.control("faults", fault).await;
    let heard = last_words(&fixture).await;
    assert_eq!(
        heard.as_deref().map(|heard| expected.is_some_and(|start| heard.starts_with(start))),
        expected.map(|_| true),
        "{heard:?}"
    );
    assert_eq!(taken(&fixture).await, messages);
}

/// What is heard when a message goes as far as it does.
async fn last_words(fixture: &Fixture) -> Option<String> {
    let mut client = match Client::try_open(fixture.smtp()).await {
        Ok(client) => client,
        Err(refusal) => return Some(refusal),
    };
    client.greet().await;
    let lines = [
        &plain("sandbox-password"),
        "MAIL FROM:<satis@example.com>",
        "RCPT TO:<ayse@example.com>",
        "DATA",
        LETTER.trim_end(),
    ];
    let mut heard = None;
    for line in lines {
        heard = client.ask(line).await;
        if !heard.as_ref().is_some_and(|heard| heard.starts_with(['2', '3'])) {
            break;
        }
    }
    heard
}

#[tokio::test]
async fn stopping_ends_open_conversations() {
    let fixture = mail_server(None).await;
    let mut client = Client::ready(&fixture).await;
    tokio::time::timeout(Duration::from_secs(5), fixture.stop()).await.unwrap();
    assert_eq!(client.hear().await, None);
}
