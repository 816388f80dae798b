//! Why nobody writes to an address any more.

use serde::{Deserialize, Serialize};

use super::trouble::Trouble;

/// Why an address gets no more messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutCause {
    /// Its owner asked for it.
    #[default]
    Asked,
    /// There is no such mailbox, or it takes nothing: who goes on writing there is taken for a spammer.
    Bounced,
    /// Its owner called a message spam.
    Complained,
}

impl OptOutCause {
    /// What is told of a message that is not sent for it.
    #[must_use]
    pub fn trouble(self) -> Trouble {
        match self {
            Self::Asked => Trouble::OptedOut,
            Self::Bounced => Trouble::Bounced,
            Self::Complained => Trouble::Complained,
        }
    }

    /// What a vendor that reports `trouble` of a message says of its recipient.
    #[must_use]
    pub fn of(trouble: Trouble) -> Option<Self> {
        [Self::Asked, Self::Bounced, Self::Complained].into_iter().find(|cause| cause.trouble() == trouble)
    }
}
