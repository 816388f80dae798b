//! The whole engine, simulated: one thread, simulated time, workers that crash and freeze, a sheet that
//! people edit and sort, a portal whose answers are late, lost or partial. A seed is a schedule; the same
//! seed is the same run.
//!
//! - `KOPRU_SIM_SCHEDULES=100000 cargo test --release -p kopru-engine --test sim` runs more schedules.
//! - `KOPRU_SIM_SEED=17 cargo test -p kopru-engine --test sim` runs one, and tells what happens in it.

#![cfg(test)]

mod faults;
mod house;
mod portal;
mod schedule;
mod sheet;
mod store;
mod trouble;
mod worker;

use schedule::{Broken, run};

const SCHEDULES: u64 = 2_000;

fn setting(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs `seeds` on all cores; the first that fails, with what went wrong.
fn first_failure(seeds: std::ops::Range<u64>, broken: Option<Broken>) -> Option<(u64, String)> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let failures = std::thread::scope(|scope| {
        let of_thread = |thread| {
            let seeds = seeds.clone().skip(thread).step_by(threads);
            scope.spawn(move || seeds.into_iter().find_map(|seed| run(seed, broken).err().map(|error| (seed, error))))
        };
        let handles: Vec<_> = (0..threads).map(of_thread).collect();
        handles.into_iter().filter_map(|handle| handle.join().expect("a thread")).collect::<Vec<_>>()
    });
    failures.into_iter().min()
}

#[test]
fn sheet_and_crm_are_equal_in_the_end_whatever_happens() {
    let seeds = match setting("KOPRU_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..setting("KOPRU_SIM_SCHEDULES").unwrap_or(SCHEDULES),
    };
    if let Some((seed, error)) = first_failure(seeds, None) {
        panic!("schedule {seed} failed: {error}\nreplay it with KOPRU_SIM_SEED={seed}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let trace = |seed| run(seed, None).expect("a run");
    for seed in 0..20 {
        assert_eq!(trace(seed), trace(seed), "seed {seed}");
    }
}

#[test]
fn a_broken_fence_is_found() {
    assert!(first_failure(0..1_000, Some(Broken::Fence)).is_some());
}

#[test]
fn a_broken_order_is_found() {
    assert!(first_failure(0..1_000, Some(Broken::Order)).is_some());
}

#[test]
fn late_writes_that_are_not_repaired_are_found() {
    assert!(first_failure(0..1_000, Some(Broken::Repair)).is_some());
}

#[test]
fn a_broken_search_for_what_was_created_is_found() {
    assert!(first_failure(0..1_000, Some(Broken::Dedupe)).is_some());
}
