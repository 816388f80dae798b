//! Köprü's rules as pure functions over data: what a cell means, which field a header names, what has
//! to be written to bring a CRM record level with its row. No I/O, no clock, no randomness: time and
//! identifiers come in as arguments.

pub mod amount;
pub mod calendar;
mod cell;
pub mod convert;
pub mod detect;
pub mod email;
pub mod entity;
pub mod field;
pub mod ids;
pub mod mapping;
pub mod message;
pub mod multi;
pub mod reason;
pub mod row;
pub mod row_id;
pub mod spans;
pub mod system;
pub mod text;
pub mod value;
mod zone;

pub use cell::CellValue;
pub use entity::EntityKind;
pub use field::{Choice, FieldCode, FieldKind, FieldMeta};
pub use ids::{CompanyId, ConfigId, Gid, IdError, SpreadsheetId, UserId};
pub use mapping::{ColumnMapping, ColumnStyle, DateOrder, DecimalMark, Mapping, ResolvedMapping, Target};
pub use reason::{Language, Reason};
pub use row::{Catalog, CellRefusal, Changes, FieldChange, Fields, Reading, Rejection, RowState};
pub use row_id::{RowId, RowTag};
pub use system::SystemColumns;
pub use value::{ContactKind, ContactValue, FieldValue};
pub use zone::{UnknownZone, Zone};
