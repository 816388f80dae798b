use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{MessageStatus, PhoneNumber, Trouble as Reason};
use kopru_ports::messages::{Content, MessageSender};

use super::{MemoryMessages, SentMessage};
use crate::suites::message_sender::{MessagesWorld, Taken, template};
use crate::suites::trouble::Trouble;

#[async_trait]
impl MessagesWorld for MemoryMessages {
    fn messages(&self) -> &dyn MessageSender {
        self
    }

    fn company(&self) -> CompanyId {
        self.state().line.accounts.first().expect("a company").clone()
    }

    async fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn template(&self) -> Content {
        template("t1", &[("1", "Ayşe")])
    }

    fn refused_number(&self) -> PhoneNumber {
        let number: PhoneNumber = "+905320000000".to_owned().try_into().expect("a number");
        self.refuse(number.clone(), Reason::RecipientInvalid);
        number
    }

    fn unknown_id(&self) -> String {
        "m0".to_owned()
    }

    async fn taken(&self) -> Vec<Taken> {
        let taken = |sent: SentMessage| Taken {
            provider_id: sent.report.provider_id,
            channel: sent.request.channel,
            to: sent.request.to,
            text: match sent.request.content {
                Content::Text(text) => text,
                Content::Template { id, .. } => id,
            },
            media: sent.request.media,
        };
        self.sent().into_iter().map(taken).collect()
    }

    async fn becomes(&self, provider_id: &str, status: MessageStatus) {
        let is_bad = matches!(status, MessageStatus::Undelivered | MessageStatus::Failed);
        self.reach(provider_id, status, is_bad.then_some(Reason::Unreachable));
    }

    async fn next(&self, trouble: Trouble) {
        self.trouble(trouble);
    }

    async fn cut_off(&self) {
        self.state().line.gone = true;
    }
}
