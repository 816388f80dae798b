//! `X-Twilio-Signature`: <https://www.twilio.com/docs/usage/security#validating-requests>.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The address and all fields, sorted by bytes; equal fields count once.
pub(super) fn sign(auth_token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("a key of any length will do");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

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
    const BYTES: &[(&str, &str)] = &[("b", "1"), ("B", "2"), ("a", "3"), ("_", "4")];
    const HASHED: &str =
        "https://hub.example/ev?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

    /// What the official libraries compute for the token `12345`.
    #[rstest]
    #[case::documented("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    #[case::status("https://hub.example/twilio/status?mid=42", DELIVERED, "l0T6jjU2kQiCe9z4EpuIrHVGmnE=")]
    #[case::port("https://hub.example:443/twilio/status?mid=42", DELIVERED, "IQPcErXNO352T/HSb1dMU+9PwTY=")]
    #[case::turkish("https://hub.example/twilio/in", TURKISH, "nJh0AhaiEifY3YBfD80Cnoby1Tk=")]
    #[case::repeated_key("https://hub.example/twilio/in", MEDIA, "Dl1a/IYjIC2obywg95smglYTuu0=")]
    #[case::no_fields("https://hub.example/twilio/in?a=1&b=2", &[], "h3WeS4fbZb0g5XyD3dgGtzSTQn0=")]
    #[case::json_body(HASHED, &[], "TlOpK56cibD9BBaP31P/j/fEa6M=")]
    #[case::byte_order("https://x.example/", BYTES, "DEiFqiCfrptytaWePoz4KIae5ps=")]
    fn signs_as_the_libraries_do(#[case] url: &str, #[case] fields: &[(&str, &str)], #[case] signature: &str) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(sign("12345", url, &fields), signature);
    }
}
