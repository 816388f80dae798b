//! Operating time: Bitrix24 grants each app or webhook so many seconds of its machines for each method in
//! ten minutes, and answers 429 beyond ([limits](https://apidocs.bitrix24.com/limits.html)). Bulk work is
//! paced over the whole window, so that no wall is ever met; some seconds are kept for people's edits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::gate::{Charge, Limit};
use serde_json::Value;

use crate::client::METHOD_BLOCKED;
use crate::config::Portal;
use crate::wire::{BatchResult, Envelope, Time, code};

/// Seconds in ten minutes: the documented example, and what the vendor's own clients assume.
const GRANTED: f64 = 480.0;
const WINDOW: f64 = 600.0;
/// What bulk work takes of it.
const SHARE: f64 = 0.95;
/// What may be taken at once: the rest.
const BURST: f64 = GRANTED * (1.0 - SHARE);
/// Of that, seconds for people: twenty edits of half a second.
const KEPT: f64 = BURST / 2.0;
/// Beyond that nothing is begun: a call that has begun may still take it over the wall.
const WALL: f64 = GRANTED - 5.0;
/// A refusal does not say until when, and nothing was said before: the first pause, doubled after each that was too
/// short, up to the longest.
const UNTOLD: Duration = Duration::from_secs(10);
const UNTOLD_AT_MOST: Duration = Duration::from_mins(1);

/// Seconds that one request may take so that bulk work leaves what is kept.
pub(crate) const AT_ONCE: f64 = BURST - KEPT;

/// What is known of portals' operating time.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<String, Told>>);

/// What a portal said last.
#[derive(Debug, Default)]
struct Told {
    /// A portal of one's own may have no such limit: its answers do not speak of it.
    unlimited: bool,
    /// When a part of a method's time is granted anew.
    resets: HashMap<String, Timestamp>,
    /// How often a method was refused in a row without a word of when.
    in_vain: HashMap<String, u32>,
}

impl Told {
    /// Until when a method rests that was refused.
    fn rests(&mut self, method: &str, now: Timestamp) -> Timestamp {
        if let Some(reset) = self.resets.get(method).filter(|reset| **reset > now) {
            return *reset;
        }
        let in_vain = self.in_vain.entry(method.to_owned()).or_default();
        let pause = UNTOLD * (1 << (*in_vain).min(8));
        *in_vain += 1;
        now + pause.min(UNTOLD_AT_MOST)
    }
}

/// What a portal's answer says of one method's limit.
#[derive(Debug, PartialEq)]
pub(crate) enum Word {
    /// More or less was taken than was charged.
    Spent(f64),
    /// Nothing more before then.
    Until(Timestamp),
}

/// How often each method is called by a request.
pub(crate) fn methods(method: &str, params: &Value) -> BTreeMap<String, usize> {
    let of_batch = |command: &Value| Some(command.as_str()?.split('?').next()?.to_owned());
    let commands = params["cmd"].as_object().into_iter().flat_map(|commands| commands.values());
    let mut found = BTreeMap::new();
    let named: Vec<String> =
        if method == "batch" { commands.filter_map(of_batch).collect() } else { vec![method.to_owned()] };
    for method in named {
        *found.entry(method).or_default() += 1;
    }
    found
}

/// The limit of one method for one company's credentials.
pub(crate) fn limit(portal: &Portal, company: &CompanyId, method: &str) -> Limit {
    Limit {
        scope: format!("bitrix24-time:{}:{company}:{method}", portal.name),
        per_second: GRANTED * SHARE / WINDOW,
        burst: BURST,
        kept: KEPT,
    }
}

impl Pace {
    fn told(&self) -> MutexGuard<'_, HashMap<String, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the portal limits operating time, as far as is known.
    pub(crate) fn limits(&self, portal: &str) -> bool {
        !self.told().get(portal).is_some_and(|told| told.unlimited)
    }

