//! Bringing records level with their rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn, retry};
use kopru_domain::row::changes;
use kopru_domain::{
    CellRefusal, Changes, CompanyId, ConfigId, EntityKind, FieldCode, Language, Reason, Rejection, RowState,
};
use kopru_ports::configs::SyncConfig;
use kopru_ports::crm::{
    Among, CommandOutcome, CrmAction, CrmCommand, CrmError, CrmErrorKind, Dropped, MOST_COMMANDS, WriteRequest,
};
use kopru_ports::delivery::{NewAttempt, Outcome, Settlement, Urgency, Work};
use kopru_ports::sync::{HistoryEntry, RowWritten, RowsQuery, SyncChanges, SyncRow};
use kopru_ports::{Retry, StoreError};
use serde_json::{Value, json};

use crate::sheet_turn::portal_rests;
use crate::work::RowRef;
use crate::{Engine, work};

pub(crate) struct CrmRows(pub(crate) Arc<Engine>);

/// One piece of work with all that is known of its row.
struct Task {
    work: Work,
    config: Arc<SyncConfig>,
    row: SyncRow,
    /// What is about to be sent; empty when the record is level already.
    fields: Changes,
}

impl Task {
    /// The changes that a lost worker may or may not have brought into the record.
    fn open(&self) -> Changes {
        let sent = self.work.open_attempt.clone().filter(|_| self.row.record.is_some());
        sent.and_then(|sent| serde_json::from_value::<CrmCommand>(sent).ok())
            .map(|command| command.fields)
            .unwrap_or_default()
    }

    /// A create is in doubt, or the row got its id under an earlier configuration of its tab, which is
    /// forgotten, or before the database was restored.
    fn may_have_a_record(&self) -> bool {
        let earlier = self.row.id.made_at().is_some_and(|made| made < self.config.known_since());
        self.row.record.is_none() && (self.work.open_attempt.is_some() || earlier)
    }

    /// A row of which no cell could be read makes no record.
    fn has_to_be_sent(&self) -> bool {
        match self.row.record {
            Some(_) => !self.fields.is_empty(),
            None => self.fields.values().any(|change| !change.to.is_empty()),
        }
    }

    /// What the record did not take waits until its cell says something else.
    fn put_aside(&mut self, code: FieldCode, reason: Reason) {
        let in_doubt = self.open().contains_key(&code);
        if let Some(change) = self.fields.remove(&code) {
            self.row.rejected.insert(code, Rejection { value: change.to, reason, in_doubt });
        }
    }

    /// What an earlier attempt left in doubt is written anew with the row's next edit.
    fn doubt_what_is_open(&mut self) {
        self.open().keys().for_each(|code| drop(self.row.acked.remove(code)));
    }

    /// What was sent is what the record has now.
    fn acknowledge(&mut self) {
        let sent = self.fields.iter().map(|(code, change)| (code.clone(), change.to.clone()));
        self.row.acked.extend(sent);
    }
}

/// How often a paused configuration's queue is looked at.
const PAUSED: Duration = Duration::from_mins(10);
/// What is in doubt there waits not much longer once the configuration goes on, or its tab was read: no wish brings it forward.
const PAUSED_IN_DOUBT: Duration = Duration::from_mins(1);
/// A machine's clock may be set on by so much while a call is under way.
const CLOCK_STEP: Duration = Duration::from_secs(5);
/// So long a portal is left alone that takes nothing; its rows may have to wait longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// And so long at the least.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// So often a command is tried that the portal does not take while it takes others.
const ATTEMPTS: u32 = 12;
/// How long to wait before an attempt is looked up once more.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

#[async_trait]
impl Handler for CrmRows {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let company = turn.lease.company.clone();
        let urgency = works.first().map_or(Urgency::Bulk, |work| work.urgency);
        let mut done = Done { engine: &self.0, urgency, settlement: Settlement::default(), sync: BTreeMap::new() };
        let mut tasks = self.load(&company, works, &mut done).await?;
        self.resolve(&company, &mut tasks, &mut done).await;
        for task in &mut tasks {
            task.fields = changes(&task.row.desired, &task.row.acked, &task.row.rejected, &task.open());
        }
        let (mut send, level): (Vec<_>, Vec<_>) = tasks.into_iter().partition(Task::has_to_be_sent);
        for task in level {
            done.level(task);
        }
        // The others stay due.
        send.sort_by_key(|task| std::cmp::Reverse(task.work.failures));
        send.truncate(together(&send));
        if !send.is_empty() {
            self.send(turn, &company, send, &mut done).await?;
        }
        Ok(done.finish())
    }
}

