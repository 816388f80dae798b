//! Whether a message goes now, later or never.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::opt_out::OptOutCause;
use super::policy::Policy;
use super::status::MessageStatus;
use super::trouble::Trouble;
use super::window;

/// A message as far as its time to go is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How it goes.
    pub channel: Channel,
    /// Where it is.
    pub status: MessageStatus,
    /// Whether the provider has it, or may have it: then it is never handed over again.
    pub handed_over: bool,
    /// When it is to go; `None` for at once.
    pub send_at: Option<Timestamp>,
    /// Whether it may disturb: a code to sign in, a courier at the door.
    pub urgent: bool,
    /// Whether it is free text, not a template that the provider has approved.
    pub free_text: bool,
    /// The segments that are paid; 0 for what is not paid by segments.
    pub segments: u32,
}

/// What is known of the recipient on the message's channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Why the recipient gets no more messages.
    pub opted_out: Option<OptOutCause>,
    /// When the recipient wrote last.
    pub last_inbound: Option<Timestamp>,
}

/// What is to be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Hand it to the provider.
    Send,
    /// Decide again at a later moment.
    Later {
        /// The moment.
        at: Timestamp,
        /// What holds it.
        why: Hold,
    },
    /// It never goes.
    Skip(Trouble),
    /// Nothing: it went, was called back or has failed.
    Settled,
}

/// What holds a message for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Its time has not come.
    Scheduled,
    /// It is a quiet hour.
    QuietHours,
    /// What the company lets go in a day is spent.
    DailyLimit,
    /// The account at the provider has to be put right.
    Account,
}

impl Hold {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::QuietHours => "quiet_hours",
            Self::DailyLimit => "daily_limit",
            Self::Account => "account",
        }
    }
}

/// What to do with a message `now`. An opt-out holds for all messages, and quiet hours for telephones. Whether the day has room for it is asked when it
/// would go: several senders draw on the same day.
#[must_use]
pub fn decide(wish: &Wish, facts: &Facts, policy: &Policy, now: Timestamp) -> Plan {
    if wish.handed_over || !wish.status.is_waiting() {
        return Plan::Settled;
    }
    if let Some(cause) = facts.opted_out {
        return Plan::Skip(cause.trouble());
    }
    if let Some(at) = wish.send_at.filter(|at| *at > now) {
        return Plan::Later { at, why: Hold::Scheduled };
    }
    let quiet = policy.quiet.as_ref().filter(|_| wish.channel.rings() && !wish.urgent);
    if let Some(at) = quiet.and_then(|quiet| quiet.opens(&policy.zone, now)) {
        return Plan::Later { at, why: Hold::QuietHours };
    }
    if wish.channel == Channel::WhatsApp && wish.free_text && !window::is_open(facts.last_inbound, now) {
        return Plan::Skip(Trouble::WindowClosed);
    }
    no_day_has_room(wish, policy).map_or(Plan::Send, Plan::Skip)
}

