//! An e-mail with variables, as it is written before its recipients are known.

use std::collections::BTreeMap;

use super::content::{Attachment, Email, Tag};
use super::mailbox::{Mailbox, in_one_line};
use super::plain::plain_text;
use crate::message::{Template, TemplateFault};

/// What an e-mail is written from.
#[derive(Debug, Clone, Default)]
pub struct DraftParts {
    /// Who else gets it, and is seen to.
    pub cc: Vec<Mailbox>,
    /// Who else gets it, unseen.
    pub bcc: Vec<Mailbox>,
    /// Where answers go.
    pub reply_to: Vec<Mailbox>,
    /// What it is about; `{{name}}` stands for a variable here and below.
    pub subject: String,
    /// What it says to who reads no HTML; made from the HTML where it is not given.
    pub text: Option<String>,
    /// What it says.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What the sender tells its e-mails apart by.
    pub tags: Vec<Tag>,
}

impl DraftParts {
    /// So many bytes an e-mail has at least, but for its variables.
    #[must_use]
    pub fn size(&self) -> usize {
        let texts = [Some(&self.subject), self.text.as_ref(), self.html.as_ref()];
        let files = self.attachments.iter().map(|file| file.content().len());
        texts.into_iter().flatten().map(String::len).chain(files).sum()
    }
}

/// A part that is no sound template, or has a variable without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFault {
    /// `subject`, `text` or `html`.
    pub part: &'static str,
    /// What is wrong with it.
    pub fault: TemplateFault,
}

/// An e-mail with variables.
#[derive(Debug, Clone)]
pub struct EmailDraft {
    from: Mailbox,
    parts: DraftParts,
    subject: Template,
    text: Option<Template>,
    html: Option<Template>,
}

impl EmailDraft {
    /// Reads the texts.
    pub fn parse(from: Mailbox, parts: DraftParts) -> Result<Self, PartFault> {
        let read = |part, text: &str| Template::parse(text).map_err(|fault| PartFault { part, fault });
        let subject = read("subject", &parts.subject)?;
        let text = parts.text.as_deref().map(|text| read("text", text)).transpose()?;
        let html = parts.html.as_deref().map(|html| read("html", html)).transpose()?;
        Ok(Self { from, parts, subject, text, html })
    }

    /// An e-mail that says nothing: of one that cannot be written.
    #[must_use]
    pub fn empty(&self) -> Email {
        Email::plain(self.from.clone(), "", "")
    }

    /// The e-mail to one recipient. In HTML a value is text: its signs are escaped.
    pub fn fill(&self, to_name: Option<&str>, values: &BTreeMap<String, String>) -> Result<Email, PartFault> {
        let fill = |part, template: &Template, values: &BTreeMap<String, String>| {
            template.fill(values).map_err(|fault| PartFault { part, fault })
        };
        let escaped = values.iter().map(|(name, value)| (name.clone(), escaped(value))).collect();
        let html = self.html.as_ref().map(|html| fill("html", html, &escaped)).transpose()?;
        let text = self.text.as_ref().map(|text| fill("text", text, values)).transpose()?;
        Ok(Email {
            to_name: to_name.map(in_one_line).filter(|name| !name.is_empty()),
            cc: self.parts.cc.clone(),
            bcc: self.parts.bcc.clone(),
            reply_to: self.parts.reply_to.clone(),
            subject: in_one_line(&fill("subject", &self.subject, values)?),
            text: text.or_else(|| html.as_deref().map(plain_text)).unwrap_or_default(),
            html,
            attachments: self.parts.attachments.clone(),
            tags: self.parts.tags.clone(),
            ..self.empty()
        })
    }
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(subject: &str, text: Option<&str>, html: Option<&str>) -> DraftParts {
        let (text, html) = (text.map(str::to_owned), html.map(str::to_owned));
        DraftParts { subject: subject.to_owned(), text, html, ..DraftParts::default() }
    }

    fn parse(parts: DraftParts) -> Result<EmailDraft, PartFault> {
        EmailDraft::parse("Köprü <a@example.com>".parse().unwrap(), parts)
    }

    fn filled(parts: DraftParts, name: &str) -> Result<Email, PartFault> {
        parse(parts)?.fill(None, &[("ad".to_owned(), name.to_owned())].into())
    }

    #[test]
    fn a_value_is_text_wherever_it_goes() {
        let said = parts("Sayın {{ad}}", Some("Merhaba {{ad}}"), Some("<p title=\"{{ad}}\">Merhaba {{ad}}</p>"));
        let email = filled(said, "A & <b>\r\nBcc: x@example.com \"İ\"").unwrap();
        assert_eq!(email.subject, "Sayın A & <b> Bcc: x@example.com \"İ\"");
        assert_eq!(email.text, "Merhaba A & <b>\r\nBcc: x@example.com \"İ\"");
        let value = "A &amp; &lt;b&gt;\r\nBcc: x@example.com &quot;İ&quot;";
        assert_eq!(email.html, Some(format!("<p title=\"{value}\">Merhaba {value}</p>")));
    }

    #[test]
    fn html_alone_gets_a_text() {
        let email = filled(parts("x", None, Some("<p>Merhaba <b>{{ad}}</b></p>")), "Işıl & Can").unwrap();
        assert!(email.text.contains("Işıl & Can"), "{}", email.text);
        let own = filled(parts("x", Some("kendi metni"), Some("<p>{{ad}}</p>")), "Işıl").unwrap();
        assert_eq!(own.text, "kendi metni");
    }

    #[test]
    fn the_part_at_fault_is_named() {
        let unread = parse(parts("x", None, Some("{{ad"))).unwrap_err();
        assert_eq!((unread.part, unread.fault), ("html", TemplateFault::Unclosed { at: 1 }));
        let missing = filled(parts("{{soyad}}", Some("x"), None), "Işıl").unwrap_err();
        assert_eq!(missing.part, "subject");
        assert!(matches!(missing.fault, TemplateFault::Missing { .. }));
    }
}
