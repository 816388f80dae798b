//! A portal whose answers are late, lost or partial. What it was asked it may carry out though nobody
//! waits for it any more, but never after the call's deadline.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, EntityKind, FieldChange, FieldKind, FieldMeta, FieldValue, Fields};
use kopru_ports::crm::{
    Among, CommandOutcome, ContactMatches, ContactSearch, CrmAction, CrmCatalog, CrmCommand, CrmError, CrmErrorKind,
    CrmWriter, Dropped, FoundRecord, MOST_COMMANDS, WriteRequest,
};
use kopru_ports::delivery::Urgency;
use kopru_ports::{Clock, PortError, Retry};
use secrecy::SecretString;

use crate::faults::{Chance, Fate, Freezer, WallClock};
use crate::store::Broken;

/// The longest time that the portal works on a call.
pub const CALL: Duration = Duration::from_secs(10);

pub struct Record {
    pub origin: String,
    pub fields: Fields,
}

/// A text that the portal does not keep, though it answers success.
pub const DROPPED: &str = "v3";

fn is_kept(change: &FieldChange) -> bool {
    change.to != FieldValue::Text(DROPPED.to_owned())
}

/// The portal's records, by number.
#[derive(Default)]
pub struct Records {
    pub by_id: BTreeMap<u64, Record>,
    pub calm: bool,
    /// What becomes of each call, where it is no matter of chance.
    pub mood: Option<Fate>,
    /// When each write came, and its commands.
    pub writes: Vec<(Timestamp, usize)>,
}

impl Records {
    fn fate(&self, chance: &Chance) -> Fate {
        self.mood.unwrap_or_else(|| Fate::by(chance, self.calm))
    }

    fn carry_out(&mut self, command: &CrmCommand) -> CommandOutcome {
        let (kept, lost): (Vec<_>, Vec<_>) = command.fields.iter().partition(|(_, change)| is_kept(change));
        let written = kept.into_iter().map(|(code, change)| (code.clone(), change.to.clone()));
        let id = match &command.action {
            CrmAction::Update { id } => id.parse().expect("a number"),
            CrmAction::Create { origin } => {
                let id = self.by_id.keys().next_back().map_or(1, |last| last + 1);
                self.by_id.insert(id, Record { origin: origin.clone(), fields: Fields::new() });
                id
            }
        };
        self.by_id.get_mut(&id).expect("a record").fields.extend(written);
        let (id, holds) = (id.to_string(), String::new);
        let dropped: Vec<_> =
            lost.into_iter().map(|(field, _)| Dropped { field: field.clone(), holds: holds() }).collect();
        if dropped.is_empty() { CommandOutcome::Done { id } } else { CommandOutcome::Partly { id, dropped } }
    }
}

/// One worker's way to the portal.
pub struct Portal {
    pub records: Arc<Mutex<Records>>,
    pub clock: Arc<WallClock>,
    pub chance: Chance,
    pub freezer: Freezer,
    pub broken: Option<Broken>,
}

impl Portal {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out `commands` after `delay`, whether or not the caller still lives.
    async fn later(&self, delay: Duration, commands: Vec<CrmCommand>) -> Vec<CommandOutcome> {
        let (records, clock) = (self.records.clone(), self.clock.time.clone());
        let at = clock.now() + delay;
        let work = tokio::spawn(async move {
            clock.sleep_until(at).await;
            let mut records = records.lock().unwrap_or_else(PoisonError::into_inner);
            commands.iter().map(|command| records.carry_out(command)).collect()
        });
        work.await.expect("the portal does not panic")
    }

    async fn wait(&self, time: Duration) {
        self.clock.time.sleep_until(self.clock.time.now() + time).await;
    }

    /// Carried out some time before the deadline; the caller hears nothing, or a broken connection soon.
    async fn lost(&self, commands: Vec<CrmCommand>) {
        let delay = self.chance.millis(u64::try_from(CALL.as_millis()).expect("short"));
        let effect = self.later(delay, commands);
        if self.chance.one_in(2) {
            // The connection breaks while the portal goes on working.
            let mut effect = Box::pin(effect);
            let patience = self.clock.time.now() + self.chance.millis(2_000);
            tokio::select! {
                biased;
                _ = &mut effect => {}
                () = self.clock.time.sleep_until(patience) => {}
            }
        } else {
            effect.await;
        }
    }
}

fn failed(kind: CrmErrorKind, retry: Retry) -> CrmError {
    PortError::new("portal", kind, retry)
}

