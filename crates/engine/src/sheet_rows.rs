//! From cells to rows with an identity, and what a failed turn on a sheet means.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use kopru_domain::row::{read_row, status_cell};
use kopru_domain::{Catalog, CellValue, Reading, ResolvedMapping, RowId, RowState, RowTag, SystemColumns};
use kopru_ports::StoreError;
use kopru_ports::configs::SyncConfig;
use kopru_ports::crm::CrmError;
use kopru_ports::delivery::{NewWork, Urgency};
use kopru_ports::spreadsheets::{CellWrite, SheetsErrorKind};
use kopru_ports::sync::{RowSeen, RowsQuery, SyncChanges, SyncRow};

use crate::sheet_turn::Trouble;
use crate::tab::TabRead;
use crate::{Engine, work};

/// What a reading of rows comes to.
pub(crate) struct Identified {
    pub changes: SyncChanges,
    /// Work for the rows that say something new.
    pub follow_ups: Vec<NewWork>,
    /// Whether rows are not where they were: the whole tab has to be looked at.
    pub moved: bool,
}

/// How rows are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    /// The scan that looks, if one does: it may find rows at new places and copies of rows.
    pub scan: Option<i64>,
    pub urgency: Urgency,
    pub due: Timestamp,
}

/// What cells of this tab mean.
struct Terms<'a> {
    config: &'a SyncConfig,
    system: SystemColumns,
    mapping: &'a ResolvedMapping<'a>,
    catalog: &'a Catalog,
}

struct Row {
    place: u32,
    id: Option<RowId>,
    reading: Reading,
    /// What its status and record cells say.
    status: [String; 2],
}

impl Engine {
    pub(crate) async fn catalog(&self, config: &SyncConfig, urgency: Urgency) -> Result<Catalog, CrmError> {
        let fields = self.ports.catalog.fields(&config.company, config.entity, urgency).await?;
        Ok(fields.into_iter().map(|field| (field.code.clone(), field)).collect())
    }

    /// Gives rows their identity and compares them with what is known. A row without an id gets one, which
    /// is written and read back before anything else is done with the row.
    pub(crate) async fn identify(
        &self,
        config: &SyncConfig,
        system: SystemColumns,
        read: TabRead,
        look: Look,
    ) -> Result<Identified, Trouble> {
        let catalog = self.catalog(config, look.urgency).await?;
        let mapping = config.mapping.resolve(&read.headers);
        let terms = Terms { config, system, mapping: &mapping, catalog: &catalog };
        let mut rows = terms.parse(&read.rows);
        let known = self.known(config, &rows).await?;
        let still = self.still_standing(config, system, &rows, &known, look.urgency).await?;
        let (moved, nameless) = sort_out(&mut rows, &known, look, &still);
        let mut moved = moved;
        if !nameless.is_empty() {
            moved |= self.name_rows(&terms, look.urgency, &mut rows, &nameless).await?;
        }
        Ok(compare(config, rows, &known, look, moved))
    }

