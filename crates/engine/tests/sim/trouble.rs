//! A portal that is in one sort of trouble for a while, and how it is treated meanwhile.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_engine::Caller;
use kopru_ports::Clock as _;
use kopru_ports::configs::ConfigStore as _;
use kopru_ports::identity::IdentityStore as _;

use crate::faults::Fate;
use crate::portal::Records;
use crate::schedule::{company, config, config_id};
use crate::worker::{Worker, World};

/// A tab, a worker, and a portal in no trouble yet.
struct Stage {
    world: World,
    worker: Worker,
}

impl Stage {
    /// With so many rows in the sheet, all of them in the portal.
    async fn with(rows: usize) -> Self {
        let world = World::new(1, None);
        world.memory.add_company(&company(), "Acme", world.clock.now()).await.expect("a company");
        world.memory.add(&config(&world)).await.expect("a configuration");
        let worker = Worker::start(&world);
        let stage = Self { world, worker };
        stage.cells(|cells| {
            cells.calm = true;
            let row = |number| [format!("n{number}"), String::new(), String::new(), String::new(), String::new()];
            cells.rows = (0..rows).map(row).collect();
        });
        stage.portal().calm = true;
        stage.compare().await;
        stage.wait(Duration::from_mins(2)).await;
        assert_eq!(stage.portal().by_id.len(), rows);
        stage.portal().writes.clear();
        stage
    }

    fn portal(&self) -> MutexGuard<'_, Records> {
        self.world.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cells(&self, change: impl FnOnce(&mut crate::sheet::Cells)) {
        change(&mut self.world.cells.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Somebody changes all rows by a script.
    async fn change_all(&self, text: &str) {
        self.cells(|cells| cells.rows.iter_mut().for_each(|row| row[1] = text.to_owned()));
        self.compare().await;
    }

    async fn compare(&self) {
        self.worker.engine.reconcile(&Caller::operator(company()), config_id()).await.expect("begun");
    }

    async fn wait(&self, time: Duration) {
        self.world.clock.sleep_until(self.world.clock.now() + time).await;
    }

    /// How many writes came since, and how many commands.
    fn writes_since(&self, since: Timestamp) -> (usize, usize) {
        let portal = self.portal();
        let writes = portal.writes.iter().filter(|(at, _)| *at >= since);
        writes.fold((0, 0), |(writes, commands), (_, more)| (writes + 1, commands + more))
    }

    /// The records that hold the text as a comment.
    fn holding(&self, text: &str) -> usize {
        let is_text = |value: &kopru_domain::FieldValue| *value == kopru_domain::FieldValue::Text(text.to_owned());
        self.portal().by_id.values().filter(|record| record.fields.get(&"COMMENTS".into()).is_some_and(is_text)).count()
    }
}

/// Eight batches of fifty at full rate would put every row in doubt within a second.
#[tokio::test(start_paused = true)]
async fn a_portal_that_says_nothing_is_not_asked_at_full_rate() {
    let stage = Stage::with(2_000).await;
    stage.portal().mood = Some(Fate::Dropped);
    let start = stage.world.clock.time.now();
    stage.change_all("x").await;
    stage.wait(Duration::from_mins(1)).await;
    let (writes, _) = stage.writes_since(start);
    assert!((1..=24).contains(&writes), "{writes}");
    stage.portal().mood = None;
    stage.wait(Duration::from_mins(5)).await;
    assert_eq!(stage.holding("x"), 2_000);
}

/// Another tool has used up the method's time: that lasts up to ten minutes, and is no row's fault.
#[tokio::test(start_paused = true)]
async fn no_row_is_given_up_for_a_limit_of_the_portal() {
    let stage = Stage::with(200).await;
    stage.portal().mood = Some(Fate::Limited);
    stage.change_all("x").await;
    stage.wait(Duration::from_mins(20)).await;
    assert_eq!(stage.holding("x"), 0);
    stage.portal().mood = None;
    stage.wait(Duration::from_mins(1)).await;
    assert_eq!(stage.holding("x"), 200);
}

/// What failed with all others is not suspected of anything: it goes on in full batches.
#[tokio::test(start_paused = true)]
async fn after_an_outage_rows_go_in_full_batches_again() {
    let stage = Stage::with(500).await;
    stage.portal().mood = Some(Fate::Unsent);
    stage.change_all("x").await;
    stage.wait(Duration::from_mins(45)).await;
    let over = stage.world.clock.time.now();
    stage.portal().mood = None;
    stage.wait(Duration::from_mins(1)).await;
    assert_eq!(stage.holding("x"), 500);
    let (writes, commands) = stage.writes_since(over);
    assert!(commands == 500 && writes <= 20, "{writes} writes of {commands} commands");
}

/// Somebody took the scope away and gives it back: every row goes, and nobody has to ask for each.
#[tokio::test(start_paused = true)]
async fn rows_wait_for_a_scope_that_is_missing() {
    let stage = Stage::with(200).await;
    stage.portal().mood = Some(Fate::Closed);
    stage.change_all("x").await;
    stage.wait(Duration::from_mins(20)).await;
    stage.portal().mood = None;
    stage.wait(Duration::from_mins(6)).await;
    assert_eq!(stage.holding("x"), 200);
}
