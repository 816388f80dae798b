//! Events name rows; the rows are read, whatever the events say of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CellValue;
use kopru_domain::spans::spans;
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::{Outcome, Settlement, Urgency, Work};
use kopru_ports::spreadsheets::SheetsErrorKind;
use kopru_ports::sync::{SheetEvent, SyncChanges};

use crate::sheet_rows::Look;
use crate::sheet_turn::{SheetWork, Trouble, ended};
use crate::{Engine, work};

/// So many events are taken in one turn.
const EVENTS: u32 = 500;
/// Rows nearer than this are read together.
const GAP: u32 = 20;
/// More spans than this are read as a whole tab.
const SPANS: usize = 60;

pub(crate) struct SheetEvents(pub(crate) Arc<Engine>);

#[async_trait]
impl SheetWork for SheetEvents {
    async fn one(&self, config: &SyncConfig, work: &Work) -> Result<Settlement, Trouble> {
        // Events that come in a flood are gathered and read together.
        self.0.ports.clock.sleep_until(self.0.pace.next(config.id, self.0.ports.clock.now())).await;
        let events = self.0.ports.sync.events(&config.company, config.id, EVENTS).await?;
        if events.is_empty() {
            return Ok(ended(work, Outcome::Done));
        }
        self.0.pace.read(config.id, self.0.ports.clock.now());
        let places: HashSet<u32> =
            events.iter().filter_map(|event| event.rows).flat_map(|(first, end)| first..end).collect();
        let spans = spans(places.iter().copied(), GAP);
        let named = events.iter().all(|event| event.rows.is_some()) && spans.len() <= SPANS;
        let mut settlement = if named { self.read(config, &spans, &places).await? } else { self.scan_instead(config) };
        close(&mut settlement, config, &events);
        settlement.outcomes.push((work.key.clone(), work.generation, self.outcome(work, events.len())));
        Ok(settlement)
    }
}

impl SheetEvents {
    async fn read(
        &self,
        config: &SyncConfig,
        spans: &[(u32, u32)],
        places: &HashSet<u32>,
    ) -> Result<Settlement, Trouble> {
        let read = match self.0.read_tab(config, Urgency::Interactive, spans).await {
            // A row number beyond the tab: rows were deleted since, or the number was invented.
            Err(error) if error.kind == SheetsErrorKind::Invalid => return Ok(self.scan_instead(config)),
            other => other?,
        };
        let Some(system) = read.system else { return Ok(self.scan_instead(config)) };
        // An edited row that is not there any more: rows above it were deleted meanwhile.
        let filled = |(_, cells): &&(u32, Vec<CellValue>)| cells.iter().any(|cell| !cell.is_blank());
        let found: HashSet<u32> = read.rows.iter().filter(filled).map(|(place, _)| *place).collect();
        let gone = !places.is_subset(&found);
        let due = self.0.ports.clock.now() + Duration::from_millis(config.quiet_ms.into());
        let look = Look { scan: None, urgency: Urgency::Interactive, due };
        let found = self.0.identify(config, system, read, look).await?;
        let mut settlement =
            Settlement { follow_ups: found.follow_ups, sync: vec![found.changes], ..Settlement::default() };
        if found.moved || gone {
            settlement.follow_ups.extend(self.scan_instead(config).follow_ups);
        }
        Ok(settlement)
    }

    fn scan_instead(&self, config: &SyncConfig) -> Settlement {
        Settlement { follow_ups: vec![work::scan(config, self.0.ports.clock.now())], ..Settlement::default() }
    }

    fn outcome(&self, work: &Work, taken: usize) -> Outcome {
        if taken < EVENTS as usize {
            return Outcome::Done;
        }
        Outcome::Again { due: self.0.ports.clock.now(), payload: work.payload.clone() }
    }
}

fn close(settlement: &mut Settlement, config: &SyncConfig, events: &[SheetEvent]) {
    if settlement.sync.is_empty() {
        settlement.sync.push(SyncChanges::of(config.id));
    }
    settlement.sync[0].events = events.iter().map(|event| event.id.clone()).collect();
}
