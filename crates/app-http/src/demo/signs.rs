//! What a cell's own signs say of a value: held against the CRM without the reading that the service does.

use kopru_domain::FieldKind;

/// Whether a value can come from a cell: it has the cell's digits or words. True where signs say nothing.
pub fn can_come_from(kind: FieldKind, cell: &str, value: &str) -> bool {
    match kind {
        FieldKind::Phone => {
            let (cell, value) = (digits(cell), digits(value));
            // Country codes and leading zeros are added and taken away; the subscriber's number stays.
            cell.contains(&value[value.len().saturating_sub(7)..])
        }
        FieldKind::Integer | FieldKind::Double | FieldKind::Money => {
            let amount = value.split('|').next().unwrap_or_default();
            let (cell, value) = (significant(cell), significant(amount));
            // `244 bin` has zeros that are not written, `1 buçuk milyon` a digit that is a word.
            cell.is_empty() || cell.starts_with(&value) || value.starts_with(&cell)
        }
        FieldKind::Text => squeezed(cell).contains(&squeezed(value)),
        _ => true,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn significant(text: &str) -> String {
    digits(text).trim_matches('0').to_owned()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(FieldKind::Phone, "0 (532) 111 22 33 / 0212 555 44 33", "+902125554433", true)]
    #[case(FieldKind::Phone, "0 (532) 111 22 33", "+905321112234", false)]
    #[case(FieldKind::Double, "833.467,00 TL", "833467", true)]
    #[case(FieldKind::Double, "1 buçuk milyon", "1500000", true)]
    #[case(FieldKind::Money, "1.250,5 ₺", "1250.5|TRY", true)]
    #[case(FieldKind::Money, "1.250,5 ₺", "2500|TRY", false)]
    #[case(FieldKind::Text, " Ayşe  Nur ", "Ayşe Nur", true)]
    #[case(FieldKind::Text, "Ayşe Nur", "Can", false)]
    fn a_value_has_the_signs_of_its_cell(
        #[case] kind: FieldKind,
        #[case] cell: &str,
        #[case] value: &str,
        #[case] can: bool,
    ) {
        assert_eq!(can_come_from(kind, cell, value), can);
    }
}
