//! The rules that hold for every kind of field.

use jiff::civil::date;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::multi::work;

const KINDS: [FieldKind; 16] = [
    FieldKind::Text,
    FieldKind::Integer,
    FieldKind::Double,
    FieldKind::Money,
    FieldKind::Flag,
    FieldKind::Date,
    FieldKind::DateTime,
    FieldKind::Choice,
    FieldKind::User,
    FieldKind::Phone,
    FieldKind::Email,
    FieldKind::Web,
    FieldKind::Messenger,
    FieldKind::Link,
    FieldKind::Reference,
    FieldKind::Other,
];

fn field(kind: FieldKind, multiple: bool) -> FieldMeta {
    FieldMeta {
        code: "UF_CRM_1".into(),
        title: "Alan".to_owned(),
        kind,
        required: false,
        read_only: false,
        multiple,
        choices: Vec::new(),
    }
}

fn read(cell: impl Into<CellValue>, kind: FieldKind) -> Result<FieldValue, Reason> {
    convert(&cell.into(), &field(kind, false), &ColumnStyle::turkish())
}

impl From<f64> for CellValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

#[rstest]
#[case("12345678901".into(), "12345678901")]
#[case(12_345_678_901.0.into(), "12345678901")]
#[case(3.0.into(), "3")]
#[case(1.5.into(), "1.5")]
#[case(" bir\r\niki \n".into(), "bir\niki")]
#[case("'05321112233".into(), "05321112233")]
#[case(CellValue::Bool(true), "TRUE")]
fn text_says_what_the_cell_says(#[case] cell: CellValue, #[case] expected: &str) {
    assert_eq!(read(cell, FieldKind::Text), Ok(FieldValue::Text(expected.to_owned())));
}

#[test]
fn typed_cells_need_no_reading() {
    assert_eq!(read(5_352_477_117.0, FieldKind::Phone), Ok(FieldValue::Contacts(vec![work("+905352477117")])));
    assert_eq!(read(46_086.75, FieldKind::Date), Ok(FieldValue::Date(date(2026, 3, 5))));
    assert_eq!(read(0.12, FieldKind::Double), Ok(FieldValue::Number("0.12".parse().unwrap())));
    assert_eq!(read(137.653, FieldKind::Double), Ok(FieldValue::Number("137.653".parse().unwrap())));
    assert_eq!(read(2.5, FieldKind::Integer), Err(Reason::NotWhole));
    assert_eq!(read(9.5, FieldKind::Money), Ok(FieldValue::Money("9.5".parse().unwrap(), "TRY".to_owned())));
    assert_eq!(read(CellValue::Bool(false), FieldKind::Flag), Ok(FieldValue::Flag(false)));
    assert_eq!(read(1.0, FieldKind::Flag), Ok(FieldValue::Flag(true)));
    assert_eq!(read(CellValue::Bool(true), FieldKind::Double), Err(Reason::NotANumber));
    assert_eq!(read(12.0, FieldKind::Reference), Ok(FieldValue::Choice("12".to_owned())));
}

#[test]
fn failed_formulas_are_refused_and_blanks_are_empty_in_every_kind() {
    for kind in KINDS {
        assert_eq!(read("#DEĞER!", kind), Err(Reason::FormulaError), "{kind:?}");
        assert_eq!(read(" \u{a0}", kind), Ok(FieldValue::Empty), "{kind:?}");
        if kind != FieldKind::Other {
            assert_eq!(read("—", kind), Ok(FieldValue::Empty), "{kind:?}");
        }
    }
}

#[test]
fn fields_that_hold_lists_get_lists() {
    let read = |text: &str, kind| convert(&text.into(), &field(kind, true), &ColumnStyle::turkish());
    let text = |text: &str| FieldValue::Text(text.to_owned());
    assert_eq!(
        read("bir; iki,üç\ndört", FieldKind::Text),
        Ok(FieldValue::Many(["bir", "iki,üç", "dört"].map(text).into()))
    );
    assert_eq!(read("1,5;2", FieldKind::Integer), Err(Reason::NotWhole));
    assert_eq!(read("7", FieldKind::Integer), Ok(FieldValue::Many(vec![FieldValue::Number(7.into())])));
    assert!(matches!(read("3, 4", FieldKind::Reference), Ok(FieldValue::Many(ids)) if ids.len() == 2));
    assert!(matches!(read("05321112233", FieldKind::Phone), Ok(FieldValue::Contacts(_))));
}

fn kind() -> impl Strategy<Value = FieldKind> {
    proptest::sample::select(KINDS.to_vec())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,30}", kind in kind(), multiple: bool) {
        let _ = convert(&CellValue::Text(text.clone()), &field(kind, multiple), &ColumnStyle::turkish());
        let _ = column_style([CellValue::Text(text.clone())].iter(), &ColumnStyle::turkish());
        let _ = split_name(&text);
    }

    #[test]
    fn nothing_like_a_number_or_date_makes_it_panic(
        text in "[0-9٣ .,:/+\\-()%'x#₺TZbinartİпмг@<>\u{a0}\n]{0,40}",
        kind in kind(),
        multiple: bool,
    ) {
        let _ = convert(&CellValue::Text(text.clone()), &field(kind, multiple), &ColumnStyle::turkish());
        let _ = column_style([CellValue::Text(text)].iter(), &ColumnStyle::turkish());
    }

    #[test]
    fn no_number_makes_it_panic(number: f64, kind in kind(), multiple: bool) {
        let _ = convert(&CellValue::Number(number), &field(kind, multiple), &ColumnStyle::turkish());
    }
}
