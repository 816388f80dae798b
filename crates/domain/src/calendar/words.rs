//! An event's own words.

use rust_decimal::Decimal;

use super::money;
use super::record::RecordType;
use crate::reason::Language;
use crate::text::fold;

/// Whether the record's own date is what the event shows, or a time that somebody chose for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Due,
    Chosen,
}

/// `Anlaşma kapanışı: Yıllık bakım`. A name that begins with the word already does not get it twice.
pub(super) fn title(kind: RecordType, occasion: Occasion, name: &str, language: Language) -> String {
    let label = label(kind, occasion, language);
    if name.is_empty() {
        return label.to_owned();
    }
    let says_it = fold(name).starts_with(&fold(noun(kind, language)));
    if says_it && label == noun(kind, language) { name.to_owned() } else { format!("{label}: {name}") }
}

fn label(kind: RecordType, occasion: Occasion, language: Language) -> &'static str {
    match (kind, occasion) {
        (RecordType::Deal, Occasion::Due) => language.of(("Anlaşma kapanışı", "Deal closing")),
        (RecordType::Quote, Occasion::Due) => language.of(("Teklif son günü", "Quote expires")),
        (RecordType::Invoice, Occasion::Due) => language.of(("Fatura vadesi", "Invoice due")),
        (RecordType::Meeting | RecordType::Task, _) | (_, Occasion::Chosen) => noun(kind, language),
    }
}

/// What the record is.
pub(super) fn noun(kind: RecordType, language: Language) -> &'static str {
    language.of(match kind {
        RecordType::Deal => ("Anlaşma", "Deal"),
        RecordType::Quote => ("Teklif", "Quote"),
        RecordType::Invoice => ("Fatura", "Invoice"),
        RecordType::Meeting => ("Toplantı", "Meeting"),
        RecordType::Task => ("Görev", "Task"),
    })
}

/// What an event says of its record.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    pub number: Option<&'a str>,
    pub amount: Option<(Decimal, String)>,
    pub company: Option<&'a str>,
    pub contact: Option<String>,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
    pub notes: Option<&'a str>,
    pub link: Option<&'a str>,
}

/// A line for each fact, then the record's own words, then the way back to it.
pub(super) fn description(facts: &Facts<'_>, language: Language) -> String {
    let says = |label: (&str, &str), value: &str| format!("{}: {value}", language.of(label));
    let amount = facts.amount.as_ref().map(|(amount, currency)| money::shown(*amount, currency, language));
    let lines = [
        facts.number.map(|number| says(("No", "No."), number)),
        amount.map(|amount| says(("Tutar", "Amount"), &amount)),
        facts.company.map(|company| says(("Müşteri", "Customer"), company)),
        facts.contact.as_deref().map(|contact| says(("İlgili kişi", "Contact"), contact)),
        facts.phone.map(|phone| says(("Telefon", "Phone"), phone)),
        facts.email.map(|email| says(("E-posta", "E-mail"), email)),
    ];
    let known = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let link = facts.link.map(|link| says(("Kayıt", "Record"), link)).unwrap_or_default();
    let blocks = [known, facts.notes.unwrap_or_default().to_owned(), link];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
}
