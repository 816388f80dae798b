//! Instances at the same time: what they share is not used twice, and they wait for each other in no ring.

use std::collections::BTreeSet;
use std::time::Duration;

use kopru_ports::delivery::{DeliveryStore, LeaseAnswer, Settlement, Urgency};
use kopru_ports::gate::{Charge, Limit, LimitStore, Pass, Spent};
use tokio::task::JoinSet;

use crate::database::{NOW, fresh_url, open, work};

/// Ten units at once of each, in the order that is given.
fn pass(scopes: [&str; 2]) -> Pass {
    let limit = |scope: &str| Limit { scope: scope.to_owned(), per_second: 1.0, burst: 10.0, kept: 0.0 };
    let charges = scopes.map(|scope| Charge { limit: limit(scope), cost: 1.0 }).to_vec();
    Pass { company: "acme".parse().unwrap(), urgency: Urgency::Bulk, charges }
}

#[tokio::test]
async fn a_limit_is_spent_once_whatever_the_order_of_a_pass() {
    let Some(url) = fresh_url().await else { return };
    let mut callers = JoinSet::new();
    for order in [["a", "b"], ["b", "a"]] {
        let store = open(&url).await;
        for _ in 0..15 {
            let store = store.clone();
            callers.spawn(async move { store.spend(NOW, &pass(order)).await });
        }
    }
    let answers = callers.join_all().await;
    let spent = answers.into_iter().map(Result::unwrap).filter(|answer| *answer == Spent::All);
    assert_eq!(spent.count(), 10);
}

#[tokio::test]
async fn the_first_instances_may_start_at_the_same_time() {
    let Some(url) = fresh_url().await else { return };
    tokio::join!(open(&url), open(&url), open(&url));
}

#[tokio::test]
async fn a_lane_is_leased_by_one_of_many() {
    let Some(url) = fresh_url().await else { return };
    let lanes: Vec<_> = (0..20).map(|lane| work(&lane.to_string(), "k")).collect();
    open(&url).await.enqueue(lanes).await.unwrap();
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let store = open(&url).await;
        workers.spawn(async move {
            let mut held = Vec::new();
            while let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() {
                held.push(lease.lane);
            }
            held
        });
    }
    let held = workers.join_all().await.concat();
    assert_eq!((held.len(), held.into_iter().collect::<BTreeSet<_>>().len()), (20, 20));
}

#[tokio::test]
async fn turns_may_follow_up_on_each_others_lanes() {
    let Some(url) = fresh_url().await else { return };
    open(&url).await.enqueue(vec![work("a", "k"), work("b", "k")]).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..2 {
        let store = open(&url).await;
        let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
            panic!("a lane is due");
        };
        held.push((store, lease));
    }
    let mut turns = JoinSet::new();
    for (store, lease) in held {
        turns.spawn(async move {
            let other = if lease.lane == "a" { "b" } else { "a" };
            for turn in 0..50 {
                let follow_ups = vec![work(other, &turn.to_string())];
                let settlement = Settlement { follow_ups, ..Settlement::default() };
                store.settle(&lease, NOW, settlement).await.unwrap();
            }
        });
    }
    turns.join_all().await;
}
