//! Records of all kinds as events.

use rstest::rstest;
use serde_json::{Value, json};

use super::spellings;
use super::*;
use crate::reason::Language;
use crate::zone::Zone;

fn record(value: &Value) -> Record {
    Record::read(value.as_object().unwrap())
}

fn event_at(kind: &str, value: &Value, given: Given, zone: &str) -> Result<Event, DraftFault> {
    draft(kind.parse().unwrap(), &record(value), given, Language::Tr, &zone.parse().unwrap())
}

fn event(kind: &str, value: &Value) -> Event {
    event_at(kind, value, Given::default(), "Europe/Istanbul").unwrap()
}

/// `2026-12-31 2027-01-01` for days, `…Z …Z` for times.
fn span(event: &Event) -> String {
    match &event.when {
        When::Timed { start, end, .. } => format!("{start} {end}"),
        When::AllDay { from, to } => format!("{from} {to}"),
    }
}

fn deal() -> Value {
    json!({
        "id": 12, "title": "Yıllık bakım", "opportunity": "12500.50", "currencyId": "TRY",
        "closedate": "2026-12-31T03:00:00+03:00", "comments": "Fiyat onaylandı.", "url": "https://acme.example/deal/12/",
        "company": {"title": "Örnek Ltd. Şti."},
        "contact": {"name": "Ayşe", "lastName": "Işık", "phone": [{"value": "+90 532 000 00 00"}], "email": "ayse@example.com"},
    })
}

#[rstest]
#[case("deal", "Anlaşma kapanışı: Yıllık bakım", "Deal closing: Yıllık bakım")]
#[case("quote", "Teklif son günü: Yıllık bakım", "Quote expires: Yıllık bakım")]
#[case("invoice", "Fatura vadesi: Yıllık bakım", "Invoice due: Yıllık bakım")]
#[case("meeting", "Toplantı: Yıllık bakım", "Meeting: Yıllık bakım")]
#[case("task", "Görev: Yıllık bakım", "Task: Yıllık bakım")]
fn each_kind_has_its_words(#[case] kind: RecordType, #[case] tr: &str, #[case] en: &str) {
    let value = json!({"title": "Yıllık bakım", spellings::date_field(kind): "2026-12-31"});
    for (language, expected) in [(Language::Tr, tr), (Language::En, en)] {
        let event = draft(kind, &record(&value), Given::default(), language, &Zone::istanbul()).unwrap();
        assert_eq!(event.title, expected);
        assert_eq!(span(&event), "2026-12-31 2027-01-01", "a day without a time is a whole one");
    }
}

#[test]
fn a_deals_event_says_what_its_record_says() {
    let event = event("deal", &deal());
    let description = "Tutar: 12.500,50 ₺\nMüşteri: Örnek Ltd. Şti.\nİlgili kişi: Ayşe Işık\nTelefon: +90 532 000 00 00\n\
        E-posta: ayse@example.com\n\nFiyat onaylandı.\n\nKayıt: https://acme.example/deal/12/";
    assert_eq!(event.description, description);
    assert_eq!(span(&event), "2026-12-31 2027-01-01");
    assert_eq!((event.guests.len(), event.busy), (0, false));
    let link = Link { title: "Anlaşma #12".into(), url: "https://acme.example/deal/12/".into() };
    assert_eq!(event.link, Some(link));
    let origin = event.origin.unwrap();
    assert_eq!((origin.kind, origin.record_id.as_str()), (RecordType::Deal, "12"));
    let english = draft(RecordType::Deal, &record(&deal()), Given::default(), Language::En, &Zone::istanbul()).unwrap();
    assert!(english.description.starts_with("Amount: ₺12,500.50\nCustomer: Örnek Ltd. Şti.\nContact: Ayşe Işık\n"));
    assert!(english.description.ends_with("\n\nRecord: https://acme.example/deal/12/"));
}

