//! Why a cell or a row was not written, in words that a salesperson understands.

use serde::{Deserialize, Serialize};

/// A language of Köprü's texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Türkçe
    #[default]
    Tr,
    /// English
    En,
}

impl Language {
    /// The one of a Turkish and an English text that is in this language.
    #[must_use]
    pub fn of<T>(self, (tr, en): (T, T)) -> T {
        match self {
            Self::Tr => tr,
            Self::En => en,
        }
    }
}

/// Why a value cannot be written. Each has a stable [`Reason::code`] and a text in both languages,
/// side by side, so that neither can be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No number can be read.
    NotANumber,
    /// A whole number is needed and there are decimals.
    NotWhole,
    /// No day or moment can be read.
    NotADate,
    /// A day that no calendar has, such as 31.02.2026.
    NoSuchDate,
    /// No phone number can be read.
    NotAPhone,
    /// No e-mail address can be read.
    NotAnEmail,
    /// No web address can be read.
    NotALink,
    /// Neither yes nor no.
    NotAFlag,
    /// No choice has that name; the nearest names.
    UnknownChoice {
        /// Up to three labels that are spelled alike.
        nearest: Vec<String>,
        /// Where none is: the first labels that there are.
        #[serde(default)]
        some: Vec<String>,
    },
    /// Several choices have that name.
    AmbiguousChoice {
        /// Their labels.
        labels: Vec<String>,
    },
    /// The field takes a record's number, not its name.
    NotARecordNumber,
    /// The row's currency cannot be written, so the amount would stand in another one.
    CurrencyUnknown,
    /// The amount's cell names another currency than the row's currency column.
    CurrencyDiffers,
    /// The cell shows a formula error.
    FormulaError,
    /// The field cannot be written.
    ReadOnly,
    /// The field cannot hold what a cell holds.
    UnsupportedField,
    /// The field is not in the portal any more.
    UnknownField,
    /// The mapped column is not in the sheet any more, or cannot be told from another one.
    ColumnMissing,
    /// A required field has no value.
    MissingRequired {
        /// The field's title.
        title: String,
    },
    /// The CRM refused; its own words.
    RefusedByCrm {
        /// The CRM's text, in the portal's language.
        message: String,
    },
    /// The CRM answered success and did not keep the value.
    NotKept {
        /// What the field holds.
        holds: String,
    },
    /// The record is not in the CRM any more.
    RecordGone,
    /// It is not known whether the CRM did it; nothing was repeated.
    OutcomeUnknown,
    /// The CRM did not take it, however often it was tried.
    GivenUp,
}

