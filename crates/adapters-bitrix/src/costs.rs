//! How long a portal takes for a command, and how many commands therefore fit one request, which Bitrix24
//! cuts after 60 s ([limits](https://apidocs.bitrix24.com/limits.html)).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kopru_ports::crm::MOST_COMMANDS;

use crate::wire::{COUNTED_FROM, Time};

/// A request may take so long: half of what is cut off.
const REQUEST: f64 = 25.0;
/// What a command is taken to need until one was seen, or where its answer does not tell.
const UNSEEN: f64 = 0.5;
const WRITES: [&str; 2] = [".add", ".update"];
/// So many commands of a method are remembered.
const REMEMBERED: usize = 100;

/// The seconds that the last commands took, by portal and method.
#[derive(Debug, Default)]
pub(crate) struct Costs(Mutex<HashMap<String, HashMap<String, VecDeque<f64>>>>);

impl Costs {
    fn of(&self) -> MutexGuard<'_, HashMap<String, HashMap<String, VecDeque<f64>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what one command took.
    pub(crate) fn note(&self, portal: &str, method: &str, time: Option<Time>) {
        let mut portals = self.of();
        let methods = portals.entry(portal.to_owned()).or_default();
        let taken = methods.entry(method.to_owned()).or_default();
        remember(taken, time.map_or(UNSEEN, |time| time.seconds()));
    }

    /// A request with these commands was cut off, or broke, after `seconds`: none of them tells what it takes, and the
    /// same request would be cut off again. They are taken to need twice what they had, so that half of them go next;
    /// what broke at once was not slow.
    pub(crate) fn cut_off<'a>(&self, portal: &str, commands: impl ExactSizeIterator<Item = &'a str>, seconds: f64) {
        let count = u32::try_from(commands.len().max(1)).unwrap_or(u32::MAX);
        let each = 2.0 * seconds / f64::from(count);
        let mut portals = self.of();
        for method in commands.collect::<BTreeSet<_>>() {
            let known = portals.get(portal).and_then(|methods| methods.get(method)).map_or(UNSEEN, p95);
            if known < each {
                let taken = portals.entry(portal.to_owned()).or_default().entry(method.to_owned()).or_default();
                while p95(taken) < each {
                    remember(taken, each);
                }
            }
        }
    }

    /// What a command of a method takes of the operating time, on the average; of one not seen yet, what the
    /// portal's slowest takes.
    pub(crate) fn mean(&self, portal: &str, method: &str) -> f64 {
        let portals = self.of();
        let Some(methods) = portals.get(portal) else { return UNSEEN };
        let slowest = || methods.values().map(average).reduce(f64::max);
        methods.get(method).map(average).or_else(slowest).unwrap_or(UNSEEN)
    }

    /// How many writes take `seconds` of a method's operating time.
    pub(crate) fn within(&self, seconds: f64, portal: &str) -> usize {
        let portals = self.of();
        let writes = portals.get(portal).into_iter().flatten().filter(|(method, _)| is_write(method));
        let each = writes.map(|(_, taken)| average(taken)).reduce(f64::max).unwrap_or(UNSEEN);
        (1..=MOST_COMMANDS).rev().find(|size| fits(*size, each, seconds)).unwrap_or(1)
    }

    /// How many writes fit one request, each with the look at the record afterwards that it may need.
    /// `None` until one was seen.
    pub(crate) fn batch_size(&self, portal: &str) -> Option<usize> {
        let portals = self.of();
        let slowest = |actions: &[&str]| {
            let of = |method: &str| actions.iter().any(|action| method.ends_with(action));
            let methods = portals.get(portal).into_iter().flatten().filter(|(method, _)| of(method));
            methods.map(|(_, taken)| p95(taken)).reduce(f64::max)
        };
        let each = slowest(&WRITES)? + slowest(&[".get"]).unwrap_or_default();
        Some((1..=MOST_COMMANDS).rev().find(|size| fits(*size, each, REQUEST)).unwrap_or(1))
    }
}

fn remember(taken: &mut VecDeque<f64>, seconds: f64) {
    if taken.len() == REMEMBERED {
        taken.pop_front();
    }
    taken.push_back(seconds);
}

fn is_write(method: &str) -> bool {
    WRITES.iter().any(|action| method.ends_with(action))
}

fn fits(commands: usize, each: f64, seconds: f64) -> bool {
    u32::try_from(commands).is_ok_and(|commands| f64::from(commands) * each <= seconds)
}

