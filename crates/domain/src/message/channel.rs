//! The channels that a message can take.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way for a message to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A text message of the mobile network.
    Sms,
    /// A message in WhatsApp.
    WhatsApp,
    /// An e-mail.
    Email,
}

/// The text names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose sms, whatsapp or email")]
pub struct UnknownChannel;

impl Channel {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::WhatsApp => "WhatsApp",
            Self::Email => "E-mail",
        }
    }

    /// Whether it comes to a telephone, which rings.
    #[must_use]
    pub fn rings(self) -> bool {
        self != Self::Email
    }
}

impl FromStr for Channel {
    type Err = UnknownChannel;
    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        match text {
            "sms" => Ok(Self::Sms),
            "whatsapp" => Ok(Self::WhatsApp),
            "email" => Ok(Self::Email),
            _ => Err(UnknownChannel),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sms => "sms",
            Self::WhatsApp => "whatsapp",
            Self::Email => "email",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_reads_back_as_written() {
        for channel in [Channel::Sms, Channel::WhatsApp, Channel::Email] {
            assert_eq!(channel.to_string().parse(), Ok(channel));
            assert_eq!(serde_json::to_string(&channel).unwrap(), format!("\"{channel}\""));
        }
        assert_eq!("SMS".parse::<Channel>(), Err(UnknownChannel));
    }
}
