//! Gmail over a stand-in that answers as Google documents it
//! ([sending](https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send)), behind a gateway
//! whose pages are all that is heard of a call that is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use kopru_adapters_google::{Gmail, GoogleConfig};
use kopru_domain::CompanyId;
use kopru_domain::email::{EmailAddress, Mailbox};
use kopru_domain::message::MessageStatus;
use kopru_ports::emails::EmailSender;
use kopru_ports::tokens::{AccessToken, AccessTokens, Service, TokenErrorKind, TokenKey};
use kopru_ports::{PortError, Retry};
use kopru_ports_testkit::suites::email_sender::{EmailWorld, TakenEmail};
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{ManualClock, OpenGate};
use secrecy::SecretString;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::nobody;
use crate::scripted::{html, legacy, ok};
use crate::world::{FROM, connection, http, integrations};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(2);
const REFUSED: &str = "refused@example.com";

#[derive(Default)]
struct Taking {
    emails: Vec<Vec<u8>>,
    next: Option<Trouble>,
}

#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Taking>>);

impl Vendor {
    fn taking(&self) -> MutexGuard<'_, Taking> {
        self.0.lock().unwrap()
    }
}

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut taking = self.taking();
        match taking.next.take() {
            Some(Trouble::Busy) => legacy(403, "usageLimits", "userRateLimitExceeded"),
            Some(Trouble::LostBefore) => html(502),
            Some(Trouble::LostAfter) => {
                taking.answer(request);
                html(504)
            }
            Some(Trouble::Silence) => taking.answer(request).set_delay(PATIENCE * 2),
            None => taking.answer(request),
        }
    }
}

impl Taking {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        assert_eq!(request.url.path(), "/upload/gmail/v1/users/me/messages/send");
        if TakenEmail::read(String::new(), &request.body).to.iter().any(|to| to.address.as_str() == REFUSED) {
            return legacy(400, "global", "invalidArgument");
        }
        self.emails.push(request.body.clone());
        let id = id(self.emails.len());
        ok(json!({ "id": id, "threadId": id, "labelIds": ["SENT"] }))
    }
}

fn id(place: usize) -> String {
    format!("18c0ffee{place:08x}")
}

/// Of one company alone.
struct Tokens;

#[async_trait]
impl AccessTokens for Tokens {
    async fn access_token(&self, key: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        if *key != TokenKey::of_company(&connection().company, Service::Gmail) {
            return Err(PortError::new("tokens", TokenErrorKind::NotConnected, Retry::Never));
        }
        Ok(AccessToken { secret: "ya29".into(), account: "108".to_owned() })
    }
    async fn refused(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
    async fn refused_again(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
}

struct Gateway {
    vendor: Vendor,
    gmail: Gmail,
    away: Gmail,
    is_away: AtomicBool,
    _server: MockServer,
}

async fn gateway() -> Gateway {
    let (server, vendor) = (MockServer::start().await, Vendor::default());
    Mock::given(any()).respond_with(vendor.clone()).mount(&server).await;
    let kept = integrations(&json!({ "from": FROM }));
    let gmail = |config| {
        let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
        Gmail::new(config, kept.clone(), http(PATIENCE), Arc::new(Tokens), gate, clock)
    };
    let at_vendor = GoogleConfig::at("client".into(), "s3cret".into(), &server.uri());
    let (gmail, away) = (gmail(at_vendor), gmail(nobody()));
    Gateway { vendor, gmail, away, is_away: AtomicBool::new(false), _server: server }
}

#[async_trait]
impl EmailWorld for Gateway {
    fn emails(&self) -> &dyn EmailSender {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.gmail }
    }

    fn company(&self) -> CompanyId {
        connection().company
    }

    fn sender(&self) -> Mailbox {
        FROM.parse().unwrap()
    }

    fn refused_address(&self) -> EmailAddress {
        REFUSED.parse().unwrap()
    }

    fn unknown_id(&self) -> String {
        id(0)
    }

    async fn taken(&self) -> Vec<TakenEmail> {
        self.vendor
            .taking()
            .emails
            .iter()
            .enumerate()
            .map(|(place, bytes)| TakenEmail::read(id(place + 1), bytes))
            .collect()
    }

    async fn becomes(&self, _: &str, _: MessageStatus) {
        unreachable!("Gmail tells nothing of what it took");
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.taking().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::email_sender_suite!(gateway(); skip: [
    a_report_follows_its_email = "who may send only cannot ask Gmail for an e-mail",
    looking_up_may_be_repeated_whatever_became_of_it = "who may send only cannot ask Gmail for an e-mail",
    a_repetition_goes_once = "Gmail knows no idempotency keys",
    a_repetition_after_a_lost_answer_is_answered = "Gmail knows no idempotency keys",
    what_was_taken_is_found = "who may send only cannot search",
]);
