//! Random calls, on few lanes, keys and rows, so that they meet.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kopru_domain::{
    CellRefusal, CompanyId, ConfigId, FieldChange, FieldValue, Fields, Gid, Reason, Rejection, RowId, RowState, RowTag,
};
use kopru_ports::delivery::{Claim, Gather, NewAttempt, NewWork, Outcome, Settlement, Urgency};
use kopru_ports::gate::{Charge, Correction, Limit, Pass};
use kopru_ports::sync::{HistoryEntry, RowSeen, RowWritten, RowsQuery, ScanProgress, SheetEvent, SyncChanges};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

use super::messages::{self, MessageCall};
use crate::database::NOW;

pub const COMPANIES: [&str; 2] = ["acme", "beta"];
/// The first two are in the first company, the third is in the second, and the last does not exist.
pub const CONFIGS: [ConfigId; 4] = [config(1), config(2), config(3), config(4)];

const fn config(number: u128) -> ConfigId {
    ConfigId(Uuid::from_u128(number))
}

/// Time passes, and a call is made.
#[derive(Debug, Clone)]
pub struct Step {
    pub passed: SignedDuration,
    pub call: Call,
}

/// A call; a lease is given by how many were granted after it.
#[derive(Debug, Clone)]
pub enum Call {
    Enqueue(Vec<NewWork>),
    Lease(Duration),
    Renew(usize, Timestamp),
    Claim(usize, Claim),
    Freeze(usize, Vec<NewAttempt>),
    Reopen(Box<NewWork>, NewAttempt),
    Settle(usize, Settlement),
    Release(usize, Timestamp),
    Spend(Pass),
    Correct(String, Correction),
    Accept(Tab, SheetEvent, Box<NewWork>),
    Events(Tab, u32),
    Rows(Tab, RowsQuery),
    /// Before which entry, counted from the newest.
    History(Tab, Option<usize>, u32),
    Summary(Tab),
    Replay(Tab),
    Config(Tab),
    Messages(CompanyId, MessageCall),
}

pub type Tab = (CompanyId, ConfigId);

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly forwards, by half seconds and by less than a store keeps.
    let passed = prop_oneof![
        1 => Just(-SignedDuration::from_millis(500)),
        6 => (0..4_i64).prop_map(|halves| SignedDuration::from_millis(500 * halves)),
        1 => (0..2000_i64).prop_map(SignedDuration::from_nanos),
    ];
    let step = (passed, prop_oneof![4 => on_lanes(), 1 => on_limits(), 3 => on_rows(), 3 => on_messages()]);
    vec(step.prop_map(|(passed, call)| Step { passed, call }), 1..80).prop_map(after_a_lease)
}

/// Most calls need a lease: without one the first of them would say nothing.
fn after_a_lease(steps: Vec<Step>) -> Vec<Step> {
    let first = NewWork {
        company: COMPANIES[0].parse().unwrap(),
        lane: "crm:a".to_owned(),
        kind: "row",
        key: "a".to_owned(),
        owner: CONFIGS[0].to_string(),
        payload: Value::Null,
        due: NOW,
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    };
    let begin = [Call::Enqueue(vec![first]), Call::Lease(Duration::from_secs(10))];
    let begin = begin.into_iter().map(|call| Step { passed: SignedDuration::ZERO, call });
    begin.chain(steps).collect()
}

fn on_lanes() -> impl Strategy<Value = Call> {
    let lease = prop_oneof![8 => Just(0), 1 => 1..4_usize];
    let claim = (option::of(urgency()), 0..4_u32, vec(key(), 0..2));
    let claim = claim.prop_map(|(urgency, limit, skip)| Claim { urgency, limit, skip });
    prop_oneof![
        3 => vec(work(), 0..4).prop_map(Call::Enqueue),
        3 => (0..20_u64).prop_map(|halves| Call::Lease(Duration::from_millis(500 * halves))),
        1 => (lease.clone(), moment()).prop_map(|(lease, until)| Call::Renew(lease, until)),
        3 => (lease.clone(), claim).prop_map(|(lease, claim)| Call::Claim(lease, claim)),
        2 => (lease.clone(), attempts()).prop_map(|(lease, attempts)| Call::Freeze(lease, attempts)),
        1 => (work(), attempt()).prop_map(|(work, attempt)| {
            let attempt = NewAttempt { key: work.key.clone(), ..attempt };
            Call::Reopen(Box::new(work), attempt)
        }),
        4 => (lease.clone(), settlement()).prop_map(|(lease, settlement)| Call::Settle(lease, settlement)),
        1 => (lease, moment()).prop_map(|(lease, from)| Call::Release(lease, from)),
    ]
}

