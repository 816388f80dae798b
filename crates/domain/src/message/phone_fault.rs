//! Why a number cannot be written to, in words for the person who typed it.

use serde::{Deserialize, Serialize};

use crate::reason::Language;

/// Why a text is no number that a message can go to. Does not repeat the text: it is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("{}", self.text(Language::En))]
pub enum PhoneFault {
    /// There is nothing.
    Empty,
    /// Letters stand in it.
    Letters,
    /// An extension follows the number.
    Extension,
    /// Neither the number nor the company's settings say which country it is of.
    NoCountry,
    /// Digits are missing.
    TooShort,
    /// There are too many digits.
    TooLong,
    /// No network has such a number.
    Invalid,
    /// A number that takes calls and no messages: toll-free or premium.
    NotTextable,
}

impl PhoneFault {
    /// A stable name for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::Letters => "phone_letters",
            Self::Extension => "phone_extension",
            Self::NoCountry => "phone_no_country",
            Self::TooShort => "phone_too_short",
            Self::TooLong => "phone_too_long",
            Self::Invalid => "phone_invalid",
            Self::NotTextable => "phone_not_textable",
        }
    }

    /// The fault in a person's language, with what to do about it.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Empty => ("Telefon numarası boş; numarayı yazın.", "The phone number is empty; write the number."),
            Self::Letters => (
                "Telefon numarasında harf var; yalnızca rakamları yazın.",
                "The phone number has letters in it; write digits only.",
            ),
            Self::Extension => (
                "Dahili numaraya mesaj gönderilemez; dahiliyi silin veya cep numarasını yazın.",
                "An extension cannot get messages; remove it or write a mobile number.",
            ),
            Self::NoCountry => (
                "Numaranın ülkesi belli değil; ülke koduyla yazın, örneğin +90 532 123 45 67.",
                "The number's country is not known; write it with its country code, for example +90 532 123 45 67.",
            ),
            Self::TooShort => (
                "Telefon numarası eksik; tüm rakamlarını yazın.",
                "The phone number is too short; write all its digits.",
            ),
            Self::TooLong => (
                "Telefon numarası fazla uzun; tek bir numara yazın.",
                "The phone number is too long; write one number only.",
            ),
            Self::Invalid => (
                "Böyle bir telefon numarası yok; rakamlarını kontrol edin.",
                "There is no such phone number; check its digits.",
            ),
            Self::NotTextable => (
                "Ücretsiz ve özel ücretli hatlara SMS gönderilemez; cep numarasını yazın.",
                "Toll-free and premium numbers cannot get an SMS; write a mobile number.",
            ),
        })
    }
}
