//! Whatever stands in a cell arrives byte for byte: in a batch Bitrix24 would cut, decode or interpolate it.

use std::time::Duration;

use kopru_domain::FieldValue;
use kopru_http_client::Method;
use kopru_ports::crm::CommandOutcome;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use serde_json::json;

use crate::portal::result;
use crate::sandbox::Simulated;
use crate::world::{World, create, done, text, title, update};

/// What has a meaning to PHP, to its queries, to JSON or to Bitrix24's batch.
const SIGNS: &[&str] = &[
    "$result[c0]",
    "$result[c0][ID] ",
    "$next[c0]",
    "$total[",
    "$time[c0]",
    "$error[c1]",
    "$",
    "#",
    "?",
    "&",
    "+",
    "%",
    "%23",
    "%2B",
    "%",
    "=",
    "[",
    "]",
    "[]",
    "{",
    "\"",
    "\\",
    "'",
    "/",
    ":",
    ";",
    "\u{0}",
    "\n",
    "\r\n",
    "\t",
    " ",
    "😀",
    "👩‍👩‍👧",
    "ş",
];

fn value() -> impl Strategy<Value = String> {
    let sign = prop_oneof![3 => proptest::sample::select(SIGNS).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    // A record without a title gets one from the portal.
    vec(sign, 0..8).prop_map(|signs| format!("x{}x", signs.concat()))
}

async fn written_and_read(simulated: &Simulated, before: usize, values: &[String]) -> Vec<String> {
    let made = values.iter().enumerate().map(|(at, value)| create(&format!("r{}", before + at), [title(value)]));
    let outcomes = simulated.world.write(made.collect()).await.unwrap();
    let again = outcomes.iter().zip(values).map(|(outcome, value)| {
        let CommandOutcome::Done { id } = outcome else { panic!("{outcome:?}") };
        // A person is read back in the same request: the pairs stay pairs.
        let person = ("ASSIGNED_BY_ID", FieldValue::Empty, FieldValue::Choice("2".to_owned()));
        update(id, [("COMMENTS", FieldValue::Empty, text(value)), person])
    });
    let again = simulated.world.write(again.collect()).await.unwrap();
    assert_eq!(again, outcomes);
    let leads = simulated.records("lead").await;
    let read =
        |field: &str| leads[before..].iter().map(|lead| lead["fields"][field].as_str().unwrap().to_owned()).collect();
    let titles: Vec<String> = read("TITLE");
    assert_eq!(titles, read("COMMENTS"));
    titles
}

#[test]
fn values_arrive_byte_for_byte() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulated = runtime.block_on(async {
        let simulated = Simulated::start().await;
        simulated.control(Method::POST, "bitrix24/settings", json!({ "rate": 1e6, "burst": 1e6 })).await;
        simulated
    });
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let before = std::cell::Cell::new(0);
    let outcome = runner.run(&vec(value(), 2..6), |values| {
        let read = runtime.block_on(written_and_read(&simulated, before.get(), &values));
        before.set(before.get() + values.len());
        // Those that go alone are made after the others.
        let sorted = |mut list: Vec<String>| {
            list.sort_unstable();
            list
        };
        prop_assert_eq!(sorted(read), sorted(values));
        Ok(())
    });
    runtime.block_on(simulated.sandbox.stop());
    outcome.unwrap();
}

#[rstest]
#[case("$result[c0]")]
#[case("a $next[c0] b")]
#[case("$total[c0]")]
#[case("x$time[c0][duration]")]
#[case("$error[c0]")]
#[tokio::test]
async fn a_text_that_looks_like_a_reference_is_not_in_a_batch(#[case] reference: &str) {
    let (world, portal) = World::with_leads(Duration::from_secs(10)).await;
    portal.answer("batch", result(json!({ "result": { "c0": true, "c1": true }, "result_error": [] })));
    portal.answer("crm.lead.update", result(json!(true)));
    let commands = vec![update("5", [title("a")]), update("6", [title(reference)]), update("7", [title("b")])];
    assert_eq!(world.write(commands).await.unwrap(), [done("5"), done("6"), done("7")]);
    let calls = portal.calls();
    assert!(!calls[0].1.to_string().contains('$'), "{:?}", calls[0]);
    assert_eq!((calls[1].0.as_str(), &calls[1].1["fields"]["TITLE"]), ("crm.lead.update", &json!(reference)));
}
