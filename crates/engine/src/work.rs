//! The kinds of work and their lanes.

use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{ConfigId, RowId};
use kopru_ports::configs::SyncConfig;
use kopru_ports::delivery::{Gather, NewWork, Urgency};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Read the rows that events name.
pub(crate) const SHEET_EVENTS: &str = "sheet.events";
/// Read the whole tab, page by page.
pub(crate) const SHEET_SCAN: &str = "sheet.scan";
/// Write status cells and record numbers.
pub(crate) const SHEET_STATUS: &str = "sheet.status";
/// Bring one record level with its row.
pub(crate) const CRM_ROW: &str = "crm.row";

/// A row that is never quiet is sent all the same.
const LONGEST_QUIET: Duration = Duration::from_secs(10);
/// Status cells gather for so long before they are written together.
const STATUS_DELAY: Duration = Duration::from_millis(700);

fn on_sheet(config: &SyncConfig, kind: &'static str, payload: Value, due: Timestamp, urgency: Urgency) -> NewWork {
    NewWork {
        company: config.company.clone(),
        lane: format!("sheet:{}", config.spreadsheet),
        kind,
        key: format!("{kind}/{}", config.id),
        owner: config.id.to_string(),
        payload,
        due,
        gather: Gather::Earliest,
        urgency,
    }
}

pub(crate) fn events(config: &SyncConfig, due: Timestamp) -> NewWork {
    on_sheet(config, SHEET_EVENTS, Value::Null, due, Urgency::Interactive)
}

pub(crate) fn status(config: &SyncConfig, urgency: Urgency, now: Timestamp) -> NewWork {
    on_sheet(config, SHEET_STATUS, Value::Null, now + STATUS_DELAY, urgency)
}

/// A scan that runs already goes on from where it is, and another one follows it: its place is in the
/// configuration, not in the work.
pub(crate) fn scan(config: &SyncConfig, due: Timestamp) -> NewWork {
    on_sheet(config, SHEET_SCAN, Value::Null, due, Urgency::Bulk)
}

const CRM: &str = "crm:";

/// The portal whose lane it is, if it is a portal's.
pub(crate) fn portal_of(lane: &str) -> Option<&str> {
    lane.strip_prefix(CRM)
}

/// What a piece of CRM work is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RowRef {
    pub config: ConfigId,
    pub row: RowId,
}

pub(crate) fn crm_row(config: &SyncConfig, row: &RowId, due: Timestamp, urgency: Urgency) -> NewWork {
    NewWork {
        company: config.company.clone(),
        lane: format!("{CRM}{}", config.portal),
        kind: CRM_ROW,
        key: format!("{}/{row}", config.id),
        owner: config.id.to_string(),
        payload: json!(RowRef { config: config.id, row: row.clone() }),
        due,
        gather: Gather::Quiet { at_most: LONGEST_QUIET },
        urgency,
    }
}
