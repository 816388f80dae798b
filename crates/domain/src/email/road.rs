//! By which of a company's accounts an e-mail goes, and by which one next.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::Trouble;

/// A trial of a road in trouble comes so long after the last one at least; the pauses grow with the trouble.
const SHORTEST: Duration = Duration::from_secs(30);
/// And no later than this.
const LONGEST: Duration = Duration::from_mins(15);

/// A vendor that a company's e-mails can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Road {
    /// Resend.
    Resend,
    /// A Gmail account.
    Gmail,
    /// A Microsoft account.
    Outlook,
    /// A mail server.
    Smtp,
}

/// A company's roads, the one it likes best first; a road that is not named is not taken. One alone is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Road>", into = "Vec<Road>")]
pub struct RoadOrder(Vec<Road>);

/// No road, or one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name at least one of resend, gmail, outlook and smtp, and each once")]
pub struct NoOrder;

impl RoadOrder {
    /// The roads.
    pub fn roads(&self) -> impl Iterator<Item = Road> + '_ {
        self.0.iter().copied()
    }
}

impl Default for RoadOrder {
    fn default() -> Self {
        Self(vec![Road::Resend, Road::Gmail, Road::Outlook, Road::Smtp])
    }
}

impl TryFrom<Vec<Road>> for RoadOrder {
    type Error = NoOrder;
    fn try_from(roads: Vec<Road>) -> Result<Self, NoOrder> {
        let is_twice = |(place, road)| roads[..place].contains(road);
        if roads.is_empty() || roads.iter().enumerate().any(is_twice) { Err(NoOrder) } else { Ok(Self(roads)) }
    }
}

impl From<RoadOrder> for Vec<Road> {
    fn from(order: RoadOrder) -> Self {
        order.0
    }
}

/// What became of an e-mail on a road.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// By which road.
    pub road: Road,
    /// When it was heard.
    pub at: Timestamp,
    /// Why it did not go; `None` where it was taken.
    pub trouble: Option<Trouble>,
}

/// A road that has trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ailing {
    /// Since when.
    pub since: Timestamp,
    /// When it was tried last.
    pub last: Timestamp,
}

impl Ailing {
    /// When it is tried again: after as long as the trouble has lasted.
    fn trial(&self) -> Timestamp {
        let lasted = Duration::try_from(self.last.duration_since(self.since)).unwrap_or_default();
        self.last + lasted.clamp(SHORTEST, LONGEST)
    }
}

/// A road that a company has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoadState {
    /// Which.
    pub road: Road,
    /// Its trouble, where it has any.
    pub ailing: Option<Ailing>,
}

/// How an e-mail goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// By this road; as a trial, one e-mail at a time, where it had trouble.
    Go {
        /// Which.
        road: Road,
        /// Whether it is a trial.
        trial: bool,
    },
    /// By none before that moment.
    Wait(Timestamp),
    /// By none at all: no road is set up, or none takes this e-mail.
    Nowhere(Trouble),
}

/// By which of the company's `roads`, in its order, an e-mail with these `tries` goes on.
#[must_use]
pub fn choose(roads: &[RoadState], tries: &[Try], now: Timestamp) -> Choice {
    let refused =
        |road| tries.iter().find(|one| one.road == road).and_then(|one| one.trouble.filter(|t| is_the_roads(*t)));
    let open: Vec<&RoadState> = roads.iter().filter(|state| refused(state.road).is_none()).collect();
    if let Some(state) = open.iter().find(|state| state.ailing.is_none_or(|ailing| ailing.trial() <= now)) {
        return Choice::Go { road: state.road, trial: state.ailing.is_some() };
    }
    match open.iter().filter_map(|state| Some(state.ailing?.trial())).min() {
        Some(first) => Choice::Wait(first),
        None => Choice::Nowhere(roads.iter().find_map(|state| refused(state.road)).unwrap_or(Trouble::NotConfigured)),
    }
}

