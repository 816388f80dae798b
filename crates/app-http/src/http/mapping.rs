//! Mappings as callers read and write them.

use kopru_domain::{ColumnMapping, ColumnStyle, DateOrder, DecimalMark, Mapping, Target};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which column feeds which field.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mapping)]
pub struct MappingView {
    /// The columns that are synced; the others are left alone.
    columns: Vec<ColumnView>,
    /// Where `TITLE` comes from when no column feeds it: headers in groups, best group first; the texts of the
    /// first group that has any are joined.
    #[serde(default)]
    title_from: Vec<Vec<String>>,
}

/// One column that feeds a field.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MappedColumn)]
pub struct ColumnView {
    /// Position, 0 for column A.
    column: usize,
    /// The header, by which the column is found again when it moves.
    header: String,
    /// The field's code; `FULL_NAME` for given name and surname in one column.
    target: String,
    /// How its cells are read; as detection proposed it.
    style: StyleView,
}

/// How a column's texts are read.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ColumnStyle)]
pub struct StyleView {
    /// `comma` (`1.234,50`) or `dot` (`1,234.50`).
    #[schema(value_type = String, pattern = "^(comma|dot)$", example = "comma")]
    decimal: DecimalMark,
    /// `day_first` or `month_first`: how `01/02/2026` is read.
    #[schema(value_type = String, pattern = "^(day_first|month_first)$", example = "day_first")]
    dates: DateOrder,
    /// ISO 3166 region of phone numbers without a country code.
    #[schema(example = "TR")]
    region: String,
    /// IANA name of the time zone.
    #[schema(example = "Europe/Istanbul")]
    time_zone: String,
    /// ISO 4217 currency of amounts that name none.
    #[schema(example = "TRY")]
    currency: String,
}

impl From<ColumnStyle> for StyleView {
    fn from(style: ColumnStyle) -> Self {
        let ColumnStyle { decimal, dates, region, time_zone, currency } = style;
        Self { decimal, dates, region, time_zone, currency }
    }
}

impl From<StyleView> for ColumnStyle {
    fn from(style: StyleView) -> Self {
        let StyleView { decimal, dates, region, time_zone, currency } = style;
        Self { decimal, dates, region, time_zone, currency }
    }
}

impl From<ColumnMapping> for ColumnView {
    fn from(mapped: ColumnMapping) -> Self {
        let ColumnMapping { column, header, target, style } = mapped;
        Self { column, header, target: target.into(), style: style.into() }
    }
}

impl From<ColumnView> for ColumnMapping {
    fn from(mapped: ColumnView) -> Self {
        let ColumnView { column, header, target, style } = mapped;
        Self { column, header, target: Target::from(target), style: style.into() }
    }
}

impl From<Mapping> for MappingView {
    fn from(mapping: Mapping) -> Self {
        Self { columns: mapping.columns.into_iter().map(Into::into).collect(), title_from: mapping.title_from }
    }
}

impl From<MappingView> for Mapping {
    fn from(mapping: MappingView) -> Self {
        Self { columns: mapping.columns.into_iter().map(Into::into).collect(), title_from: mapping.title_from }
    }
}
