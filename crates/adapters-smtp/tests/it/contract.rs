//! The contract suite over the sandbox's server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kopru_adapters_smtp::{Smtp, SmtpOptions};
use kopru_domain::CompanyId;
use kopru_domain::email::{Attachment, EmailAddress, Mailbox};
use kopru_domain::message::MessageStatus;
use kopru_http_client::Method;
use kopru_ports::emails::EmailSender;
use kopru_ports_testkit::suites::email_sender::{EmailWorld, TakenEmail};
use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};

use crate::world::{FROM, Server, Surroundings, company, nobody, options};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(1);
const REFUSED: &str = "refused@example.com";

struct Simulated {
    server: Server,
    smtp: Smtp,
    away: Smtp,
    is_away: AtomicBool,
}

async fn simulated() -> Simulated {
    let server = Server::open().await;
    let refusal = json!({ "code": 550, "text": "5.1.1 Nobody here" });
    server.control(Method::POST, "smtp/recipients", json!({ REFUSED: refusal })).await;
    let smtp = server.smtp(SmtpOptions { message: PATIENCE, ..options() });
    let away = Surroundings::new(&server.settings(&json!({ "port": nobody() }))).smtp(options());
    Simulated { server, smtp, away, is_away: AtomicBool::new(false) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn mailboxes(value: &Value) -> Vec<Mailbox> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().parse().unwrap()).collect()
}

impl Simulated {
    async fn taken_email(&self, email: &Value) -> TakenEmail {
        let (to, cc) = (mailboxes(&email["to"]), mailboxes(&email["cc"]));
        let seen = |mailbox: &Mailbox| to.iter().chain(&cc).any(|seen| seen.address == mailbox.address);
        let bcc = mailboxes(&email["recipients"]).into_iter().filter(|mailbox| !seen(mailbox)).collect();
        let mut attachments = Vec::new();
        for file in email["attachments"].as_array().into_iter().flatten() {
            let content = self.server.bytes(file["url"].as_str().unwrap()).await;
            let kind = file["content_type"].as_str();
            attachments.push(Attachment::new(file["filename"].as_str().unwrap(), kind, content).unwrap());
        }
        let headers = email["headers"].as_array().into_iter().flatten();
        let headers = headers.map(|header| (text(&header["name"]), text(&header["value"])));
        TakenEmail {
            provider_id: text(&email["message_id"]).trim_matches(['<', '>']).to_owned(),
            from: email["from"].as_str().unwrap().parse().unwrap(),
            reply_to: mailboxes(&email["reply_to"]),
            subject: text(&email["subject"]),
            text: text(&email["text"]).replace("\r\n", "\n"),
            html: email["html"].as_str().map(str::to_owned),
            list_headers: headers.filter(|(name, _)| name.starts_with("List-")).collect(),
            to,
            cc,
            bcc,
            attachments,
        }
    }
}

#[async_trait]
impl EmailWorld for Simulated {
    fn emails(&self) -> &dyn EmailSender {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.smtp }
    }

    fn company(&self) -> CompanyId {
        company()
    }

    fn sender(&self) -> Mailbox {
        FROM.parse().unwrap()
    }

    fn refused_address(&self) -> EmailAddress {
        REFUSED.parse().unwrap()
    }

    fn unknown_id(&self) -> String {
        "00000000-0000-4000-8000-000000000000@example.com".to_owned()
    }

    async fn taken(&self) -> Vec<TakenEmail> {
        let mut taken = Vec::new();
        for email in self.server.inspect("mail").await.as_array().unwrap() {
            taken.push(self.taken_email(email).await);
        }
        taken
    }

    async fn becomes(&self, _: &str, _: MessageStatus) {
        unreachable!("a server tells nothing more of what it has taken");
    }

    async fn next(&self, trouble: Trouble) {
        let (phase, kind, more) = match trouble {
            Trouble::Busy => ("MAIL FROM", "status", json!({ "status": 450, "body": "4.7.0 Too fast" })),
            Trouble::LostBefore => ("END-OF-DATA", "reset_before", json!({})),
            Trouble::LostAfter => ("END-OF-DATA", "reset_after", json!({})),
            Trouble::Silence => ("END-OF-DATA", "hang_after", json!({})),
        };
        self.server.fault(phase, kind, &more).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::email_sender_suite!(simulated(); skip: [
    a_report_follows_its_email = "a server tells nothing more of what it has taken",
    looking_up_may_be_repeated_whatever_became_of_it = "nobody is asked where an e-mail stands",
    a_repetition_goes_once = "SMTP knows no idempotency keys: a person decides",
    a_repetition_after_a_lost_answer_is_answered = "SMTP knows no idempotency keys: a person decides",
    what_was_taken_is_found = "what was sent cannot be searched by SMTP",
]);
