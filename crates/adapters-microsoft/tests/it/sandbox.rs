//! Against the simulated Microsoft: from the consent to an e-mail in somebody's mailbox, and what goes wrong on the way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_microsoft::{MicrosoftConfig, MicrosoftConsent, Outlook};
use kopru_domain::email::{Attachment, Email};
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_http_client::{Method, Reply};
use kopru_oauth::TokenSessions;
use kopru_ports::Retry;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use kopru_ports::messages::SendError;
use kopru_ports::oauth::{AuthorizeRequest, OAuthProvider as _};
use kopru_ports::tokens::{ConnectionStatus, StoredToken};
use kopru_ports_testkit::MemoryTokens;
use kopru_sandbox::{Sandbox, SandboxConfig};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::world::{PATIENT, Surroundings, http, request};

pub const REDIRECT: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub struct Simulated {
    pub sandbox: Sandbox,
    pub around: Surroundings,
}

impl Simulated {
    pub async fn start() -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        Self { sandbox, around: Surroundings::new() }
    }

    pub fn base(&self) -> String {
        format!("{}/microsoft", self.sandbox.base_url())
    }

    pub fn consent(&self, secret: &str, timeout: Duration) -> MicrosoftConsent {
        let config = MicrosoftConfig::at("sandbox-client".into(), secret.into(), &self.base());
        MicrosoftConsent::new(config, http(timeout), self.around.clock.clone()).unwrap()
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let (url, http) = (format!("{}/_control/{path}", self.sandbox.base_url()), http(PATIENT));
        let reply = http.send(http.request(method, &url).json(&body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.json().unwrap()
    }

    async fn set(&self, path: &str, body: Value) {
        self.control(Method::POST, path, body).await;
    }

    async fn fault(&self, matching: &str, kind: &str) {
        self.set("faults", json!({ "vendor": "microsoft", "matching": matching, "kind": kind })).await;
    }

    /// Answers the consent page as a person does who agrees; the code and the state.
    pub async fn agree_at(&self, page: &str) -> (SecretString, String) {
        let mut form: Vec<(String, String)> = Url::parse(page).unwrap().query_pairs().into_owned().collect();
        form.push(("decision".to_owned(), "allow".to_owned()));
        let http = http(PATIENT);
        let reply: Reply = http.send(http.request(Method::POST, page).form(&form)).await.unwrap();
        let back: HashMap<String, String> =
            Url::parse(reply.location().unwrap()).unwrap().query_pairs().into_owned().collect();
        (back["code"].as_str().into(), back["state"].clone())
    }

    /// The company's connection, and what sends by it.
    async fn connect(&self) -> (Arc<MemoryTokens>, Outlook) {
        let consent = self.consent("sandbox-secret", PATIENT);
        let asked =
            AuthorizeRequest { state: "st4te".into(), verifier: VERIFIER.into(), redirect_uri: REDIRECT.to_owned() };
        let (code, _) = self.agree_at(&consent.authorize_url(&asked)).await;
        let grant = consent.exchange(code, VERIFIER.into(), REDIRECT).await.unwrap();
        let account = consent.account(grant.access.clone()).await.unwrap();
        assert_eq!(account.email, "demo@example.com");
        let tokens = Arc::<MemoryTokens>::default();
        tokens.replace(StoredToken {
            version: 0,
            access: grant.access,
            refresh: grant.refresh,
            expires_at: grant.expires_at,
            scopes: grant.scopes,
            account_id: account.id,
            account_email: account.email,
            status: ConnectionStatus::Active,
            last_error: None,
        });
        let sessions = TokenSessions::new(tokens.clone(), Arc::new(consent), self.around.clock.clone());
        (tokens, self.around.outlook_by(&self.base(), PATIENT, Arc::new(sessions)))
    }

    /// What people have got.
    async fn mail(&self) -> Vec<Value> {
        let all = self.control(Method::GET, "mail", json!({})).await;
        all.as_array().unwrap().iter().filter(|mail| mail["reached"] != json!([])).cloned().collect()
    }

    /// What lies in the mailbox and was not sent.
    async fn drafts(&self) -> usize {
        let all = self.control(Method::GET, "mail", json!({})).await;
        all.as_array().unwrap().iter().filter(|mail| mail["status"] == "draft").count()
    }
}

fn known(error: &SendError) -> (Trouble, Retry) {
    (error.kind, error.retry)
}

#[tokio::test]
async fn an_email_reaches_all_whom_it_is_for() {
    let simulated = Simulated::start().await;
    let (_, outlook) = simulated.connect().await;
    let short = request(7);
    let email = Email {
        cc: vec!["b@example.com".parse().unwrap()],
        bcc: vec!["c@example.com".parse().unwrap()],
        html: Some("<p>Merhaba <b>Işıl</b></p>".to_owned()),
        attachments: vec![Attachment::new("teklif ğüş.pdf", Some("application/pdf"), vec![0, 255, 10]).unwrap()],
        ..short.email
    };
    let sent = EmailRequest { email, ..short };
    let report = outlook.send(sent.clone()).await.unwrap();
    assert_eq!(report.status, MessageStatus::Sent);
    let mail = simulated.mail().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0]["reached"], json!(["isil@example.com", "b@example.com", "c@example.com"]));
    assert_eq!(mail[0]["message_id"], "<00000000-0000-0000-0000-000000000007@acme.example.com>");
    assert_eq!((&mail[0]["id"], &mail[0]["subject"]), (&json!(report.provider_id), &json!("Teklif")));
    assert_eq!(mail[0]["attachments"][0]["filename"], "teklif ğüş.pdf");
    assert_eq!(outlook.search(&sent).await.unwrap(), Some(report));
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn one_of_the_largest_size_is_taken() {
    let simulated = Simulated::start().await;
    let (_, outlook) = simulated.connect().await;
    let mut largest = request(7);
    let file = Attachment::new("a.bin", None, vec![7; 2_180_000]).unwrap();
    largest.email.attachments = vec![file];
    let most = outlook.account(&largest.company).await.unwrap().most_bytes;
    let size = largest.email.mime(&largest.envelope).len();
    assert!((most - 30_000..=most).contains(&size), "{size}");
    outlook.send(largest).await.unwrap();
    assert_eq!(simulated.mail().await.len(), 1);
    simulated.sandbox.stop().await;
}

