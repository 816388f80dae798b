//! Writing status cells and record numbers back, where the rows are now.

use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::row::status_cell;
use kopru_domain::spans::spans;
use kopru_domain::{CellValue, SystemColumns};
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::{Outcome, Settlement, Urgency, Work};
use kopru_ports::spreadsheets::{CellWrite, SheetsErrorKind};
use kopru_ports::sync::{RowsQuery, SyncChanges, SyncRow};

use crate::sheet_turn::{SheetWork, Trouble, ended};
use crate::tab::TabRead;
use crate::{Engine, work};

/// So many rows' cells go in one call.
const ROWS: u32 = 1000;
/// Rows nearer than this are read together.
const GAP: u32 = 50;

pub(crate) struct SheetStatus(pub(crate) Arc<Engine>);

#[async_trait]
impl SheetWork for SheetStatus {
    async fn one(&self, config: &SyncConfig, work: &Work) -> Result<Settlement, Trouble> {
        let rows = self.0.ports.sync.rows(&config.company, config.id, RowsQuery::StatusDue(ROWS)).await?;
        if rows.is_empty() {
            return Ok(ended(work, Outcome::Done));
        }
        let read = self.ids(config, work.urgency, &rows).await?;
        let Some((read, system)) = read.and_then(|read| read.system.map(|system| (read, system))) else {
            return Ok(self.look_again(config, work));
        };
        let (here, elsewhere): (Vec<_>, Vec<_>) = rows.iter().partition(|row| stands(&read, system, row));
        let cells: Vec<CellWrite> = here.iter().flat_map(|row| cells(config, system, row)).collect();
        if !cells.is_empty() {
            self.0.ports.sheets.write(&config.tab(work.urgency), &cells).await?;
        }
        let mut settlement =
            if elsewhere.is_empty() { self.more(work, rows.len()) } else { self.look_again(config, work) };
        let mut changes = SyncChanges::of(config.id);
        changes.shown = here.iter().map(|row| (row.id.clone(), row.revision)).collect();
        settlement.sync.push(changes);
        Ok(settlement)
    }
}

impl SheetStatus {
    /// The id cells of the rows, by the columns' last known places; read anew when these were wrong.
    async fn ids(&self, config: &SyncConfig, urgency: Urgency, rows: &[SyncRow]) -> Result<Option<TabRead>, Trouble> {
        let spans = spans(rows.iter().map(|row| row.place), GAP);
        let columns =
            |known: Option<SystemColumns>| known.map_or(0..crate::tab::END, |known| known.row_id..known.row_id + 1);
        let known = self.0.columns.get(config.id);
        let read = match self.0.read_columns(config, urgency, &spans, columns(known)).await {
            Err(error) if error.kind == SheetsErrorKind::Invalid => return Ok(None),
            other => other?,
        };
        if known.is_none() || read.system == known {
            return Ok(Some(read));
        }
        Ok(Some(self.0.read_columns(config, urgency, &spans, columns(read.system)).await?))
    }

    fn look_again(&self, config: &SyncConfig, work: &Work) -> Settlement {
        let mut settlement = ended(work, Outcome::Done);
        settlement.follow_ups.push(work::scan(config, self.0.ports.clock.now()));
        settlement
    }

    fn more(&self, work: &Work, taken: usize) -> Settlement {
        if taken < ROWS as usize {
            return ended(work, Outcome::Done);
        }
        ended(work, Outcome::Again { due: self.0.ports.clock.now(), payload: work.payload.clone() })
    }
}

fn stands(read: &TabRead, system: SystemColumns, row: &SyncRow) -> bool {
    let cells = read.rows.binary_search_by_key(&row.place, |(place, _)| *place).ok().map(|at| &read.rows[at].1);
    let id = cells.and_then(|cells| cells.get(system.row_id as usize));
    id.is_some_and(|id| id.to_text() == row.id.as_str())
}

fn cells(config: &SyncConfig, system: SystemColumns, row: &SyncRow) -> Vec<CellWrite> {
    let refusals = row.all_refusals(&config.mapping);
    let Some(status) = status_cell(row.state, &refusals, config.language) else { return Vec::new() };
    let cell = |column, text: String, note| CellWrite { row: row.place, column, value: CellValue::Text(text), note };
    let mut cells = vec![cell(system.status, status.text, status.note)];
    if let Some(record) = &row.record {
        cells.push(cell(system.record, record.clone(), String::new()));
    }
    cells
}
