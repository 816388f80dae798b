//! How near the engine comes to what a portal allows: the real engine and adapter against the simulated
//! portal, both on a clock that runs faster. Prints figures; fails where the portal had to refuse or a row
//! went wrong.
//!
//! `cargo run --release -p kopru-app-http --example pace -- plain|heavy|import [ROWS] [SCALE]`

mod import;
mod vendors;
mod world;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use import::Import;
use serde_json::json;
use world::World;

/// What a portal of 2 requests/s and a burst of 50 gives to bulk work, of which 3 are kept for people.
const BURST: f64 = 47.0;
const PER_SECOND: f64 = 2.0;
/// People's edits meanwhile, of rows of their own.
const EDITS: u32 = 20;
/// 480 s in ten minutes, of which bulk work takes 95 %, in commands of half a second.
const COST: f64 = 0.5;
const HEAVY_PER_SECOND: f64 = 480.0 * 0.95 / 600.0 / COST;

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let kind = args.next().unwrap_or_default();
    let mut number = |default: u32| args.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (right, figures) = match kind.as_str() {
        "plain" => plain(number(20_000), number(10)).await,
        "heavy" => heavy(number(1_800), number(20)).await,
        "import" => import(number(100_000), number(10)).await,
        "vendors" => (vendors::serve().await, String::new()),
        _ => (false, "usage: pace plain|heavy|import [ROWS] [SCALE]".to_owned()),
    };
    let told = writeln!(std::io::stdout(), "{figures}");
    if right && told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Short updates: only the number of requests counts.
async fn plain(rows: u32, scale: u32) -> (bool, String) {
    let world = World::start(rows, scale, json!({ "costs": { "*": 0.02 } })).await;
    let started = world.now();
    world.make_due(0).await;
    world.until_written().await;
    let took = world.now().duration_since(started).as_secs_f64();
    let requests = f64::from(rows) / 50.0;
    let best = ((requests - BURST) / PER_SECOND).max(0.0);
    let share = best / took;
    let (right, rest) = world.is_right().await;
    (right, format!("{rows} updates took {took:.1} s; the limits allow {best:.1} s: {share:.3}\n{rest}"))
}

/// Updates of half a second, and people's edits beside them.
async fn heavy(rows: u32, scale: u32) -> (bool, String) {
    let world = World::start(rows, scale, json!({ "costs": { "*": COST }, "slow": true })).await;
    let started = world.now();
    // Of a row that is on the wire just now the edit waits for the batch's end: it is not what is measured here.
    world.make_due(EDITS).await;
    let mut waits = Vec::new();
    for edit in 0..EDITS {
        world.sleep(Duration::from_secs(20)).await;
        waits.push(world.edit(edit).await);
    }
    world.until_written().await;
    let took = world.now().duration_since(started).as_secs_f64();
    let best = f64::from(rows) / HEAVY_PER_SECOND;
    waits.sort_by(f64::total_cmp);
    let (share, median, longest) = (best / took, waits[10], waits[19]);
    let (right, rest) = world.is_right().await;
    let pace = format!(
        "{rows} updates of {COST} s, {EDITS} of them people's, took {took:.1} s; 95 % of the operating time allow {best:.1} s: {share:.3}"
    );
    let edits = format!(
        "edits were in the CRM after {median:.2} s, the slowest after {longest:.2} s; {COST} s of it at the portal"
    );
    (right, format!("{pace}\n{edits}\n{rest}"))
}

/// A new sheet becomes records: how fast, and in how much memory.
async fn import(rows: u32, scale: u32) -> (bool, String) {
    let world = Import::start(rows, scale).await;
    let (started, mut told, mut memory) = (world.now(), 0, Vec::new());
    let tenth = u64::from(rows / 10).max(1);
    world
        .run(|done| {
            if done >= told {
                let after = world.now().duration_since(started).as_secs();
                memory.push(format!("{done} after {after} s: {} MB", resident()));
                told = (done / tenth + 1) * tenth;
            }
        })
        .await;
    let took = world.now().duration_since(started).as_secs_f64();
    let best = ((f64::from(rows) / 50.0 - BURST) / PER_SECOND).max(0.0);
    let share = best / took;
    let (right, rest) = world.is_right().await;
    let pace = format!("{rows} rows took {took:.1} s; the portal's requests allow {best:.1} s: {share:.3}");
    (right, format!("{pace}\nmemory by rows done: {}\n{rest}", memory.join(", ")))
}

/// This process's memory in MB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
