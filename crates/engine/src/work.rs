//! The kinds of work and their lanes.

use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::message::Channel;
use kopru_domain::{CompanyId, ConfigId, RowId, UserId};
use kopru_ports::configs::SyncConfig;
use kopru_ports::data::HOUSE;
use kopru_ports::delivery::{Gather, NewWork, Urgency};
use kopru_ports::messages::Sender;
use kopru_ports::outbox::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::erasure::Erasure;

/// Read the rows that events name.
pub(crate) const SHEET_EVENTS: &str = "sheet.events";
/// Read the whole tab, page by page.
pub(crate) const SHEET_SCAN: &str = "sheet.scan";
/// Write status cells and record numbers.
pub(crate) const SHEET_STATUS: &str = "sheet.status";
/// Bring one record level with its row.
pub(crate) const CRM_ROW: &str = "crm.row";
/// Delete a company's old data.
pub(crate) const PRUNE: &str = "house.prune";
/// Delete all that is kept of a company or a person.
pub(crate) const ERASE: &str = "house.erase";

/// Send one message.
pub(crate) const MESSAGE_SEND: &str = "message.send";
/// Ask the vendor where a message stands.
pub(crate) const MESSAGE_REPORT: &str = "message.report";

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

/// On a lane of the company's own: one instance at a time does it.
pub(crate) fn prune(company: &CompanyId, due: Timestamp) -> NewWork {
    NewWork {
        company: company.clone(),
        lane: HOUSE.to_owned(),
        kind: PRUNE,
        key: PRUNE.to_owned(),
        owner: String::new(),
        payload: Value::Null,
        due,
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}

/// On the same lane, before what is old.
pub(crate) fn erase(erasure: &Erasure, due: Timestamp) -> NewWork {
    NewWork {
        kind: ERASE,
        key: format!("{ERASE}/{}", erasure.person.as_ref().map_or("", UserId::as_str)),
        payload: json!(erasure),
        urgency: Urgency::Interactive,
        ..prune(&erasure.company, due)
    }
}

const MESSAGES: &str = "message:";

/// Whether the lane is a sender's.
pub(crate) fn is_a_senders(lane: &str) -> bool {
    lane.starts_with(MESSAGES)
}

/// The lane of a company's e-mails: its roads are chosen when they go.
pub(crate) const EMAILS: &str = "message:email";

/// The lane of a sender's messages.
pub(crate) fn messages_lane(channel: Channel, sender: &Sender) -> String {
    format!("{MESSAGES}{channel}:{}/{}", sender.account, sender.name)
}

pub(crate) fn message(company: &CompanyId, message: &Message, urgency: Urgency) -> NewWork {
    NewWork {
        company: company.clone(),
        lane: message.lane.clone(),
        kind: MESSAGE_SEND,
        key: message.id.to_string(),
        owner: message.batch.to_string(),
        payload: Value::Null,
        due: message.send_at.unwrap_or(message.created),
        gather: Gather::Earliest,
        urgency,
    }
}

/// A question about a message, and how long it was waited for.
pub(crate) fn report(company: &CompanyId, of: &Message, due: Timestamp, pause: Duration) -> NewWork {
    NewWork {
        lane: format!("reports:{}", of.channel),
        kind: MESSAGE_REPORT,
        payload: json!({ "pause": pause.as_secs() }),
        due,
        ..message(company, of, Urgency::Bulk)
    }
}
