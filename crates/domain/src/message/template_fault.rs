//! What is wrong with a template, in words for the person who writes it.

use crate::reason::Language;

/// What is wrong with a template, or with what it is filled with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text(Language::En))]
pub enum TemplateFault {
    /// `{{` without `}}` after it.
    Unclosed {
        /// The character at which it opens, from 1.
        at: usize,
    },
    /// Nothing stands between the braces.
    EmptyName {
        /// The character at which they open, from 1.
        at: usize,
    },
    /// What stands between the braces is no name.
    BadName {
        /// The character at which they open, from 1.
        at: usize,
    },
    /// No variable has that name.
    Unknown {
        /// The name.
        name: String,
    },
    /// The record has nothing for a variable.
    Missing {
        /// The variable's name.
        name: String,
    },
}

impl TemplateFault {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unclosed { .. } => "template_unclosed",
            Self::EmptyName { .. } => "template_empty_name",
            Self::BadName { .. } => "template_bad_name",
            Self::Unknown { .. } => "template_unknown_variable",
            Self::Missing { .. } => "template_missing_value",
        }
    }

    /// The fault in a person's language, with what to do about it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        language.of(match self {
            Self::Unclosed { at } => (
                format!("{at}. karakterde açılan {{{{ kapanmıyor; değişkenin sonuna }}}} yazın."),
                format!("The {{{{ at character {at} is not closed; write }}}} after the variable."),
            ),
            Self::EmptyName { at } => (
                format!("{at}. karakterdeki parantezlerin içi boş; bir değişken adı yazın."),
                format!("The braces at character {at} are empty; write a variable's name."),
            ),
            Self::BadName { at } => (
                format!("{at}. karakterdeki ad geçersiz; harf, rakam, _ ve nokta kullanın."),
                format!("The name at character {at} is not valid; use letters, digits, _ and points."),
            ),
            Self::Unknown { name } => (
                format!("{name} adında bir değişken yok; adını düzeltin."),
                format!("There is no variable {name}; correct its name."),
            ),
            Self::Missing { name } => (
                format!("Kayıtta {name} boş; doldurun veya değişkeni şablondan çıkarın."),
                format!("The record has no {name}; fill it in or take the variable out of the template."),
            ),
        })
    }
}