impl CrmRows {
    async fn load(&self, company: &CompanyId, works: Vec<Work>, done: &mut Done<'_>) -> Result<Vec<Task>, StoreError> {
        let mut by_config: BTreeMap<ConfigId, Vec<(RowRef, Work)>> = BTreeMap::new();
        for work in works {
            match serde_json::from_value::<RowRef>(work.payload.clone()) {
                Ok(reference) => by_config.entry(reference.config).or_default().push((reference, work)),
                Err(_) if work.open_attempt.is_some() => done.pause(&work),
                Err(error) => done.settle(&work, Outcome::Parked { error: error.to_string() }),
            }
        }
        let mut tasks = Vec::new();
        for (id, list) in by_config {
            let config = self.0.ports.configs.get(company, id).await?.map(Arc::new);
            let ids = list.iter().map(|(reference, _)| reference.row.clone()).collect();
            let rows = self.0.ports.sync.rows(company, id, RowsQuery::Ids(ids)).await?;
            let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
            for (reference, work) in list {
                match (&config, rows.remove(&reference.row)) {
                    (Some(config), Some(_)) if !config.enabled || config.held => done.pause(&work),
                    (Some(config), Some(row)) => {
                        tasks.push(Task { work, config: config.clone(), row, fields: Changes::new() });
                    }
                    _ => done.settle(&work, Outcome::Done),
                }
            }
        }
        Ok(tasks)
    }

    /// Settles the attempts that an earlier worker left open. A create is looked up by its origin: found,
    /// it is what the record has now; not found, it never happened. An update is simply computed anew.
    async fn resolve(&self, company: &CompanyId, tasks: &mut Vec<Task>, done: &mut Done<'_>) {
        let Some(portal) = tasks.first().map(|task| task.config.portal.clone()) else { return };
        let mut wanted: BTreeMap<EntityKind, Vec<String>> = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.may_have_a_record()) {
            wanted.entry(task.config.entity).or_default().push(task.row.id.to_string());
        }
        for (entity, origins) in wanted {
            let among = Among { company: company.clone(), portal: portal.clone(), entity, urgency: done.urgency };
            match self.0.ports.crm.find_by_origin(&among, &origins).await {
                Ok(found) => {
                    let mut found: BTreeMap<_, _> =
                        found.into_iter().map(|record| (record.origin, record.id)).collect();
                    let is_found =
                        |task: &Task| task.config.entity == entity && found.contains_key(task.row.id.as_str());
                    let tasks: Vec<_> = tasks.extract_if(.., |task| is_found(task)).collect();
                    for task in tasks {
                        let id = found.remove(task.row.id.as_str()).unwrap_or_default();
                        done.found(task, id);
                    }
                }
                Err(error) => {
                    let unresolved =
                        |task: &Task| task.config.entity == entity && origins.contains(&task.row.id.to_string());
                    for task in tasks.extract_if(.., |task| unresolved(task)) {
                        done.unresolved(&task.work, &error);
                    }
                }
            }
        }
    }

    async fn send(
        &self,
        turn: &Turn,
        company: &CompanyId,
        tasks: Vec<Task>,
        done: &mut Done<'_>,
    ) -> Result<(), StoreError> {
        let deadline = self.0.ports.clock.now() + self.0.settings.crm_patience;
        let portal = tasks.first().map(|task| task.config.portal.clone()).unwrap_or_default();
        let commands: Vec<CrmCommand> = tasks.iter().map(command).collect();
        let attempt = |(task, command): (&Task, &CrmCommand)| NewAttempt {
            key: task.work.key.clone(),
            generation: task.work.generation,
            payload: json!(command),
            deadline: deadline + CLOCK_STEP,
        };
        turn.freeze(tasks.iter().zip(&commands).map(attempt).collect()).await?;
        let request = WriteRequest { company: company.clone(), portal, urgency: done.urgency, commands, deadline };
        match self.0.ports.crm.write(request).await {
            Ok(outcomes) => {
                let rest = rest_after(&outcomes, done.urgency);
                let is_silent = outcomes.iter().all(|outcome| *outcome == CommandOutcome::Unknown);
                for (task, outcome) in tasks.into_iter().zip(outcomes) {
                    done.answered(task, outcome, deadline + CLOCK_STEP);
                }
                if let Some(rest) = rest {
                    done.rest(rest);
                }
                if !is_silent {
                    status_true(self.0.portal_works(company).await);
                }
            }
            Err(error) => {
                tracing::info!(%error, rows = tasks.len(), "the portal could not be asked");
                for task in tasks {
                    done.failed(&task, &error, deadline + CLOCK_STEP);
                }
                status_true(self.0.portal_failed(company, &error).await);
            }
        }
        Ok(())
    }
}

