//! E-mails of adapters that hand over an e-mail's bytes, read as their recipients' programs read them.

use kopru_domain::email::{Attachment, Mailbox};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders as _};

use super::TakenEmail;

impl TakenEmail {
    /// What a vendor has that took these bytes (RFC 5322).
    ///
    /// # Panics
    /// Where they are no e-mail with sender, subject and text.
    #[must_use]
    pub fn read(provider_id: String, bytes: &[u8]) -> Self {
        let message = MessageParser::default().parse(bytes).expect("an e-mail");
        // Of an e-mail without HTML some would be made.
        let has_html = message.html_part(0).is_some_and(MessagePart::is_text_html);
        Self {
            provider_id,
            from: people(message.from()).remove(0),
            to: people(message.to()),
            cc: people(message.cc()),
            bcc: people(message.bcc()),
            reply_to: people(message.reply_to()),
            subject: message.subject().expect("a subject").to_owned(),
            text: lines(&message.body_text(0).expect("a text")),
            html: message.body_html(0).filter(|_| has_html).map(|html| lines(&html)),
            attachments: message.attachments().map(file).collect(),
            list_headers: list_headers(&message),
        }
    }
}

fn people(addresses: Option<&Address<'_>>) -> Vec<Mailbox> {
    let all = addresses.into_iter().flat_map(Address::iter);
    all.map(|one| {
        let address = one.address().expect("an address").parse().expect("an address");
        Mailbox::new(one.name(), address)
    })
    .collect()
}

/// On the way they end in CR LF.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn file(part: &MessagePart<'_>) -> Attachment {
    let kind = part.content_type().expect("a kind");
    let kind = format!("{}/{}", kind.ctype(), kind.subtype().expect("a kind"));
    Attachment::new(part.attachment_name().expect("a name"), Some(&kind), part.contents().to_vec()).expect("a file")
}

fn list_headers(message: &Message<'_>) -> Vec<(String, String)> {
    let of_lists = message.headers_raw().filter(|(name, _)| name.starts_with("List-"));
    of_lists.map(|(name, value)| (name.to_owned(), value.split_whitespace().collect())).collect()
}
