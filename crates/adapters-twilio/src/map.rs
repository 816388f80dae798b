//! Messages in Twilio's words.

use jiff::Timestamp;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber};
use kopru_ports::messages::{Content, Report, Search, SendRequest};
use url::Url;
use uuid::Uuid;

use crate::config::TwilioConfig;
use crate::error::trouble_of;
use crate::wire::Message;

const WHATSAPP: &str = "whatsapp:";
/// Under which name a callback has our id.
pub(crate) const OUR_ID: &str = "mid";
/// What a trial account's messages begin with.
const TRIAL: &str = "Sent from your Twilio trial account - ";

/// A number or name as Twilio knows it on a channel.
pub(crate) fn address(channel: Channel, number: &str) -> String {
    let number = number.strip_prefix(WHATSAPP).unwrap_or(number);
    match channel {
        Channel::Sms | Channel::Email => number.to_owned(),
        Channel::WhatsApp => format!("{WHATSAPP}{number}"),
    }
}

/// Whose address it is; none of anybody on another channel, or without a number.
pub(crate) fn number(address: &str) -> Option<(Channel, PhoneNumber)> {
    let (channel, number) = match address.strip_prefix(WHATSAPP) {
        Some(number) => (Channel::WhatsApp, number),
        None => (Channel::Sms, address),
    };
    Some((channel, number.to_owned().try_into().ok()?))
}

/// The request's fields (<https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>).
pub(crate) fn form(request: &SendRequest, config: &TwilioConfig) -> Vec<(&'static str, String)> {
    let mut form = vec![("To", address(request.channel, request.to.as_str()))];
    let own = config.own_sender(request.channel);
    // Only a service keeps a message until its time.
    let service = config.messaging_service_sid.clone().filter(|_| own.is_none() || request.send_at.is_some());
    form.extend(own.map(|own| ("From", own)));
    form.extend(service.map(|service| ("MessagingServiceSid", service)));
    match &request.content {
        Content::Text(text) if text.is_empty() => {}
        Content::Text(text) => form.push(("Body", text.clone())),
        Content::Template { id, variables } => {
            form.push(("ContentSid", id.clone()));
            if !variables.is_empty() {
                form.push(("ContentVariables", serde_json::json!(variables).to_string()));
            }
        }
    }
    form.extend(request.media.iter().map(|url| ("MediaUrl", url.to_string())));
    form.extend(request.callback.as_ref().map(|url| ("StatusCallback", callback(url, request.id))));
    if let Some(at) = request.send_at {
        form.push(("ScheduleType", "fixed".to_owned()));
        form.push(("SendAt", at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
    }
    form
}

/// By itself Twilio repeats a callback once, and only where nobody was there; the fragment, which is not sent, asks for
/// more (<https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>).
fn callback(url: &Url, id: Uuid) -> String {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair(OUR_ID, &id.to_string());
    if url.fragment().is_none() {
        url.set_fragment(Some("rc=3&rp=ct,rt,5xx"));
    }
    url.into()
}

/// A word that is not known yet is about a message that was taken.
fn status(word: &str) -> MessageStatus {
    match word {
        "scheduled" => MessageStatus::Scheduled,
        "sent" => MessageStatus::Sent,
        "delivered" | "partially_delivered" => MessageStatus::Delivered,
        "read" => MessageStatus::Read,
        "undelivered" => MessageStatus::Undelivered,
        "failed" => MessageStatus::Failed,
        "canceled" => MessageStatus::Canceled,
        _ => MessageStatus::Queued,
    }
}

/// What Twilio says of a message.
pub(crate) fn report(sid: String, word: &str, code: Option<u32>) -> Report {
    let status = status(word);
    let is_bad = matches!(status, MessageStatus::Undelivered | MessageStatus::Failed);
    Report {
        provider_id: sid,
        status,
        trouble: is_bad.then(|| trouble_of(code)),
        code: code.filter(|_| is_bad).map(|code| code.to_string()),
    }
}

/// When Twilio took it, to the second.
pub(crate) fn created(message: &Message) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(message.date_created.as_deref()?).ok()?;
    Some(zoned.timestamp())
}

/// Whether it is the one that is looked for. What a template became nobody here knows: only a callback, which names
/// our id, proves that it went.
pub(crate) fn fits(search: &Search, message: &Message) -> bool {
    let Content::Text(text) = &search.content else { return false };
    // Answers of a bot are `outbound-reply`.
    let by_the_api = message.direction.as_deref().is_none_or(|direction| direction == "outbound-api");
    let body = message.body.as_deref().unwrap_or_default();
    by_the_api && body.strip_prefix(TRIAL).unwrap_or(body).trim() == text.trim()
}

/// Whether Twilio may have taken it since then.
pub(crate) fn is_since(since: Timestamp, message: &Message) -> bool {
    created(message).is_none_or(|at| at.as_second() >= since.as_second())
}
