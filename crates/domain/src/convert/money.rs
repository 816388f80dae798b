//! Amounts with their currency.

use rust_decimal::Decimal;

use super::figure::figure;
use crate::mapping::ColumnStyle;
use crate::reason::Reason;
use crate::text::fold;
use crate::value::FieldValue;

/// A written amount, in the currency it names or else the column's.
pub(super) fn read(text: &str, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    let figure = figure(text, style.decimal).filter(|figure| !figure.percent).ok_or(Reason::NotANumber)?;
    let currency = figure.currency.unwrap_or(&style.currency);
    Ok(FieldValue::Money(figure.value, currency.to_owned()))
}

/// A number cell, in the column's currency.
pub(super) fn plain(number: Result<Decimal, Reason>, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    number.map(|number| FieldValue::Money(number, style.currency.clone()))
}

/// The ISO 4217 code of a sign, a code or a name; also of the country's word before it (`ABD doları`).
pub(super) fn currency(word: &str) -> Option<&'static str> {
    Some(match word {
        "₺" => "TRY",
        "$" => "USD",
        "€" => "EUR",
        "£" => "GBP",
        "₽" => "RUB",
        "₼" => "AZN",
        "₸" => "KZT",
        "₴" => "UAH",
        "₾" => "GEL",
        _ => return named(&fold(word)),
    })
}

fn named(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "tl" | "try" | "lira" | "lirasi" | "turk" => "TRY",
        "usd" | "us" | "abd" | "dolar" | "dolari" | "dollar" | "dollars" | "доллар" | "доллара" | "долларов"
        | "долл" => "USD",
        "eur" | "euro" | "euros" | "avro" | "yuro" | "евро" => "EUR",
        "gbp" | "sterlin" | "sterlini" | "pound" | "pounds" | "pfund" | "фунт" | "фунтов" => "GBP",
        "rub" | "ruble" | "rubel" | "р" | "руб" | "рубль" | "рубля" | "рублеи" => "RUB",
        "chf" | "franken" => "CHF",
        "azn" | "manat" => "AZN",
        "kzt" | "tenge" | "тенге" => "KZT",
        "uah" | "грн" => "UAH",
        "gel" => "GEL",
        "aed" => "AED",
        "sar" => "SAR",
        "pln" => "PLN",
        "bgn" => "BGN",
        "jpy" => "JPY",
        "cny" => "CNY",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("833.467,00 TL", "833467 TRY")]
    #[case("₺158.598", "158598 TRY")]
    #[case("$1,200.50", "1200.5 USD")]
    #[case("1 234 567,89 €", "1234567.89 EUR")]
    #[case("1.500 ABD Doları", "1500 USD")]
    #[case("15 тыс. руб.", "15000 RUB")]
    #[case("500 рублей", "500 RUB")]
    #[case("300 т.р.", "300000 RUB")]
    #[case("500 € netto", "500 EUR")]
    #[case("1.200 Türk Lirası", "1200 TRY")]
    #[case("137.653", "137653 TRY")]
    #[case("£3k", "3000 GBP")]
    fn amounts_carry_their_currency(#[case] text: &str, #[case] expected: &str) {
        let read = read(text, &ColumnStyle::turkish());
        let Ok(FieldValue::Money(amount, currency)) = read else { panic!("{text}: {read:?}") };
        assert_eq!(format!("{amount} {currency}"), expected);
    }

    #[rstest]
    #[case("%12")]
    #[case("100 TL / 3 $")]
    #[case("100 TL $")]
    fn what_is_no_single_amount_is_refused(#[case] text: &str) {
        assert_eq!(read(text, &ColumnStyle::turkish()), Err(Reason::NotANumber));
    }
}