/// Of the time that is counted: short commands are not.
fn average(taken: &VecDeque<f64>) -> f64 {
    let counted: f64 = taken.iter().filter(|seconds| **seconds >= COUNTED_FROM).sum();
    counted / f64::from(u32::try_from(taken.len().max(1)).unwrap_or(u32::MAX))
}

fn p95(taken: &VecDeque<f64>) -> f64 {
    let mut sorted: Vec<f64> = taken.iter().copied().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get((sorted.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    use rstest::rstest;

    fn took(seconds: f64) -> Time {
        Time { duration: seconds, processing: 0.0, operating: None, operating_reset_at: None }
    }

    #[rstest]
    #[case::nothing_known(&[], None)]
    #[case::the_documented_update(&[("crm.item.update", 3.2)], Some(7))]
    #[case::a_live_one(&[("crm.lead.update", 0.19)], Some(50))]
    #[case::with_its_read(&[("crm.lead.update", 0.5), ("crm.lead.get", 0.5)], Some(25))]
    #[case::the_slowest_counts(&[("crm.lead.update", 0.1), ("crm.deal.add", 2.5)], Some(10))]
    #[case::hopeless(&[("crm.lead.add", 59.0)], Some(1))]
    #[case::nothing_at_all(&[("crm.lead.add", 0.0)], Some(50))]
    #[case::lists_say_nothing(&[("crm.lead.list", 3.0)], None)]
    fn so_many_commands_fit(#[case] seen: &[(&str, f64)], #[case] size: Option<usize>) {
        let costs = Costs::default();
        for (method, seconds) in seen {
            costs.note("acme", method, Some(took(*seconds)));
        }
        assert_eq!((costs.batch_size("acme"), costs.batch_size("other")), (size, None));
    }

    #[test]
    fn a_method_not_seen_yet_is_taken_to_be_as_slow_as_the_slowest() {
        let costs = Costs::default();
        assert_eq!(costs.mean("a", "crm.lead.get").total_cmp(&UNSEEN), Ordering::Equal);
        for (method, seconds) in [("crm.lead.add", 0.25), ("crm.lead.fields", 0.01)] {
            costs.note("a", method, Some(took(seconds)));
        }
        assert_eq!(costs.mean("a", "crm.lead.get").total_cmp(&0.25), Ordering::Equal);
    }

    #[test]
    fn an_answer_that_does_not_tell_counts_too() {
        let costs = Costs::default();
        costs.note("a", "crm.lead.add", None);
        assert_eq!(costs.batch_size("a"), Some(50));
    }

    /// Fifty updates of 3.2 s each, the vendor's own example, at a portal that was fast until now.
    #[test]
    fn what_was_cut_off_goes_in_ever_smaller_requests_until_it_fits() {
        let costs = Costs::default();
        (0..REMEMBERED).for_each(|_| costs.note("a", "crm.item.update", Some(took(0.19))));
        let sizes: Vec<usize> = std::iter::from_fn(|| {
            let size = costs.batch_size("a")?;
            costs.cut_off("a", vec!["crm.item.update"; size].into_iter(), 60.0);
            Some(size)
        })
        .take(4)
        .collect();
        assert_eq!(sizes, [50, 10, 2, 1]);
        (0..REMEMBERED).for_each(|_| costs.note("a", "crm.item.update", Some(took(0.19))));
        assert_eq!(costs.batch_size("a"), Some(50), "it is fast again");
    }

    #[test]
    fn what_broke_at_once_was_not_slow() {
        let costs = Costs::default();
        costs.cut_off("a", vec!["crm.lead.add"; 5].into_iter(), 0.05);
        assert_eq!(costs.batch_size("a"), None);
        costs.note("a", "crm.lead.add", Some(took(0.5)));
        costs.cut_off("a", vec!["crm.lead.add"; 50].into_iter(), 3.0);
        assert_eq!(costs.batch_size("a"), Some(50));
    }

    #[test]
    fn one_slow_command_in_a_hundred_changes_nothing_and_old_ones_are_forgotten() {
        let costs = Costs::default();
        let note =
            |seconds: f64, times: usize| (0..times).for_each(|_| costs.note("a", "crm.lead.add", Some(took(seconds))));
        note(0.5, 99);
        note(20.0, 1);
        assert_eq!(costs.batch_size("a"), Some(50));
        note(5.0, 100);
        assert_eq!(costs.batch_size("a"), Some(5));
    }
}
