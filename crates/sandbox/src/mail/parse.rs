//! Reading messages as they go over the wire: RFC 5322 and MIME.

use axum::body::Bytes;
use mail_parser::{HeaderForm, HeaderValue, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{Address, Attachment, Letter};

/// Those that a letter has a place for, or that say how it is packed.
const OWN: [&str; 11] = [
    "from",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "message-id",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

impl Letter {
    /// What can be read of it: what cannot is empty.
    pub fn parse(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(raw) else { return Self::default() };
        let headers = message.headers_raw().filter(|(name, _)| !OWN.contains(&name.to_lowercase().as_str()));
        Self {
            from: people(message.from()).into_iter().next().unwrap_or_default(),
            to: people(message.to()),
            cc: people(message.cc()),
            bcc: people(message.bcc()),
            reply_to: people(message.reply_to()),
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().map(|id| format!("<{id}>")).unwrap_or_default(),
            headers: headers.map(|(name, value)| (name.to_owned(), unfolded(value))).collect(),
            text: message.text_bodies().find_map(|part| match &part.body {
                PartType::Text(text) => Some(text.clone().into_owned()),
                _ => None,
            }),
            html: message.html_bodies().find_map(|part| match &part.body {
                PartType::Html(html) => Some(html.clone().into_owned()),
                _ => None,
            }),
            attachments: message.attachments().map(attachment).collect(),
        }
    }
}

impl Letter {
    /// All headers, decoded, in their order.
    pub fn headers_of(raw: &[u8]) -> Vec<(String, String)> {
        let Some(message) = MessageParser::default().parse(raw) else { return Vec::new() };
        let mut seen = std::collections::BTreeSet::new();
        let names = message.headers_raw().map(|(name, _)| name).filter(|name| seen.insert(name.to_lowercase()));
        let all = names.flat_map(|name| {
            let values = message.header_as(name, HeaderForm::Text).into_iter();
            values.map(move |value| (name.to_owned(), text(&value)))
        });
        all.collect()
    }
}

fn text(value: &HeaderValue<'_>) -> String {
    value.as_text().unwrap_or_default().to_owned()
}

fn people(addresses: Option<&mail_parser::Address<'_>>) -> Vec<Address> {
    let one = |found: &mail_parser::Addr<'_>| Address {
        name: found.name().unwrap_or_default().to_owned(),
        email: found.address().unwrap_or_default().to_owned(),
    };
    addresses.map(|all| all.iter().map(one).collect()).unwrap_or_default()
}

fn unfolded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attachment(part: &MessagePart<'_>) -> Attachment {
    let kind = part.content_type().map(|kind| match &kind.c_subtype {
        Some(subtype) => format!("{}/{subtype}", kind.c_type),
        None => kind.c_type.clone().into_owned(),
    });
    Attachment {
        filename: part.attachment_name().unwrap_or("attachment").to_owned(),
        content_type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: part.content_id().map(str::to_owned),
        bytes: Bytes::copy_from_slice(part.contents()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: =?utf-8?B?w5ZybmVrIEEuxZ4u?= <satis@example.com>\r\n\
        To: =?utf-8?Q?Ay=C5=9Fe?= <a@example.com>, b@example.com\r\nBcc: c@example.com\r\n\
        Subject: =?utf-8?Q?Teklifiniz_haz=C4=B1r?=\r\nMessage-ID: <1@example.com>\r\nX-Kayit: 4\r\n 2\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nTWVyaGFiYSBBecWfZQ==\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <p>Merhaba</p>\r\n--c--\r\n--b\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename*=utf-8''teklif%20%C4%9F.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        UERG\r\n--b--\r\n";

    #[test]
    fn every_part_has_its_place() {
        let letter = Letter::parse(MESSAGE.as_bytes());
        assert_eq!(letter.from.to_string(), "Örnek A.Ş. <satis@example.com>");
        assert_eq!(letter.recipients(), ["a@example.com", "b@example.com", "c@example.com"]);
        assert_eq!((letter.subject.as_str(), letter.message_id.as_str()), ("Teklifiniz hazır", "<1@example.com>"));
        assert_eq!(letter.headers, [("X-Kayit".to_owned(), "4 2".to_owned())]);
        assert_eq!(letter.text.as_deref().map(str::trim), Some("Merhaba Ayşe"));
        assert_eq!(letter.html.as_deref().map(str::trim), Some("<p>Merhaba</p>"));
        let file = &letter.attachments[0];
        assert_eq!((file.filename.as_str(), file.content_type.as_str()), ("teklif ğ.pdf", "application/pdf"));
        assert_eq!(file.bytes, "PDF");
    }

    #[test]
    fn a_letter_of_plain_text_has_no_html() {
        let letter = Letter::parse(b"From: a@example.com\r\nSubject: x\r\n\r\nMerhaba\r\n");
        assert_eq!((letter.text.as_deref().map(str::trim), letter.html), (Some("Merhaba"), None));
    }
}
