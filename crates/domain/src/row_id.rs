//! The row's own identity: a text in a hidden column that says which tab and portal it is valid for.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ids::{Gid, SpreadsheetId};

/// An id in a row's hidden column: `kp-TAG-UUID`. The tag is made from the tab and the portal, so that a
/// copied tab or file shows at once that its ids are not its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowId(String);

/// The text is not a row id of Köprü's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a row id of Köprü's: do not edit the hidden column")]
pub struct NotARowId;

/// The part of a [`RowId`] that ties it to a tab and a portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowTag(String);

impl RowTag {
    /// The tag of a tab whose rows are bound to records of `portal` (the portal's host name).
    #[must_use]
    pub fn of(spreadsheet: &SpreadsheetId, gid: Gid, portal: &str) -> Self {
        let digest = Sha256::digest(format!("{spreadsheet}\n{gid}\n{portal}"));
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self(format!("{number:08x}"))
    }
}

impl RowId {
    /// A new id for a row of the tagged tab.
    #[must_use]
    pub fn new(tag: &RowTag, unique: Uuid) -> Self {
        Self(format!("kp-{}-{}", tag.0, unique.simple()))
    }

    /// Whether the id was made for the tagged tab.
    #[must_use]
    pub fn belongs_to(&self, tag: &RowTag) -> bool {
        self.0.split('-').nth(1) == Some(tag.0.as_str())
    }

    /// When it was made, where its unique part tells (UUID version 7).
    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        let unique: Uuid = self.0.rsplit_once('-')?.1.parse().ok()?;
        let (seconds, nanos) = unique.get_timestamp()?.to_unix();
        Timestamp::new(seconds.cast_signed(), nanos.cast_signed()).ok()
    }

    /// The id as it stands in the cell.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RowId {
    type Err = NotARowId;
    fn from_str(text: &str) -> Result<Self, NotARowId> {
        let mut parts = text.trim().splitn(3, '-');
        let (Some("kp"), Some(tag), Some(unique)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotARowId);
        };
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let sound = tag.len() == 8 && unique.len() == 32 && hex(tag) && hex(unique);
        if sound { Ok(Self(text.trim().to_owned())) } else { Err(NotARowId) }
    }
}

impl TryFrom<String> for RowId {
    type Error = NotARowId;
    fn try_from(text: String) -> Result<Self, NotARowId> {
        text.parse()
    }
}

impl From<RowId> for String {
    fn from(id: RowId) -> Self {
        id.0
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(gid: i32, portal: &str) -> RowTag {
        RowTag::of(&"sheet".parse().unwrap(), Gid(gid), portal)
    }

    #[test]
    fn an_id_is_valid_for_one_tab_and_portal_only() {
        let id = RowId::new(&tag(0, "a.bitrix24.com"), Uuid::from_u128(7));
        assert!(id.belongs_to(&tag(0, "a.bitrix24.com")));
        assert!(!id.belongs_to(&tag(1, "a.bitrix24.com")));
        assert!(!id.belongs_to(&tag(0, "b.bitrix24.com")));
    }

    #[test]
    fn only_our_own_ids_are_read_back() {
        let id = RowId::new(&tag(0, "a"), Uuid::from_u128(7));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for other in ["", "7", "kp-xyz", "kp-1234567g-00000000000000000000000000000007"] {
            assert_eq!(other.parse::<RowId>(), Err(NotARowId), "{other}");
        }
    }
}
