//! The three columns that Köprü adds at a tab's right end: status, record, and the hidden row id.

use crate::reason::Language;

const STATUS: [&str; 2] = ["Köprü Durum", "Köprü Status"];
const RECORD: [&str; 2] = ["Köprü Kayıt", "Köprü Record"];
const ROW_ID: &str = "Köprü ID";

/// Where the added columns stand; found by their headers, since people move columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemColumns {
    /// The status cell's column.
    pub status: u32,
    /// The record number's column.
    pub record: u32,
    /// The hidden row id's column.
    pub row_id: u32,
}

impl SystemColumns {
    /// The columns among `headers`; `None` when one of them is missing.
    #[must_use]
    pub fn find(headers: &[String]) -> Option<Self> {
        let place = |names: &[&str]| headers.iter().position(|header| names.contains(&header.trim()));
        let place = |names: &[&str]| place(names).and_then(|at| u32::try_from(at).ok());
        Some(Self { status: place(&STATUS)?, record: place(&RECORD)?, row_id: place(&[ROW_ID])? })
    }

    /// The headers of the three columns, in order.
    #[must_use]
    pub fn headers(language: Language) -> [&'static str; 3] {
        let at = usize::from(language == Language::En);
        [STATUS[at], RECORD[at], ROW_ID]
    }

    /// Whether a header is one of ours: such a column is never mapped.
    #[must_use]
    pub fn is_own(header: &str) -> bool {
        let header = header.trim();
        header == ROW_ID || STATUS.contains(&header) || RECORD.contains(&header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_columns_are_found_wherever_they_moved() {
        let [status, record, row_id] = SystemColumns::headers(Language::Tr);
        let headers: Vec<String> = [row_id, "Ad", status, record].iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(SystemColumns::find(&headers), Some(SystemColumns { status: 2, record: 3, row_id: 0 }));
        assert_eq!(SystemColumns::find(&headers[..3]), None);
        assert!(SystemColumns::is_own("Köprü Status") && !SystemColumns::is_own("Durum"));
    }
}
