//! Messages as they were made of e-mails.

use kopru_domain::email::{Attachment, Mailbox};
use kopru_ports_testkit::suites::email_sender::TakenEmail;
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders as _};

use crate::mailbox::Stored;

pub fn read(stored: &Stored) -> TakenEmail {
    let message = MessageParser::default().parse(&stored.raw).unwrap();
    // Of an e-mail without HTML some would be made.
    let has_html = message.html_part(0).is_some_and(MessagePart::is_text_html);
    TakenEmail {
        provider_id: stored.id.clone(),
        from: people(message.from()).remove(0),
        to: people(message.to()),
        cc: people(message.cc()),
        bcc: people(message.bcc()),
        reply_to: people(message.reply_to()),
        subject: message.subject().unwrap().to_owned(),
        text: lines(&message.body_text(0).unwrap()),
        html: message.body_html(0).filter(|_| has_html).map(|html| lines(&html)),
        attachments: message.attachments().map(file).collect(),
        list_headers: list_headers(&message),
    }
}

fn people(addresses: Option<&Address<'_>>) -> Vec<Mailbox> {
    let all = addresses.into_iter().flat_map(Address::iter);
    all.map(|one| Mailbox::new(one.name(), one.address().unwrap().parse().unwrap())).collect()
}

/// On the way they end in CR LF.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn file(part: &MessagePart<'_>) -> Attachment {
    let kind = part.content_type().unwrap();
    let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap());
    Attachment::new(part.attachment_name().unwrap(), Some(&kind), part.contents().to_vec()).unwrap()
}

fn list_headers(message: &Message<'_>) -> Vec<(String, String)> {
    let of_lists = message.headers_raw().filter(|(name, _)| name.starts_with("List-"));
    of_lists.map(|(name, value)| (name.to_owned(), value.split_whitespace().collect())).collect()
}
