//! Whole tabs and tricky headers, mapped by hand.

use rstest::rstest;

use super::*;
use crate::field::{Choice, FieldCode, FieldKind};

fn run(entity: &str, headers: &[&str], rows: &[&[&str]], fields: &[FieldMeta]) -> Detection {
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    let rows: Vec<Vec<CellValue>> = rows.iter().map(|row| row.iter().map(|&cell| cell.into()).collect()).collect();
    detect(
        entity.parse().unwrap(),
        TabSample { headers: &headers, rows: &rows, style: &ColumnStyle::turkish() },
        fields,
    )
}

/// What each column means; in brackets what it means but is not mapped to, `-` for nothing.
fn shown(detection: &Detection) -> Vec<String> {
    let one = |proposal: &Proposal| match &proposal.field {
        None => "-".to_owned(),
        Some(target) if proposal.writable => String::from(target.clone()),
        Some(target) => format!("({})", String::from(target.clone())),
    };
    detection.proposals.iter().map(one).collect()
}

fn meta(code: &str, title: &str, kind: FieldKind) -> FieldMeta {
    FieldMeta {
        code: FieldCode::from(code),
        title: title.to_owned(),
        kind,
        required: false,
        read_only: false,
        multiple: false,
        choices: Vec::new(),
    }
}

const MUSTERI: &[&str] = &[
    "Sıra No",
    "Ad Soyad",
    "Firma",
    "Cep Telefonu",
    "E-Posta",
    "İl",
    "Kaynak",
    "Aşama",
    "Teklif Tutarı",
    "Tahmini Kapanış",
    "Sorumlu",
    "KVKK Onayı",
    "Notlar",
];
const MUSTERI_ROWS: &[&[&str]] = &[
    &[
        "1",
        "Ayça Deneme",
        "Örnek Ltd. Şti.",
        "0532 000 12 46 / 0212 000 74 37",
        "ayca@example.com",
        "Bursa",
        "Fuar",
        "Kazanıldı",
        "455210",
        "2025-12-29",
        "Burak Örnek",
        "evet",
        "",
    ],
    &[
        "2",
        "Can Deneme",
        "Deneme İnşaat",
        "5320000117",
        "can@example.com",
        "Ankara",
        "Tavsiye",
        "Teklif verildi",
        "₺158.598",
        "28.12.24",
        "Burak Örnek",
        "",
        "Aranacak",
    ],
    &[
        "3",
        "İpek Deneme",
        "Test Gıda",
        "yok",
        "",
        "Antalya",
        "",
        "Teklif verildi",
        "833.467,00 TL",
        "01.02.25",
        "Işıl Örnek",
        "",
        "",
    ],
];
const CUSTOMERS: &[&str] = &[
    "Index",
    "Customer Id",
    "First Name",
    "Last Name",
    "Company",
    "City",
    "Country",
    "Phone 1",
    "Phone 2",
    "Email",
    "Subscription Date",
    "Website",
];
const CUSTOMERS_ROWS: &[&[&str]] = &[
    &[
        "1",
        "dE014d010c7ab0c",
        "Ann",
        "Sample",
        "Sample-Group",
        "Rowtown",
        "Macao",
        "212-555-0123x4715",
        "(212)555-0131x71127",
        "ann@example.info",
        "2021-07-26",
        "http://www.example.com/",
    ],
    &[
        "2",
        "2B54172c8b65eC3",
        "Ben",
        "Sample",
        "Terry, Proctor and Example",
        "Bethside",
        "China",
        "212-555-0152",
        "212.555.0188",
        "ben@example.com",
        "2021-06-24",
        "http://www.example.org/",
    ],
];

#[test]
fn a_turkish_sales_sheet_of_leads() {
    let found = run("lead", MUSTERI, MUSTERI_ROWS, &[]);
    let expected = [
        "-",
        "FULL_NAME",
        "COMPANY_TITLE",
        "PHONE",
        "EMAIL",
        "ADDRESS_CITY",
        "SOURCE_ID",
        "STATUS_ID",
        "OPPORTUNITY",
        "-",
        "ASSIGNED_BY_ID",
        "-",
        "COMMENTS",
    ];
    assert_eq!(shown(&found), expected);
    assert_eq!(found.title_from, [["Ad Soyad"], ["Firma"]]);
}