#[rstest]
#[case::snake("deal", json!({"expected_close_date": "2026-12-31"}), "2026-12-31 2027-01-01")]
#[case::camel("deal", json!({"expectedCloseDate": "31.12.2026"}), "2026-12-31 2027-01-01")]
#[case::hubspot("deal", json!({"properties": {"closedate": "1798675200000"}}), "2026-12-31 2027-01-01")]
#[case::salesforce("deal", json!({"CloseDate": "2026-12-31", "Amount": 5}), "2026-12-31 2027-01-01")]
#[case::bitrix24_quote("quote", json!({"actualDate": "2026-12-31T03:00:00+03:00", "closedate": "2027-01-05"}), "2026-12-31 2027-01-01")]
#[case::zoho("quote", json!({"Valid_Till": "2028-02-29"}), "2028-02-29 2028-03-01")]
#[case::bitrix24_invoice("invoice", json!({"closedate": "2026-12-31T03:00:00+03:00", "begindate": "2026-12-01T03:00:00+03:00"}), "2026-12-31 2027-01-01")]
#[case::old_invoice("invoice", json!({"DATE_PAY_BEFORE": "2026-12-31T00:00:00+03:00"}), "2026-12-31 2027-01-01")]
#[case::an_empty_one_before("invoice", json!({"dueDate": " ", "due": "2026-12-31"}), "2026-12-31 2027-01-01")]
#[case::deadline("task", json!({"deadline": "2026-12-31T19:00:00+03:00"}), "2026-12-31T16:00:00Z 2026-12-31T16:30:00Z")]
#[case::midnight("task", json!({"DEADLINE": "2026-12-31T00:00:00+03:00"}), "2026-12-31 2027-01-01")]
#[case::pipedrive("task", json!({"due_date": "2026-12-31", "due_time": "09:30"}), "2026-12-31T06:30:00Z 2026-12-31T07:00:00Z")]
#[case::meeting("meeting", json!({"start_time": "2026-12-01T10:00:00+03:00"}), "2026-12-01T07:00:00Z 2026-12-01T08:00:00Z")]
#[case::with_end("meeting", json!({"startTime": "2026-12-01T10:00", "endTime": "2026-12-01T10:45"}), "2026-12-01T07:00:00Z 2026-12-01T07:45:00Z")]
#[case::activity("meeting", json!({"START_TIME": "2026-12-01T10:00:00+03:00", "END_TIME": "2026-12-01T10:00:00+03:00"}), "2026-12-01T07:00:00Z 2026-12-01T08:00:00Z")]
#[case::nested("meeting", json!({"start": {"dateTime": "2026-12-01T07:00:00Z"}, "end": {"dateTime": "2026-12-01T07:20:00Z"}}), "2026-12-01T07:00:00Z 2026-12-01T07:20:00Z")]
#[case::day_and_times("meeting", json!({"date": "2026-12-01", "start_time": "10:00", "end_time": "10:30"}), "2026-12-01T07:00:00Z 2026-12-01T07:30:00Z")]
#[case::fair("meeting", json!({"start_date": "2026-12-01", "end_date": "2026-12-03"}), "2026-12-01 2026-12-04")]
#[case::two_fields_each("meeting", json!({"start_date": "2026-12-01", "start_time": "14:00", "end_date": "2026-12-03", "end_time": "16:00"}), "2026-12-01T11:00:00Z 2026-12-03T13:00:00Z")]
#[case::an_end_days_midnight("meeting", json!({"start": "2026-12-01T14:00", "end_date": "2026-12-03T00:00:00Z", "end_time": "16:00"}), "2026-12-01T11:00:00Z 2026-12-03T13:00:00Z")]
#[case::days_end("meeting", json!({"start": "2026-12-01T14:00", "end": "2026-12-03T16:00"}), "2026-12-01T11:00:00Z 2026-12-03T13:00:00Z")]
#[case::days_end_with_offset("meeting", json!({"start": "2026-12-01T14:00:00+03:00", "end": "2026-12-03T16:00:00+01:00"}), "2026-12-01T11:00:00Z 2026-12-03T15:00:00Z")]
#[case::local_day("meeting", json!({"start": "2026-12-01T22:00:00Z", "end_time": "02:00"}), "2026-12-01T22:00:00Z 2026-12-01T23:00:00Z")]
#[case::past_midnight("meeting", json!({"date": "2026-12-01", "start_time": "22:00", "end_time": "02:00"}), "2026-12-01T19:00:00Z 2026-12-01T23:00:00Z")]
#[case::days_and_an_end_time("meeting", json!({"start_date": "2026-12-01", "end_date": "2026-12-03", "end_time": "16:00"}), "2026-12-01 2026-12-04")]
#[case::a_day_and_an_end_time("meeting", json!({"start_date": "2026-12-01", "end_time": "16:00"}), "2026-12-01 2026-12-02")]
#[case::at_midnight("meeting", json!({"start": "2026-12-01T00:00"}), "2026-11-30T21:00:00Z 2026-11-30T22:00:00Z")]
#[case::over_midnight("meeting", json!({"start": "2026-12-31T23:30"}), "2026-12-31T20:30:00Z 2026-12-31T21:30:00Z")]
fn records_are_dated_by_what_they_are_about(#[case] kind: &str, #[case] value: Value, #[case] expected: &str) {
    assert_eq!(span(&event(kind, &value)), expected);
}

