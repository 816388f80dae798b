//! What goes over the wire, to the byte.

use kopru_domain::email::{Attachment, Email};
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use mail_parser::MessageParser;
use serde_json::json;

use crate::world::{Server, options, request};

fn long() -> EmailRequest {
    let short = request(7);
    let all: Vec<u8> = (0..=255).collect();
    let email = Email {
        to_name: Some("Işıl, Ğ".to_owned()),
        cc: vec!["Çağrı <b@example.com>".parse().unwrap(), "isil@example.com".parse().unwrap()],
        bcc: vec!["gizli@example.com".parse().unwrap(), "b@example.com".parse().unwrap()],
        reply_to: vec!["Destek <d@example.com>".parse().unwrap()],
        subject: "Işıl’ın teklifi 🎉".to_owned(),
        text: ".\r\n.nokta\r\n..\r\n.\r\n".to_owned(),
        html: Some("<p>Merhaba</p>".to_owned()),
        attachments: vec![Attachment::new("teklif ğ.bin", None, all.repeat(5000)).unwrap()],
        ..short.email
    };
    EmailRequest { email, ..short }
}

#[tokio::test]
async fn the_bytes_are_the_emails_own_and_who_gets_it_unseen_is_not_in_them() {
    let server = Server::open().await;
    let sent = long();
    let report = server.smtp(options()).send(sent.clone()).await.unwrap();
    let taken = server.inspect("smtp/messages").await[0].clone();
    assert_eq!(taken["sender"], "satis@example.com");
    // Each once, whoever is named twice.
    assert_eq!(taken["recipients"], json!(["isil@example.com", "b@example.com", "gizli@example.com"]));

    let raw = server.bytes(server.inspect("mail").await[0]["raw_url"].as_str().unwrap()).await;
    let seen = Email { bcc: Vec::new(), ..sent.email };
    let expected = seen.mime(&sent.envelope);
    assert!(raw == expected, "{} bytes in place of {}", raw.len(), expected.len());
    assert!(raw.is_ascii() && !String::from_utf8(raw.clone()).unwrap().contains("gizli"));

    let parsed = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(parsed.message_id(), Some(report.provider_id.as_str()));
    assert_eq!(parsed.body_text(0).unwrap(), seen.text);
    assert_eq!(parsed.attachment(0).unwrap().contents(), seen.attachments[0].content());
}

#[tokio::test]
async fn our_message_id_is_the_servers_as_well() {
    let server = Server::open().await;
    let report = server.smtp(options()).send(request(7)).await.unwrap();
    assert_eq!(report.provider_id, "00000000-0000-0000-0000-000000000007@example.com");
    assert_eq!(server.inspect("mail").await[0]["message_id"], format!("<{}>", report.provider_id));
}
