//! One schedule: people, crashes and faults by chance, then calm, then the comparison.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kopru_domain::{
    ColumnMapping, ColumnStyle, CompanyId, ConfigId, EntityKind, FieldValue, Gid, Language, Mapping, Target,
};
use kopru_engine::{Caller, Engine};
use kopru_ports::Clock as _;
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::identity::IdentityStore;
use kopru_ports::sync::{RowsQuery, SyncStore, SyncSummary};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::portal::DROPPED;
use crate::sheet::{ID, RECORD, Row, STATUS};
pub use crate::store::Broken;
use crate::worker::{Worker, World};

const STEPS: u64 = 60;
const KEY: &str = "key";
/// So late somebody sends who froze for good.
const LATE: Duration = Duration::from_mins(4);
/// So long calm may take to set everything right.
const CALM: Duration = Duration::from_mins(30);

/// Runs a schedule; its trace, or what was wrong in the end.
pub fn run(seed: u64, broken: Option<Broken>) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut schedule = Schedule::new(seed, broken).await;
        schedule.storm().await;
        schedule.calm().await?;
        schedule.compare()?;
        Ok(schedule.trace)
    })
}

struct Schedule {
    world: World,
    /// Whether one worker freezes for good, and sends what it had in hand when all is done: in one of four schedules.
    for_good: bool,
    workers: Vec<Worker>,
    clock_set: Option<Timestamp>,
    trace: String,
}

pub fn company() -> CompanyId {
    "acme".parse().expect("an id")
}

pub fn config_id() -> ConfigId {
    ConfigId(uuid::Uuid::from_u128(7))
}

pub fn config(world: &World) -> SyncConfig {
    let column = |column, code: &str| ColumnMapping {
        column,
        header: code.to_owned(),
        target: Target::Field(code.into()),
        style: ColumnStyle::turkish(),
    };
    SyncConfig {
        id: config_id(),
        company: company(),
        user: "person".parse().expect("an id"),
        name: "sheet".into(),
        spreadsheet: "sheet".parse().expect("an id"),
        gid: Gid(0),
        entity: EntityKind::Lead,
        portal: "portal".into(),
        mapping: Mapping { columns: vec![column(0, "TITLE"), column(1, "COMMENTS")], title_from: vec![] },
        language: Language::Tr,
        quiet_ms: u32::try_from(world.chance.below(3) * 1_000).expect("short"),
        enabled: true,
        webhook_key_hash: URL_SAFE_NO_PAD.encode(Sha256::digest(KEY)),
        sealed_secret: String::new(),
        created: world.clock.now(),
        scan: None,
        restored: None,
        held: false,
    }
}

