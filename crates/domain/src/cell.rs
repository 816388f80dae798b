//! A cell as a spreadsheet's API gives it: typed, not as it is shown.

use serde::{Deserialize, Serialize};

/// A cell's unformatted value. A date arrives as [`CellValue::Number`]: days since 1899-12-30, the
/// fraction being the time of day in the spreadsheet's own zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CellValue {
    /// Nothing in the cell.
    #[default]
    Empty,
    /// A tick box or TRUE/FALSE.
    Bool(bool),
    /// A number, a percentage (12 % is 0.12) or a date's serial.
    Number(f64),
    /// Text, also of formula errors such as `#REF!`.
    Text(String),
}

impl CellValue {
    /// Whether nothing is in the cell but blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// The value as a person would type it; whole numbers without a decimal point.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl From<&str> for CellValue {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_blank_and_zero_is_not() {
        assert!(CellValue::from(" \u{a0}").is_blank());
        assert!(!CellValue::Number(0.0).is_blank());
    }

    #[test]
    fn json_is_the_cells_own_type() {
        let row: Vec<CellValue> = serde_json::from_str(r#"[null,true,12,"x"]"#).unwrap();
        assert_eq!(row, [CellValue::Empty, CellValue::Bool(true), CellValue::Number(12.0), "x".into()]);
        assert_eq!(row[2].to_text(), "12");
    }
}
