//! From headers and values to a proposed mapping.

mod assign;
mod context;
mod fields;
mod lexicon;
mod normalise;
mod recognise;
mod rules;
mod standard;
#[cfg(test)]
mod tests;
mod title;
mod values;

use serde::{Deserialize, Serialize};

use self::assign::assign;
use self::context::settle;
use self::fields::Fields;
use self::recognise::{Guess, recognise};
use self::title::title_from;
use self::values::{Values, fit};
use crate::cell::CellValue;
use crate::convert::column_style;
use crate::entity::EntityKind;
use crate::field::FieldMeta;
use crate::mapping::{ColumnStyle, Target};
use crate::reason::Language;

/// Why a column was given, or not given, a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// The header is the title or code of the portal's own field.
    PortalTitle,
    /// The header is a word of Köprü's dictionary.
    KnownHeader,
    /// The header holds or resembles a word of the dictionary.
    SimilarHeader,
    /// The header says nothing, the values do.
    Values,
    /// The header is recognised as something that no field holds.
    NoField,
    /// Nothing is known.
    Unknown,
    /// Another column fits the field better.
    Taken,
    /// The header names a field but the values do not fit it.
    ValuesDoNotFit,
    /// The header says that the amounts are in thousands or millions; they would be written as they stand.
    Scaled,
    /// The field cannot be written.
    ReadOnly,
}

impl Why {
    /// The reason in a person's language.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let both = match self {
            Self::PortalTitle => {
                ("Başlık, portaldaki alanın adıyla aynı.", "The header is the name of the portal's field.")
            }
            Self::KnownHeader => ("Bu başlık biliniyor.", "The header is a known one."),
            Self::SimilarHeader => ("Başlık, bilinen bir başlığa benziyor.", "The header is like a known one."),
            Self::Values => ("Başlıktan değil, değerlerden anlaşıldı.", "Told by the values, not by the header."),
            Self::NoField => ("Bu bilgi için Bitrix24'te alan yok.", "Bitrix24 has no field for this."),
            Self::Unknown => ("Ne olduğu anlaşılamadı; alanı siz seçin.", "Nothing is known of it; choose the field."),
            Self::Taken => ("Bu alana başka bir sütun daha uygun.", "Another column fits this field better."),
            Self::ValuesDoNotFit => ("Değerler bu alana uymuyor.", "The values do not fit this field."),
            Self::Scaled => (
                "Tutarlar bin ya da milyon olarak yazılmış; tam tutarı yazın.",
                "The amounts are in thousands or millions; write them in full.",
            ),
            Self::ReadOnly => ("Bu alan yazılamaz.", "This field cannot be written."),
        };
        language.of(both).to_owned()
    }
}

/// What is proposed for one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Position, 0 for column A.
    pub column: usize,
    /// The header as it stands in the sheet.
    pub header: String,
    /// What the header means; also a field that cannot be written (then [`Proposal::writable`] is false).
    pub field: Option<Target>,
    /// Whether the column should be mapped: the field is known, writable and its values fit.
    pub writable: bool,
    /// 0 to 1. Below [`SURE`] the choice is left to a person.
    pub confidence: f64,
    /// Why.
    pub why: Why,
    /// How the column's cells are read.
    pub style: ColumnStyle,
}

/// From this confidence on a proposal is taken without asking.
pub const SURE: f64 = 0.7;

/// A whole tab's proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// One for each column, in order.
    pub proposals: Vec<Proposal>,
    /// Headers of the columns from which the title is built; see [`crate::Mapping::title_from`].
    pub title_from: Vec<Vec<String>>,
}

/// What a tab shows of itself.
#[derive(Debug, Clone, Copy)]
pub struct TabSample<'a> {
    /// The first row's texts.
    pub headers: &'a [String],
    /// Some rows below it (up to a few hundred); may be empty.
    pub rows: &'a [Vec<CellValue>],
    /// How the spreadsheet's locale writes; the default for columns that do not show otherwise.
    pub style: &'a ColumnStyle,
}

/// Proposes a mapping of a tab to `entity`. `fields` are the portal's own; empty where no portal is
/// at hand, then Bitrix24's standard fields are assumed.
#[must_use]
pub fn detect(entity: EntityKind, tab: TabSample<'_>, fields: &[FieldMeta]) -> Detection {
    let fields = Fields::new(entity, fields);
    let values: Vec<Values<'_>> = (0..tab.headers.len()).map(|column| Values::of(tab.rows, column)).collect();
    let mut guesses: Vec<Guess> = tab.headers.iter().map(|header| recognise(header, &fields)).collect();
    settle(&mut guesses, &values, &fields, tab.style);
    let columns = tab.headers.iter().zip(&guesses).zip(&values).enumerate();
    let mut proposals: Vec<Proposal> = columns
        .map(|(column, ((header, guess), values))| {
            let style = column_style(values.cells(), tab.style);
            propose(column, header, guess, values, style, &fields)
        })
        .collect();
    assign(&mut proposals, &fields);
    let title_from = title_from(&proposals, &guesses, &fields);
    Detection { proposals, title_from }
}

fn propose(
    column: usize,
    header: &str,
    guess: &Guess,
    values: &Values<'_>,
    style: ColumnStyle,
    fields: &Fields<'_>,
) -> Proposal {
    let why = match &guess.target {
        Some(target) if fields.is_read_only(target) => Why::ReadOnly,
        Some(target) if !fit(target, values, fields, &style) => Why::ValuesDoNotFit,
        _ => guess.why.clone(),
    };
    let writable = guess.target.is_some() && !matches!(why, Why::ReadOnly | Why::ValuesDoNotFit);
    Proposal {
        column,
        header: header.to_owned(),
        field: guess.target.clone(),
        writable,
        confidence: guess.confidence,
        why,
        style,
    }
}
