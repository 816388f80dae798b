//! Why a text is no e-mail address, in words for the person who typed it.

use serde::{Deserialize, Serialize};

use crate::reason::Language;

/// Why a text is no address that an e-mail can go to. Does not repeat the text: it is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("{}", self.text(Language::En))]
pub enum EmailFault {
    /// There is nothing.
    Empty,
    /// There is more than one.
    Several,
    /// There is no `@`.
    NoAt,
    /// What stands before the `@` has letters that few servers take.
    NotAscii,
    /// What stands before the `@` cannot stand there.
    Local,
    /// What stands after the `@` is no domain.
    Domain,
}

impl EmailFault {
    /// A stable name for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "email_empty",
            Self::Several => "email_several",
            Self::NoAt => "email_no_at",
            Self::NotAscii => "email_not_ascii",
            Self::Local => "email_local",
            Self::Domain => "email_domain",
        }
    }

    /// The fault in a person's language, with what to do about it.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Empty => ("E-posta adresi boş; adresi yazın.", "The e-mail address is empty; write the address."),
            Self::Several => (
                "Birden fazla e-posta adresi var; tek bir adres yazın.",
                "There is more than one e-mail address; write one only.",
            ),
            Self::NoAt => (
                "E-posta adresinde @ yok; ad@alan.com biçiminde yazın.",
                "The e-mail address has no @; write it as name@domain.com.",
            ),
            Self::NotAscii => (
                "E-posta adresinin @ işaretinden önceki kısmında ş, ı gibi harfler olamaz; İngilizce harflerle yazın.",
                "The part of the e-mail address before the @ cannot have letters such as ş or ı; use English letters.",
            ),
            Self::Local => (
                "E-posta adresinin @ işaretinden önceki kısmı geçersiz; adresi kontrol edin.",
                "The part of the e-mail address before the @ is not valid; check the address.",
            ),
            Self::Domain => (
                "E-posta adresinin alan adı geçersiz; @ işaretinden sonrasını kontrol edin.",
                "The e-mail address has no valid domain; check what follows the @.",
            ),
        })
    }
}
