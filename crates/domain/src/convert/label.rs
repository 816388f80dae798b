//! Words beside phone numbers and addresses: `Cep`, `iş`, `Fax`.

use crate::value::ContactKind;

/// A word that may stand beside a number or an address.
pub(super) enum Label {
    /// It says where the number is used.
    Kind(ContactKind),
    /// It only says that it is a number: `telefon`.
    Silent,
}

/// What a folded word says; `None` for words that are no label.
pub(super) fn label(word: &str) -> Option<Label> {
    Some(match word {
        "cep" | "gsm" | "mobil" | "mobile" | "mob" | "cell" | "handy" | "m" | "моб" | "мобильныи" | "сот"
        | "сотовыи" => Label::Kind(ContactKind::Mobile),
        "is" | "ofis" | "office" | "work" | "buro" | "firma" | "sirket" | "sabit" | "santral" | "merkez" | "раб"
        | "рабочии" | "geschaftlich" => Label::Kind(ContactKind::Work),
        "ev" | "home" | "privat" | "h" | "дом" | "домашнии" => Label::Kind(ContactKind::Home),
        "fax" | "faks" | "telefax" | "f" | "факс" => Label::Kind(ContactKind::Fax),
        "tel" | "telefon" | "telefonu" | "phone" | "telephone" | "no" | "nr" | "numara" | "numarasi" | "number"
        | "t" | "p" | "whatsapp" | "wp" | "iletisim" | "тел" | "телефон" | "ic" | "hatti" => Label::Silent,
        _ => return None,
    })
}
