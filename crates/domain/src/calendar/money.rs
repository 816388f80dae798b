//! Amounts for people to read.

use rust_decimal::Decimal;

use crate::reason::Language;

/// `12.500,50 ₺` or `₺12,500.50`; whole amounts without decimals, an unknown currency by its code.
pub(super) fn shown(amount: Decimal, currency: &str, language: Language) -> String {
    let (group, mark) = language.of((('.', ','), (',', '.')));
    let amount = amount.normalize();
    let amount = if amount.scale() == 1 { format!("{amount:.2}") } else { amount.to_string() };
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount.as_str()), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            number.push(group);
        }
        number.push(digit);
    }
    if !decimals.is_empty() {
        number.push(mark);
        number.push_str(decimals);
    }
    beside(sign, &number, currency, language)
}

/// Turks write the sign behind the number, in English it stands before it.
fn beside(sign: &str, number: &str, currency: &str, language: Language) -> String {
    let symbol = match currency {
        "TRY" => "₺",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        code => code,
    };
    let gap = if symbol.is_ascii() && symbol.len() > 1 { " " } else { "" };
    match language {
        _ if symbol.is_empty() => format!("{sign}{number}"),
        Language::Tr => format!("{sign}{number} {symbol}"),
        Language::En => format!("{sign}{symbol}{gap}{number}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12500.5", "TRY", "12.500,50 ₺", "₺12,500.50")]
    #[case("12500.00", "TRY", "12.500 ₺", "₺12,500")]
    #[case("999", "USD", "999 $", "$999")]
    #[case("1234567.89", "EUR", "1.234.567,89 €", "€1,234,567.89")]
    #[case("-1000", "GBP", "-1.000 £", "-£1,000")]
    #[case("1200.25", "CHF", "1.200,25 CHF", "CHF 1,200.25")]
    #[case("0.125", "", "0,125", "0.125")]
    #[case(
        "79228162514264337593543950335",
        "TRY",
        "79.228.162.514.264.337.593.543.950.335 ₺",
        "₺79,228,162,514,264,337,593,543,950,335"
    )]
    fn amounts_are_written_by_language(
        #[case] amount: Decimal,
        #[case] currency: &str,
        #[case] tr: &str,
        #[case] en: &str,
    ) {
        assert_eq!(shown(amount, currency, Language::Tr), tr);
        assert_eq!(shown(amount, currency, Language::En), en);
    }
}