    /// What a request is charged for, where a method's command takes `seconds`.
    pub(crate) fn charges(
        &self,
        (portal, company): (&Portal, &CompanyId),
        methods: &BTreeMap<String, usize>,
        seconds: impl Fn(&str) -> f64,
    ) -> Vec<Charge> {
        if !self.limits(&portal.name) {
            return Vec::new();
        }
        let charge = |(method, count): (&String, &usize)| Charge {
            limit: limit(portal, company, method),
            cost: f64::from(u32::try_from(*count).unwrap_or(u32::MAX)) * seconds(method),
        };
        methods.iter().map(charge).collect()
    }

    /// What an answer says of each method's limit, where `charged` is what was charged for.
    pub(crate) fn read(
        &self,
        portal: &str,
        answer: &[(String, Result<Time, bool>)],
        charged: impl Fn(&str) -> f64,
        now: Timestamp,
    ) -> Vec<(String, Word)> {
        let mut portals = self.told();
        let told = portals.entry(portal.to_owned()).or_default();
        let times = || answer.iter().filter_map(|(method, time)| Some((method, time.as_ref().ok()?)));
        let mut full = times().filter(|(_, time)| time.seconds() > 0.0).peekable();
        if full.peek().is_some() {
            told.unlimited = full.all(|(_, time)| time.operating.is_none());
        }
        let mut taken: BTreeMap<&String, f64> = answer.iter().map(|(method, _)| (method, 0.0)).collect();
        let mut words = Vec::new();
        for (method, time) in times() {
            *taken.entry(method).or_default() += time.counted();
            told.in_vain.remove(method);
            let reset = time.operating_reset_at.and_then(|at| Timestamp::from_second(at).ok());
            told.resets.extend(reset.map(|reset| (method.clone(), reset)));
            if let (Some(reset), true) = (reset, time.operating.is_some_and(|total| total > WALL)) {
                words.push((method.clone(), Word::Until(reset)));
            }
        }
        let blocked: BTreeSet<_> =
            answer.iter().filter(|(_, time)| matches!(time, Err(true))).map(|(method, _)| method).collect();
        words.extend(blocked.into_iter().map(|method| (method.clone(), Word::Until(told.rests(method, now)))));
        let spent = |(method, taken): (&String, f64)| (method.clone(), Word::Spent(taken - charged(method)));
        words.extend(taken.into_iter().map(spent).filter(|(_, word)| *word != Word::Spent(0.0)));
        words
    }
}

/// Each command of a request with its time, or whether it was refused for want of operating time.
pub(crate) fn outcomes(method: &str, params: &Value, envelope: &Envelope) -> Vec<(String, Result<Time, bool>)> {
    if method != "batch" {
        return vec![(method.to_owned(), envelope.time().ok_or(false))];
    }
    let Ok(found) = serde_json::from_value::<BatchResult>(envelope.result.clone()) else { return Vec::new() };
    let commands = params["cmd"].as_object().into_iter().flatten();
    let outcome = |(key, command): (&String, &Value)| {
        let method = command.as_str()?.split('?').next()?.to_owned();
        let time = found.result_time.get(key).and_then(Time::read);
        Some((method, time.ok_or_else(|| found.result_error.get(key).is_some_and(|error| is_blocked(&error["error"])))))
    };
    commands.filter_map(outcome).collect()
}

