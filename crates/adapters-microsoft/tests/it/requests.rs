//! What goes to Graph, to the letter.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_domain::email::{Attachment, Email, Tag};
use kopru_domain::message::MessageStatus;
use kopru_ports::emails::{Doubt, EmailRequest, EmailSender as _};
use kopru_ports::messages::Report;
use kopru_ports_testkit::suites::email_sender::TakenEmail;
use serde_json::json;
use wiremock::Request;

use crate::mailbox::{Fate, Graph, Step, Stored, html, id};
use crate::world::{FROM, PATIENT, Surroundings, company, request};

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// Method, path and query, decoded.
fn line(request: &Request) -> String {
    let query: Vec<_> = request.url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} {}", request.method, request.url.path(), query.join("&"))
}

#[tokio::test]
async fn a_draft_is_made_and_sent_under_an_id_that_stays() {
    let ((_graph, server), around) = (Graph::start().await, Surroundings::new());
    let sent = around.outlook(&server.uri(), PATIENT).send(request(7)).await.unwrap();
    let report = Report { provider_id: id(1), status: MessageStatus::Sent, trouble: None, code: None };
    assert_eq!(sent, report);

    let asked = server.received_requests().await.unwrap();
    let lines: Vec<_> = asked.iter().map(line).collect();
    assert_eq!(lines, ["POST /v1.0/me/messages ", "POST /v1.0/me/messages/AAkALgAA-_1%3D/send "]);
    for request in &asked {
        assert_eq!(header(request, "authorization").as_deref(), Some("Bearer s3cret-1"));
        assert_eq!(header(request, "prefer").as_deref(), Some("IdType=\"ImmutableId\""));
    }
    assert_eq!(header(&asked[0], "content-type").as_deref(), Some("text/plain"));
    let EmailRequest { email, envelope, .. } = request(7);
    assert_eq!(STANDARD.decode(&asked[0].body).unwrap(), email.mime(&envelope));
    assert_eq!((header(&asked[1], "content-length").as_deref(), asked[1].body.len()), (Some("0"), 0));
}

/// Every letter and byte of it, and who gets it unseen.
#[tokio::test]
async fn an_email_is_taken_as_it_is() {
    let ((graph, server), around) = (Graph::start().await, Surroundings::new());
    let short = request(7);
    let email = Email {
        to_name: Some("Işıl \"İ\", Ğ.".to_owned()),
        cc: vec!["Çağrı <b@example.com>".parse().unwrap()],
        bcc: vec!["c@example.com".parse().unwrap(), "d@example.com".parse().unwrap()],
        reply_to: vec!["e@example.com".parse().unwrap()],
        subject: "Işıl’ın teklifi: %10 İNDİRİM 🎉".to_owned(),
        text: "Sayın Işıl Ğ., %20 & +90 = \"çok\"\n‘iyi’ 👍".to_owned(),
        html: Some("<p>Sayın <b>Işıl</b> &amp; 👍</p>".to_owned()),
        attachments: vec![Attachment::new("teklif ğüş.bin", Some("application/x-b"), (0..=255).collect()).unwrap()],
        tags: vec![Tag::new("kampanya", "bahar-1").unwrap()],
        unsubscribe: Some("https://example.com/u/1?a=b&c=d".to_owned()),
        ..short.email
    };
    let sent = EmailRequest { email: email.clone(), ..short };
    let to = email.to(&sent.envelope.to);
    around.outlook(&server.uri(), PATIENT).send(sent).await.unwrap();
    let expected = TakenEmail {
        provider_id: id(1),
        from: email.from.clone(),
        to: vec![to],
        cc: email.cc.clone(),
        bcc: email.bcc.clone(),
        reply_to: email.reply_to.clone(),
        subject: email.subject.clone(),
        text: email.text.clone(),
        html: email.html.clone(),
        attachments: email.attachments.clone(),
        list_headers: email.list_headers().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    assert_eq!(graph.sent().iter().map(Stored::read).collect::<Vec<_>>(), [expected]);
}

#[tokio::test]
async fn what_is_in_doubt_is_asked_for_by_its_id_and_thrown_away_where_it_is_a_draft() {
    let ((graph, server), around) = (Graph::start().await, Surroundings::new());
    graph.meets(Step::Send, Fate::Instead(html(503)));
    around.outlook(&server.uri(), PATIENT).send(request(7)).await.unwrap_err();
    let lines: Vec<_> = server.received_requests().await.unwrap()[2..].iter().map(line).collect();
    let path = "/v1.0/me/messages/AAkALgAA-_1%3D";
    assert_eq!(lines, [format!("GET {path} $select=id,isDraft"), format!("DELETE {path} ")]);
}

#[tokio::test]
async fn one_that_is_searched_is_asked_for_by_our_message_id() {
    let ((_graph, server), around) = (Graph::start().await, Surroundings::new());
    around.outlook(&server.uri(), PATIENT).search(&request(7)).await.unwrap();
    let asked = server.received_requests().await.unwrap();
    let filter = "internetMessageId eq '<00000000-0000-0000-0000-000000000007@acme.example.com>'";
    assert_eq!(line(&asked[0]), format!("GET /v1.0/me/messages $select=id,isDraft&$filter={filter}"));
}

#[tokio::test]
async fn the_account_is_the_connected_one_at_the_settings_pace() {
    let around = Surroundings::new();
    around.set(&json!({ "from": FROM, "messages_per_minute": 10 }));
    let outlook = around.outlook("http://127.0.0.1:1", PATIENT);
    let account = outlook.account(&company()).await.unwrap();
    assert_eq!((account.sender.account.as_str(), account.sender.name.as_str()), ("outlook:48d31887", "mailbox"));
    assert!((account.sender.per_second - 0.1).abs() < 1e-9, "{account:?}");
    assert_eq!((account.from, account.doubt), (FROM.parse().ok(), Doubt::Search(Duration::from_mins(5))));
    assert_eq!(STANDARD.encode(vec![0; account.most_bytes]).len(), 4_000_000);
}

#[tokio::test]
async fn each_email_takes_one_turn_of_its_mailbox() {
    let ((_graph, server), around) = (Graph::start().await, Surroundings::new());
    around.outlook(&server.uri(), PATIENT).send(request(7)).await.unwrap();
    let passes = around.gate.passes.lock().unwrap();
    let charges: Vec<_> = passes.iter().flat_map(|pass| &pass.charges).collect();
    assert_eq!(charges.len(), 1);
    assert_eq!((charges[0].limit.scope.as_str(), charges[0].cost), ("outlook:48d31887", 1.0));
}
