//! The country whose dialling habits a number without a country code is read by.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use serde::{Deserialize, Serialize};

/// A country or territory with a numbering plan: two capital letters such as `TR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(rlibphonenumber::Region);

/// The text names no region with a numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is two letters of ISO 3166, such as TR or DE")]
pub struct UnknownRegion;

impl Region {
    /// Türkiye.
    pub const TR: Self = Self(rlibphonenumber::Region::TR);

    pub(super) fn of_the_library(self) -> rlibphonenumber::Region {
        self.0
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let region = text.parse().map_err(|_| UnknownRegion)?;
        // The library's type has all pairs of letters, and one for no region at all.
        let known =
            region != rlibphonenumber::Region::World && PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some();
        if known { Ok(Self(region)) } else { Err(UnknownRegion) }
    }
}

impl TryFrom<String> for Region {
    type Error = UnknownRegion;
    fn try_from(text: String) -> Result<Self, UnknownRegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.to_string()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regions_with_a_numbering_plan() {
        assert_eq!("tr".parse::<Region>().unwrap().to_string(), "TR");
        assert_eq!(serde_json::from_str::<Region>("\"DE\"").unwrap().to_string(), "DE");
        for other in ["", "T", "TUR", "ZZ", "XX", "001", "90", "Tü"] {
            assert_eq!(other.parse::<Region>(), Err(UnknownRegion), "{other}");
        }
    }
}
