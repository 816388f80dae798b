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
    /// Whether it bills batches as such, as some do beside or instead of the methods in them
    /// ([measured](https://github.com/bitrix24/b24jssdk/pull/539)).
    bills_batches: bool,
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

/// Several commands in one request: a method of its own where the portal bills it.
const BATCH: &str = "batch";

/// How often each method is called by a request.
fn methods(method: &str, params: &Value) -> BTreeMap<String, usize> {
    let of_batch = |command: &Value| Some(command.as_str()?.split('?').next()?.to_owned());
    let commands = params["cmd"].as_object().into_iter().flat_map(|commands| commands.values());
    let mut found = BTreeMap::new();
    let named: Vec<String> =
        if method == BATCH { commands.filter_map(of_batch).collect() } else { vec![method.to_owned()] };
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

    fn bills_batches(&self, portal: &str) -> bool {
        self.told().get(portal).is_some_and(|told| told.bills_batches)
    }

    /// What a request is charged for, where a method's command takes `seconds`: each method, and the batch too where
    /// it is billed. Whichever has less left is obeyed.
    pub(crate) fn charges(
        &self,
        (portal, company): (&Portal, &CompanyId),
        (method, params): (&str, &Value),
        seconds: impl Fn(&str) -> f64,
    ) -> Vec<Charge> {
        if !self.limits(&portal.name) {
            return Vec::new();
        }
        let charge = |method: &str, cost: f64| Charge { limit: limit(portal, company, method), cost };
        let each = |(method, count): (String, usize)| {
            charge(&method, f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * seconds(&method))
        };
        let mut charges: Vec<Charge> = methods(method, params).into_iter().map(each).collect();
        if method == BATCH && self.bills_batches(&portal.name) {
            charges.push(charge(BATCH, charges.iter().map(|charge| charge.cost).sum()));
        }
        charges
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
        told.bills_batches |= answer.iter().any(|(method, _)| method == BATCH);
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
    if method != BATCH {
        return vec![(method.to_owned(), envelope.time().ok_or(false))];
    }
    let billed = envelope.time().filter(|time| time.operating.is_some_and(|seconds| seconds > 0.0));
    let batch = billed.map(|time| (BATCH.to_owned(), Ok(time)));
    let Ok(found) = serde_json::from_value::<BatchResult>(envelope.result.clone()) else { return Vec::new() };
    let commands = params["cmd"].as_object().into_iter().flatten();
    let outcome = |(key, command): (&String, &Value)| {
        let method = command.as_str()?.split('?').next()?.to_owned();
        let time = found.result_time.get(key).and_then(Time::read);
        Some((method, time.ok_or_else(|| found.result_error.get(key).is_some_and(|error| is_blocked(&error["error"])))))
    };
    commands.filter_map(outcome).chain(batch).collect()
}

/// What a request that was refused as a whole says of its methods: a batch that is blocked is one.
pub(crate) fn refused(method: &str, params: &Value, blocked: bool) -> Vec<(String, Result<Time, bool>)> {
    let batch = (method == BATCH && blocked).then(|| BATCH.to_owned());
    methods(method, params).into_keys().chain(batch).map(|method| (method, Err(blocked))).collect()
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

    fn portal() -> Portal {
        let settings = json!({ "webhook": "https://acme/rest/1/s3cret/" });
        serde_json::from_value::<crate::config::BitrixConfig>(settings).unwrap().portal().unwrap()
    }

    /// The method and the cost of each charge for a batch.
    fn charged(pace: &Pace) -> Vec<(String, f64)> {
        let charges = pace.charges((&portal(), &"c".parse().unwrap()), ("batch", &batch()), |_| 0.5);
        let method = |charge: &Charge| charge.limit.scope.rsplit(':').next().unwrap().to_owned();
        charges.iter().map(|charge| (method(charge), charge.cost)).collect()
    }

    /// The vendor's page has it that the methods are billed, who measured it that the batch is: both are obeyed.
    #[test]
    fn a_batch_is_a_method_of_its_own_where_the_portal_bills_it() {
        let pace = Pace::default();
        let each = vec![("crm.lead.get".to_owned(), 0.5), ("crm.lead.update".to_owned(), 1.0)];
        let answer = |operating: f64| {
            let time = json!({ "duration": 1.6, "processing": 1.6, "operating": operating, "operating_reset_at": 1_795_414_174 });
            let result = json!({ "result": { "c0": true, "c1": true, "c2": true } });
            serde_json::from_value::<Envelope>(json!({ "result": result, "time": time })).unwrap()
        };
        let read = |answer: &Envelope, charged: f64| {
            let words = pace.read("acme", &outcomes("batch", &batch(), answer), |_| charged, NOW);
            words.into_iter().filter(|(method, _)| method == "batch").map(|(_, word)| word).collect::<Vec<_>>()
        };
        assert_eq!((read(&answer(0.0), 1.5), charged(&pace)), (vec![], each.clone()));
        assert_eq!(read(&answer(40.0), 1.6), []);
        let with_batch: Vec<_> = each.into_iter().chain([("batch".to_owned(), 1.5)]).collect();
        assert_eq!(charged(&pace), with_batch);
        assert_eq!(read(&answer(476.0), 1.6), [Word::Until(NOW + Duration::from_mins(10))], "the wall is near");
    }

    #[test]
    fn a_batch_that_is_blocked_is_billed() {
        let pace = Pace::default();
        pace.read("acme", &refused("batch", &batch(), true), |_| 0.0, NOW);
        assert_eq!(charged(&pace).last().map(|(method, _)| method.as_str()), Some("batch"));
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
