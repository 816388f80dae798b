//! What a CRM says of its fields.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field's name in the CRM, in the portal's legacy spelling (`STAGE_ID`, `UF_CRM_1712`), which is
/// the one that every entity and every custom field has. Adapters translate where another is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldCode(String);

impl FieldCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FieldCode {
    fn from(code: &str) -> Self {
        Self(code.to_owned())
    }
}

impl fmt::Display for FieldCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a field holds, which decides how a cell is read for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text of one or many lines.
    Text,
    /// A whole number.
    Integer,
    /// A number with decimals; also amounts whose currency is a field of its own.
    Double,
    /// An amount together with its currency.
    Money,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// One of the field's [`Choice`]s: an enumeration, a stage, a source, a currency.
    Choice,
    /// A person of the portal, one of the field's [`Choice`]s.
    User,
    /// Phone numbers with their kinds.
    Phone,
    /// E-mail addresses with their kinds.
    Email,
    /// Web addresses with their kinds.
    Web,
    /// Messenger names with their kinds.
    Messenger,
    /// One web address.
    Link,
    /// The number of another record.
    Reference,
    /// Anything that a cell cannot hold (files, structures).
    Other,
}

impl FieldKind {
    /// Whether the field holds several values, each with an identity of its own in the CRM.
    #[must_use]
    pub fn is_contact(self) -> bool {
        matches!(self, Self::Phone | Self::Email | Self::Web | Self::Messenger)
    }
}

/// One value that a choice field can take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is written to the CRM.
    pub id: String,
    /// What people see and type.
    pub label: String,
    /// Other texts that mean it: a person's e-mail address, a stage's code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// One field of an entity, as the portal describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMeta {
    /// The field's name.
    pub code: FieldCode,
    /// The title that people of the portal see, in the portal's language.
    pub title: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// Whether the CRM refuses or ignores writes to it.
    pub read_only: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Its values, for [`FieldKind::Choice`] and [`FieldKind::User`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}
