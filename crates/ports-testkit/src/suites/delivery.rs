//! [`DeliveryStore`]'s clauses.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::StoreErrorKind;
use kopru_ports::delivery::{
    Claim, DeliveryStore, Gather, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Urgency, Work,
};
use kopru_ports::identity::IdentityStore;
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(1_000_000) + jiff::SignedDuration::from_secs(second)
}

fn work(key: &str, due: i64) -> NewWork {
    NewWork {
        company: "acme".parse().expect("an id"),
        lane: "crm:a".into(),
        kind: "k",
        key: key.into(),
        owner: "o".into(),
        payload: json!({ "key": key }),
        due: at(due),
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}

async fn leased(store: &dyn DeliveryStore, now: i64) -> Lease {
    match store.lease(at(now), at(now + 30)).await.expect("a lease") {
        LeaseAnswer::Granted(lease) => lease,
        LeaseAnswer::Idle(next) => panic!("nothing was due at {now}, next {next:?}"),
    }
}

async fn claimed(store: &dyn DeliveryStore, lease: &Lease, now: i64) -> Vec<Work> {
    claimed_of(store, lease, now, None, &[]).await
}

async fn claimed_of(
    store: &dyn DeliveryStore,
    lease: &Lease,
    now: i64,
    urgency: Option<Urgency>,
    skip: &[&str],
) -> Vec<Work> {
    let claim = Claim { urgency, limit: 50, skip: skip.iter().map(|key| (*key).to_owned()).collect() };
    store.claim(lease, at(now), claim).await.expect("a claim")
}

fn keys(works: &[Work]) -> Vec<&str> {
    works.iter().map(|work| work.key.as_str()).collect()
}

async fn settle(store: &dyn DeliveryStore, lease: &Lease, now: i64, outcomes: Vec<(&Work, Outcome)>) {
    let outcomes = outcomes.into_iter().map(|(work, outcome)| (work.key.clone(), work.generation, outcome)).collect();
    store.settle(lease, at(now), Settlement { outcomes, ..Settlement::default() }).await.expect("a settlement");
}

/// Due work is found, given with its payload, and gone once it is done.
pub async fn work_is_leased_claimed_and_finished(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0), work("b", 5)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let works = claimed(&*store, &lease, 0).await;
    assert_eq!(keys(&works), ["a"]);
    assert_eq!(works[0].payload, json!({ "key": "a" }));
    settle(&*store, &lease, 0, vec![(&works[0], Outcome::Done)]).await;
    assert_eq!(keys(&claimed(&*store, &lease, 9).await), ["b"]);
}

/// While a lane is held nobody else gets it; given back or expired, somebody does, with a greater epoch.
pub async fn a_lane_has_one_holder(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let first = leased(&*store, 0).await;
    assert!(matches!(store.lease(at(1), at(31)).await.expect("an answer"), LeaseAnswer::Idle(_)));
    let second = leased(&*store, 31).await;
    assert!(second.epoch > first.epoch);
    store.release(&second, at(31)).await.expect("released");
    let third = leased(&*store, 32).await;
    assert!(third.epoch > second.epoch);
    store.release(&third, at(60)).await.expect("released");
    assert_eq!(store.lease(at(59), at(99)).await.expect("an answer"), LeaseAnswer::Idle(Some(at(60))));
}

/// A holder that lost its lane can record nothing at all.
pub async fn with_a_stale_lease_nothing_is_recorded(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let stale = leased(&*store, 0).await;
    let works = claimed(&*store, &stale, 0).await;
    let fresh = leased(&*store, 31).await;
    let settlement =
        Settlement { outcomes: vec![("a".into(), works[0].generation, Outcome::Done)], ..Settlement::default() };
    let attempt = NewAttempt { key: "a".into(), generation: 1, payload: Value::Null, deadline: at(90) };
    let errors = [
        store.settle(&stale, at(31), settlement).await.err(),
        store.freeze(&stale, vec![attempt]).await.err(),
        store.renew(&stale, at(99)).await.err(),
        store.claim(&stale, at(31), Claim { urgency: None, limit: 1, skip: Vec::new() }).await.err(),
    ];
    assert!(errors.into_iter().all(|error| error.is_some_and(|error| error.kind == StoreErrorKind::StaleLease)));
    store.release(&stale, at(31)).await.expect("releasing a stale lease is no error");
    assert_eq!(keys(&claimed(&*store, &fresh, 31).await), ["a"]);
}

