use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use kopru_domain::Language;
use kopru_domain::email::{Road, Try};
use kopru_domain::message::{Channel, MessageStatus, Trouble};
use kopru_engine::{Caller, Says, SendWish, SentBatch, fingerprint};
use kopru_ports::messages::Content;
use kopru_ports::outbox::{Body, Message, MessageQuery};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::{Messenger, PersonHeader};
use super::input::{Fault, Query, id, json};
use super::paging::{PageQuery, next};
use super::problem::{Answer, Failure, language};
use super::recipients::{RecipientBody, recipients};
use super::send_headers::{SendHeaders, idempotency_key, wait};
use super::{App, ProblemDocument};

/// Messages to be sent: to one person (`to`) or to many (`recipients`); a text (`message`), the company's own
/// template (`template`), or one that the vendor keeps (`content_sid`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// A phone number as people write it: `0532 …`, `+90 …`, `0090 …`.
    to: Option<String>,
    /// 1 to 10,000 numbers.
    recipients: Option<Vec<RecipientBody>>,
    /// The text; `{{name}}` stands for a variable.
    message: Option<String>,
    /// The name of one of the company's templates.
    template: Option<String>,
    /// The vendor's id of an approved template: WhatsApp needs one outside the 24 hours after a person's last message.
    content_sid: Option<String>,
    /// What the variables are, for all recipients.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Addresses of pictures and files, ten at the most.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    media: Vec<Url>,
    /// Whether it goes in quiet hours too.
    #[serde(default)]
    urgent: bool,
    /// Not before; a year ahead at the most.
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
}

