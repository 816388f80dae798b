use std::collections::HashMap;

use kopru_domain::message::OptWord;
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundMessage, InboundRequest, InboundWebhook};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::TwilioConfig;
use crate::error::ADAPTER;
use crate::map::{OUR_ID, number, report};
use crate::sender::Twilio;
use crate::signature::{signs_body, signs_form};

type Told = Result<Inbound, PortError<InboundErrorKind>>;

impl InboundWebhook for Twilio {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Twilio
    }

    fn read(&self, settings: &SecretString, request: &InboundRequest) -> Told {
        let untrue = || PortError::new(ADAPTER, InboundErrorKind::NotAuthentic, Retry::Never);
        let config = TwilioConfig::read(settings).map_err(|cause| untrue().caused_by(cause))?;
        let (token, url) = (config.auth_token.expose_secret(), &request.url);
        let given = header(request, "x-twilio-signature").ok_or_else(untrue)?;
        if header(request, "content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            // Events of other products come so.
            let is_twilios = signs_body(token, url, &request.body, given);
            return if is_twilios { Ok(Inbound::Nothing) } else { Err(untrue()) };
        }
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let is_twilios = signs_form(token, url, &fields, given);
        let fields: HashMap<String, String> = fields.into_iter().collect();
        if !is_twilios || fields.get("AccountSid") != Some(&config.account_sid) {
            return Err(untrue());
        }
        told(request, &fields).ok_or_else(|| PortError::new(ADAPTER, InboundErrorKind::Unreadable, Retry::Never))
    }
}

fn header<'a>(request: &'a InboundRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A report has a status
/// (<https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>), a message has none
/// (<https://www.twilio.com/docs/messaging/guides/webhook-request>).
fn told(request: &InboundRequest, fields: &HashMap<String, String>) -> Option<Inbound> {
    let sid = || fields.get("MessageSid").cloned();
    if let Some(status) = fields.get("MessageStatus") {
        let id = request.url.query_pairs().find(|(name, _)| name == OUR_ID);
        let code = fields.get("ErrorCode").and_then(|code| code.parse().ok());
        return Some(Inbound::Report {
            id: id.and_then(|(_, id)| id.parse().ok()),
            recipients: Vec::new(),
            report: report(sid()?, status, code),
        });
    }
    let (Some(from), Some(text)) = (fields.get("From"), fields.get("Body")) else { return Some(Inbound::Nothing) };
    // Short codes and other channels cannot be answered.
    let Some((channel, from)) = number(from) else { return Some(Inbound::Nothing) };
    let word = fields.get("OptOutType").and_then(|word| word_of(word));
    Some(Inbound::Message(InboundMessage { provider_id: sid()?, channel, from, text: text.clone(), word }))
}

fn word_of(word: &str) -> Option<OptWord> {
    match word {
        "STOP" => Some(OptWord::Stop),
        "START" => Some(OptWord::Start),
        "HELP" => Some(OptWord::Help),
        _ => None,
    }
}
