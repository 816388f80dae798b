//! Why no event can be made, in words for the one who asked for it.

use crate::reason::Language;

/// Why no event can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text(Language::En))]
pub enum DraftFault {
    /// Nothing says when it is; the record's field that would.
    NoTime {
        /// The field to fill in.
        field: &'static str,
    },
    /// A field names no day or moment.
    NotADate {
        /// The field, as the caller spelled it.
        field: String,
    },
    /// It would end before it begins.
    EndsBeforeStart,
    /// It begins with a time and ends with a day, or the other way round.
    DayAndTime,
    /// A guest's address is none.
    NotAnEmail,
    /// There are more reminders than a calendar takes, or one is too early.
    Reminders,
}

impl DraftFault {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTime { .. } => "event_no_time",
            Self::NotADate { .. } => "event_not_a_date",
            Self::EndsBeforeStart => "event_ends_before_start",
            Self::DayAndTime => "event_day_and_time",
            Self::NotAnEmail => "event_guest_not_an_email",
            Self::Reminders => "event_reminders",
        }
    }

    /// The field to look at.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::NoTime { field } => format!("record.{field}"),
            Self::NotADate { field } => field.clone(),
            Self::EndsBeforeStart | Self::DayAndTime => "end_time".to_owned(),
            Self::NotAnEmail => "attendees".to_owned(),
            Self::Reminders => "reminders".to_owned(),
        }
    }

    /// The fault in a person's language, with what to do about it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let pair = |tr: &str, en: &str| (tr.to_owned(), en.to_owned());
        language.of(match self {
            Self::NoTime { field } => (
                format!("Etkinliğin tarihi yok; kayıtta {field} alanını doldurun veya start_time gönderin."),
                format!("The event has no date; fill in the record's {field} or send a start_time."),
            ),
            Self::NotADate { field } => (
                format!("{field} alanındaki tarih okunamadı; örneğin 2026-12-31T14:00:00+03:00 yazın."),
                format!("The date in {field} cannot be read; write for example 2026-12-31T14:00:00+03:00."),
            ),
            Self::EndsBeforeStart => {
                pair("Bitiş, başlangıçtan önce; saatleri düzeltin.", "The end is before the start; correct the times.")
            }
            Self::DayAndTime => pair(
                "Başlangıç ve bitişin ikisi de gün ya da ikisi de saatli olmalı.",
                "Start and end both have to be days, or both have a time.",
            ),
            Self::NotAnEmail => pair(
                "Davetlinin e-posta adresi geçersiz; örneğin ad@firma.com yazın.",
                "A guest's e-mail address is not valid; write for example name@firm.com.",
            ),
            Self::Reminders => pair(
                "En çok beş hatırlatma ve en erken dört hafta öncesi seçilebilir.",
                "Choose five reminders at most, four weeks before at the earliest.",
            ),
        })
    }
}
