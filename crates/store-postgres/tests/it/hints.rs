//! What other instances hear of new work.

use std::time::Duration;

use kopru_ports::delivery::{DeliveryStore, LeaseAnswer, NewWork, Settlement};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::database::{NOW, fresh_url, open, work};

/// The hints that one more instance hears; it listens when this returns.
async fn hints(url: &str) -> UnboundedReceiver<()> {
    let (sender, mut receiver) = unbounded_channel();
    let store = open(url).await;
    tokio::spawn(async move { store.on_work(move || sender.send(()).unwrap_or_default()).await });
    receiver.recv().await.expect("a first look, since hints may have been missed");
    receiver
}

#[tokio::test]
async fn other_instances_hear_once_of_work_that_is_due_earlier_than_was_known() {
    let Some(url) = fresh_url().await else { return };
    let (store, mut hints) = (open(&url).await, hints(&url).await);
    let later = NewWork { due: NOW + Duration::from_mins(1), ..work("a", "2") };
    store.enqueue(vec![work("a", "1"), work("b", "1"), later.clone()]).await.unwrap();
    hints.recv().await.unwrap();
    // Known to be due already: no hint.
    store.enqueue(vec![work("a", "1"), later]).await.unwrap();
    let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
        panic!("a lane is due");
    };
    let settlement = Settlement { follow_ups: vec![work("c", "1")], ..Settlement::default() };
    store.settle(&lease, NOW, settlement).await.unwrap();
    hints.recv().await.unwrap();
    assert!(hints.try_recv().is_err(), "one hint for each transaction that brought something forward");
}

#[tokio::test]
async fn a_lost_connection_is_replaced_and_counts_as_a_hint() {
    let Some(url) = fresh_url().await else { return };
    let mut hints = hints(&url).await;
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    hints.recv().await.unwrap();
    open(&url).await.enqueue(vec![work("a", "1")]).await.unwrap();
    hints.recv().await.unwrap();
}

/// Leases from both instances at the same moment, so that no lease can have run out.
#[tokio::test]
async fn a_killed_instances_lanes_are_free_at_once_and_a_live_ones_are_not() {
    let Some(url) = fresh_url().await else { return };
    let (lives, gone) = (open(&url).await, open(&url).await);
    let until = NOW + Duration::from_hours(1);
    let mut listening = Vec::new();
    for store in [&lives, &gone] {
        let (seen, store) = (std::sync::Arc::new(tokio::sync::Notify::new()), store.clone());
        let hears = seen.clone();
        listening.push(tokio::spawn(async move { store.on_work(move || hears.notify_one()).await }));
        seen.notified().await;
    }
    gone.enqueue(vec![work("a", "1"), work("b", "1")]).await.unwrap();
    let LeaseAnswer::Granted(held) = gone.lease(NOW, until).await.unwrap() else { panic!("a lane is due") };
    let LeaseAnswer::Granted(own) = lives.lease(NOW, until).await.unwrap() else { panic!("the other is due") };
    assert!(matches!(lives.lease(NOW, until).await.unwrap(), LeaseAnswer::Idle(_)), "both are held");
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    listening.pop().unwrap().abort();
    // As the server does when the process is gone.
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint =
            (SELECT holder FROM kopru.lane WHERE lane = $1)",
    )
    .bind(&held.lane)
    .execute(&mut admin)
    .await
    .unwrap();
    let taken = loop {
        if let LeaseAnswer::Granted(taken) = lives.lease(NOW, until).await.unwrap() {
            break taken;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&taken.lane, taken.epoch), (&held.lane, held.epoch + 1));
    assert_ne!(taken.lane, own.lane);
}