#[test]
fn the_same_sheet_as_deals_names_records_by_number_only() {
    let found = run("deal", MUSTERI, MUSTERI_ROWS, &[]);
    let expected = [
        "-",
        "(CONTACT_ID)",
        "(COMPANY_ID)",
        "-",
        "-",
        "-",
        "SOURCE_ID",
        "STAGE_ID",
        "OPPORTUNITY",
        "CLOSEDATE",
        "ASSIGNED_BY_ID",
        "-",
        "COMMENTS",
    ];
    assert_eq!(shown(&found), expected);
    assert_eq!(found.proposals[1].why, Why::ValuesDoNotFit);
    assert_eq!(found.title_from, [["Ad Soyad"], ["Firma"]]);
}

#[rstest]
#[case("lead", "COMPANY_TITLE", &[&["First Name", "Last Name"][..], &["Company"]])]
#[case("contact", "(COMPANY_ID)", &[])]
fn a_public_sample_of_customers(#[case] entity: &str, #[case] company: &str, #[case] title_from: &[&[&str]]) {
    let found = run(entity, CUSTOMERS, CUSTOMERS_ROWS, &[]);
    let expected = [
        "-",
        "-",
        "NAME",
        "LAST_NAME",
        company,
        "ADDRESS_CITY",
        "ADDRESS_COUNTRY",
        "PHONE",
        "PHONE",
        "EMAIL",
        "-",
        "WEB",
    ];
    assert_eq!(shown(&found), expected);
    assert_eq!(found.title_from, title_from);
}

#[rstest]
#[case("lead", &["Name", "Email", "Phone", "Status"], &["TITLE", "EMAIL", "PHONE", "STATUS_ID"])]
#[case("lead", &["Name", "Surname"], &["NAME", "LAST_NAME"])]
#[case("lead", &["Adı", "Soyadı", "GSM"], &["NAME", "LAST_NAME", "PHONE"])]
#[case("lead", &["Vorname", "Name", "Firma"], &["NAME", "LAST_NAME", "COMPANY_TITLE"])]
#[case("lead", &["Lead Name", "Name"], &["TITLE", "FULL_NAME"])]
#[case("contact", &["Name", "Firma"], &["FULL_NAME", "COMPANY_ID"])]
#[case("contact", &["Ad Soyad", "Ad", "Soyad"], &["FULL_NAME", "(NAME)", "(LAST_NAME)"])]
#[case("company", &["Ünvan", "İl", "İlçe"], &["TITLE", "ADDRESS_CITY", "ADDRESS_REGION"])]
#[case("company", &["Şehir", "İl"], &["ADDRESS_CITY", "ADDRESS_PROVINCE"])]
#[case("deal", &["Name", "Kunde", "Betrag (EUR)"], &["TITLE", "CONTACT_ID", "OPPORTUNITY"])]
#[case("lead", &["Notlar", "Açıklama"], &["COMMENTS", "(COMMENTS)"])]
#[case("quote", &["Teklif Adı", "Durum", "Toplam Tutar"], &["TITLE", "STATUS_ID", "OPPORTUNITY"])]
#[case("invoice", &["Durum", "Son Ödeme Tarihi", "Oluşturulma Tarihi"], &["STAGE_ID", "CLOSEDATE", "(CREATED_TIME)"])]
#[case("smart:1030", &["Ad", "Aşama", "Telefon"], &["TITLE", "STAGE_ID", "-"])]
fn columns_beside_each_other(#[case] entity: &str, #[case] headers: &[&str], #[case] expected: &[&str]) {
    assert_eq!(shown(&run(entity, headers, &[], &[])), expected);
}