impl Schedule {
    async fn new(seed: u64, broken: Option<Broken>) -> Self {
        let world = World::new(seed, broken);
        world.memory.add_company(&company(), "Acme", world.clock.now()).await.expect("a company");
        world.memory.add(&config(&world)).await.expect("a configuration");
        let workers = (0..2).map(|_| Worker::start(&world)).collect();
        let mut schedule =
            Self { world, for_good: seed.is_multiple_of(4), workers, clock_set: None, trace: String::new() };
        for _ in 0..=schedule.world.chance.below(7) {
            schedule.insert();
        }
        schedule
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.trace, "{} {what}", self.world.clock.now());
    }

    async fn storm(&mut self) {
        for _ in 0..STEPS {
            let pause = self.world.chance.millis(3_000);
            self.world.clock.sleep_until(self.world.clock.now() + pause).await;
            self.step().await;
        }
    }

    async fn step(&mut self) {
        let rows = self.rows();
        match self.world.chance.below(23) {
            0..=8 if rows > 0 => self.edit().await,
            9 => {
                let row = self.insert();
                self.post(row).await;
            }
            10 if rows > 1 => self.delete().await,
            11 if rows > 1 => self.sort().await,
            12 if rows > 0 => self.copy().await,
            13 | 14 => self.replace_worker(),
            15 | 16 => self.freeze(),
            17 => self.thaw(),
            18 => self.reconcile().await,
            19 => self.set_clock(),
            20 if self.world.chance.one_in(2) => self.enable(false).await,
            21 => self.enable(true).await,
            22 if self.world.chance.one_in(4) => self.restored().await,
            _ => {}
        }
    }

    fn rows(&self) -> usize {
        self.cells(|rows| rows.len())
    }

    fn cells<T>(&self, on: impl FnOnce(&mut Vec<Row>) -> T) -> T {
        on(&mut self.world.cells.lock().unwrap_or_else(PoisonError::into_inner).rows)
    }

    /// Somebody types; sometimes what stood there before, sometimes nothing.
    async fn edit(&mut self) {
        let chance = self.world.chance.clone();
        let row = chance.index(self.rows());
        let column = chance.index(2);
        let text = if column == 1 && chance.one_in(4) { String::new() } else { format!("v{}", chance.below(4)) };
        self.note(format_args!("row {row}, column {column}: {text:?}"));
        self.cells(|rows| rows[row][column] = text);
        self.post(row).await;
    }

    fn insert(&mut self) -> usize {
        let at = self.world.chance.index(self.rows() + 1);
        let title = format!("n{}", self.world.chance.below(1_000));
        self.note(format_args!("a new row at {at}: {title}"));
        self.cells(|rows| rows.insert(at, [title, String::new(), String::new(), String::new(), String::new()]));
        at
    }

    async fn delete(&mut self) {
        let at = self.world.chance.index(self.rows());
        self.note(format_args!("row {at} is deleted"));
        self.cells(|rows| drop(rows.remove(at)));
        self.post(at).await;
    }

    /// All rows, or those of a part, with their ids.
    async fn sort(&mut self) {
        let first = self.world.chance.index(self.rows());
        let end = first + 1 + self.world.chance.index(self.rows() - first);
        self.note(format_args!("rows {first}..{end} are sorted"));
        self.cells(|rows| rows[first..end].sort_by(|one, other| (&one[1], &one[0]).cmp(&(&other[1], &other[0]))));
        self.post_rows(first, end).await;
    }

    /// A row is copied to the end with everything in it, also its id.
    async fn copy(&mut self) {
        let from = self.world.chance.index(self.rows());
        self.note(format_args!("row {from} is copied to the end"));
        let at = self.cells(|rows| {
            rows.push(rows[from].clone());
            rows.len() - 1
        });
        self.post(at).await;
    }

    async fn post(&mut self, row: usize) {
        self.post_rows(row, row + 1).await;
    }

    /// The script's post: sometimes it is lost, sometimes it comes twice.
    async fn post_rows(&mut self, first: usize, end: usize) {
        let times = [1, 1, 1, 1, 1, 1, 2, 2, 0, 0][self.world.chance.index(10)];
        let rows = if end - first == 1 {
            format!("\"event\":\"row_edited\",\"row_id\":{}", first + 2)
        } else {
            format!("\"event\":\"rows_changed\",\"rows\":[{},{}]", first + 2, end + 1)
        };
        let body = format!("{{\"sheet_id\":\"sheet\",\"gid\":0,{rows}}}");
        for _ in 0..times {
            let engine = self.workers[self.world.chance.index(self.workers.len())].engine.clone();
            engine.accept_webhook(&SecretString::from(KEY), None, body.as_bytes()).await.expect("stored");
        }
    }

    fn replace_worker(&mut self) {
        let which = if self.for_good { 1 } else { self.world.chance.index(self.workers.len()) };
        self.note(format_args!("worker {which} is killed, another one starts"));
        let fresh = Worker::start(&self.world);
        std::mem::replace(&mut self.workers[which], fresh).kill();
    }

    fn freeze(&mut self) {
        if self.for_good {
            self.note(format_args!("worker 0 freezes as soon as it sends"));
            self.workers[0].freezer.arm();
            return;
        }
        let which = self.world.chance.index(self.workers.len());
        self.note(format_args!("worker {which} freezes"));
        self.workers[which].freezer.set(true);
    }

    fn thaw(&mut self) {
        if self.for_good {
            return;
        }
        self.note(format_args!("all workers thaw"));
        self.workers.iter().for_each(|worker| worker.freezer.set(false));
    }

    /// The machine's clock is set by a few seconds, as time servers do; not twice within one call.
    fn set_clock(&mut self) {
        let now = self.world.clock.time.now();
        if self.clock_set.is_some_and(|set| now < set + Duration::from_secs(30)) {
            return;
        }
        self.clock_set = Some(now);
        let millis = i64::try_from(self.world.chance.below(9_000)).expect("small") - 4_500;
        self.note(format_args!("the clock is set by {millis} ms"));
        self.world.clock.step(millis);
    }

    /// Somebody says that the database was restored. It was not: what has to hold, holds all the more.
    async fn restored(&mut self) {
        let Some(engine) = self.awake() else { return };
        self.note(format_args!("everything is held"));
        engine.restored().await.expect("held");
    }

    /// Somebody pauses the configuration, or takes it up again.
    async fn enable(&mut self, enabled: bool) {
        let found = self.world.memory.get(&company(), config_id()).await.expect("a store").expect("a configuration");
        let Some(engine) = self.awake().filter(|_| found.enabled != enabled) else { return };
        self.note(format_args!("the configuration is {}", if enabled { "taken up again" } else { "paused" }));
        self.world.memory.update(&SyncConfig { enabled, ..found }).await.expect("updated");
        if enabled {
            engine.reconcile(&Caller::operator(company()), config_id()).await.expect("begun");
        }
    }

    /// Through which people's wishes go on: those that freeze stay frozen.
    fn awake(&self) -> Option<Arc<Engine>> {
        self.workers.iter().find(|worker| !worker.freezer.is_set()).map(|worker| worker.engine.clone())
    }

    async fn reconcile(&mut self) {
        self.note(format_args!("the tab is compared"));
        self.thaw();
        let Some(engine) = self.awake() else { return };
        engine.reconcile(&Caller::operator(company()), config_id()).await.expect("begun");
    }

    /// Nothing goes wrong any more: soon everything is settled.
    async fn calm(&mut self) -> Result<(), String> {
        self.world.cells.lock().unwrap_or_else(PoisonError::into_inner).calm = true;
        self.world.records.lock().unwrap_or_else(PoisonError::into_inner).calm = true;
        self.thaw();
        self.enable(true).await;
        if std::mem::take(&mut self.for_good) {
            // The other one has all the time that it needs.
            self.world.clock.sleep_until(self.world.clock.now() + LATE).await;
        }
        self.reconcile().await;
        let patience = self.world.clock.now() + CALM;
        loop {
            self.world.clock.sleep_until(self.world.clock.now() + Duration::from_secs(5)).await;
            let summary = self.world.memory.summary(&company(), config_id()).await.expect("a summary");
            if is_settled(&summary) {
                self.note_refused().await;
                return Ok(());
            }
            if self.world.clock.now() > patience {
                return Err(format!("not settled: {summary:?}\n{}", self.trace));
            }
        }
    }

    /// What the rows say of themselves, for the reader of a failure.
    async fn note_refused(&mut self) {
        let rows = self.world.memory.rows(&company(), config_id(), RowsQuery::Refused(50)).await.expect("rows");
        for row in rows {
            self.note(format_args!("row {} is {:?}: {:?} {:?}", row.place, row.state, row.error, row.rejected));
        }
    }

    fn compare(&self) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{what}\n{}", self.trace));
        if self.world.epochs.lock().unwrap_or_else(PoisonError::into_inner).stale {
            return wrong("an outcome of a stale epoch was recorded".into());
        }
        let records = self.world.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_origin = BTreeMap::new();
        for (id, record) in &records.by_id {
            if by_origin.insert(record.origin.clone(), *id).is_some() {
                return wrong(format!("{} was created twice", record.origin));
            }
        }
        let mut seen = BTreeMap::new();
        for (place, row) in self.cells(|rows| rows.clone()).into_iter().enumerate() {
            let Some(id) = by_origin.get(&row[ID]) else { return wrong(format!("row {place} has no record: {row:?}")) };
            if let Some(other) = seen.insert(*id, place) {
                return wrong(format!("rows {other} and {place} share a record"));
            }
            let field = |code: &str| match records.by_id[id].fields.get(&code.into()) {
                Some(FieldValue::Text(text)) => text.clone(),
                _ => String::new(),
            };
            let is_equal = |code: &str, text: &str| (field(code) == text) == (text != DROPPED);
            if !is_equal("TITLE", &row[0]) || !is_equal("COMMENTS", &row[1]) {
                return wrong(format!("row {place} differs: {row:?} {:?}", records.by_id[id].fields));
            }
            // A create that was found again is not looked at: what it lost is not known.
            let is_told =
                row[STATUS] == "✅ Senkronize" || (row.contains(&DROPPED.to_owned()) && row[STATUS] == "❌ Hata");
            if !is_told || row[RECORD] != id.to_string() {
                return wrong(format!("row {place} does not show its record {id}: {row:?}"));
            }
        }
        Ok(())
    }
}

fn is_settled(summary: &SyncSummary) -> bool {
    let scanned = summary.scan.is_none_or(|scan| scan.finished);
    scanned && summary.work + summary.events + summary.pending == 0
}
