//! Amounts whose currency is a field of its own: `$1,250` is not 1250 of whatever the portal counts in.

use crate::cell::CellValue;
use crate::convert::{convert, is_percentage, written_currency};
use crate::field::FieldCode;
use crate::mapping::{ColumnMapping, ResolvedMapping, Target};
use crate::reason::Reason;
use crate::row::{Catalog, CellRefusal, Reading};
use crate::value::FieldValue;

const CURRENCY: &str = "CURRENCY_ID";
const AMOUNTS: [&str; 2] = ["OPPORTUNITY", "REVENUE"];

/// Takes the currency that an amount's cell names into the record, and the amount out of it where its
/// currency is not certain.
pub(crate) fn with_currencies(
    cells: &[CellValue],
    mapping: &ResolvedMapping<'_>,
    catalog: &Catalog,
    reading: &mut Reading,
) {
    for (column, mapped) in &mapping.columns {
        let Some(code) = amount(mapped).filter(|code| reading.desired.get(code).is_some_and(|value| !value.is_empty()))
        else {
            continue;
        };
        let cell = cells.get(*column).unwrap_or(&CellValue::Empty);
        match currency(cell, mapped, mapping, catalog, reading) {
            Ok(Some(currency)) => drop(reading.desired.insert(CURRENCY.into(), currency)),
            Ok(None) => {}
            Err(reason) => {
                reading.desired.remove(&code);
                reading.refusals.push(CellRefusal { header: mapped.header.clone(), value: cell.to_text(), reason });
            }
        }
    }
}

fn amount(mapped: &ColumnMapping) -> Option<FieldCode> {
    match &mapped.target {
        Target::Field(code) if AMOUNTS.contains(&code.as_str()) => Some(code.clone()),
        _ => None,
    }
}

/// The currency that the amount's cell adds to the record; `None` where it names none.
fn currency(
    cell: &CellValue,
    mapped: &ColumnMapping,
    mapping: &ResolvedMapping<'_>,
    catalog: &Catalog,
    reading: &Reading,
) -> Result<Option<FieldValue>, Reason> {
    if is_percentage(cell, &mapped.style) {
        return Err(Reason::NotANumber);
    }
    let code = FieldCode::from(CURRENCY);
    let of_row = mapping.columns.iter().find(|(_, column)| column.target == Target::Field(code.clone()));
    if of_row.is_some_and(|(_, column)| reading.refusals.iter().any(|refusal| refusal.header == column.header)) {
        return Err(Reason::CurrencyUnknown);
    }
    let (Some(field), Some(said)) = (catalog.get(&code), written_currency(cell, &mapped.style)) else {
        return Ok(None);
    };
    let said = convert(&CellValue::Text(said.to_owned()), field, &mapped.style)?;
    match reading.desired.get(&code).filter(|value| !value.is_empty()) {
        Some(other) if *other != said => Err(Reason::CurrencyDiffers),
        _ => Ok(Some(said)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::field::{Choice, FieldKind, FieldMeta};
    use crate::mapping::{ColumnStyle, Mapping};
    use crate::row::read_row;

    fn field(code: &str, kind: FieldKind, ids: &[&str]) -> (FieldCode, FieldMeta) {
        let choice = |id: &&str| Choice { id: (*id).to_owned(), label: (*id).to_owned(), aliases: vec![] };
        let meta = FieldMeta {
            code: code.into(),
            title: code.to_owned(),
            kind,
            required: false,
            read_only: false,
            multiple: false,
            choices: ids.iter().map(choice).collect(),
        };
        (code.into(), meta)
    }

    fn read(amount: &str, currency: Option<&str>) -> (Option<String>, Option<String>, Vec<&'static str>) {
        let catalog = Catalog::from([
            field("OPPORTUNITY", FieldKind::Double, &[]),
            field("CURRENCY_ID", FieldKind::Choice, &["TRY", "USD"]),
        ]);
        let column = |column, code: &str| ColumnMapping {
            column,
            header: code.to_owned(),
            target: Target::Field(code.into()),
            style: ColumnStyle::turkish(),
        };
        let mut columns = vec![column(0, "OPPORTUNITY")];
        columns.extend(currency.map(|_| column(1, "CURRENCY_ID")));
        let mapping = Mapping { columns, title_from: vec![] };
        let resolved = mapping.resolve(&["OPPORTUNITY".to_owned(), "CURRENCY_ID".to_owned()]);
        let cells = [amount, currency.unwrap_or_default()].map(CellValue::from);
        let reading = read_row(&cells, &resolved, &catalog).unwrap();
        let text = |code: &str| match reading.desired.get(&code.into())? {
            FieldValue::Number(number) => Some(number.to_string()),
            FieldValue::Choice(id) => Some(id.clone()),
            _ => None,
        };
        let reasons = reading.refusals.iter().map(|refusal| refusal.reason.code()).collect();
        (text("OPPORTUNITY"), text("CURRENCY_ID"), reasons)
    }

    #[rstest]
    #[case("1.250", None, Some("1250"), None, &[])]
    #[case("$1,250.50", None, Some("1250.50"), Some("USD"), &[])]
    #[case("833.467,00 TL", None, Some("833467"), Some("TRY"), &[])]
    #[case("%10", None, None, None, &["not_a_number"])]
    #[case("£99", None, None, None, &["unknown_choice"])]
    #[case("100", Some("USD"), Some("100"), Some("USD"), &[])]
    #[case("$100", Some("USD"), Some("100"), Some("USD"), &[])]
    #[case("$100", Some(""), Some("100"), Some("USD"), &[])]
    #[case("$100", Some("TRY"), None, Some("TRY"), &["currency_differs"])]
    #[case("100", Some("GBP"), None, None, &["unknown_choice", "currency_unknown"])]
    #[case("", Some("GBP"), None, None, &["unknown_choice"])]
    fn an_amount_is_written_in_its_currency_or_not_at_all(
        #[case] amount: &str,
        #[case] currency: Option<&str>,
        #[case] expected: Option<&str>,
        #[case] in_currency: Option<&str>,
        #[case] reasons: &[&str],
    ) {
        let (written, currency_id, refusals) = read(amount, currency);
        let as_number = |text: Option<&str>| text.map(|text| text.parse::<rust_decimal::Decimal>().unwrap());
        assert_eq!(as_number(written.as_deref()), as_number(expected));
        assert_eq!((currency_id.as_deref(), refusals.as_slice()), (in_currency, reasons));
    }
}