fn on_limits() -> impl Strategy<Value = Call> {
    let scope = || select(vec!["a", "b", "c"]);
    let limit = move |(scope, kept): (&str, u8)| Limit {
        scope: scope.to_owned(),
        per_second: 3.0,
        burst: 4.0,
        kept: f64::from(kept),
    };
    let charge = (scope(), 0..2_u8, 0..60_u8);
    let charge = charge
        .prop_map(move |(scope, kept, tenths)| Charge { limit: limit((scope, kept)), cost: f64::from(tenths) / 10.0 });
    let pass = (company(), urgency(), vec(charge, 1..4));
    let pass = pass.prop_map(|(company, urgency, charges)| Pass { company, urgency, charges });
    let correction = prop_oneof![
        moment().prop_map(Correction::RefusedUntil),
        (-30..30_i8).prop_map(|tenths| Correction::Spent(f64::from(tenths) / 10.0)),
    ];
    prop_oneof![
        3 => pass.prop_map(Call::Spend),
        1 => (scope(), correction).prop_map(|(scope, correction)| Call::Correct(scope.to_owned(), correction)),
    ]
}

fn on_rows() -> impl Strategy<Value = Call> {
    let query = prop_oneof![
        vec(row(), 0..4).prop_map(RowsQuery::Ids),
        (0..4_u32).prop_map(RowsQuery::StatusDue),
        (0..4_u32, 0..6_u32).prop_map(|(first, end)| RowsQuery::Places(first, end)),
        (0..4_u32).prop_map(RowsQuery::Refused),
        (option::of(row()), 0..4_u32).prop_map(|(after, limit)| RowsQuery::After(after, limit)),
    ];
    let accept = (tab(), event(), work(), any::<bool>()).prop_map(|(tab, event, work, owned)| {
        let owner = if owned { tab.1.to_string() } else { work.owner.clone() };
        Call::Accept(tab, event, Box::new(NewWork { owner, ..work }))
    });
    prop_oneof![
        2 => accept,
        1 => (tab(), 0..4_u32).prop_map(|(tab, limit)| Call::Events(tab, limit)),
        4 => (tab(), query).prop_map(|(tab, query)| Call::Rows(tab, query)),
        1 => (tab(), option::of(0..4_usize), 0..4_u32).prop_map(|(tab, before, limit)| Call::History(tab, before, limit)),
        1 => tab().prop_map(Call::Summary),
        1 => tab().prop_map(Call::Replay),
        1 => tab().prop_map(Call::Config),
    ]
}

fn on_messages() -> impl Strategy<Value = Call> {
    (company(), messages::calls()).prop_map(|(company, call)| Call::Messages(company, call))
}

pub fn company() -> impl Strategy<Value = CompanyId> {
    let name = prop_oneof![6 => Just(COMPANIES[0]), 1 => Just(COMPANIES[1])];
    name.prop_map(|name| name.parse().unwrap())
}

fn config_id() -> impl Strategy<Value = ConfigId> {
    prop_oneof![20 => Just(CONFIGS[0]), 4 => Just(CONFIGS[1]), 1 => Just(CONFIGS[2]), 1 => Just(CONFIGS[3])]
}

fn tab() -> impl Strategy<Value = Tab> {
    (company(), config_id())
}

/// A moment of the half minute in which all happens, or a little beside one.
pub fn moment() -> impl Strategy<Value = Timestamp> {
    (0..60_i64, select(vec![0, 0, 0, 1, 999, 1500]))
        .prop_map(|(halves, nanos)| NOW + SignedDuration::from_millis(500 * halves) + SignedDuration::from_nanos(nanos))
}

fn urgency() -> impl Strategy<Value = Urgency> {
    select(vec![Urgency::Interactive, Urgency::Bulk])
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "B", "ç", "z"]).prop_map(str::to_owned)
}

fn payload() -> impl Strategy<Value = Value> {
    select(vec![Value::Null, json!({ "b": 1, "a": [1.0, "\u{0}ş"] }), json!("x")])
}

pub fn text() -> impl Strategy<Value = String> {
    select(vec!["", "x", "Ayşe"]).prop_map(str::to_owned)
}

pub fn work() -> impl Strategy<Value = NewWork> {
    let gather = prop_oneof![
        Just(Gather::Earliest),
        (0..8_u64).prop_map(|halves| Gather::Quiet { at_most: Duration::from_millis(500 * halves) }),
        Just(Gather::Quiet { at_most: Duration::MAX }),
    ];
    let place = (company(), select(vec!["crm:a", "sheet:s"]), key());
    let what = (select(vec!["row", "scan"]), payload(), option::of(0..2_usize));
    (place, what, moment(), gather, urgency()).prop_map(
        |((company, lane, key), (kind, payload, owner), due, gather, urgency)| NewWork {
            company,
            lane: lane.to_owned(),
            kind,
            key,
            owner: owner.map_or_else(String::new, |owner| CONFIGS[owner].to_string()),
            payload,
            due,
            gather,
            urgency,
        },
    )
}