/// Work that is made due while its turn runs is due again afterwards, with its new payload.
pub async fn work_made_due_meanwhile_is_due_again(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let works = claimed(&*store, &lease, 0).await;
    store.enqueue(vec![NewWork { payload: json!("new"), ..work("a", 2) }]).await.expect("enqueued");
    settle(&*store, &lease, 1, vec![(&works[0], Outcome::Done)]).await;
    assert_eq!(claimed(&*store, &lease, 2).await[0].payload, json!("new"));
}

/// Of two wishes the earlier moment counts, or the later one for what has to be quiet first; but only for
/// so long after the first wish.
pub async fn wishes_for_the_same_work_are_gathered(store: Arc<impl DeliveryStore>) {
    let quiet = |key, due| NewWork { gather: Gather::Quiet { at_most: Duration::from_secs(10) }, ..work(key, due) };
    store.enqueue(vec![work("a", 5), quiet("b", 2)]).await.expect("enqueued");
    store.enqueue(vec![work("a", 7), quiet("b", 4)]).await.expect("enqueued");
    let lease = leased(&*store, 5).await;
    assert_eq!(keys(&claimed(&*store, &lease, 3).await), [""; 0]);
    assert_eq!(keys(&claimed(&*store, &lease, 5).await), ["b", "a"]);
    store.enqueue(vec![quiet("b", 90)]).await.expect("enqueued");
    assert_eq!(keys(&claimed(&*store, &lease, 12).await), ["a", "b"]);
}

/// Work that waits for its retry keeps nobody else, and counts its failures.
pub async fn a_pause_blocks_its_own_key_only(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0), work("b", 1)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let works = claimed(&*store, &lease, 0).await;
    settle(&*store, &lease, 0, vec![(&works[0], Outcome::Retry { due: at(60), error: "later".into() })]).await;
    assert_eq!(keys(&claimed(&*store, &lease, 5).await), ["b"]);
    let again = claimed(&*store, &lease, 60).await;
    let again = again.iter().find(|work| work.key == "a").expect("due again");
    assert_eq!(again.failures, 1);
}

/// Work that an account did not take keeps its place before what came later.
pub async fn what_waits_for_its_account_keeps_its_place(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("b", 0), work("a", 1)]).await.expect("enqueued");
    let lease = leased(&*store, 5).await;
    let works = claimed(&*store, &lease, 5).await;
    let attempt = NewAttempt { key: "b".into(), generation: 1, payload: Value::Null, deadline: at(90) };
    store.freeze(&lease, vec![attempt]).await.expect("frozen");
    settle(&*store, &lease, 5, vec![(&works[0], Outcome::StillDue)]).await;
    assert_eq!(keys(&claimed(&*store, &lease, 5).await), ["b", "a"]);
}

/// What may still be on the wire is not sent by a successor; after its deadline it is given with its
/// frozen payload, and closed by the key's next outcome.
pub async fn an_open_attempt_holds_its_key_until_its_deadline(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0), work("b", 0)]).await.expect("enqueued");
    let lost = leased(&*store, 0).await;
    let attempt = NewAttempt { key: "a".into(), generation: 1, payload: json!("frozen"), deadline: at(65) };
    store.freeze(&lost, vec![attempt]).await.expect("frozen");
    let successor = leased(&*store, 31).await;
    assert_eq!(keys(&claimed(&*store, &successor, 31).await), ["b"]);
    let works = claimed(&*store, &successor, 65).await;
    let open = works.iter().find(|work| work.key == "a").expect("given after its deadline");
    assert_eq!(open.open_attempt, Some(json!("frozen")));
    settle(&*store, &successor, 65, vec![(open, Outcome::Open { until: at(80) })]).await;
    assert_eq!(keys(&claimed(&*store, &successor, 70).await), ["b"]);
    let works = claimed(&*store, &successor, 80).await;
    let open = works.iter().find(|work| work.key == "a").expect("given again");
    settle(&*store, &successor, 80, vec![(open, Outcome::Again { due: at(80), payload: Value::Null })]).await;
    assert!(claimed(&*store, &successor, 80).await.iter().all(|work| work.open_attempt.is_none()));
}

