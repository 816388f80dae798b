//! What is asked to be sent, and all that Resend refuses at once:
//! <https://resend.com/docs/api-reference/emails/send-email>.

use serde_json::Value;

use super::{
    content::{attachments, headers, people, required, tags, text},
    errors::{ApiError, forbidden, invalid, malformed, missing},
    state::{OWNER, State, TESTING},
};
use crate::mail::Letter;

const MOST_RECIPIENTS: usize = 50;
const LATEST_MS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Debug)]
pub(super) struct Draft {
    pub letter: Letter,
    pub tags: Vec<(String, String)>,
    pub send_at_ms: Option<i64>,
}

type Checked<T> = Result<T, ApiError>;

pub(super) fn check(state: &State, sent: &Value) -> Checked<Draft> {
    if !sent.is_object() {
        return Err(malformed("The request body must be a JSON object."));
    }
    let letter = letter(sent)?;
    may_send(state, &letter)?;
    let send_at_ms = text(sent, "scheduled_at").map(|at| moment(at, state.clock.now_ms())).transpose()?;
    Ok(Draft { letter, tags: tags(sent)?, send_at_ms })
}

/// In a batch some things cannot be.
pub(super) fn check_in_batch(state: &State, sent: &Value) -> Checked<Draft> {
    let unsupported = ["attachments", "scheduled_at"].into_iter().find(|field| !sent[field].is_null());
    match unsupported {
        Some(field) => Err(invalid(format!("The `{field}` field is not supported in batch emails."))),
        None => check(state, sent),
    }
}

fn letter(sent: &Value) -> Checked<Letter> {
    let mut from = required(sent, "from")?;
    let to = required(sent, "to")?;
    if to.len() > MOST_RECIPIENTS {
        return Err(invalid("The `to` field must not have more than 50 recipients."));
    }
    let subject = text(sent, "subject").ok_or_else(|| missing("subject"))?.to_owned();
    let (html, body) = (text(sent, "html"), text(sent, "text"));
    if !sent["template"].is_null() {
        return Err(invalid("Templates are not simulated."));
    }
    if html.or(body).is_none() {
        return Err(invalid("Missing `html` or `text` field."));
    }
    Ok(Letter {
        from: from.remove(0),
        to,
        cc: people(sent, "cc")?,
        bcc: people(sent, "bcc")?,
        reply_to: people(sent, "reply_to")?,
        subject,
        message_id: String::new(),
        headers: headers(sent)?,
        text: body.map(str::to_owned),
        html: html.map(str::to_owned),
        attachments: attachments(sent)?,
    })
}

/// From a verified domain to anybody; from Resend's own one to oneself and the test addresses.
fn may_send(state: &State, letter: &Letter) -> Checked<()> {
    let domain = letter.from.domain().to_lowercase();
    let recipients = letter.recipients();
    if domain == TESTING {
        let is_own = |mailbox: &String| mailbox == OWNER || mailbox.ends_with(&format!("@{TESTING}"));
        let text = format!(
            "You can only send testing emails to your own email address ({OWNER}). To send emails to other recipients, please verify a domain at resend.com/domains, and change the `from` address to an email using this domain."
        );
        return if recipients.iter().all(is_own) { Ok(()) } else { Err(forbidden(text)) };
    }
    if !state.is_verified(&domain) {
        return Err(forbidden(format!(
            "The {domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
        )));
    }
    let blocked = |mailbox: &String| ["@example.com", "@test.com"].iter().any(|end| mailbox.ends_with(end));
    if state.settings.refuses_example && recipients.iter().any(blocked) {
        return Err(invalid(
            "Invalid `to` field. Please use our testing email address instead of domains like `example.com`.",
        ));
    }
    Ok(())
}

/// ISO 8601, or `in 5 minutes`: <https://resend.com/docs/dashboard/emails/schedule-email>.
pub(super) fn moment(text: &str, now_ms: i64) -> Checked<i64> {
    let exact = text.parse().ok().map(|at: jiff::Timestamp| at.as_millisecond());
    let at_ms = exact.or_else(|| Some(now_ms + ahead_ms(text)?));
    match at_ms.map(|at_ms| (at_ms, at_ms - now_ms)) {
        None => Err(invalid("The `scheduled_at` field must be a date in ISO 8601 format or in natural language.")),
        Some((_, ..=0)) => Err(invalid("The `scheduled_at` field must be in the future.")),
        Some((_, ahead)) if ahead > LATEST_MS => Err(invalid("The `scheduled_at` field must be within 30 days.")),
        Some((at_ms, _)) => Ok(at_ms),
    }
}

fn ahead_ms(text: &str) -> Option<i64> {
    let mut words = text.strip_prefix("in ")?.split_whitespace();
    let number: i64 = words.next()?.parse().ok()?;
    let unit_ms = match words.next()?.trim_end_matches('s') {
        "min" | "minute" => 60_000,
        "h" | "hour" => 3_600_000,
        "day" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).filter(|_| words.next().is_none())
}