/// How many of the tasks may share a request: what failed again and again while others were taken is tried in
/// ever smaller company, so that it does not take others down with it.
fn together(tasks: &[Task]) -> usize {
    let worst = tasks.iter().map(|task| task.work.failures).max().unwrap_or(0);
    (MOST_COMMANDS >> worst.min(16)).max(1)
}

/// So long a row waits for a portal that is in trouble: as long as it has waited already, so that pauses double, but
/// every row is soon on its way when the trouble is over.
fn outage(work: &Work, now: Timestamp, error: &CrmError) -> Duration {
    let waited = Duration::try_from(now.duration_since(work.since)).unwrap_or_default();
    match error.retry {
        Retry::After(Some(pause)) => pause,
        _ => waited.clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
    }
}

/// So long the seats rest after a request. What a portal is sent that said nothing of all its commands would be in doubt
/// too, but one lost answer does not keep people waiting for long; and a turn that could begin nothing would spin.
fn rest_after(outcomes: &[CommandOutcome], urgency: Urgency) -> Option<Duration> {
    let all = |is: fn(&CommandOutcome) -> bool| outcomes.iter().all(is);
    if all(|outcome| matches!(outcome, CommandOutcome::Later(_))) {
        return Some(SHORTEST_PAUSE);
    }
    all(|outcome| matches!(outcome, CommandOutcome::Unknown)).then_some(match urgency {
        Urgency::Interactive => Duration::from_secs(5),
        Urgency::Bulk => LONGEST_PAUSE,
    })
}

/// A status that could not be kept true is said again by the next outcome.
fn status_true(kept: Result<(), crate::EngineError>) {
    if let Err(error) = kept {
        tracing::warn!(%error, "the portal's status could not be recorded");
    }
}

fn command(task: &Task) -> CrmCommand {
    let action = match &task.row.record {
        Some(id) => CrmAction::Update { id: id.clone() },
        None => CrmAction::Create { origin: task.row.id.to_string() },
    };
    let mut fields = task.fields.clone();
    if task.row.record.is_none() {
        fields.retain(|_, change| !change.to.is_empty());
    }
    CrmCommand { entity: task.config.entity, action, fields }
}

/// Collects what a turn comes to.
struct Done<'a> {
    engine: &'a Engine,
    /// Whether a person waits for one of the turn's rows.
    urgency: Urgency,
    settlement: Settlement,
    sync: BTreeMap<ConfigId, (Arc<SyncConfig>, SyncChanges)>,
}