#[async_trait]
impl CrmWriter for Portal {
    async fn write(&self, request: WriteRequest) -> Result<Vec<CommandOutcome>, CrmError> {
        self.freezer.pass().await;
        if self.clock.now() + CALL > request.deadline {
            return Ok(vec![CommandOutcome::Later(None); request.commands.len()]);
        }
        self.wait(self.chance.millis(1_000)).await;
        self.freezer.sends();
        if self.freezer.is_set() {
            // Frozen while the connection was made, it sends late. A create would be one too many, which is not
            // promised against.
            self.freezer.pass().await;
            let count = request.commands.len();
            let update = |command: &CrmCommand| matches!(command.action, CrmAction::Update { .. });
            self.lost(request.commands.into_iter().filter(update).collect()).await;
            return Ok(vec![CommandOutcome::Unknown; count]);
        }
        let (commands, all) = (request.commands, |outcome: CommandOutcome, count| vec![outcome; count]);
        let count = commands.len();
        self.records().writes.push((self.clock.time.now(), count));
        let fate = self.records().fate(&self.chance);
        let outcomes = match fate {
            Fate::Busy => return Err(failed(CrmErrorKind::RateLimited, Retry::After(Some(self.chance.millis(5_000))))),
            Fate::Closed => return Err(failed(CrmErrorKind::ScopeMissing, Retry::Never)),
            Fate::Unsent => return Err(failed(CrmErrorKind::Unavailable, Retry::After(None))),
            Fate::Dropped => {
                self.wait(self.chance.millis(10_000)).await;
                all(CommandOutcome::Unknown, count)
            }
            Fate::Lost => {
                self.lost(commands).await;
                all(CommandOutcome::Unknown, count)
            }
            Fate::Partial => {
                self.lost(commands[..self.chance.index(count)].to_vec()).await;
                all(CommandOutcome::Unknown, count)
            }
            Fate::Grudging => {
                let taken = commands.iter().map(|_| !self.chance.one_in(3)).collect::<Vec<_>>();
                let sent = commands.into_iter().zip(&taken).filter(|(_, taken)| **taken).map(|(command, _)| command);
                let mut done = self.later(self.chance.millis(800), sent.collect()).await.into_iter();
                let outcome = |taken: bool| if taken { done.next() } else { None };
                taken.into_iter().map(outcome).map(|done| done.unwrap_or(CommandOutcome::Retry(None))).collect()
            }
            Fate::Limited => {
                let pause = Some(Duration::from_secs(10));
                commands.iter().map(|_| CommandOutcome::Later(pause)).collect()
            }
            Fate::Well => self.later(self.chance.millis(800), commands).await,
        };
        self.freezer.pass().await;
        Ok(outcomes)
    }

    async fn find_by_origin(&self, _: &Among, origins: &[String]) -> Result<Vec<FoundRecord>, CrmError> {
        self.freezer.pass().await;
        self.wait(self.chance.millis(500)).await;
        let records = self.records();
        if records.fate(&self.chance) == Fate::Busy {
            return Err(failed(CrmErrorKind::RateLimited, Retry::After(None)));
        }
        let wanted = |record: &Record| origins.contains(&record.origin) && self.broken != Some(Broken::Dedupe);
        let found = records.by_id.iter().filter(|(_, record)| wanted(record));
        let mut seen = std::collections::BTreeSet::new();
        Ok(found
            .filter(|(_, record)| seen.insert(record.origin.clone()))
            .map(|(id, record)| FoundRecord { origin: record.origin.clone(), id: id.to_string() })
            .collect())
    }

    async fn find_by_contact(&self, _: &Among, _: &[ContactSearch]) -> Result<Vec<ContactMatches>, CrmError> {
        Ok(Vec::new())
    }

    fn batch_size(&self, _: &str) -> Option<usize> {
        Some(MOST_COMMANDS)
    }
}

#[async_trait]
impl CrmCatalog for Portal {
    async fn fields(&self, _: &CompanyId, _: EntityKind, _: Urgency) -> Result<Vec<FieldMeta>, CrmError> {
        let text = |code: &str| FieldMeta {
            code: code.into(),
            title: code.to_owned(),
            kind: FieldKind::Text,
            required: false,
            read_only: false,
            multiple: false,
            choices: Vec::new(),
        };
        Ok(["TITLE", "COMMENTS"].map(text).to_vec())
    }

    async fn forget(&self, _: &CompanyId) {}

    async fn portal(&self, _: &CompanyId) -> Result<String, CrmError> {
        Ok("portal".to_owned())
    }

    async fn reach(&self, _: &CompanyId, _: &SecretString) -> Result<String, CrmError> {
        Ok("portal".to_owned())
    }
}