fn attempt() -> impl Strategy<Value = NewAttempt> {
    let generation = prop_oneof![3 => Just(1), 1 => 2..4_i64];
    (key(), generation, payload(), moment()).prop_map(|(key, generation, payload, deadline)| NewAttempt {
        key,
        generation,
        payload,
        deadline,
    })
}

fn attempts() -> impl Strategy<Value = Vec<NewAttempt>> {
    let own_key = |(key, attempt)| NewAttempt { key, ..attempt };
    btree_map(key(), attempt(), 0..3).prop_map(move |attempts| attempts.into_iter().map(own_key).collect())
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Done),
        Just(Outcome::StillDue),
        (moment(), payload()).prop_map(|(due, payload)| Outcome::Again { due, payload }),
        (moment(), text()).prop_map(|(due, error)| Outcome::Retry { due, error }),
        moment().prop_map(|until| Outcome::Open { until }),
        text().prop_map(|error| Outcome::Parked { error }),
    ]
}

fn settlement() -> impl Strategy<Value = Settlement> {
    let outcomes = btree_map(key(), (prop_oneof![3 => Just(1), 1 => 2..4_i64], outcome()), 0..4);
    let each = |(key, (generation, outcome))| (key, generation, outcome);
    let outcomes = outcomes.prop_map(move |outcomes| outcomes.into_iter().map(each).collect());
    let all = (outcomes, vec(work(), 0..3), vec(changes(), 0..3), messages::changes());
    all.prop_map(|(outcomes, follow_ups, sync, messages)| Settlement {
        outcomes,
        follow_ups,
        sync,
        messages,
        pause: None,
    })
}

fn event() -> impl Strategy<Value = SheetEvent> {
    (event_id(), option::of((0..9_u32, 0..9_u32)), moment()).prop_map(|(id, rows, received)| SheetEvent {
        id,
        rows,
        received,
    })
}

fn event_id() -> impl Strategy<Value = String> {
    select(vec!["e1", "E2", "é3"]).prop_map(str::to_owned)
}

fn row() -> impl Strategy<Value = RowId> {
    let tag = RowTag::of(&"s".parse().unwrap(), Gid(0), "a.example");
    (1..5_u128).prop_map(move |number| RowId::new(&tag, Uuid::from_u128(number)))
}

fn fields() -> impl Strategy<Value = Fields> {
    let value = prop_oneof![Just(FieldValue::Empty), text().prop_map(FieldValue::Text)];
    btree_map(select(vec!["NAME", "PHONE"]).prop_map(Into::into), value, 0..3)
}

fn refusal() -> impl Strategy<Value = CellRefusal> {
    text().prop_map(|value| CellRefusal { header: "Ad".to_owned(), value, reason: Reason::NotANumber })
}

fn state() -> impl Strategy<Value = RowState> {
    select(vec![RowState::Pending, RowState::Completed, RowState::Partly, RowState::Failed])
}

fn changes() -> impl Strategy<Value = SyncChanges> {
    let scan = (0..5_i64, 0..3_u32, any::<bool>());
    let scan = scan.prop_map(|(id, read, finished)| ScanProgress { id, read, total: 3, finished });
    (
        (config_id(), vec(event_id(), 0..2), vec(seen(), 0..4), vec(written(), 0..3)),
        (vec((row(), 0..6_i64), 0..4), vec(row(), 0..2), vec(entry(), 0..2), option::of(scan)),
    )
        .prop_map(|((config, events, seen, written), (shown, unshown, history, scan))| SyncChanges {
            config,
            events,
            seen,
            written,
            shown,
            unshown,
            history,
            scan,
        })
}

fn seen() -> impl Strategy<Value = RowSeen> {
    (row(), 0..4_u32, fields(), vec(refusal(), 0..2), option::of(0..5_i64))
        .prop_map(|(id, place, desired, refusals, scan)| RowSeen { id, place, desired, refusals, scan })
}

fn written() -> impl Strategy<Value = RowWritten> {
    let rejection =
        text().prop_map(|text| Rejection { value: FieldValue::Text(text), reason: Reason::ReadOnly, in_doubt: false });
    let rejected = btree_map(Just("NAME".into()), rejection, 0..2);
    (row(), option::of(text()), 1..5_i64, fields(), rejected, state(), option::of(refusal())).prop_map(
        |(id, record, revision, acked, rejected, state, error)| RowWritten {
            id,
            record,
            revision,
            acked,
            rejected,
            state,
            error,
        },
    )
}

fn entry() -> impl Strategy<Value = HistoryEntry> {
    let change = text().prop_map(|text| FieldChange { from: FieldValue::Empty, to: FieldValue::Text(text) });
    let fields = btree_map(Just("NAME".into()), change, 0..2);
    (row(), 1..9_u32, option::of(text()), fields, state(), vec(refusal(), 0..2), moment()).prop_map(
        |(row, number, record, fields, state, refusals, at)| HistoryEntry {
            row,
            number,
            record,
            fields: BTreeMap::from_iter(fields),
            state,
            refusals,
            at,
        },
    )
}