fn is_blocked(error: &Value) -> bool {
    code(error).eq_ignore_ascii_case(METHOD_BLOCKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::constant(1_795_413_574, 0);

    fn batch() -> Value {
        json!({ "halt": 0, "cmd": { "c0": "crm.lead.update?id=1", "c1": "crm.lead.update?id=2", "c2": "crm.lead.get?id=2" } })
    }

    fn answer(seconds: f64, operating: Option<f64>) -> Envelope {
        let time = json!({ "duration": seconds, "operating": operating, "operating_reset_at": 1_795_414_174 });
        let blocked = json!({ "error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked" });
        let result = json!({
            "result": { "c0": true, "c1": true }, "result_error": { "c2": blocked }, "result_time": { "c0": time, "c1": time },
        });
        serde_json::from_value(json!({ "result": result })).unwrap()
    }

    fn words(pace: &Pace, seconds: f64, operating: Option<f64>) -> Vec<(String, Word)> {
        let outcomes = outcomes("batch", &batch(), &answer(seconds, operating));
        pace.read("acme", &outcomes, |method| if method == "crm.lead.update" { 1.0 } else { 0.5 }, NOW)
    }

    fn word(method: &str, word: Word) -> (String, Word) {
        (method.to_owned(), word)
    }

    #[test]
    fn a_batch_is_charged_for_what_is_in_it() {
        let counted = methods("batch", &batch());
        assert_eq!(counted, BTreeMap::from([("crm.lead.update".to_owned(), 2), ("crm.lead.get".to_owned(), 1)]));
        assert_eq!(methods("crm.lead.add", &json!({})), BTreeMap::from([("crm.lead.add".to_owned(), 1)]));
    }

    #[rstest]
    #[case::as_charged(0.5, vec![])]
    #[case::longer(0.75, vec![word("crm.lead.update", Word::Spent(0.5))])]
    #[case::too_short_to_count(0.09, vec![word("crm.lead.update", Word::Spent(-1.0))])]
    fn what_was_taken_corrects_what_was_charged(#[case] seconds: f64, #[case] expected: Vec<(String, Word)>) {
        let of_update = |words: Vec<(String, Word)>| {
            words.into_iter().filter(|(method, _)| method == "crm.lead.update").collect::<Vec<_>>()
        };
        assert_eq!(of_update(words(&Pace::default(), seconds, Some(20.0))), expected);
    }

    #[test]
    fn a_blocked_method_waits_for_what_was_said_last_or_a_while() {
        let pace = Pace::default();
        let until = |words: &[(String, Word)], name: &str| {
            words.iter().find_map(
                |(method, word)| if let (true, Word::Until(at)) = (method == name, word) { Some(*at) } else { None },
            )
        };
        let first = words(&pace, 0.5, Some(20.0));
        assert_eq!(until(&first, "crm.lead.get"), Some(NOW + UNTOLD));
        assert!(first.contains(&word("crm.lead.get", Word::Spent(-0.5))), "what was refused took nothing");
        let near = words(&pace, 0.5, Some(476.0));
        assert_eq!(until(&near, "crm.lead.update"), Some(NOW + Duration::from_mins(10)), "the wall is near");
    }

    /// Another tool of the portal may keep a method blocked for ten minutes.
    #[test]
    fn a_method_that_is_refused_again_and_again_is_asked_less_often() {
        let pace = Pace::default();
        let pauses = || {
            let refused = vec![("crm.lead.add".to_owned(), Err(true)), ("crm.lead.add".to_owned(), Err(true))];
            let words = pace.read("acme", &refused, |_| 0.0, NOW);
            let [(_, Word::Until(at))] = words.as_slice() else { panic!("{words:?}") };
            at.duration_since(NOW).as_secs()
        };
        assert_eq!([pauses(), pauses(), pauses(), pauses(), pauses()], [10, 20, 40, 60, 60]);
        let done = Time { duration: 0.5, processing: 0.5, operating: Some(1.0), operating_reset_at: None };
        pace.read("acme", &[("crm.lead.add".to_owned(), Ok(done))], |_| 0.5, NOW);
        assert_eq!(pauses(), 10);
    }

    #[test]
    fn a_portal_that_does_not_speak_of_operating_time_has_no_such_limit() {
        let pace = Pace::default();
        assert!(pace.limits("acme"));
        words(&pace, 0.5, None);
        assert!(!pace.limits("acme") && pace.limits("other"));
        words(&pace, 0.5, Some(1.0));
        assert!(pace.limits("acme"));
    }
}
