use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::email::{EmailAddress, Mailbox};
use kopru_domain::message::{MessageStatus, Trouble as Reason};
use kopru_ports::emails::EmailSender;

use super::{MemoryEmails, SentEmail};
use crate::suites::email_sender::{EmailWorld, TakenEmail};
use crate::suites::trouble::Trouble;

#[async_trait]
impl EmailWorld for MemoryEmails {
    fn emails(&self) -> &dyn EmailSender {
        self
    }

    fn company(&self) -> CompanyId {
        self.state().line.accounts.first().expect("a company").clone()
    }

    fn sender(&self) -> Mailbox {
        "Köprü <satis@example.com>".parse().expect("a mailbox")
    }

    fn refused_address(&self) -> EmailAddress {
        let address: EmailAddress = "refused@example.com".parse().expect("an address");
        self.refuse(address.clone());
        address
    }

    fn unknown_id(&self) -> String {
        "e0".to_owned()
    }

    async fn taken(&self) -> Vec<TakenEmail> {
        let taken = |SentEmail { request, report }: SentEmail| {
            let email = request.email;
            TakenEmail {
                provider_id: report.provider_id,
                to: vec![email.to(&request.envelope.to)],
                list_headers: email.list_headers().map(|(name, value)| (name.to_owned(), value)).collect(),
                from: email.from,
                cc: email.cc,
                bcc: email.bcc,
                reply_to: email.reply_to,
                subject: email.subject,
                text: email.text,
                html: email.html,
                attachments: email.attachments,
            }
        };
        self.sent().into_iter().map(taken).collect()
    }

    async fn becomes(&self, provider_id: &str, status: MessageStatus) {
        let is_bad = status == MessageStatus::Undelivered;
        self.reach(provider_id, status, is_bad.then_some(Reason::Bounced));
    }

    async fn next(&self, trouble: Trouble) {
        self.trouble(trouble);
    }

    async fn cut_off(&self) {
        self.state().line.gone = true;
    }
}