/// Each refresh token serves once here.
#[tokio::test]
async fn tokens_are_renewed_whenever_microsoft_ends_them() {
    let simulated = Simulated::start().await;
    simulated.set("microsoft/settings", json!({ "refresh_once": true })).await;
    let (tokens, outlook) = simulated.connect().await;
    let refresh = || tokens.now().unwrap().refresh.unwrap().expose_secret().to_owned();
    for id in 1..=3 {
        let before = refresh();
        simulated.set("microsoft/expire", json!({})).await;
        outlook.send(request(id)).await.unwrap();
        assert_ne!(refresh(), before);
    }
    assert_eq!(simulated.mail().await.len(), 3);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_grant_that_needs_the_person_again_ends_the_connection() {
    let simulated = Simulated::start().await;
    let (tokens, outlook) = simulated.connect().await;
    simulated.set("microsoft/refuse", json!({ "error": "interaction_required" })).await;
    for _ in 0..2 {
        let error = outlook.send(request(7)).await.unwrap_err();
        assert_eq!(known(&error), (Trouble::CredentialsRefused, Retry::Never));
    }
    assert_eq!(tokens.now().unwrap().status, ConnectionStatus::ReconnectRequired);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_nothing_goes_twice() {
    let simulated = Simulated::start().await;
    let (_, outlook) = simulated.connect().await;
    simulated.fault("/send", "reset_after").await;
    outlook.send(request(7)).await.unwrap();
    assert_eq!(simulated.mail().await.len(), 1);

    simulated.fault("/send", "reset_before").await;
    let error = outlook.send(request(8)).await.unwrap_err();
    assert_eq!(known(&error), (Trouble::ProviderDown, Retry::After(None)));
    assert_eq!((simulated.mail().await.len(), simulated.drafts().await), (1, 0));

    simulated.fault("/messages", "reset_after").await;
    let error = outlook.send(request(8)).await.unwrap_err();
    assert_eq!(known(&error), (Trouble::ProviderDown, Retry::After(None)));
    assert_eq!((simulated.mail().await.len(), simulated.drafts().await), (1, 0));
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn what_is_on_its_way_is_found_when_its_copy_is_there() {
    let simulated = Simulated::start().await;
    let (_, outlook) = simulated.connect().await;
    simulated.set("clock", json!({ "scale": 0 })).await;
    simulated.set("microsoft/settings", json!({ "sent_lag_ms": 30_000 })).await;
    simulated.fault("/send", "reset_after").await;
    let error = outlook.send(request(7)).await.unwrap_err();
    assert_eq!(known(&error), (Trouble::OutcomeUnknown, Retry::OutcomeUnknown));
    assert_eq!(outlook.search(&request(7)).await.unwrap(), None);
    simulated.set("clock", json!({ "advance_seconds": 31 })).await;
    assert!(outlook.search(&request(7)).await.unwrap().is_some());
    assert_eq!(simulated.mail().await.len(), 1);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_mailbox_that_has_sent_enough_says_for_how_long() {
    let simulated = Simulated::start().await;
    let (_, outlook) = simulated.connect().await;
    simulated.set("microsoft/settings", json!({ "messages": 1 })).await;
    outlook.send(request(1)).await.unwrap();
    let error = outlook.send(request(2)).await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (Trouble::RateLimited, Some("ApplicationThrottled")));
    assert!(matches!(error.retry, Retry::After(Some(pause)) if pause > Duration::from_secs(30)), "{error:?}");
    assert_eq!((simulated.mail().await.len(), simulated.drafts().await), (1, 0));
    simulated.sandbox.stop().await;
}