/// Whether it is more than a whole day allows.
fn no_day_has_room(wish: &Wish, policy: &Policy) -> Option<Trouble> {
    match (policy.daily_messages, policy.daily_segments) {
        (Some(0), _) => Some(Trouble::DailyLimitReached),
        (_, Some(limit)) if wish.segments > limit => Some(Trouble::CostCapReached),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use MessageStatus::{Canceled, Delivered, Failed, Queued, Scheduled, Sent, Unknown};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const DAY: &str = "2026-03-02T09:00:00Z";
    const NIGHT: &str = "2026-03-02T20:00:00Z";
    const MORNING: &str = "2026-03-03T05:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn policy() -> Policy {
        let quiet = r#"{"from":"21:00:00","to":"08:00:00"}"#;
        let text = format!(
            r#"{{"region":"TR","zone":"Europe/Istanbul","quiet":{quiet},"daily_messages":100,"daily_segments":150}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn sms() -> Wish {
        Wish {
            channel: Channel::Sms,
            status: Queued,
            handed_over: false,
            send_at: None,
            urgent: false,
            free_text: true,
            segments: 2,
        }
    }

    fn whatsapp() -> Wish {
        Wish { channel: Channel::WhatsApp, segments: 0, ..sms() }
    }

    fn email() -> Wish {
        Wish { channel: Channel::Email, segments: 0, ..sms() }
    }

    fn later(when: &str, why: Hold) -> Plan {
        Plan::Later { at: at(when), why }
    }

    #[rstest]
    #[case(sms(), DAY, Plan::Send)]
    #[case(Wish { status: Scheduled, ..sms() }, DAY, Plan::Send)]
    #[case(sms(), NIGHT, later(MORNING, Hold::QuietHours))]
    #[case(Wish { urgent: true, ..sms() }, NIGHT, Plan::Send)]
    #[case(Wish { send_at: Some(at(NIGHT)), ..sms() }, DAY, later(NIGHT, Hold::Scheduled))]
    #[case(Wish { send_at: Some(at(NIGHT)), urgent: true, ..sms() }, DAY, later(NIGHT, Hold::Scheduled))]
    #[case(Wish { send_at: Some(at(DAY)), ..sms() }, DAY, Plan::Send)]
    #[case(whatsapp(), DAY, Plan::Skip(Trouble::WindowClosed))]
    #[case(whatsapp(), NIGHT, later(MORNING, Hold::QuietHours))]
    #[case(Wish { free_text: false, ..whatsapp() }, DAY, Plan::Send)]
    #[case::no_telephone_rings(email(), NIGHT, Plan::Send)]
    #[case(Wish { send_at: Some(at(NIGHT)), ..email() }, DAY, later(NIGHT, Hold::Scheduled))]
    #[case(Wish { segments: 151, ..sms() }, DAY, Plan::Skip(Trouble::CostCapReached))]
    fn by_the_message(#[case] wish: Wish, #[case] now: &str, #[case] expected: Plan) {
        assert_eq!(decide(&wish, &Facts::default(), &policy(), at(now)), expected);
    }

    #[rstest]
    #[case(whatsapp(), Facts { last_inbound: Some(at("2026-03-01T10:00:00Z")), ..Facts::default() }, Plan::Send)]
    #[case(whatsapp(), Facts { last_inbound: Some(at("2026-03-01T09:00:00Z")), ..Facts::default() }, Plan::Skip(Trouble::WindowClosed))]
    #[case(email(), Facts { opted_out: Some(OptOutCause::Asked), ..Facts::default() }, Plan::Skip(Trouble::OptedOut))]
    #[case(email(), Facts { opted_out: Some(OptOutCause::Bounced), ..Facts::default() }, Plan::Skip(Trouble::Bounced))]
    #[case(email(), Facts { opted_out: Some(OptOutCause::Complained), ..Facts::default() }, Plan::Skip(Trouble::Complained))]
    fn by_the_facts(#[case] wish: Wish, #[case] facts: Facts, #[case] expected: Plan) {
        assert_eq!(decide(&wish, &facts, &policy(), at(DAY)), expected);
    }

    #[test]
    fn a_company_that_sends_nothing_does_not_wait_for_tomorrow() {
        let policy = Policy { daily_messages: Some(0), ..policy() };
        let plan = decide(&sms(), &Facts::default(), &policy, at(DAY));
        assert_eq!(plan, Plan::Skip(Trouble::DailyLimitReached));
    }

    proptest! {
        #[test]
        fn nothing_goes_to_those_who_opted_out_nor_twice(
            status in proptest::sample::select(vec![Scheduled, Queued, Sent, Delivered, Failed, Canceled, Unknown]),
            handed_over: bool,
            urgent: bool,
            free_text: bool,
            hour in 0i64..200,
        ) {
            let now = at(DAY) + jiff::SignedDuration::from_hours(hour);
            let wish = Wish { status, handed_over, urgent, free_text, ..sms() };
            let plan = decide(&wish, &Facts { opted_out: Some(OptOutCause::Asked), ..Facts::default() }, &policy(), now);
            let waiting = status.is_waiting() && !handed_over;
            prop_assert_eq!(plan, if waiting { Plan::Skip(Trouble::OptedOut) } else { Plan::Settled });
        }

        #[test]
        fn what_waited_long_enough_goes(
            hour in 0i64..200,
            send_in in proptest::option::of(-10i64..100),
            urgent: bool,
        ) {
            let mut now = at(DAY) + jiff::SignedDuration::from_hours(hour);
            let wish = Wish { send_at: send_in.map(|hours| now + jiff::SignedDuration::from_hours(hours)), urgent, ..sms() };
            let facts = Facts::default();
            let mut holds = Vec::new();
            while let Plan::Later { at, why } = decide(&wish, &facts, &policy(), now) {
                prop_assert!(at > now && holds.len() < 4, "held for ever: {holds:?}");
                holds.push(why);
                now = at;
            }
            prop_assert_eq!(decide(&wish, &facts, &policy(), now), Plan::Send);
            prop_assert!(!urgent || !holds.contains(&Hold::QuietHours));
        }
    }
}
