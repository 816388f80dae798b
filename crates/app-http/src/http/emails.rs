use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::{Attachment, DraftParts, Mailbox, Tag};
use kopru_domain::message::Channel;
use kopru_engine::{EmailWish, EngineError, fingerprint};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{Messenger, PersonHeader};
use super::input::{Fault, json};
use super::messages::{AcceptedMessages, accepted};
use super::pages::Page;
use super::problem::{Answer, Failure, language, status_of};
use super::recipients::{RecipientBody, recipients};
use super::send_headers::{SendHeaders, idempotency_key};
use super::{App, ProblemDocument};

/// E-mails to be sent: to one person (`to`) or to many (`recipients`), each with an e-mail of its own. `{{name}}` stands
/// for a variable in `subject`, `text` and `html`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendEmail {
    /// An address, or a name with one: `Ayşe Yılmaz <ayse@example.com>`.
    to: Option<String>,
    /// 1 to 10,000 addresses.
    recipients: Option<Vec<RecipientBody>>,
    /// From whom: an address of a domain that is verified at the vendor. What the settings say where it is not given.
    #[schema(value_type = Option<String>)]
    from: Option<String>,
    /// Who else gets it, and is seen to; not with `recipients`.
    #[serde(default)]
    cc: Vec<String>,
    /// Who else gets it, unseen; not with `recipients`.
    #[serde(default)]
    bcc: Vec<String>,
    /// Where answers go.
    #[serde(default)]
    reply_to: Vec<String>,
    /// What it is about.
    subject: String,
    /// What it says to who reads no HTML; made from `html` where it is not given.
    text: Option<String>,
    /// What it says. Variables in it are escaped.
    html: Option<String>,
    /// What the variables are, for all recipients.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Files.
    #[serde(default)]
    attachments: Vec<AttachmentBody>,
    /// What the vendor repeats in its own lists and reports: English letters, digits, `_` and `-`.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Not before; a year ahead at the most.
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
}

/// A file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentBody {
    /// Its name, without a folder.
    name: String,
    /// Its kind, such as `application/pdf`.
    kind: Option<String>,
    /// Its bytes in base64.
    content: String,
}

impl SendEmail {
    fn wish(self, key: Option<String>, fingerprint: String) -> Result<EmailWish, Failure> {
        let (recipients, many) = recipients(self.to, self.recipients)?;
        if self.text.is_none() && self.html.is_none() {
            return Err(Failure::Unreadable(Fault::missing("text")));
        }
        let from = self.from.map(|from| mailbox("from", &from)).transpose()?;
        let parts = DraftParts {
            cc: mailboxes("cc", &self.cc)?,
            bcc: mailboxes("bcc", &self.bcc)?,
            reply_to: mailboxes("reply_to", &self.reply_to)?,
            subject: self.subject,
            text: self.text,
            html: self.html,
            attachments: all("attachments", &self.attachments, file)?,
            tags: all("tags", &self.tags.into_iter().collect::<Vec<_>>(), |(name, value)| Tag::new(name, value))?,
        };
        let (variables, send_at) = (self.variables, self.send_at);
        Ok(EmailWish { from, recipients, many, parts, variables, send_at, key, fingerprint })
    }
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, Failure> {
    text.parse().map_err(|_| Failure::Unreadable(Fault::value(field)))
}

fn mailboxes(field: &str, texts: &[String]) -> Result<Vec<Mailbox>, Failure> {
    all(field, texts, |text| text.parse().ok())
}

/// What is given, each as it is read; the field's name has the place of one that cannot be.
fn all<G, T>(field: &str, given: &[G], read: impl Fn(&G) -> Option<T>) -> Result<Vec<T>, Failure> {
    let one = |(place, given): (usize, &G)| {
        read(given).ok_or_else(|| Failure::Unreadable(Fault::value(format!("{field}[{place}]"))))
    };
    given.iter().enumerate().map(one).collect()
}

fn file(body: &AttachmentBody) -> Option<Attachment> {
    let content = STANDARD.decode(&body.content).ok()?;
    Attachment::new(&body.name, body.kind.as_deref(), content)
}

/// Sends e-mails to one person or to many. Accepted means stored; with `Prefer: wait=N` the answer comes once the vendor
/// has taken or refused the e-mail, after N seconds at the latest.
#[utoipa::path(post, path = "/api/integrations/email/send", tag = "messages", request_body = SendEmail, params(PersonHeader, SendHeaders),
    responses((status = 202, body = AcceptedMessages), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn send(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<AcceptedMessages>)> {
    let key = idempotency_key(&headers)?;
    let wished: SendEmail = json(&body)?;
    let wish = wished.wish(key, fingerprint(&[Channel::Email.name().as_bytes(), &body]))?;
    let sent = app.engine.send_emails(&caller, wish).await?;
    accepted(&app, &caller, &headers, sent).await
}

/// The page behind an e-mail's address to unsubscribe. Scanners open links too: only the person's own click ends e-mails.
#[utoipa::path(get, path = "/unsubscribe/{company}/{email}", tag = "messages", security(()),
    params(("company" = String, Path), ("email" = String, Path)),
    responses((status = 200, description = "a page with a button", content_type = "text/html")))]
pub async fn ask(headers: HeaderMap) -> Response {
    Page::Unsubscribe.show(StatusCode::OK, language(&headers))
}

/// Ends e-mails to the recipient of one: a person's click on the page, or a mail program's single request (RFC 8058).
/// Who knows the address has the e-mail.
#[utoipa::path(post, path = "/unsubscribe/{company}/{email}", tag = "messages", security(()),
    params(("company" = String, Path), ("email" = String, Path)),
    responses((status = 200, description = "a page that says so", content_type = "text/html"),
        (status = "4XX", description = "a page that says why not", content_type = "text/html")))]
pub async fn unsubscribe(
    State(app): State<App>,
    headers: HeaderMap,
    Path((company, email)): Path<(String, String)>,
) -> Response {
    let language = language(&headers);
    match end(&app, &company, &email).await {
        Ok(()) => Page::Unsubscribed.show(StatusCode::OK, language),
        Err(error) => {
            tracing::info!(%error, "nobody was unsubscribed");
            Page::NotUnsubscribed.show(status_of(&error), language)
        }
    }
}

async fn end(app: &App, company: &str, email: &str) -> Result<(), EngineError> {
    let company: CompanyId = company.parse().map_err(|_| EngineError::NotFound("message"))?;
    let email: Uuid = email.parse().map_err(|_| EngineError::NotFound("message"))?;
    app.engine.unsubscribe(&company, email).await
}
