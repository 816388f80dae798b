//! A company's rules for its messages.

use serde::{Deserialize, Serialize};

use super::quiet::QuietHours;
use super::region::Region;
use crate::email::RoadOrder;
use crate::zone::Zone;

/// A company's rules for its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Where numbers without a country code are of.
    pub region: Region,
    /// Where the company's days begin and end.
    pub zone: Zone,
    /// When nobody is disturbed.
    pub quiet: Option<QuietHours>,
    /// The most messages of a day.
    pub daily_messages: Option<u32>,
    /// The most segments of a day: what it may cost.
    pub daily_segments: Option<u32>,
    /// By which accounts its e-mails go.
    #[serde(default)]
    pub email_roads: RoadOrder,
}

impl Default for Policy {
    /// Türkiye's numbers and time, and no limits.
    fn default() -> Self {
        Self {
            region: Region::TR,
            zone: Zone::istanbul(),
            quiet: None,
            daily_messages: None,
            daily_segments: None,
            email_roads: RoadOrder::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn only_region_and_zone_must_be_said() {
        let policy: Policy = serde_json::from_str(r#"{"region":"TR","zone":"Europe/Istanbul"}"#).unwrap();
        assert_eq!((policy.quiet.as_ref(), policy.daily_messages, policy.daily_segments), (None, None, None));
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }

    #[test]
    fn where_nothing_was_said_it_is_turkiyes() {
        assert_eq!(Policy::default().zone.name(), "Europe/Istanbul");
    }

    #[rstest]
    #[case(r#"{"region":"XX","zone":"UTC"}"#)]
    #[case(r#"{"region":"TR","zone":"Nowhere"}"#)]
    #[case(r#"{"region":"TR","zone":"UTC","daily_mesages":5}"#)]
    #[case(r#"{"region":"TR","zone":"UTC","daily_messages":-5}"#)]
    #[case(r#"{"region":"TR","zone":"UTC","email_roads":[]}"#)]
    fn mistakes_are_refused(#[case] text: &str) {
        assert!(serde_json::from_str::<Policy>(text).is_err());
    }
}
