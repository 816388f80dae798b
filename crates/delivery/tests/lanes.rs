//! How lanes are served, on simulated time.

#![cfg(test)]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_delivery::{Delivery, DeliveryOptions, Handler, Lanes, Seats, Turn, Waker};
use kopru_ports::delivery::{
    Claim, DeliveryStore as _, Gather, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Urgency, Work,
};
use kopru_ports::{Clock as _, Retry, StoreError, StoreErrorKind};
use kopru_ports_testkit::{MemoryStore, SimulatedClock};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a turn does: how long it takes, whether it asks for a pause, whether it fails.
#[derive(Default)]
struct Conduct {
    bulk: Duration,
    pause: Option<Duration>,
    fails_on: Option<&'static str>,
}

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<SimulatedClock>,
    conduct: Conduct,
    /// Moment, lane and keys of each turn.
    begun: Mutex<Vec<(Timestamp, String, Vec<String>)>>,
    in_hand: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl Handler for World {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let keys: Vec<String> = works.iter().map(|work| work.key.clone()).collect();
        self.begun.lock().unwrap().push((self.clock.now(), turn.lease.lane.clone(), keys.clone()));
        if self.conduct.fails_on == Some(turn.lease.lane.as_str()) {
            return Err(StoreError::new("test", StoreErrorKind::Unavailable, Retry::After(None)));
        }
        for key in &keys {
            assert!(self.in_hand.lock().unwrap().insert(key.clone()), "{key} is in two hands");
        }
        if works[0].urgency == Urgency::Bulk {
            self.clock.sleep_until(self.clock.now() + self.conduct.bulk).await;
        }
        self.in_hand.lock().unwrap().retain(|key| !keys.contains(key));
        let pause = self.conduct.pause.map(|pause| self.clock.now() + pause);
        let outcome = |work: &Work| (work.key.clone(), work.generation, Outcome::Done);
        Ok(Settlement { outcomes: works.iter().map(outcome).collect(), pause, ..Settlement::default() })
    }
}

impl Lanes for World {
    fn seats(&self, _: &Lease) -> Vec<Seats> {
        let seats = |urgency, turns| Seats { urgency: Some(urgency), turns, keys: 2 };
        vec![seats(Urgency::Interactive, 1), seats(Urgency::Bulk, 3)]
    }
}

impl World {
    fn new(conduct: Conduct) -> Arc<Self> {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(SimulatedClock::default()));
        Arc::new(Self { store, clock, conduct, begun: Mutex::default(), in_hand: Mutex::default() })
    }

    async fn wish(&self, lane: &str, keys: &[&str], urgency: Urgency) {
        let work = |key: &&str| NewWork {
            company: lane.parse().unwrap(),
            lane: lane.to_owned(),
            kind: "k",
            key: (*key).to_owned(),
            owner: "o".into(),
            payload: Value::Null,
            due: self.clock.now(),
            gather: Gather::Earliest,
            urgency,
        };
        self.store.enqueue(keys.iter().map(work).collect()).await.unwrap();
    }

    fn run(self: &Arc<Self>, places: usize) -> (watch::Sender<bool>, JoinHandle<()>) {
        let options = DeliveryOptions { places, ..DeliveryOptions::default() };
        let handlers = HashMap::from([("k", self.clone() as Arc<dyn Handler>)]);
        let engine =
            Delivery::new(self.store.clone(), self.clock.clone(), handlers, self.clone(), options, Waker::default());
        let (stop, stopped) = watch::channel(false);
        (stop, tokio::spawn(engine.run(stopped)))
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep_until(self.clock.now() + Duration::from_secs_f64(seconds)).await;
    }

    /// How long after the start each turn on `lane` began, in seconds, and its keys.
    fn turns(&self, lane: &str, start: Timestamp) -> Vec<(f64, Vec<String>)> {
        let begun = self.begun.lock().unwrap();
        let of_lane = begun.iter().filter(|(_, of, _)| of == lane);
        of_lane.map(|(at, _, keys)| (at.duration_since(start).as_secs_f64(), keys.clone())).collect()
    }
}

/// When the turn with a key began.
fn at(turns: &[(f64, Vec<String>)], key: &str) -> f64 {
    turns.iter().find(|(_, keys)| keys.iter().any(|one| one == key)).unwrap().0
}