#[rstest]
// On 29 March 2026 clocks in Berlin went from 2 to 3, on 25 October back.
#[case("meeting", json!({"start": "2026-03-29T01:30"}), "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z")]
#[case("meeting", json!({"start": "2026-03-29T02:30"}), "2026-03-29T01:30:00Z 2026-03-29T02:30:00Z")]
#[case("meeting", json!({"start": "2026-10-25T01:30", "end": "2026-10-25T03:30"}), "2026-10-24T23:30:00Z 2026-10-25T02:30:00Z")]
#[case("task", json!({"deadline": "2026-03-28T23:00:00Z"}), "2026-03-29 2026-03-30")]
#[case("deal", json!({"closedate": "2026-10-24T22:00:00Z"}), "2026-10-25 2026-10-26")]
fn where_clocks_change(#[case] kind: &str, #[case] value: Value, #[case] expected: &str) {
    assert_eq!(span(&event_at(kind, &value, Given::default(), "Europe/Berlin").unwrap()), expected);
}

fn at(text: &str) -> Option<Point> {
    Point::read(text, &Zone::istanbul())
}

#[rstest]
#[case::a_time("deal", "2026-12-24T14:00", None, "2026-12-24T11:00:00Z 2026-12-24T11:30:00Z")]
#[case::a_time_and_an_end(
    "deal",
    "2026-12-24T14:00",
    Some("2026-12-24T16:00"),
    "2026-12-24T11:00:00Z 2026-12-24T13:00:00Z"
)]
#[case::a_day("task", "2026-12-24", None, "2026-12-24 2026-12-25")]
#[case::days("quote", "2026-12-24", Some("2026-12-26"), "2026-12-24 2026-12-27")]
#[case::a_moved_meeting("meeting", "2026-12-24T14:00", None, "2026-12-24T11:00:00Z 2026-12-24T11:45:00Z")]
fn what_is_given_goes_before_what_is_drafted(
    #[case] kind: RecordType,
    #[case] start: &str,
    #[case] end: Option<&str>,
    #[case] expected: &str,
) {
    let value = json!({
        "title": "Bakım", "location": "Levent", "email": "ayse@example.com", spellings::date_field(kind): "2026-12-01T10:00",
        "end": "2026-12-01T10:45",
    });
    let given = Given {
        start: at(start),
        end: end.and_then(at),
        location: Some("Kadıköy".into()),
        guests: Some(vec![Guest::new("ece@example.com", "Ece").unwrap()]),
    };
    let event = draft(kind, &record(&value), given, Language::Tr, &Zone::istanbul()).unwrap();
    assert_eq!((span(&event).as_str(), event.location.as_str()), (expected, "Kadıköy"));
    assert_eq!(event.guests.iter().map(Guest::email).collect::<Vec<_>>(), ["ece@example.com"]);
    assert_eq!(event.title, format!("{}: Bakım", words::noun(kind, Language::Tr)), "a chosen time is no due date");
}