impl Reason {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::NotWhole => "not_whole",
            Self::NotADate => "not_a_date",
            Self::NoSuchDate => "no_such_date",
            Self::NotAPhone => "not_a_phone",
            Self::NotAnEmail => "not_an_email",
            Self::NotALink => "not_a_link",
            Self::NotAFlag => "not_a_flag",
            Self::UnknownChoice { .. } => "unknown_choice",
            Self::AmbiguousChoice { .. } => "ambiguous_choice",
            Self::NotARecordNumber => "not_a_record_number",
            Self::CurrencyUnknown => "currency_unknown",
            Self::CurrencyDiffers => "currency_differs",
            Self::FormulaError => "formula_error",
            Self::ReadOnly => "read_only",
            Self::UnsupportedField => "unsupported_field",
            Self::UnknownField => "unknown_field",
            Self::ColumnMissing => "column_missing",
            Self::MissingRequired { .. } => "missing_required",
            Self::RefusedByCrm { .. } => "refused_by_crm",
            Self::NotKept { .. } => "not_kept",
            Self::RecordGone => "record_gone",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::GivenUp => "given_up",
        }
    }

    /// The reason in a person's language, with what to do about it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        language.of(self.both())
    }

    fn both(&self) -> (String, String) {
        let pair = |tr: &str, en: &str| (tr.to_owned(), en.to_owned());
        match self {
            Self::NotANumber => {
                pair("Sayı okunamadı; örneğin 1.234,50 yazın.", "No number could be read; write for example 1234.50.")
            }
            Self::NotWhole => pair(
                "Bu alan tam sayı ister; ondalığı kaldırın.",
                "This field takes whole numbers; remove the decimals.",
            ),
            Self::NotADate => pair(
                "Tarih okunamadı; örneğin 31.12.2026 yazın.",
                "No date could be read; write for example 2026-12-31.",
            ),
            Self::NoSuchDate => {
                pair("Takvimde böyle bir gün yok; tarihi düzeltin.", "The calendar has no such day; correct the date.")
            }
            Self::NotAPhone => pair(
                "Telefon numarası okunamadı; örneğin 0532 123 45 67 yazın.",
                "No phone number could be read; write for example +90 532 123 45 67.",
            ),
            Self::NotAnEmail => pair(
                "E-posta adresi okunamadı; örneğin ad@firma.com yazın.",
                "No e-mail address could be read; write for example name@firm.com.",
            ),
            Self::NotALink => pair(
                "Web adresi okunamadı; örneğin https://firma.com yazın.",
                "No web address could be read; write for example https://firm.com.",
            ),
            Self::NotAFlag => pair(
                "Evet mi hayır mı olduğu anlaşılamadı; Evet veya Hayır yazın.",
                "Neither yes nor no; write Yes or No.",
            ),
            Self::UnknownChoice { nearest, some } => unknown_choice(nearest, some),
            Self::AmbiguousChoice { labels } => {
                let all = labels.join(", ");
                (
                    format!("Bu adla birden fazla seçenek var: {all}. Tam adını yazın."),
                    format!("Several choices have that name: {all}. Write the full name."),
                )
            }
            Self::NotARecordNumber => pair(
                "Bu alan kaydın numarasını ister, adını değil.",
                "This field takes the record's number, not its name.",
            ),
            Self::CurrencyUnknown => pair(
                "Satırın para birimi yazılamadığı için tutar da yazılmadı; para birimini düzeltin.",
                "The amount was not written since the row's currency cannot be; correct the currency.",
            ),
            Self::CurrencyDiffers => pair(
                "Tutarın yanındaki para birimi, para birimi sütunundakinden farklı; birini düzeltin.",
                "The amount's currency differs from the currency column; correct one of them.",
            ),
            Self::FormulaError => pair(
                "Hücrede formül hatası var; formülü düzeltin.",
                "The cell shows a formula error; correct the formula.",
            ),
            Self::ReadOnly => pair("Bu alan Bitrix24'te yazılamaz.", "Bitrix24 does not let this field be written."),
            Self::UnsupportedField => {
                pair("Bu alan türü bir hücreden doldurulamaz.", "A field of this kind cannot be filled from a cell.")
            }
            Self::UnknownField => pair(
                "Bu alan portalda artık yok; eşlemeyi güncelleyin.",
                "The portal has no such field any more; update the mapping.",
            ),
            Self::ColumnMissing => pair(
                "Eşlenen sütun sayfada bulunamadı; başlığını geri yazın veya eşlemeyi güncelleyin.",
                "The mapped column is not found in the sheet; restore its header or update the mapping.",
            ),
            Self::MissingRequired { title } => (
                format!("Zorunlu alan boş: {title}. Hücreyi doldurun."),
                format!("A required field is empty: {title}. Fill in the cell."),
            ),
            Self::RefusedByCrm { message } => {
                (format!("Bitrix24 reddetti: {message}"), format!("Bitrix24 refused: {message}"))
            }
            Self::NotKept { holds } if holds.is_empty() => pair(
                "Bitrix24 bu değeri almadı, alan boş; değeri Bitrix24'te elle girip deneyin.",
                "Bitrix24 did not keep this value, the field is empty; try to enter it in Bitrix24 by hand.",
            ),
            Self::NotKept { holds } => (
                format!(
                    "Bitrix24 bu değeri almadı; alanda hâlâ şu var: {holds}. Değeri Bitrix24'te elle girip deneyin."
                ),
                format!(
                    "Bitrix24 did not keep this value; the field holds: {holds}. Try to enter it in Bitrix24 by hand."
                ),
            ),
            Self::RecordGone => pair(
                "Kayıt Bitrix24'te bulunamadı; silinmiş olabilir.",
                "The record is not in Bitrix24; it may have been deleted.",
            ),
            Self::OutcomeUnknown => pair(
                "Bitrix24'ün yazıp yazmadığı bilinmiyor; kaydı kontrol edip yeniden deneyin.",
                "It is not known whether Bitrix24 wrote it; check the record and retry.",
            ),
            Self::GivenUp => pair(
                "Bitrix24 bu satırı birçok denemede almadı; daha sonra yeniden deneyin.",
                "Bitrix24 did not take this row in many attempts; retry it later.",
            ),
        }
    }
}

fn unknown_choice(nearest: &[String], some: &[String]) -> (String, String) {
    if !nearest.is_empty() {
        let all = nearest.join(", ");
        return (
            format!("Bitrix24'te bu adla bir değer yok. Yakın olanlar: {all}."),
            format!("Bitrix24 has no value of that name. Close to it: {all}."),
        );
    }
    if some.is_empty() {
        return (
            "Bitrix24'te bu alan için hiç değer yok; önce orada ekleyin.".to_owned(),
            "Bitrix24 has no values for this field; add them there first.".to_owned(),
        );
    }
    let all = some.join(", ");
    (
        format!("Bitrix24'te bu adla bir değer yok. Yazılabilecek adlar, örneğin: {all}."),
        format!("Bitrix24 has no value of that name. Names that can be written, for example: {all}."),
    )
}
