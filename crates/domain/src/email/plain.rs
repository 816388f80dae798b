//! The text of an e-mail that came as HTML alone: many programs show it first, and filters look for it.

/// A line is no longer where it can be broken.
const WIDTH: usize = 100;

/// What HTML says, without its marks; the addresses of links follow at the end.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let config = html2text::config::plain().no_link_wrapping().no_table_borders().allow_width_overflow();
    config.string_from_read(html.as_bytes(), WIDTH).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("<p>Sayın <b>Işıl</b>,</p><p>&ldquo;%10&rdquo; indirim &amp; kargo</p>", &["Sayın", "Işıl", "“%10” indirim & kargo"])]
    #[case("<a href=\"https://example.com/a?b=1&amp;c=2\">Teklif</a>", &["Teklif", "https://example.com/a?b=1&c=2"])]
    #[case("<ul><li>bir</li><li>iki</li></ul>", &["* bir\n* iki"])]
    #[case("<table><tr><td>Ad</td><td>Tutar</td></tr></table>", &["Ad", "Tutar"])]
    #[case("<p>a<p>b <i>c", &["a", "b c"])]
    fn words_and_addresses_stay(#[case] html: &str, #[case] expected: &[&str]) {
        let text = plain_text(html);
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
    }

    #[rstest]
    #[case("")]
    #[case("<style>p { color: red }</style><script>var a = 1;</script>")]
    #[case("<!-- nothing --><title>a</title>")]
    fn what_nobody_sees_is_no_text(#[case] html: &str) {
        assert_eq!(plain_text(html), "");
    }
}