#[tokio::test(start_paused = true)]
async fn an_edit_goes_beside_the_batches_on_the_wire() {
    let world = World::new(Conduct { bulk: Duration::from_secs(20), ..Conduct::default() });
    let start = world.clock.now();
    world.wish("a", &["1", "2", "3", "4", "5", "6", "7", "8"], Urgency::Bulk).await;
    let _running = world.run(8);
    world.wait(5.0).await;
    world.wish("a", &["edit"], Urgency::Interactive).await;
    world.wait(60.0).await;
    let turns = world.turns("a", start);
    assert!((5.0..5.3).contains(&at(&turns, "edit")), "{turns:?}");
    assert!(
        at(&turns, "6") < 1.0 && at(&turns, "7") >= 20.0,
        "three turns of two side by side, then the rest: {turns:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_account_that_takes_nothing_is_left_alone() {
    let world = World::new(Conduct { pause: Some(Duration::from_secs(40)), ..Conduct::default() });
    let start = world.clock.now();
    world.wish("a", &["1"], Urgency::Bulk).await;
    let _running = world.run(8);
    world.wait(5.0).await;
    world.wish("a", &["2"], Urgency::Bulk).await;
    world.wish("a", &["edit"], Urgency::Interactive).await;
    world.wait(60.0).await;
    let turns = world.turns("a", start);
    assert!(at(&turns, "edit") < 5.3, "only the urgency that was refused waits: {turns:?}");
    assert!((40.0..41.0).contains(&at(&turns, "2")), "{turns:?}");
}

#[tokio::test(start_paused = true)]
async fn one_companys_flood_does_not_keep_anothers_lane_waiting() {
    let world = World::new(Conduct { bulk: Duration::from_secs(1), ..Conduct::default() });
    let start = world.clock.now();
    let keys: Vec<String> = (0..200).map(|key| key.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    world.wish("flood", &keys, Urgency::Bulk).await;
    let _running = world.run(1);
    world.wait(10.0).await;
    world.wish("small", &["x"], Urgency::Bulk).await;
    world.wait(30.0).await;
    let small = world.turns("small", start);
    assert!(small[0].0 < 15.0, "{small:?}");
    assert!(world.turns("flood", start).len() > 30, "the flood goes on");
}

#[tokio::test(start_paused = true)]
async fn a_lane_whose_turns_fail_rests_and_holds_up_nobody() {
    let world = World::new(Conduct { fails_on: Some("bad"), ..Conduct::default() });
    let start = world.clock.now();
    world.wish("bad", &["1"], Urgency::Bulk).await;
    world.wish("good", &["2"], Urgency::Bulk).await;
    let _running = world.run(8);
    world.wait(12.0).await;
    assert_eq!(world.turns("good", start).len(), 1);
    assert_eq!(world.turns("bad", start).len(), 3, "once, and again after each rest");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_is_under_way_and_begins_nothing() {
    let world = World::new(Conduct { bulk: Duration::from_secs(20), ..Conduct::default() });
    let start = world.clock.now();
    world.wish("a", &["1", "2", "3", "4", "5", "6", "7", "8"], Urgency::Bulk).await;
    let (stop, running) = world.run(8);
    world.wait(5.0).await;
    stop.send_replace(true);
    running.await.unwrap();
    assert!((20.0..21.0).contains(&world.clock.now().duration_since(start).as_secs_f64()));
    assert_eq!(world.turns("a", start).len(), 3);
    let now = world.clock.now();
    let given_back = world.store.lease(now, now + Duration::from_secs(30)).await.unwrap();
    assert!(matches!(given_back, LeaseAnswer::Granted(_)), "with the rest of its work");
}

/// As in a rolling upgrade: what the newer version has in doubt is still so when it looks at it again.
#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_know_a_kind_leaves_its_attempts_open() {
    let world = World::new(Conduct::default());
    let work = |kind, key: &str| NewWork {
        company: "a".parse().unwrap(),
        lane: "a".to_owned(),
        kind,
        key: key.to_owned(),
        owner: "o".into(),
        payload: Value::Null,
        due: world.clock.now(),
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    };
    world.store.enqueue(vec![work("newer", "1")]).await.unwrap();
    let lease = || async {
        let now = world.clock.now();
        match world.store.lease(now, now + Duration::from_secs(30)).await.unwrap() {
            LeaseAnswer::Granted(lease) => lease,
            LeaseAnswer::Idle(next) => panic!("nothing is due at {now}, next {next:?}"),
        }
    };
    let lost = lease().await;
    let attempt = NewAttempt { key: "1".into(), generation: 1, payload: "sent".into(), deadline: world.clock.now() };
    world.store.freeze(&lost, vec![attempt]).await.unwrap();
    world.store.release(&lost, world.clock.now()).await.unwrap();
    let (stop, running) = world.run(8);
    world.wait(90.0).await;
    stop.send_replace(true);
    running.await.unwrap();
    world.wait(60.0).await;
    let claim = Claim { urgency: None, limit: 9, skip: Vec::new() };
    let claimed = world.store.claim(&lease().await, world.clock.now(), claim).await.unwrap();
    assert_eq!(claimed.iter().map(|work| work.open_attempt.clone()).collect::<Vec<_>>(), [Some("sent".into())]);
}