impl SendMessage {
    fn wish(self, channel: Channel, key: Option<String>, fingerprint: String) -> Result<SendWish, Failure> {
        let (recipients, many) = recipients(self.to, self.recipients)?;
        let says = match (self.message, self.template, self.content_sid) {
            (Some(text), None, None) => Says::Text(text),
            (None, Some(name), None) => Says::Template(name),
            (None, None, Some(id)) => Says::Approved(id),
            (None, None, None) if !self.media.is_empty() => Says::Text(String::new()),
            (None, None, None) => return Err(Failure::Unreadable(Fault::missing("message"))),
            _ => return Err(Failure::Unreadable(Fault::value("message"))),
        };
        let (variables, media, urgent, send_at) = (self.variables, self.media, self.urgent, self.send_at);
        Ok(SendWish { channel, recipients, many, says, variables, media, urgent, send_at, key, fingerprint })
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    id: String,
    /// The request that it came with.
    batch: String,
    /// `sms`, `whatsapp` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// To whom: the number in its international form or the e-mail address, or what was given where it is none.
    to: String,
    /// What an e-mail is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What its recipient reads; of a template that the vendor keeps, none.
    text: Option<String>,
    /// How many parts the vendor bills.
    segments: u32,
    /// Where it stands.
    #[schema(value_type = String)]
    status: MessageStatus,
    /// That, in the caller's language.
    status_text: &'static str,
    /// Why it was not sent or not delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<TroubleView>,
    /// Why it waits: `quiet_hours`, `daily_limit`, `account` or `scheduled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    /// Not before.
    #[schema(value_type = Option<String>)]
    send_at: Option<Timestamp>,
    /// The vendor's id of it.
    provider_id: Option<String>,
    /// By which roads an e-mail was tried, the last one last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tries: Vec<TryView>,
    /// Who sent it.
    user: Option<String>,
    /// When it was accepted.
    #[schema(value_type = String)]
    created: Timestamp,
    /// When its status changed last.
    #[schema(value_type = String)]
    updated: Timestamp,
}

/// What became of an e-mail on a road.
#[derive(Serialize, ToSchema)]
pub struct TryView {
    /// `resend`, `gmail`, `outlook` or `smtp`.
    #[schema(value_type = String)]
    road: Road,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Why it did not go by it; none where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<TroubleView>,
}

impl TryView {
    fn of(tried: &Try, language: Language) -> Self {
        let error = tried.trouble.map(|trouble| TroubleView::of(trouble, None, language));
        Self { road: tried.road, at: tried.at, error }
    }
}

/// Why a message was not sent or not delivered, and what to do about it.
#[derive(Serialize, ToSchema)]
pub struct TroubleView {
    /// A stable name for programs.
    code: String,
    /// What to do, in the caller's language.
    text: String,
    /// The vendor's own code.
    vendor_code: Option<String>,
}

impl TroubleView {
    fn of(trouble: Trouble, vendor_code: Option<String>, language: Language) -> Self {
        Self { code: trouble.code().to_owned(), text: trouble.text(language).to_owned(), vendor_code }
    }
}

impl MessageView {
    /// A message with its texts in `language`.
    pub fn of(message: Message, language: Language) -> Self {
        let (subject, text) = said(message.content);
        let code = message.code;
        let error = message.trouble.map(|trouble| TroubleView::of(trouble, code, language));
        Self {
            id: message.id.to_string(),
            batch: message.batch.to_string(),
            channel: message.channel,
            to: message.to.map_or(message.given, |to| to.to_string()),
            subject,
            text,
            segments: message.segments,
            status: message.status,
            status_text: message.status.text(language),
            error,
            hold: message.hold.map(|hold| hold.name().to_owned()),
            send_at: message.send_at,
            provider_id: message.provider_id,
            tries: message.tries.into_iter().map(|tried| TryView::of(&tried, language)).collect(),
            user: message.user.map(Into::into),
            created: message.created,
            updated: message.updated,
        }
    }
}

/// Subject and text.
fn said(content: Body) -> (Option<String>, Option<String>) {
    match content {
        Body::Phone(Content::Text(text)) => (None, Some(text)),
        Body::Phone(Content::Template { .. }) => (None, None),
        Body::Email(email) => (Some(email.subject), Some(email.text)),
    }
}

/// What was accepted: each recipient's own result.
#[derive(Serialize, ToSchema)]
pub struct AcceptedMessages {
    /// The request's id.
    batch: String,
    /// Its messages, in the order of the recipients.
    messages: Vec<MessageView>,
}

/// Sends SMS to one person or to many. Accepted means stored; with `Prefer: wait=N` the answer comes once the vendor
/// has taken or refused the message, after N seconds at the latest.
#[utoipa::path(post, path = "/api/integrations/sms/send", tag = "messages", request_body = SendMessage, params(PersonHeader, SendHeaders),
    responses((status = 202, body = AcceptedMessages), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn send_sms(
    app: State<App>,
    caller: Messenger,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<AcceptedMessages>)> {
    send(app, caller, headers, body, Channel::Sms).await
}

/// Sends WhatsApp messages to one person or to many, as `sms/send` does.
#[utoipa::path(post, path = "/api/integrations/whatsapp/send", tag = "messages", request_body = SendMessage, params(PersonHeader, SendHeaders),
    responses((status = 202, body = AcceptedMessages), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn send_whatsapp(
    app: State<App>,
    caller: Messenger,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<AcceptedMessages>)> {
    send(app, caller, headers, body, Channel::WhatsApp).await
}

async fn send(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    body: Bytes,
    channel: Channel,
) -> Answer<(StatusCode, Json<AcceptedMessages>)> {
    let key = idempotency_key(&headers)?;
    let wished: SendMessage = json(&body)?;
    let wish = wished.wish(channel, key, fingerprint(&[channel.name().as_bytes(), &body]))?;
    let sent = app.engine.send_messages(&caller, wish).await?;
    accepted(&app, &caller, &headers, sent).await
}

/// What was accepted, as it is once who waits has waited.
pub async fn accepted(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    mut sent: SentBatch,
) -> Answer<(StatusCode, Json<AcceptedMessages>)> {
    if let Some(patience) = wait(headers) {
        sent = app.engine.outcome(caller, sent, patience).await?;
    }
    let language = language(headers);
    let messages = sent.messages.into_iter().map(|message| MessageView::of(message, language)).collect();
    Ok((StatusCode::ACCEPTED, Json(AcceptedMessages { batch: sent.id.to_string(), messages })))
}

/// Which messages to list.
#[derive(Deserialize, IntoParams)]
pub struct MessagesQuery {
    /// Of one request.
    batch: Option<String>,
    /// `sms`, `whatsapp` or `email`.
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// In one state.
    #[param(value_type = Option<String>)]
    status: Option<MessageStatus>,
    /// To one number, in its international form, or one e-mail address.
    to: Option<String>,
}

/// A page of messages, newest first.
#[derive(Serialize, ToSchema)]
pub struct MessageList {
    items: Vec<MessageView>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// The log of messages, newest first: a person's own; the company's for an API key or an administrator.
#[utoipa::path(get, path = "/api/integrations/messages", tag = "messages", params(MessagesQuery, PageQuery),
    responses((status = 200, body = MessageList), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    Query(query): Query<MessagesQuery>,
    Query(page): Query<PageQuery>,
) -> Answer<Json<MessageList>> {
    let limit = page.limit()?;
    let query = MessageQuery {
        batch: query.batch.as_deref().map(|batch| id("batch", batch)).transpose()?,
        channel: query.channel,
        status: query.status,
        to: query.to.as_deref().map(|to| id("to", to)).transpose()?,
        user: None,
        before: page.cursor()?,
        limit,
    };
    let messages = app.engine.messages(&caller, query).await?;
    let cursor = next(&messages, limit, |message| message.id);
    let language = language(&headers);
    Ok(Json(MessageList {
        items: messages.into_iter().map(|message| MessageView::of(message, language)).collect(),
        cursor,
    }))
}

/// One message and what became of it.
#[utoipa::path(get, path = "/api/integrations/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = MessageView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    Path(message): Path<String>,
) -> Answer<Json<MessageView>> {
    let message = app.engine.message_of(&caller, id::<Uuid>("id", &message)?).await?;
    Ok(Json(MessageView::of(message, language(&headers))))
}

/// Takes back a message that waits here: a planned one, or one that is still in line.
#[utoipa::path(post, path = "/api/integrations/messages/{id}/cancel", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = MessageView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn cancel(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    Path(message): Path<String>,
) -> Answer<Json<MessageView>> {
    let message = app.engine.cancel_message(&caller, id::<Uuid>("id", &message)?).await?;
    Ok(Json(MessageView::of(message, language(&headers))))
}

/// Sends once more, as a new message, what failed, was not delivered, was cancelled or whose outcome is unknown. One
/// of an unknown outcome may have arrived.
#[utoipa::path(post, path = "/api/integrations/messages/{id}/resend", tag = "messages", params(("id" = String, Path)),
    responses((status = 202, body = MessageView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn resend(
    State(app): State<App>,
    Messenger(caller): Messenger,
    headers: HeaderMap,
    Path(message): Path<String>,
) -> Answer<(StatusCode, Json<MessageView>)> {
    let message = app.engine.resend_message(&caller, id::<Uuid>("id", &message)?).await?;
    Ok((StatusCode::ACCEPTED, Json(MessageView::of(message, language(&headers)))))
}
