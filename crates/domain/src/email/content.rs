//! What an e-mail says, as it is kept until it has gone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::mailbox::Mailbox;

/// An e-mail but for whom it goes to. All that its bytes are made of is here or in its [`super::Envelope`]: made
/// again, they are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// From whom.
    pub from: Mailbox,
    /// The recipient's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_name: Option<String>,
    /// Who else gets it, and is seen to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Mailbox>,
    /// Who else gets it, unseen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Mailbox>,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<Mailbox>,
    /// What it is about: one line.
    pub subject: String,
    /// What it says to who reads no HTML.
    pub text: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What the sender tells its e-mails apart by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Where a mail program ends e-mails to the recipient by one request (RFC 8058): of what goes to many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
}

impl Email {
    /// One that has a subject and a text, and nothing else.
    #[must_use]
    pub fn plain(from: Mailbox, subject: &str, text: &str) -> Self {
        Self {
            from,
            to_name: None,
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: Vec::new(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: None,
            attachments: Vec::new(),
            tags: Vec::new(),
            unsubscribe: None,
        }
    }
}

/// A file that goes with an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    name: String,
    kind: String,
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    content: Vec<u8>,
}

impl Attachment {
    /// A file, of a kind such as `application/pdf`; `None` for a name or a kind that cannot stand in a header: mail programs
    /// do not agree on a quote in a name.
    #[must_use]
    pub fn new(name: &str, kind: Option<&str>, content: Vec<u8>) -> Option<Self> {
        let (name, kind) = (name.trim(), kind.unwrap_or("application/octet-stream").to_ascii_lowercase());
        let is_name =
            (1..=255).contains(&name.len()) && !name.chars().any(|sign| sign.is_control() || "/\\\"".contains(sign));
        (is_name && is_kind(&kind)).then(|| Self { name: name.to_owned(), kind, content })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind, such as `application/pdf`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Its bytes in base64.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.content)
    }
}

/// A type and a subtype (RFC 6838, 4.2), neither a message nor of several parts.
fn is_kind(kind: &str) -> bool {
    let is_word = |word: &str| {
        (1..=127).contains(&word.len())
            && word.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&sign))
    };
    kind.split_once('/')
        .is_some_and(|(top, sub)| is_word(top) && is_word(sub) && !["multipart", "message"].contains(&top))
}

fn to_base64<S: Serializer>(content: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(content))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(|_| de::Error::custom("no base64"))
}

/// A name and a value by which the sender tells e-mails apart; the vendor repeats them in its reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    name: String,
    value: String,
}

impl Tag {
    /// A tag; `None` where one of the two is empty, longer than 256 letters, or has other signs than English letters,
    /// digits, `_` and `-` (<https://resend.com/docs/api-reference/emails/send-email>).
    #[must_use]
    pub fn new(name: &str, value: &str) -> Option<Self> {
        let is_sound = |text: &str| {
            (1..=256).contains(&text.len())
                && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"_-".contains(&sign))
        };
        [name, value].into_iter().all(is_sound).then(|| Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Teklif ığüş.pdf", Some("application/PDF"), true)]
    #[case("a", None, true)]
    #[case("", None, false)]
    #[case("a\r\nBcc: b", None, false)]
    #[case("../a", None, false)]
    #[case("a", Some("pdf"), false)]
    #[case("a", Some("text/plain; charset=x"), false)]
    #[case("a", Some("multipart/mixed"), false)]
    #[case("a", Some("text/\r\nx"), false)]
    fn a_file_has_a_name_and_a_kind(#[case] name: &str, #[case] kind: Option<&str>, #[case] is_sound: bool) {
        assert_eq!(Attachment::new(name, kind, vec![1]).is_some(), is_sound);
    }

    #[test]
    fn a_file_is_kept_in_base64() {
        let file = Attachment::new("a.bin", None, vec![0, 255, 10]).unwrap();
        let kept = serde_json::to_string(&file).unwrap();
        assert!(kept.contains("AP8K") && file.base64() == "AP8K", "{kept}");
        assert_eq!(serde_json::from_str::<Attachment>(&kept).unwrap(), file);
    }

    #[rstest]
    #[case("kampanya", "bahar-2026", true)]
    #[case("kampanya", "", false)]
    #[case("kampanya", "bahar 2026", false)]
    #[case("kampanyaş", "a", false)]
    fn a_tag_is_of_few_signs(#[case] name: &str, #[case] value: &str, #[case] is_sound: bool) {
        assert_eq!(Tag::new(name, value).is_some(), is_sound);
    }
}