#[test]
fn a_given_end_alone_ends_the_drafted_time() {
    let value = json!({"start": "2026-12-01T10:00"});
    let until = |end: &str| {
        event_at("meeting", &value, Given { end: at(end), ..Given::default() }, "Europe/Istanbul")
            .map(|event| span(&event))
    };
    assert_eq!(until("2026-12-01T12:00").unwrap(), "2026-12-01T07:00:00Z 2026-12-01T09:00:00Z");
    assert_eq!(until("2026-12-01T09:00"), Err(DraftFault::EndsBeforeStart));
    assert_eq!(until("2026-12-02"), Err(DraftFault::DayAndTime));
}

#[rstest]
#[case("deal", json!({}), DraftFault::NoTime { field: "expected_close_date" }, "record.expected_close_date")]
#[case("quote", json!({"title": "x"}), DraftFault::NoTime { field: "valid_until" }, "record.valid_until")]
#[case("invoice", json!({"due_date": null}), DraftFault::NoTime { field: "due_date" }, "record.due_date")]
#[case("meeting", json!({"end": "2026-12-01"}), DraftFault::NoTime { field: "start_time" }, "record.start_time")]
#[case("task", json!({"deadline": ""}), DraftFault::NoTime { field: "deadline" }, "record.deadline")]
#[case("deal", json!({"closeDate": "haftaya"}), DraftFault::NotADate { field: "record.closeDate".into() }, "record.closeDate")]
#[case("task", json!({"deadline": "31.02.2026"}), DraftFault::NotADate { field: "record.deadline".into() }, "record.deadline")]
#[case("meeting", json!({"start": "2026-12-01T10:00", "end": "2026-12-01T09:00"}), DraftFault::EndsBeforeStart, "end_time")]
#[case("meeting", json!({"date": "2026-12-01", "start_time": "10:00", "end_time": "09:00"}), DraftFault::EndsBeforeStart, "end_time")]
#[case("meeting", json!({"start": "2026-12-05T10:00", "end_date": "2026-12-03", "end_time": "16:00"}), DraftFault::EndsBeforeStart, "end_time")]
#[case("meeting", json!({"start": "2026-12-01T10:00", "end": "sonra"}), DraftFault::NotADate { field: "record.end".into() }, "record.end")]
fn what_is_missing_or_wrong_is_named(
    #[case] kind: &str,
    #[case] value: Value,
    #[case] fault: DraftFault,
    #[case] field: &str,
) {
    assert_eq!(fault.field(), field);
    assert_eq!(event_at(kind, &value, Given::default(), "Europe/Istanbul"), Err(fault.clone()));
    assert_ne!(fault.text(Language::Tr), fault.text(Language::En));
}

#[rstest]
#[case(json!({"title": "Toplantı: Acme", "customer": "x"}), "Toplantı: Acme")]
#[case(json!({"title": "  İlk\n görüşme "}), "Toplantı: İlk görüşme")]
#[case(json!({"customer": {"name": "Acme"}}), "Toplantı: Acme")]
#[case(json!({"contact_name": "Ayşe Işık", "company_id": 7}), "Toplantı: Ayşe Işık")]
#[case(json!({"id": 7}), "Toplantı: #7")]
#[case(json!({}), "Toplantı")]
fn a_record_without_a_name_is_called_by_what_there_is(#[case] mut value: Value, #[case] title: &str) {
    value["start"] = json!("2026-12-01T10:00");
    assert_eq!(event("meeting", &value).title, title);
}

