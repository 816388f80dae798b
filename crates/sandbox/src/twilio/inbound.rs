//! What people write: <https://www.twilio.com/docs/messaging/guides/webhook-request>.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::{
    address::{self, Channel},
    draft::Draft,
    message::{Direction, Message, Status, VERSION, content_type},
    state::State,
    webhook::Webhook,
};
use crate::{events::Event, server::Shared};

/// <https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering->
const STOP: [&str; 8] = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"];
const START: [&str; 3] = ["START", "UNSTOP", "YES"];
const HELP: [&str; 2] = ["HELP", "INFO"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inbound {
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    media: Vec<String>,
    profile_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Stop,
    Start,
    Help,
}

impl Keyword {
    fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
        }
    }
}

/// A person writes: the new message's SID, where somebody has the number. Returns once the account's webhook has
/// answered, so that what it was told has had its effect.
pub(crate) async fn receive(app: &Shared, inbound: Inbound) -> Option<String> {
    let (sid, webhook, counters) = {
        let mut state = app.twilio();
        let (sid, webhook) = state.receive(inbound)?;
        (sid, webhook, state.counters.clone())
    };
    app.tell(Event::twilio("message", &sid));
    if let Some(webhook) = webhook {
        let counter = if webhook.post(&app.http).await { &counters.answered } else { &counters.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    Some(sid)
}

impl State {
    fn receive(&mut self, inbound: Inbound) -> Option<(String, Option<Webhook>)> {
        let keyword = self.keyword(&inbound);
        let Inbound { from, to, body, media, profile_name } = inbound;
        let (account_sid, account) = self.accounts.iter_mut().find(|(_, account)| account.senders.contains(&to))?;
        let account_sid = account_sid.clone();
        let pair = (account.scope(&to).to_owned(), from.clone());
        match keyword {
            Some(Keyword::Stop) => _ = account.opt_outs.insert(pair),
            Some(Keyword::Start) => _ = account.opt_outs.remove(&pair),
            Some(Keyword::Help) | None => {}
        }
        account.heard_ms.insert((to.clone(), from.clone()), self.clock.now_ms());
        let service_sid = account.service_of(&to).map(str::to_owned);
        let draft = Draft { to, from: Some(from), service_sid, body, media, ..Draft::default() };
        let sid = self.add(&account_sid, Direction::Inbound, Status::Received, draft);
        let opt_out = keyword.filter(|_| self.settings.advanced_opt_out);
        let webhook = self.webhook(&sid, opt_out, profile_name);
        Some((sid, webhook))
    }

    /// Long codes know the English words by themselves; other words and
    /// channels are a matter of Advanced Opt-Out.
    fn keyword(&self, inbound: &Inbound) -> Option<Keyword> {
        let settings = &self.settings;
        if !settings.advanced_opt_out && address::channel(&inbound.to) == Channel::WhatsApp {
            return None;
        }
        let word = inbound.body.trim().to_uppercase();
        let own = |words: &[String]| settings.advanced_opt_out && words.contains(&word);
        if STOP.contains(&word.as_str()) || own(&settings.stop_words) {
            return Some(Keyword::Stop);
        }
        if START.contains(&word.as_str()) || own(&settings.start_words) {
            return Some(Keyword::Start);
        }
        HELP.contains(&word.as_str()).then_some(Keyword::Help)
    }

    fn webhook(&self, sid: &str, opt_out: Option<Keyword>, profile_name: Option<String>) -> Option<Webhook> {
        let message = self.messages.get(sid)?;
        let account = self.accounts.get(&message.account_sid)?;
        let url = account.inbound_url.clone()?;
        Some(Webhook::signed(&account.auth_token, url, fields(message, opt_out, profile_name)))
    }
}

fn fields(message: &Message, opt_out: Option<Keyword>, profile_name: Option<String>) -> Vec<(String, String)> {
    let from = message.from.clone().unwrap_or_default();
    let wa_id = match address::channel(&from) {
        Channel::Sms => None,
        Channel::WhatsApp => Some(address::number(&from).trim_start_matches('+').to_owned()),
    };
    let fixed = [
        ("ApiVersion", Some(VERSION.to_owned())),
        ("MessageSid", Some(message.sid.clone())),
        ("SmsSid", Some(message.sid.clone())),
        ("SmsMessageSid", Some(message.sid.clone())),
        ("SmsStatus", Some("received".to_owned())),
        ("AccountSid", Some(message.account_sid.clone())),
        ("MessagingServiceSid", message.service_sid.clone()),
        ("To", Some(message.to.clone())),
        ("Body", Some(message.body.clone())),
        ("NumMedia", Some(message.media.len().to_string())),
        ("NumSegments", Some(message.segments().to_string())),
        ("ProfileName", wa_id.as_ref().and(profile_name)),
        ("WaId", wa_id),
        ("From", Some(from)),
        ("OptOutType", opt_out.map(|keyword| keyword.name().to_owned())),
    ];
    let fixed = fixed.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let media = message.media.iter().enumerate().flat_map(|(index, media)| {
        let kind = content_type(&media.url).to_owned();
        [(format!("MediaUrl{index}"), media.url.clone()), (format!("MediaContentType{index}"), kind)]
    });
    fixed.chain(media).collect()
}