    async fn known(&self, config: &SyncConfig, rows: &[Row]) -> Result<HashMap<RowId, SyncRow>, StoreError> {
        let ids = rows.iter().filter_map(|row| row.id.clone()).collect();
        let found = self.ports.sync.rows(&config.company, config.id, RowsQuery::Ids(ids)).await?;
        Ok(found.into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    /// Of the rows that are not where they were: the ids that still stand there too. Such a row is a copy,
    /// any other one has moved.
    async fn still_standing(
        &self,
        config: &SyncConfig,
        system: SystemColumns,
        rows: &[Row],
        known: &HashMap<RowId, SyncRow>,
        urgency: Urgency,
    ) -> Result<HashSet<RowId>, Trouble> {
        let here: HashSet<u32> = rows.iter().map(|row| row.place).collect();
        let of = |row: &Row| row.id.as_ref().and_then(|id| known.get(id)).filter(|known| known.place != row.place);
        let left: BTreeMap<u32, &RowId> = rows
            .iter()
            .filter_map(of)
            .filter(|known| !here.contains(&known.place))
            .map(|known| (known.place, &known.id))
            .collect();
        if left.is_empty() {
            return Ok(HashSet::new());
        }
        let spans = kopru_domain::spans::spans(left.keys().copied(), 500);
        let read = match self.read_columns(config, urgency, &spans, system.row_id..system.row_id + 1).await {
            // The tab has become shorter: what stood there has moved.
            Err(error) if error.kind == SheetsErrorKind::Invalid => return Ok(HashSet::new()),
            other => other?,
        };
        let stands = |(place, cells): &(u32, Vec<CellValue>)| {
            let id = left.get(place)?;
            let found = cells.get(system.row_id as usize)?;
            (found.to_text() == id.as_str()).then(|| (*id).clone())
        };
        Ok(read.rows.iter().filter_map(stands).collect())
    }

    /// Writes new ids and reads the rows back; true when some row moved in between and is left to a scan.
    async fn name_rows(
        &self,
        terms: &Terms<'_>,
        urgency: Urgency,
        rows: &mut Vec<Row>,
        nameless: &[u32],
    ) -> Result<bool, Trouble> {
        let (config, system) = (terms.config, terms.system);
        let tag = RowTag::of(&config.spreadsheet, config.gid, &config.portal);
        let given: BTreeMap<u32, RowId> =
            nameless.iter().map(|place| (*place, RowId::new(&tag, self.ports.ids.next()))).collect();
        let cell = |(place, id): (&u32, &RowId)| CellWrite {
            row: *place,
            column: system.row_id,
            value: CellValue::Text(id.to_string()),
            note: String::new(),
        };
        self.ports.sheets.write(&config.tab(urgency), &given.iter().map(cell).collect::<Vec<_>>()).await?;
        let spans = kopru_domain::spans::spans(nameless.iter().copied(), 20);
        let back = self.read_tab(config, urgency, &spans).await?;
        if back.system != Some(system) {
            rows.retain(|row| !given.contains_key(&row.place));
            return Ok(true);
        }
        let mut named = terms.parse(&back.rows);
        named.retain(|row| row.id.is_some() && row.id.as_ref() == given.get(&row.place));
        rows.retain(|row| !given.contains_key(&row.place));
        let moved = named.len() < given.len();
        rows.extend(named);
        Ok(moved)
    }
}

impl Terms<'_> {
    /// Rows that say something, with the ids that are valid here.
    fn parse(&self, cells: &[(u32, Vec<CellValue>)]) -> Vec<Row> {
        let tag = RowTag::of(&self.config.spreadsheet, self.config.gid, &self.config.portal);
        let text =
            |cells: &[CellValue], column: u32| cells.get(column as usize).map(CellValue::to_text).unwrap_or_default();
        let id = |text: String| text.parse::<RowId>().ok().filter(|id| id.belongs_to(&tag));
        let row = |(place, cells): &(u32, Vec<CellValue>)| {
            Some(Row {
                place: *place,
                id: id(text(cells, self.system.row_id)),
                reading: read_row(cells, self.mapping, self.catalog)?,
                status: [self.system.status, self.system.record].map(|column| text(cells, column)),
            })
        };
        cells.iter().filter_map(row).collect()
    }
}

/// Which rows need an id, and whether rows moved. Of two rows with one id the one where the row was seen
/// last keeps it; the other is a copy and gets its own.
fn sort_out(
    rows: &mut Vec<Row>,
    known: &HashMap<RowId, SyncRow>,
    look: Look,
    still: &HashSet<RowId>,
) -> (bool, Vec<u32>) {
    let mut moved = false;
    if look.scan.is_none() {
        rows.retain(|row| {
            let stays = row.id.as_ref().and_then(|id| known.get(id)).is_none_or(|known| known.place == row.place);
            moved |= !stays;
            stays
        });
    }
    let at_home =
        |row: &Row| row.id.as_ref().and_then(|id| known.get(id)).is_some_and(|known| known.place == row.place);
    rows.sort_by_key(|row| (!at_home(row), row.place));
    let mut seen = HashSet::new();
    let mut nameless = Vec::new();
    for row in rows.iter() {
        let copied = !at_home(row) && row.id.as_ref().is_some_and(|id| still.contains(id));
        let second = |id: &RowId| !seen.insert(id.clone()) || copied;
        if row.id.as_ref().is_none_or(second) {
            nameless.push(row.place);
        }
    }
    (moved, nameless)
}

/// A scan also takes up rows that wait for somebody's retry.
fn says_nothing_new(known: &SyncRow, reading: &Reading, look: Look) -> bool {
    let waits = look.scan.is_some() && known.state == RowState::Pending;
    known.desired == reading.desired && known.refusals == reading.refusals && !waits
}

/// Whether a row's cells show where it stands. They may have been written where it was a moment before.
fn shows(config: &SyncConfig, row: &SyncRow, [status, record]: &[String; 2]) -> bool {
    let expected = status_cell(row.state, &row.all_refusals(&config.mapping), config.language);
    expected.is_none_or(|expected| expected.text == *status && row.record.as_ref().is_none_or(|id| id == record))
}

fn compare(
    config: &SyncConfig,
    rows: Vec<Row>,
    known: &HashMap<RowId, SyncRow>,
    look: Look,
    moved: bool,
) -> Identified {
    let mut found = Identified { changes: SyncChanges::of(config.id), follow_ups: Vec::new(), moved };
    for row in rows {
        let Some(id) = row.id else { continue };
        match known.get(&id).filter(|known| says_nothing_new(known, &row.reading, look)) {
            None => found.follow_ups.push(work::crm_row(config, &id, look.due, look.urgency)),
            Some(known) if look.scan.is_some() && !shows(config, known, &row.status) => {
                found.changes.unshown.push(id.clone());
            }
            Some(_) => {}
        }
        let Reading { desired, refusals } = row.reading;
        found.changes.seen.push(RowSeen { id, place: row.place, desired, refusals, scan: look.scan });
    }
    found
}
