//! Over the simulated Twilio.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber};
use kopru_http_client::Method;
use kopru_ports::messages::{Content, MessageSender};
use kopru_ports_testkit::suites::message_sender::{MessagesWorld, Taken, template};
use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};

use super::Connected;
use crate::simulated::{Simulated, TEMPLATE};
use crate::world::{SERVICE, company, number, settings};

struct Account {
    simulated: Simulated,
    connected: Connected,
}

/// An account at which nothing happens by itself.
async fn account() -> Account {
    let simulated = Simulated::start().await;
    simulated.control(Method::POST, "twilio/settings", json!({ "manual": true })).await;
    let connected = Connected::new(&simulated.base(), &settings(&json!({ "messaging_service_sid": SERVICE })));
    Account { simulated, connected }
}

/// As the sandbox arms it.
fn fault(trouble: Trouble) -> Value {
    match trouble {
        Trouble::Busy => json!({ "vendor": "twilio", "kind": "error", "status": 429, "code": "20429" }),
        Trouble::LostBefore => json!({ "vendor": "twilio", "kind": "reset_before" }),
        Trouble::LostAfter => json!({ "vendor": "twilio", "kind": "reset_after" }),
        Trouble::Silence => json!({ "vendor": "twilio", "kind": "hang_after" }),
    }
}

fn taken(message: &Value) -> Taken {
    let text = |key: &str| message[key].as_str().unwrap().to_owned();
    let (channel, to) = match text("to").strip_prefix("whatsapp:") {
        Some(to) => (Channel::WhatsApp, number(to)),
        None => (Channel::Sms, number(&text("to"))),
    };
    let media = serde_json::from_value(message["media"].clone()).unwrap();
    Taken { provider_id: text("sid"), channel, to, text: text("body"), media }
}

#[async_trait]
impl MessagesWorld for Account {
    fn messages(&self) -> &dyn MessageSender {
        self.connected.messages()
    }

    fn company(&self) -> CompanyId {
        company()
    }

    async fn now(&self) -> Timestamp {
        let clock = self.simulated.control(Method::GET, "clock", json!({})).await;
        Timestamp::from_millisecond(clock["now_ms"].as_i64().unwrap()).unwrap()
    }

    async fn template(&self) -> Content {
        self.simulated.add_template().await;
        template(TEMPLATE, &[("1", "Ayşe")])
    }

    /// One of the numbers that fail on purpose.
    fn refused_number(&self) -> PhoneNumber {
        number("+15005550001")
    }

    fn unknown_id(&self) -> String {
        "SM00000000000000000000000000000000".to_owned()
    }

    async fn taken(&self) -> Vec<Taken> {
        let messages = self.simulated.control(Method::GET, "twilio/messages", json!({})).await;
        messages.as_array().unwrap().iter().map(taken).collect()
    }

    async fn becomes(&self, provider_id: &str, status: MessageStatus) {
        let is_bad = matches!(status, MessageStatus::Undelivered | MessageStatus::Failed);
        let status = json!({ "status": status, "error_code": is_bad.then_some(30003) });
        self.simulated.control(Method::POST, &format!("twilio/messages/{provider_id}/status"), status).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.connected.cut_off();
    }
}

kopru_ports_testkit::message_sender_suite!(account());
