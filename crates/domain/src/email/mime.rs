//! The bytes of an e-mail, for roads that take it whole, and its size for all of them.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use uuid::Uuid;

use super::address::EmailAddress;
use super::content::{Attachment, Email};
use super::mailbox::Mailbox;

/// Of one e-mail what is not in its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Our id of it.
    pub id: Uuid,
    /// To whom.
    pub to: EmailAddress,
    /// When it was written.
    pub date: Timestamp,
}

impl Email {
    /// Its id among all e-mails of the world, without brackets: ours, at the sender's domain.
    #[must_use]
    pub fn message_id(&self, id: Uuid) -> String {
        format!("{id}@{}", self.from.address.domain())
    }

    /// The recipient, with the name that is known.
    #[must_use]
    pub fn to(&self, address: &EmailAddress) -> Mailbox {
        Mailbox::new(self.to_name.as_deref(), address.clone())
    }

    /// The headers by which a mail program ends e-mails to the recipient (RFC 8058).
    pub fn list_headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let address = self.unsubscribe.iter().map(|url| ("List-Unsubscribe", format!("<{url}>")));
        address.flat_map(|header| [header, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())])
    }

    /// Its bytes (RFC 5322), the same each time. Who gets it unseen is named in them: roads that are not told whom
    /// it goes to read that there, and leave it out.
    #[must_use]
    pub fn mime(&self, envelope: &Envelope) -> Vec<u8> {
        let to = self.to(&envelope.to);
        let mut builder = MessageBuilder::new()
            .message_id(self.message_id(envelope.id))
            .date(Date::new(envelope.date.as_second()))
            .from(address(&self.from))
            .to(address(&to))
            .subject(self.subject.as_str());
        for (header, mailboxes) in [("Cc", &self.cc), ("Bcc", &self.bcc), ("Reply-To", &self.reply_to)] {
            if !mailboxes.is_empty() {
                let all = mailboxes.iter().map(address).collect();
                builder = builder.header(header, HeaderType::Address(Address::new_list(all)));
            }
        }
        for (name, value) in self.list_headers() {
            builder = builder.header(name, Raw::new(value));
        }
        let mut bytes = Vec::new();
        builder.body(self.body(envelope.id)).serialize(&mut bytes);
        bytes
    }

    fn body(&self, id: Uuid) -> MimePart<'_> {
        let text = MimePart::new("text/plain", self.text.as_str());
        let said = match &self.html {
            Some(html) => several("alternative", id, vec![text, MimePart::new("text/html", html.as_str())]),
            None => text,
        };
        if self.attachments.is_empty() {
            return said;
        }
        let files = self.attachments.iter().map(file);
        several("mixed", id, std::iter::once(said).chain(files).collect())
    }
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    Address::new_address(mailbox.name(), mailbox.address.as_str())
}

fn file(attachment: &Attachment) -> MimePart<'_> {
    MimePart::new(attachment.kind(), BodyPart::Binary(Cow::Borrowed(attachment.content())))
        .attachment(attachment.name())
}

/// Parts with a boundary of ours: the library's would be another one each time. No text has it, since the id is made
/// after the texts.
fn several<'a>(kind: &str, id: Uuid, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    let boundary = format!("={kind}_{}", id.simple());
    MimePart::new(ContentType::new(format!("multipart/{kind}")).attribute("boundary", boundary), parts)
}