#[test]
fn only_a_meeting_invites_the_customer_by_itself() {
    let customer = json!({"name": "Ayşe", "email": "ayse@example.com"});
    for kind in RecordType::ALL {
        let value = json!({"customer": customer, spellings::date_field(kind): "2026-12-01T10:00"});
        let guests = event(kind.name(), &value).guests;
        let expected = if kind == RecordType::Meeting { vec![("ayse@example.com", "Ayşe")] } else { vec![] };
        let found: Vec<_> = guests.iter().map(|guest| (guest.email(), guest.name.as_str())).collect();
        assert_eq!(found, expected, "{kind}");
    }
    let value = json!({"customer": {"email": "kimse@"}, "start": "2026-12-01T10:00"});
    assert_eq!(event("meeting", &value).guests, []);
}

#[test]
fn days_are_reminded_of_the_morning_before_and_times_half_an_hour_before() {
    let minutes = |event: Event| match event.reminders {
        Reminders::Own(list) => list.iter().map(|reminder| reminder.minutes).collect::<Vec<_>>(),
        Reminders::Usual => vec![],
    };
    assert_eq!(minutes(event("deal", &deal())), [900]);
    assert_eq!(minutes(event("task", &json!({"deadline": "2026-12-01T10:00"}))), [30]);
}

#[test]
fn a_link_that_browsers_would_run_is_none() {
    for link in ["javascript:alert(1)", "https://", "https://a b", "//acme.example"] {
        let event = event("deal", &json!({"closedate": "2026-12-31", "link": link}));
        assert_eq!((event.link, event.description.as_str()), (None, ""), "{link}");
    }
}

#[rstest]
#[case(json!({"amount": 1500, "currency": "usd"}), "Tutar: 1.500 $")]
#[case(json!({"amount": {"value": "99.9", "currency": "EUR"}}), "Tutar: 99,90 €")]
#[case(json!({"opportunity": "250|TRY"}), "Tutar: 250 ₺")]
#[case(json!({"total": "12.500,50 TL"}), "Tutar: 12.500,50 ₺")]
#[case(json!({"amount": 0, "currency": "TRY"}), "")]
#[case(json!({"amount": "sorulacak"}), "")]
fn amounts_are_read_however_they_come(#[case] mut value: Value, #[case] expected: &str) {
    value["closedate"] = json!("2026-12-31");
    assert_eq!(event("deal", &value).description, expected);
}

#[test]
fn the_same_record_changes_nothing_and_another_one_what_it_says_anew() {
    let stored = event("deal", &deal());
    assert!(changes(&stored, &event("deal", &deal())).is_empty());
    let mut later = deal();
    later["closedate"] = json!("2027-01-15T03:00:00+03:00");
    let drafted = event("deal", &later);
    let patch = changes(&stored, &drafted);
    let expected = EventPatch { when: Some(drafted.when), origin: drafted.origin, ..EventPatch::default() };
    assert_eq!(patch, expected);
}

#[test]
fn what_a_person_changed_by_hand_stays_until_the_record_says_otherwise() {
    let mut stored = event("deal", &deal());
    stored.title = "Benim başlığım".into();
    stored.guests = vec![Guest::new("ece@example.com", "").unwrap()];
    assert!(changes(&stored, &event("deal", &deal())).is_empty());
    let mut renamed = deal();
    renamed["title"] = json!("İki yıllık bakım");
    let patch = changes(&stored, &event("deal", &renamed));
    assert_eq!(patch.title.as_deref(), Some("Anlaşma kapanışı: İki yıllık bakım"));
    assert_eq!(patch.guests, None);
}

#[test]
fn the_same_guests_in_another_order_are_no_change() {
    let guest = |email: &str, name: &str| Guest::new(email, name).unwrap();
    let [mut stored, mut drafted] = [event("deal", &deal()), event("deal", &deal())];
    stored.guests = vec![guest("A@example.com", "A"), guest("b@example.com", "B")];
    stored.origin = None;
    drafted.guests = vec![guest("b@example.com", ""), guest("a@example.com", "")];
    assert_eq!(changes(&stored, &drafted).guests, None);
    drafted.guests.pop();
    assert_eq!(changes(&stored, &drafted).guests, Some(drafted.guests));
}
