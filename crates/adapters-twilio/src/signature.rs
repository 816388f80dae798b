//! `X-Twilio-Signature` (<https://www.twilio.com/docs/usage/security#validating-requests>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use url::Url;

/// Under which key an address has the hash of a body that is no form.
const BODY_HASH: &str = "bodySHA256";

/// Whether `given` signs the address and all fields of a form. Twilio is not of one mind about ports and about
/// what is encoded in a query: its own validators accept the same spellings.
pub(crate) fn signs_form(token: &str, url: &Url, fields: &[(String, String)], given: &str) -> bool {
    let mut sorted: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let Ok(given) = STANDARD.decode(given) else { return false };
    spellings(url).iter().any(|url| signs(token, url, &sorted, &given))
}

/// Whether `given` signs the address, and the address the body.
pub(crate) fn signs_body(token: &str, url: &Url, body: &[u8], given: &str) -> bool {
    let hash = url.query_pairs().find(|(name, _)| name == BODY_HASH);
    // The address is signed: what it says is no secret.
    hash.is_some_and(|(_, hash)| hash.eq_ignore_ascii_case(&sha256(body))) && signs_form(token, url, &[], given)
}

fn signs(token: &str, url: &str, fields: &[(&str, &str)], given: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    // Takes the same time wherever the difference is.
    mac.verify_slice(given).is_ok()
}

fn sha256(body: &[u8]) -> String {
    Sha256::digest(body).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// With and without a port, each as it is and with its query encoded anew.
fn spellings(url: &Url) -> Vec<String> {
    let host = url.host_str().unwrap_or_default();
    let ports = [
        url.port().map(|port| format!(":{port}")),
        url.port_or_known_default().map(|port| format!(":{port}")),
        Some(String::new()),
    ];
    let queries = [url.query().map(str::to_owned), url.query().map(|_| encoded(url))];
    let spell = |port: &String| {
        let (scheme, path) = (url.scheme(), url.path());
        let base = format!("{scheme}://{host}{port}{path}");
        queries.clone().map(|query| query.map_or(base.clone(), |query| format!("{base}?{query}")))
    };
    let mut all: Vec<String> = ports.iter().flatten().flat_map(spell).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The query as JavaScript's `encodeURIComponent` writes it.
fn encoded(url: &Url) -> String {
    let escape = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let pairs: Vec<String> =
        url.query_pairs().map(|(name, value)| format!("{}={}", escape(&name), escape(&value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TOKEN: &str = "12345";
    const CALL: &[(&str, &str)] = &[
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];
    const DELIVERED: &[(&str, &str)] = &[
        ("MessageSid", "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("MessageStatus", "delivered"),
        ("To", "+905551234567"),
        ("From", "+15005550006"),
        ("AccountSid", "AC00000000000000000000000000000000"),
    ];
    const TURKISH: &[(&str, &str)] = &[("Body", "Merhaba ğüş"), ("From", "whatsapp:+905551234567")];
    const MEDIA: &[(&str, &str)] = &[("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "a")];
    const BYTES: &[(&str, &str)] = &[("B", "2"), ("_", "4"), ("a", "3"), ("b", "1")];
    const STATUS: &str = "https://hub.example/twilio/status?mid=42";
    const HASHED: &str =
        "https://hub.example/ev?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    const BODY: &[u8] = br#"{"property": "value", "boolean": true}"#;

    fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn holds(url: &str, fields: &[(&str, &str)], given: &str) -> bool {
        signs_form(TOKEN, &url.parse().unwrap(), &owned(fields), given)
    }

    /// As Twilio's own libraries sign.
    #[rstest]
    #[case::documented("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    #[case::status(STATUS, DELIVERED, "l0T6jjU2kQiCe9z4EpuIrHVGmnE=")]
    #[case::signed_with_a_port(STATUS, DELIVERED, "IQPcErXNO352T/HSb1dMU+9PwTY=")]
    #[case::came_with_a_port("https://hub.example:443/twilio/status?mid=42", DELIVERED, "l0T6jjU2kQiCe9z4EpuIrHVGmnE=")]
    #[case::signed_without_its_port(
        "https://hub.example:8443/twilio/status?mid=42",
        DELIVERED,
        "l0T6jjU2kQiCe9z4EpuIrHVGmnE="
    )]
    #[case::turkish("https://hub.example/twilio/in", TURKISH, "nJh0AhaiEifY3YBfD80Cnoby1Tk=")]
    #[case::repeated("https://hub.example/twilio/in", MEDIA, "Dl1a/IYjIC2obywg95smglYTuu0=")]
    #[case::no_fields("https://hub.example/twilio/in?a=1&b=2", &[], "h3WeS4fbZb0g5XyD3dgGtzSTQn0=")]
    #[case::hashed(HASHED, &[], "TlOpK56cibD9BBaP31P/j/fEa6M=")]
    #[case::by_bytes("https://x.example/", BYTES, "DEiFqiCfrptytaWePoz4KIae5ps=")]
    fn what_twilio_signs_is_believed(#[case] url: &str, #[case] fields: &[(&str, &str)], #[case] given: &str) {
        assert!(holds(url, fields, given));
        assert!(!signs_form("123456", &url.parse().unwrap(), &owned(fields), given), "another token");
        let more: Vec<_> = fields.iter().copied().chain([("New", "1")]).collect();
        assert!(!holds(url, &more, given), "another field");
        assert!(!holds(&url.replace(".example", ".test").replace("mycompany", "other"), fields, given));
    }

    #[rstest]
    #[case("")]
    #[case("l0T6jjU2kQiCe9z4EpuIrHVGmn")]
    #[case("l0T6jjU2kQiCe9z4EpuIrHVGmnF=")]
    #[case("not base64!")]
    fn anything_else_is_not(#[case] given: &str) {
        assert!(!holds(STATUS, DELIVERED, given));
    }

    #[test]
    fn a_body_is_signed_by_its_hash() {
        let (url, given) = (HASHED.parse().unwrap(), "TlOpK56cibD9BBaP31P/j/fEa6M=");
        assert!(signs_body(TOKEN, &url, BODY, given));
        assert!(!signs_body(TOKEN, &url, b"{}", given));
        assert!(!signs_body(TOKEN, &"https://hub.example/ev".parse().unwrap(), BODY, given));
    }

    #[rstest]
    #[case("https://a.example/x", &["https://a.example/x", "https://a.example:443/x"])]
    #[case("http://a.example:80/x", &["http://a.example/x", "http://a.example:80/x"])]
    #[case("https://a.example:8443/", &["https://a.example/", "https://a.example:8443/"])]
    #[case("https://a.example/?q=a+b@c", &[
        "https://a.example/?q=a%20b%40c", "https://a.example/?q=a+b@c",
        "https://a.example:443/?q=a%20b%40c", "https://a.example:443/?q=a+b@c",
    ])]
    fn an_address_has_several_spellings(#[case] url: &str, #[case] expected: &[&str]) {
        assert_eq!(spellings(&url.parse().unwrap()), expected);
    }
}