#[test]
fn a_text_in_place_of_a_header_means_nothing() {
    let text = "Telefon / ".repeat(10_000);
    let found = run("lead", &[&text, "Telefon"], &[], &[]);
    assert_eq!(shown(&found), ["-", "PHONE"]);
    assert_eq!(found.proposals[0].why, Why::Unknown);
    let fields = [meta("UF_CRM_1", &text, FieldKind::Text)];
    assert_eq!(shown(&run("lead", &[&text], &[], &fields)), ["UF_CRM_1"]);
}

#[rstest]
#[case("Bütçe Onay Kodu", "UF_CRM_1712")]
#[case("ufCrm_1747309879", "UF_CRM_1747309879")]
#[case("UF_CRM_1747309879", "UF_CRM_1747309879")]
#[case("name", "UF_CRM_9")]
fn custom_fields_are_found_by_title_and_code(#[case] header: &str, #[case] code: &str) {
    let fields = [
        meta("NAME", "Ad", FieldKind::Text),
        meta("UF_CRM_1712", "Bütçe onay kodu", FieldKind::Text),
        meta("UF_CRM_1747309879", "Kargo", FieldKind::Text),
        meta("UF_CRM_9", "Name", FieldKind::Text),
    ];
    let found = run("lead", &[header], &[], &fields).proposals.remove(0);
    assert_eq!(found.field, Some(Target::Field(code.into())));
    assert_eq!((found.why, found.confidence >= 1.0), (Why::PortalTitle, true));
}

#[test]
fn only_the_portals_fields_are_proposed() {
    let fields = [meta("NAME", "Ad", FieldKind::Text), meta("EMAIL", "E-posta", FieldKind::Email)];
    let found = run("lead", &["Ad Soyad", "Telefon", "Mail"], &[], &fields);
    assert_eq!(shown(&found), ["-", "-", "EMAIL"]);
    assert_eq!(found.proposals[1].why, Why::NoField);
}

#[test]
fn names_under_a_companys_number_are_the_leads_firm() {
    let fields =
        [meta("COMPANY_ID", "Şirket", FieldKind::Reference), meta("COMPANY_TITLE", "Şirket adı", FieldKind::Text)];
    let named = run("lead", &["Şirket"], &[&["Örnek A.Ş."], &["Deneme Ltd."]], &fields);
    let numbered = run("lead", &["Şirket"], &[&["12"], &["15"]], &fields);
    assert_eq!((shown(&named), shown(&numbered)), (vec!["COMPANY_TITLE".into()], vec!["COMPANY_ID".into()]));
}

#[rstest]
#[case(&["Satış Müdürü", "Uzman"], "POST")]
#[case(&["Örnek Ltd. Şti.", "Deneme A.Ş."], "COMPANY_TITLE")]
fn unvan_is_a_job_or_a_firm(#[case] cells: &[&str], #[case] field: &str) {
    let rows: Vec<&[&str]> = cells.iter().map(std::slice::from_ref).collect();
    assert_eq!(shown(&run("lead", &["Ünvan"], &rows, &[])), [field]);
}

#[rstest]
#[case(&["CEO", "VP Sales", "Satın Alma Uzmanı"], "POST")]
#[case(&["Mr.", "Mrs.", "Dr."], "HONORIFIC")]
#[case(&["Website redesign", "CRM", "Fuar talebi"], "TITLE")]
#[case(&[], "TITLE")]
fn a_title_is_the_leads_a_job_or_a_form_of_address(#[case] cells: &[&str], #[case] field: &str) {
    let rows: Vec<&[&str]> = cells.iter().map(std::slice::from_ref).collect();
    assert_eq!(shown(&run("lead", &["Title"], &rows, &[])), [field]);
}

#[rstest]
#[case("Annual Rev. ($M)", "company")]
#[case("Ciro (bin TL)", "company")]
#[case("Value in k€", "deal")]
#[case("Сумма, тыс. руб.", "deal")]
fn amounts_in_thousands_are_left_to_a_person(#[case] header: &str, #[case] entity: &str) {
    let found = run(entity, &[header], &[], &[]).proposals.remove(0);
    assert!(found.field.is_some() && found.confidence < SURE);
    assert_eq!(found.why, Why::Scaled);
}