/// Whether it is the road that does not take this e-mail, and another one may.
#[must_use]
pub fn is_the_roads(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::SenderNotOurs | Trouble::DomainUnverified | Trouble::EmailTooLarge)
}

/// Whether a road with it is left alone for a while: everything else would meet it too.
#[must_use]
pub fn ails(trouble: Trouble) -> bool {
    trouble.is_the_accounts() || matches!(trouble, Trouble::ProviderDown | Trouble::DailyCap | Trouble::OutcomeUnknown)
}

#[cfg(test)]
mod tests {
    use Road::{Gmail, Resend, Smtp};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

    fn ago(seconds: u64) -> Timestamp {
        NOW - Duration::from_secs(seconds)
    }

    fn well(road: Road) -> RoadState {
        RoadState { road, ailing: None }
    }

    fn ailing(road: Road, since: u64, last: u64) -> RoadState {
        RoadState { road, ailing: Some(Ailing { since: ago(since), last: ago(last) }) }
    }

    fn tried(road: Road, trouble: Trouble) -> Try {
        Try { road, at: NOW, trouble: Some(trouble) }
    }

    fn go(road: Road) -> Choice {
        Choice::Go { road, trial: false }
    }

    #[rstest]
    #[case::the_first(vec![well(Resend), well(Gmail)], vec![], go(Resend))]
    #[case::the_next_while_one_ails(vec![ailing(Resend, 5, 5), well(Gmail)], vec![], go(Gmail))]
    #[case::a_trial_first(vec![ailing(Resend, 31, 31), well(Gmail)], vec![], Choice::Go { road: Resend, trial: true })]
    #[case::rests_grow(vec![ailing(Resend, 400, 100), well(Gmail)], vec![], go(Gmail))]
    #[case::and_end(vec![ailing(Resend, 90_000, 901), well(Gmail)], vec![], Choice::Go { road: Resend, trial: true })]
    #[case::all_ail(vec![ailing(Resend, 5, 5), ailing(Smtp, 9, 9)], vec![], Choice::Wait(ago(9) + SHORTEST))]
    #[case::down_is_no_refusal(vec![well(Resend)], vec![tried(Resend, Trouble::ProviderDown)], go(Resend))]
    #[case::not_by_this_one(vec![well(Resend), well(Smtp)], vec![tried(Resend, Trouble::SenderNotOurs)], go(Smtp))]
    #[case::by_none(vec![well(Smtp)], vec![tried(Smtp, Trouble::EmailTooLarge)], Choice::Nowhere(Trouble::EmailTooLarge))]
    #[case::no_road(vec![], vec![], Choice::Nowhere(Trouble::NotConfigured))]
    fn an_email_goes_on(#[case] roads: Vec<RoadState>, #[case] tries: Vec<Try>, #[case] choice: Choice) {
        assert_eq!(choose(&roads, &tries, NOW), choice);
    }

    #[rstest]
    #[case("[]")]
    #[case(r#"["resend","resend"]"#)]
    #[case(r#"["fax"]"#)]
    fn an_order_names_roads_once(#[case] text: &str) {
        assert!(serde_json::from_str::<RoadOrder>(text).is_err());
    }

    #[test]
    fn an_order_reads_back_as_written() {
        let text = r#"["smtp","gmail"]"#;
        let order: RoadOrder = serde_json::from_str(text).unwrap();
        assert_eq!(order.roads().collect::<Vec<_>>(), [Smtp, Gmail]);
        assert_eq!(serde_json::to_string(&order).unwrap(), text);
    }

    proptest! {
        #[test]
        fn a_road_in_trouble_is_tried_again_within_a_quarter_of_an_hour(since in 0..1_000_000u64, last in 0..1_000_000u64) {
            let ailing = Ailing { since: ago(since.max(last)), last: ago(last) };
            prop_assert!(ailing.trial() >= ailing.last + SHORTEST && ailing.trial() <= ailing.last + LONGEST);
        }
    }
}
