//! What holds of every record's event.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::spellings::{self, dates, titles};
use super::*;
use crate::reason::Language;
use crate::zone::Zone;

/// Any JSON, and values that dates, amounts and addresses are read from.
fn value() -> impl Strategy<Value = Value> {
    let dates = "[0-3]?[0-9][./-][0-1]?[0-9][./-](19|20)?[0-9]{2}( [0-2]?[0-9]:[0-9]{2})?";
    let moments =
        "(18|19|20|22)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-9]{2}:[0-9]{2}(Z|[+-][01][0-9]:[0-5][0-9])?";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0i64..99_999_999_999_999).prop_map(|number| json!(number.to_string())),
        "\\PC{0,12}".prop_map(Value::from),
        dates.prop_map(Value::from),
        moments.prop_map(Value::from),
        "[0-9]{1,4}:[0-9]{1,2}".prop_map(Value::from),
        "[a-zşİ.]{1,5}@[a-z.ş]{1,8}".prop_map(Value::from),
        "-?[0-9]{1,30}[.,|]?[0-9]{0,30}( ?(TL|\\$|TRY))?".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::btree_map("(value|name|email|[A-Za-z_]{0,6})", inner, 0..3)
                .prop_map(|map| Value::Object(Map::from_iter(map))),
        ]
    })
}

/// Names that are read, and a few that are not.
fn names() -> Vec<&'static str> {
    let own = RecordType::ALL.into_iter().flat_map(|kind| titles(kind).iter().chain(dates(kind)));
    let common = [spellings::AMOUNT, spellings::CURRENCY, spellings::COMPANY, spellings::CONTACT, spellings::EMAIL];
    let more = [spellings::PHONE, spellings::LINK, spellings::NOTES, spellings::TIME, spellings::END, &["id", "x"]];
    own.chain(common.into_iter().chain(more).flatten()).copied().collect()
}

fn any_record() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map(select(names()).prop_map(str::to_owned), value(), 0..8).prop_map(Map::from_iter)
}

fn any_point() -> impl Strategy<Value = Option<Point>> {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let moment = (first..=last).prop_map(|second| Point::At(Timestamp::from_second(second).unwrap()));
    let day =
        (first..=last).prop_map(|second| Point::Day(Zone::istanbul().day(Timestamp::from_second(second).unwrap())));
    proptest::option::weighted(0.3, prop_oneof![moment, day])
}

/// What holds of every event.
fn assert_sound(event: &Event) {
    match &event.when {
        When::Timed { start, end, .. } => assert!(start <= end),
        When::AllDay { from, to } => assert!(from < to || *from == jiff::civil::Date::MAX),
    }
    assert!(!event.title.is_empty() && event.title.chars().count() <= 251);
    assert!(!event.title.contains('\n'));
    assert!(changes(event, event).is_empty());
}

proptest! {
    // PROPTEST_CASES says how many; a few thousand by themselves.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), ..ProptestConfig::default() })]

    #[test]
    fn no_record_makes_it_panic_or_end_before_it_starts(
        fields in any_record(),
        kind in select(RecordType::ALL.to_vec()),
        start in any_point(),
        end in any_point(),
        language in select(vec![Language::Tr, Language::En]),
        zone in "Europe/Berlin|Europe/Istanbul|America/New_York|Australia/Lord_Howe|Pacific/Apia",
    ) {
        let given = Given { start, end, ..Given::default() };
        if let Ok(event) = draft(kind, &Record::read(&fields), given, language, &zone.parse().unwrap()) {
            assert_sound(&event);
        }
    }

    #[test]
    fn after_its_changes_an_event_is_as_it_was_drafted(
        before in any_record(),
        after in any_record(),
        kind in select(RecordType::ALL.to_vec()),
    ) {
        let zone = Zone::istanbul();
        let of = |fields: &Map<String, Value>| draft(kind, &Record::read(fields), Given::default(), Language::Tr, &zone);
        if let (Ok(mut stored), Ok(drafted)) = (of(&before), of(&after)) {
            changes(&stored, &drafted).apply(&mut stored);
            let link = drafted.link.clone().or(stored.link.clone());
            let origin = drafted.origin.clone().or(stored.origin.clone());
            prop_assert_eq!(stored.clone(), Event { link, origin, ..drafted.clone() });
            prop_assert!(drafted.origin.is_none() || changes(&stored, &drafted).is_empty());
        }
    }
}