/// Parked work is not due, until somebody makes it due again: then its failures are forgotten.
pub async fn parked_work_waits_for_the_next_wish(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let works = claimed(&*store, &lease, 0).await;
    settle(&*store, &lease, 0, vec![(&works[0], Outcome::Parked { error: "no".into() })]).await;
    assert!(claimed(&*store, &lease, 9999).await.is_empty());
    store.enqueue(vec![work("a", 10)]).await.expect("enqueued");
    assert_eq!(claimed(&*store, &lease, 10).await[0].failures, 0);
}

/// What a person waits for goes first, but nothing waits for ever; a claim holds work of one kind only.
pub async fn urgent_work_goes_first_and_a_claim_is_of_one_kind(store: Arc<impl DeliveryStore>) {
    let other = NewWork { kind: "other", ..work("c", 1) };
    let urgent = NewWork { urgency: Urgency::Interactive, ..work("b", 3) };
    store.enqueue(vec![work("a", 0), other, urgent]).await.expect("enqueued");
    let lease = leased(&*store, 5).await;
    assert_eq!(keys(&claimed(&*store, &lease, 5).await), ["a", "b"]);
    store.enqueue(vec![NewWork { urgency: Urgency::Interactive, ..work("d", 2) }]).await.expect("enqueued");
    assert_eq!(keys(&claimed(&*store, &lease, 5).await), ["d", "a", "b"]);
}

/// Turns of one lease run side by side: each claims work of its urgency, and none that another has in hand.
pub async fn a_claim_takes_its_urgency_and_leaves_what_others_have_in_hand(store: Arc<impl DeliveryStore>) {
    let urgent = NewWork { urgency: Urgency::Interactive, ..work("c", 1) };
    store.enqueue(vec![work("a", 0), work("b", 0), urgent]).await.expect("enqueued");
    let lease = leased(&*store, 5).await;
    assert_eq!(keys(&claimed_of(&*store, &lease, 5, Some(Urgency::Interactive), &[]).await), ["c"]);
    assert_eq!(keys(&claimed_of(&*store, &lease, 5, Some(Urgency::Bulk), &["a", "c"]).await), ["b"]);
    assert_eq!(keys(&claimed_of(&*store, &lease, 5, None, &["a"]).await), ["c", "b"]);
    let claim = Claim { urgency: None, limit: 2, skip: Vec::new() };
    assert_eq!(keys(&store.claim(&lease, at(5), claim).await.expect("a claim")), ["c", "a"]);
}

/// However many lanes of one company are due, another company's lane is next while it holds fewer.
pub async fn companies_take_turns(store: Arc<impl DeliveryStore>) {
    let lane = |company: &str, lane: &str, due| NewWork {
        company: company.parse().expect("an id"),
        lane: lane.into(),
        ..work("a", due)
    };
    let flood = ["1", "2", "3", "4"].map(|name| lane("acme", name, 0));
    store
        .enqueue(flood.into_iter().chain([lane("beta", "5", 3), lane("beta", "6", 2)]).collect())
        .await
        .expect("enqueued");
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(leased(&*store, 5).await.lane);
    }
    assert_eq!(order, ["1", "6", "2", "5", "3"]);
}

/// A lane that is given back with work left stands behind those that waited meanwhile.
pub async fn a_lane_given_back_stands_behind_those_that_wait(store: Arc<impl DeliveryStore>) {
    let other = NewWork { lane: "crm:b".into(), ..work("b", 3) };
    store.enqueue(vec![work("a", 0), other]).await.expect("enqueued");
    let first = leased(&*store, 5).await;
    assert_eq!(first.lane, "crm:a");
    store.release(&first, at(5)).await.expect("released");
    assert_eq!(leased(&*store, 5).await.lane, "crm:b");
    assert_eq!(leased(&*store, 5).await.lane, "crm:a");
}