impl Done<'_> {
    /// A paused configuration keeps its queue, and what is in doubt in it.
    fn pause(&mut self, work: &Work) {
        let now = self.engine.ports.clock.now();
        let outcome = match work.open_attempt {
            Some(_) => Outcome::Open { until: now + PAUSED_IN_DOUBT },
            None => Outcome::Again { due: now + PAUSED, payload: work.payload.clone() },
        };
        self.settle(work, outcome);
    }

    fn settle(&mut self, work: &Work, outcome: Outcome) {
        self.settlement.outcomes.push((work.key.clone(), work.generation, outcome));
    }

    fn changes(&mut self, config: &Arc<SyncConfig>) -> &mut SyncChanges {
        &mut self.sync.entry(config.id).or_insert_with(|| (config.clone(), SyncChanges::of(config.id))).1
    }

    /// Nothing differs: the row is as written as it can be.
    fn level(&mut self, task: Task) {
        self.settle(&task.work, Outcome::Done);
        self.write(task, None);
    }

    /// A create of a lost worker took place: its fields are what the record has. The row is bound to its
    /// record before anything else happens, which ends the attempt; what differs is work of its own.
    fn found(&mut self, mut task: Task, id: String) {
        let now = self.engine.ports.clock.now();
        let sent = task.work.open_attempt.take().unwrap_or(Value::Null);
        if let Ok(command) = serde_json::from_value::<CrmCommand>(sent) {
            task.fields = command.fields;
        }
        task.row.record = Some(id);
        task.acknowledge();
        self.settle(&task.work, Outcome::Done);
        self.settlement.follow_ups.push(work::crm_row(&task.config, &task.row.id, now, task.work.urgency));
        let written = written(&task.row, RowState::Pending);
        let entry = self.entry(&task, RowState::Completed, Vec::new());
        let changes = self.changes(&task.config);
        changes.written.push(written);
        changes.history.push(entry);
    }

    /// The look-up itself failed: an attempt that is open stays so, and it is looked up again.
    fn unresolved(&mut self, work: &Work, error: &CrmError) {
        tracing::info!(%error, "a record could not be looked up yet");
        let pause = portal_rests(error).unwrap_or(LOOK_AGAIN);
        let outcome = match work.open_attempt {
            Some(_) => Outcome::Open { until: self.engine.ports.clock.now() + pause },
            None => self.of_portal(work, error),
        };
        self.settle(work, outcome);
    }

    fn failed(&mut self, task: &Task, error: &CrmError, deadline: Timestamp) {
        let outcome = match error.retry {
            Retry::OutcomeUnknown => Outcome::Open { until: deadline },
            _ => self.of_portal(&task.work, error),
        };
        self.settle_later(task, outcome);
    }

    /// The portal as a whole takes nothing now: no failure of the row's, and the other rows need not ask one by one, but
    /// where it is one kind of record that cannot be asked for. Who waits for the portal's limit keeps the place in line.
    fn of_portal(&mut self, work: &Work, error: &CrmError) -> Outcome {
        let now = self.engine.ports.clock.now();
        let pause = portal_rests(error).unwrap_or_else(|| outage(work, now, error));
        if !error.kind.concerns_one() {
            self.rest(pause);
        }
        match error.kind {
            CrmErrorKind::RateLimited => Outcome::StillDue,
            _ => Outcome::Again { due: now + pause, payload: work.payload.clone() },
        }
    }

    /// The turn's seats begin nothing for so long.
    fn rest(&mut self, pause: Duration) {
        let until = self.engine.ports.clock.now() + pause.min(LONGEST_PAUSE);
        self.settlement.pause = self.settlement.pause.max(Some(until));
    }

    /// Work that goes on later. While an earlier attempt is in doubt, its doubt goes on with the attempt
    /// that was frozen after it: that one knows both values.
    fn settle_later(&mut self, task: &Task, outcome: Outcome) {
        let in_doubt = !task.open().is_empty();
        let outcome = match outcome {
            Outcome::Again { due, .. } | Outcome::Retry { due, .. } if in_doubt => Outcome::Open { until: due },
            Outcome::StillDue if in_doubt => Outcome::Open { until: self.engine.ports.clock.now() },
            other => other,
        };
        self.settle(&task.work, outcome);
    }

    /// Not begun, and not for a reason of the row's: it counts no failure.
    fn waits(&mut self, task: &Task, pause: Option<Duration>) {
        let again =
            |pause| Outcome::Again { due: self.engine.ports.clock.now() + pause, payload: task.work.payload.clone() };
        let outcome = pause.map_or(Outcome::StillDue, again);
        self.settle_later(task, outcome);
    }

    fn answered(&mut self, mut task: Task, outcome: CommandOutcome, deadline: Timestamp) {
        match outcome {
            CommandOutcome::Done { id } => self.done(task, id),
            CommandOutcome::Partly { id, dropped } => {
                for Dropped { field, holds } in dropped {
                    task.put_aside(field, Reason::NotKept { holds });
                }
                self.done(task, id);
            }
            CommandOutcome::Refused { kind, message, field } => self.refused(task, kind, message, field),
            CommandOutcome::Retry(_) if task.work.failures >= ATTEMPTS => self.give_up(task),
            CommandOutcome::Retry(pause) => {
                let outcome = retry(&task.work, self.engine.ports.clock.now(), pause, "the portal asks for a pause");
                self.settle_later(&task, outcome);
            }
            CommandOutcome::Later(pause) => self.waits(&task, pause),
            CommandOutcome::Unknown => self.settle(&task.work, Outcome::Open { until: deadline }),
        }
    }

    fn done(&mut self, mut task: Task, id: String) {
        task.row.record = Some(id);
        task.acknowledge();
        self.settle(&task.work, Outcome::Done);
        self.write(task, None);
    }

    /// Others are taken and this one is not, again and again: it waits for its row's next edit or a replay.
    fn give_up(&mut self, mut task: Task) {
        task.doubt_what_is_open();
        self.settle(&task.work, Outcome::Parked { error: Reason::GivenUp.text(Language::En) });
        let whole = CellRefusal { header: String::new(), value: String::new(), reason: Reason::GivenUp };
        self.write(task, Some(whole));
    }

    /// A refused field is put aside and the rest goes again; a refused record waits for its next edit.
    fn refused(&mut self, mut task: Task, kind: CrmErrorKind, message: String, field: Option<FieldCode>) {
        let reason = if kind == CrmErrorKind::NotFound && task.row.record.is_some() {
            Reason::RecordGone
        } else {
            Reason::RefusedByCrm { message: message.clone() }
        };
        if let Some(code) = field.filter(|code| task.fields.contains_key(code)) {
            task.put_aside(code, reason);
            let now = self.engine.ports.clock.now();
            self.settle_later(&task, Outcome::Again { due: now, payload: task.work.payload.clone() });
            task.row.error = None;
            let written = written(&task.row, RowState::Pending);
            self.changes(&task.config).written.push(written);
            return;
        }
        task.doubt_what_is_open();
        self.settle(&task.work, Outcome::Parked { error: message });
        let whole = CellRefusal { header: String::new(), value: String::new(), reason };
        self.write(task, Some(whole));
    }

    /// Records where the row stands now, in rows and history.
    fn write(&mut self, mut task: Task, error: Option<CellRefusal>) {
        let state = match &error {
            Some(_) => RowState::Failed,
            None if task.row.refusals.is_empty() && task.row.rejected_now().is_empty() => RowState::Completed,
            None => RowState::Partly,
        };
        task.row.error = error;
        let refusals = task.row.all_refusals(&task.config.mapping);
        let silent = task.fields.is_empty() && refusals.is_empty();
        let entry = self.entry(&task, state, refusals);
        let changes = self.changes(&task.config);
        changes.written.push(written(&task.row, state));
        if !silent {
            changes.history.push(entry);
        }
    }

    fn entry(&self, task: &Task, state: RowState, refusals: Vec<CellRefusal>) -> HistoryEntry {
        HistoryEntry {
            row: task.row.id.clone(),
            number: task.row.place + 1,
            record: task.row.record.clone(),
            fields: task.fields.clone(),
            state,
            refusals,
            at: self.engine.ports.clock.now(),
        }
    }

    fn finish(mut self) -> Settlement {
        let now = self.engine.ports.clock.now();
        for (config, changes) in self.sync.into_values() {
            if config.enabled {
                self.settlement.follow_ups.push(work::status(&config, self.urgency, now));
            }
            self.settlement.sync.push(changes);
        }
        self.settlement
    }
}

fn written(row: &SyncRow, state: RowState) -> RowWritten {
    RowWritten {
        id: row.id.clone(),
        record: row.record.clone(),
        revision: row.revision,
        acked: row.acked.clone(),
        rejected: row.rejected_now(),
        state,
        error: row.error.clone(),
    }
}
