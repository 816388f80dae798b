//! Status callbacks: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>.

use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::sync::mpsc;

use super::{
    address::{self, Channel},
    message::{Message, Status, VERSION, moment},
    state::State,
    webhook::Webhook,
};
use crate::webhooks::Mode;

impl State {
    /// Tells a message's status to whoever asked for it.
    pub(super) fn announce(&mut self, sid: &str, is_last: bool) {
        let Some(webhook) = self.callback(sid) else { return };
        for webhook in self.callbacks.admit(sid, webhook, is_last) {
            self.post(sid, webhook);
        }
    }

    /// Lets go of what the mode before held.
    pub fn set_callbacks(&mut self, mode: Mode) {
        for (sid, webhook) in self.callbacks.switch(mode) {
            self.post(&sid, webhook);
        }
    }

    /// The webhooks of one message go one after the other.
    pub(super) fn post(&mut self, sid: &str, webhook: Webhook) {
        let Some(message) = self.messages.get_mut(sid) else { return };
        let line = message.line.take().unwrap_or_else(|| {
            let (line, mut queue) = mpsc::unbounded_channel::<Webhook>();
            let (http, counters) = (self.http.clone(), self.counters.clone());
            self.tasks.spawn(async move {
                while let Some(webhook) = queue.recv().await {
                    let counter = if webhook.post(&http).await { &counters.answered } else { &counters.failed };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
            line
        });
        line.send(webhook).ok();
        message.line = Some(line);
    }

    fn callback(&self, sid: &str) -> Option<Webhook> {
        let message = self.messages.get(sid)?;
        let url = message.status_callback.clone()?;
        let account = self.accounts.get(&message.account_sid)?;
        Some(Webhook::signed(&account.auth_token, url, fields(message)))
    }
}

fn fields(message: &Message) -> Vec<(String, String)> {
    let status = json!(message.status).as_str().unwrap_or_default().to_owned();
    let has_receipt = matches!(message.status, Status::Delivered | Status::Undelivered);
    let is_sms = address::channel(&message.to) == Channel::Sms;
    let done = (has_receipt && is_sms).then(|| moment(message.updated_ms()).strftime("%y%m%d%H%M").to_string());
    let fields = [
        ("ApiVersion", Some(VERSION.to_owned())),
        ("MessageStatus", Some(status.clone())),
        ("SmsStatus", Some(status)),
        ("MessageSid", Some(message.sid.clone())),
        ("SmsSid", Some(message.sid.clone())),
        ("AccountSid", Some(message.account_sid.clone())),
        ("To", Some(message.to.clone())),
        ("From", message.from.clone()),
        ("MessagingServiceSid", message.service_sid.clone()),
        ("ErrorCode", message.error_code.map(|code| code.to_string())),
        ("ErrorMessage", message.error_message().map(str::to_owned)),
        ("RawDlrDoneDate", done),
        ("ChannelPrefix", (!is_sms).then(|| "whatsapp".to_owned())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