#[rstest]
#[case("Bem.", "COMMENTS", true)]
#[case("Sachbearb.", "ASSIGNED_BY_ID", true)]
#[case("Wohno.", "ADDRESS_CITY", false)]
#[case("Nach.", "-", false)]
fn words_cut_short(#[case] header: &str, #[case] field: &str, #[case] sure: bool) {
    let found = run("lead", &[header], &[], &[]);
    assert_eq!(shown(&found), [field]);
    assert_eq!(found.proposals[0].confidence >= SURE, sure);
}

#[rstest]
#[case(&["ann@example.com", "ben@example.com", "-", "can@example.com", "d@example.com", "e@example.com"], "EMAIL")]
#[case(&["+90 532 000 00 01", "0532 000 00 02", "(0212) 000 00 03"], "PHONE")]
#[case(&["https://example.com", "www.example.org", "http://example.net"], "WEB")]
#[case(&["Ayça Deneme", "Can Örnek", "İpek Deneme"], "FULL_NAME")]
#[case(&["Teklif verildi", "Teklif verildi", "Kazanıldı"], "-")]
#[case(&["0001", "0002", "0003"], "-")]
#[case(&["ann@example.com"], "-")]
fn values_speak_where_the_header_is_silent(#[case] cells: &[&str], #[case] field: &str) {
    let rows: Vec<&[&str]> = cells.iter().map(std::slice::from_ref).collect();
    let found = run("lead", &["Sütun"], &rows, &[]);
    assert_eq!(shown(&found), [field]);
    assert!(found.proposals[0].confidence < SURE, "left to a person");
}

#[test]
fn values_contradict_a_header() {
    let mut stage = meta("STATUS_ID", "Status", FieldKind::Choice);
    stage.choices = vec![Choice { id: "NEW".into(), label: "Yeni".into(), aliases: Vec::new() }];
    let fields = [stage, meta("PHONE", "Telefon", FieldKind::Phone)];
    let rows: &[&[&str]] = &[&["Yeni", "Bursa"], &["yeni", "Ankara"], &["başka", "0532 748 12 46"]];
    let found = run("lead", &["Durum", "Telefon"], rows, &fields);
    assert_eq!(shown(&found), ["STATUS_ID", "(PHONE)"]);
    assert_eq!(found.proposals[1].why, Why::ValuesDoNotFit);
}

#[test]
fn read_only_fields_are_recognised() {
    let found = run("lead", &["ID", "Created On", "Last Modified By"], &[], &[]);
    assert_eq!(shown(&found), ["(ID)", "(DATE_CREATE)", "(MODIFY_BY_ID)"]);
    assert!(found.proposals.iter().all(|proposal| proposal.why == Why::ReadOnly));
}

#[test]
fn each_column_is_read_in_its_own_style() {
    let rows: &[&[&str]] = &[&["1,234.50", "1.234,50"], &["17.25", "17,25"]];
    let found = run("deal", &["Amount", "Not"], rows, &[]);
    let marks: Vec<_> = found.proposals.iter().map(|proposal| proposal.style.decimal).collect();
    assert_eq!(marks, [crate::mapping::DecimalMark::Dot, crate::mapping::DecimalMark::Comma]);
}

#[test]
fn every_reason_differs_in_both_languages() {
    use Why::{
        KnownHeader, NoField, PortalTitle, ReadOnly, Scaled, SimilarHeader, Taken, Unknown, Values, ValuesDoNotFit,
    };
    let all =
        [PortalTitle, KnownHeader, SimilarHeader, Values, NoField, Unknown, Taken, ValuesDoNotFit, Scaled, ReadOnly];
    let texts = all.iter().flat_map(|why| [why.text(Language::Tr), why.text(Language::En)]);
    let distinct: std::collections::HashSet<String> = texts.collect();
    assert_eq!(distinct.len(), all.len() * 2);
}