/// What a lost worker may send late is resolved like any attempt, once no other one is open for its key.
pub async fn a_late_attempt_is_opened_again(store: Arc<impl DeliveryStore + IdentityStore>) {
    store.add_company(&work("a", 0).company, "", at(0)).await.expect("a company");
    let late = |deadline| NewAttempt { key: "a".into(), generation: 1, payload: json!("late"), deadline: at(deadline) };
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let own = NewAttempt { payload: json!("own"), ..late(20) };
    store.freeze(&lease, vec![own]).await.expect("frozen");
    assert!(!store.reopen(work("a", 5), late(40)).await.expect("an answer"), "another one is open");
    let done = Settlement { outcomes: vec![("a".into(), 1, Outcome::Done)], ..Settlement::default() };
    store.settle(&lease, at(1), done).await.expect("recorded");
    store.release(&lease, at(1)).await.expect("released");
    assert!(store.reopen(work("a", 5), late(40)).await.expect("an answer"));
    let lease = leased(&*store, 41).await;
    let claim = Claim { urgency: None, limit: 9, skip: Vec::new() };
    assert_eq!(store.claim(&lease, at(39), claim.clone()).await.expect("a claim"), [], "not before its deadline");
    let claimed = store.claim(&lease, at(41), claim).await.expect("a claim");
    assert_eq!(claimed.iter().map(|work| work.open_attempt.clone()).collect::<Vec<_>>(), [Some(json!("late"))]);
}

/// What was opened again since its key was claimed is neither replaced by the turn that began before, nor closed by it.
pub async fn a_turn_cannot_close_what_was_opened_again_meanwhile(store: Arc<impl DeliveryStore + IdentityStore>) {
    store.add_company(&work("a", 0).company, "", at(0)).await.expect("a company");
    let attempt = |payload| NewAttempt { key: "a".into(), generation: 1, payload, deadline: at(40) };
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let lease = leased(&*store, 0).await;
    let works = claimed(&*store, &lease, 0).await;
    assert!(store.reopen(work("a", 5), attempt(json!("late"))).await.expect("an answer"));
    let error = store.freeze(&lease, vec![attempt(json!("own"))]).await.expect_err("opened again");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
    settle(&*store, &lease, 1, vec![(&works[0], Outcome::Done)]).await;
    let again = claimed(&*store, &lease, 40).await;
    assert_eq!(again[0].open_attempt, Some(json!("late")));
    settle(&*store, &lease, 40, vec![(&again[0], Outcome::Done)]).await;
    assert!(claimed(&*store, &lease, 9999).await.is_empty());
}

/// A turn's follow-ups are recorded together with its outcomes.
pub async fn follow_ups_come_with_the_turn_or_not_at_all(store: Arc<impl DeliveryStore>) {
    store.enqueue(vec![work("a", 0)]).await.expect("enqueued");
    let stale = leased(&*store, 0).await;
    let next = NewWork { lane: "sheet:s".into(), ..work("n", 0) };
    let settlement = |outcome| Settlement {
        outcomes: vec![("a".into(), 1, outcome)],
        follow_ups: vec![next.clone()],
        ..Settlement::default()
    };
    let fresh = leased(&*store, 31).await;
    store.settle(&stale, at(31), settlement(Outcome::Done)).await.expect_err("stale");
    assert!(
        matches!(store.lease(at(31), at(61)).await.expect("an answer"), LeaseAnswer::Idle(_)),
        "no follow-up of a stale turn"
    );
    store.settle(&fresh, at(31), settlement(Outcome::Done)).await.expect("recorded");
    assert_eq!(leased(&*store, 31).await.lane, "sheet:s");
}

/// With nothing due the store says when something will be.
pub async fn an_idle_store_knows_when_to_look_again(store: Arc<impl DeliveryStore>) {
    assert_eq!(store.lease(at(0), at(30)).await.expect("an answer"), LeaseAnswer::Idle(None));
    store.enqueue(vec![work("a", 7)]).await.expect("enqueued");
    assert_eq!(store.lease(at(0), at(30)).await.expect("an answer"), LeaseAnswer::Idle(Some(at(7))));
}
