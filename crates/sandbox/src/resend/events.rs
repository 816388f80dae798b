//! What the webhooks tell: <https://resend.com/docs/webhooks/event-types>.

use serde_json::{Map, Value, json};

use super::{
    email::{Email, Status, iso},
    life::Bounce,
    state::State,
    webhook::Webhook,
};
use crate::webhooks::Mode;

impl State {
    /// Tells each registered address that wants to know of it.
    pub(super) fn announce(&mut self, id: &str, impacted: &[String], is_last: bool) {
        let Some(email) = self.emails.get(id) else { return };
        let Some(kind) = kind(email.status) else { return };
        let body = body(email, kind, impacted);
        let wants = self.endpoints.values().filter(|endpoint| endpoint.wants(kind));
        let webhooks: Vec<_> = wants.map(|endpoint| Webhook::new(endpoint, &body)).collect();
        for webhook in webhooks {
            for due in self.callbacks.admit(id, webhook, is_last) {
                self.post(id, due);
            }
        }
    }

    /// Lets go of what the mode before held.
    pub fn set_callbacks(&mut self, mode: Mode) {
        for (id, webhook) in self.callbacks.switch(mode) {
            self.post(&id, webhook);
        }
    }
}

/// Waiting and being taken back are no events.
fn kind(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::Queued | Status::Canceled => return None,
        Status::Scheduled => "email.scheduled",
        Status::Sent => "email.sent",
        Status::Delivered => "email.delivered",
        Status::DeliveryDelayed => "email.delivery_delayed",
        Status::Bounced => "email.bounced",
        Status::Complained => "email.complained",
        Status::Suppressed => "email.suppressed",
        Status::Failed => "email.failed",
        Status::Opened => "email.opened",
        Status::Clicked => "email.clicked",
    })
}

fn body(email: &Email, kind: &str, impacted: &[String]) -> String {
    let letter = &email.letter;
    let mut data = json!({
        "email_id": email.id,
        "created_at": iso(email.created_ms),
        "from": letter.from.to_string(),
        "to": impacted,
        "subject": letter.subject,
    });
    if !email.tags.is_empty() {
        let tags: Map<_, _> = email.tags.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        data["tags"] = tags.into();
    }
    if !letter.headers.is_empty() {
        data["headers"] = letter.headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    }
    if let Some((name, more)) = more(email, impacted.len()) {
        data[name] = more;
    }
    json!({"type": kind, "created_at": iso(email.updated_ms()), "data": data}).to_string()
}

/// What some events add.
fn more(email: &Email, impacted: usize) -> Option<(&'static str, Value)> {
    let each = |code: &str| vec![code.to_owned(); impacted];
    Some(match email.status {
        Status::Bounced => ("bounce", bounce(email.bounce.unwrap_or_default(), impacted)),
        Status::Suppressed => (
            "suppressed",
            json!({
                "type": "OnAccountSuppressionList", "reason": "previous_bounce",
                "message": "The address is on the account's suppression list.", "diagnosticCode": each("smtp; 550 5.1.1 suppressed"),
            }),
        ),
        Status::Failed => ("failed", json!({"reason": "reached_daily_quota"})),
        Status::Clicked => (
            "click",
            json!({"ipAddress": "127.0.0.1", "link": "https://example.com/", "timestamp": iso(email.updated_ms()), "userAgent": "sandbox"}),
        ),
        _ => return None,
    })
}

fn bounce(kind: Bounce, impacted: usize) -> Value {
    let (sub_type, message, code) = match kind {
        Bounce::Permanent => {
            ("General", "The recipient's mail server rejected the email.", "smtp; 550 5.1.1 user unknown")
        }
        Bounce::Transient => ("MailboxFull", "The recipient's mailbox is full.", "smtp; 452 4.2.2 mailbox full"),
        Bounce::Undetermined => {
            ("Undetermined", "The recipient's mail server gave no reason.", "smtp; 500 5.0.0 unknown")
        }
    };
    json!({"type": kind, "subType": sub_type, "message": message, "diagnosticCode": vec![code; impacted]})
}
