//! A message in a request: as `raw` in JSON, as it is, or beside its JSON.
//! <https://developers.google.com/workspace/gmail/api/guides/uploads>

use axum::{
    body::Bytes,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::{
    super::errors::ApiError,
    LARGEST_UPLOAD,
    refusals::{invalid, no_message, refused},
};

/// With padding and without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request says, and the message that came with it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub body: Value,
    pub message: Option<Bytes>,
}

impl Sent {
    pub fn read(headers: &HeaderMap, payload: &Bytes) -> Result<Self, ApiError> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let sent = match kind.split(';').next().unwrap_or_default().trim() {
            "message/rfc822" => Self { message: Some(payload.clone()), ..Self::default() },
            "multipart/related" => related(kind, payload).ok_or_else(|| invalid("Bad multipart body"))?,
            _ if payload.is_empty() => Self::default(),
            _ => Self { body: json(payload).ok_or_else(|| invalid("Invalid JSON payload received."))?, message: None },
        };
        match &sent.message {
            Some(message) if message.len() > LARGEST_UPLOAD => {
                Err(refused(413, "uploadTooLarge", "The message is too large."))
            }
            _ => Ok(sent),
        }
    }

    /// The message: what was uploaded, or the `raw` that stands here.
    pub fn message(&self, about: &Value) -> Result<Bytes, ApiError> {
        if let Some(message) = &self.message {
            return Ok(message.clone());
        }
        let raw = about["raw"].as_str().filter(|raw| !raw.is_empty()).ok_or_else(no_message)?;
        let bytes = BASE64.decode(raw).map_err(|_| invalid("Invalid value for ByteString: raw"))?;
        Ok(Bytes::from(bytes))
    }
}

pub(super) fn encoded(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// JSON in the first part, the message in the second.
fn related(kind: &str, payload: &Bytes) -> Option<Sent> {
    let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let (first, rest) = part(payload, 0, boundary)?;
    let (second, _) = part(payload, rest, boundary)?;
    Some(Sent { body: json(&first)?, message: Some(second) })
}

/// The content of the part that begins at the next boundary, and where it ends.
fn part(payload: &Bytes, from: usize, boundary: &str) -> Option<(Bytes, usize)> {
    let mark = format!("--{boundary}");
    let start = from + find(&payload[from..], mark.as_bytes())?;
    let head = start + find(&payload[start..], b"\n")? + 1;
    let blank =
        [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(|blank| Some((find(&payload[head..], blank)?, blank)));
    let (at, blank) = blank.min_by_key(|(at, _)| *at)?;
    let content = head + at + blank.len();
    let end = content + find(&payload[content..], mark.as_bytes())?;
    let bytes = payload.slice(content..end);
    let trimmed = bytes.strip_suffix(b"\r\n").or(bytes.strip_suffix(b"\n")).map_or(bytes.len(), <[u8]>::len);
    Some((bytes.slice(..trimmed), end))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\r\n")]
    #[case("\n")]
    fn json_and_message_stand_beside_each_other(#[case] line: &str) {
        let lines = [
            "--b",
            "Content-Type: application/json",
            "",
            r#"{"threadId":"1"}"#,
            "--b",
            "Content-Type: message/rfc822",
            "",
            "Subject: x",
            "",
            "a--c",
            "--b--",
        ];
        let payload = Bytes::from(lines.join(line));
        let sent = related("multipart/related; boundary=\"b\"", &payload).unwrap();
        assert_eq!(sent.body["threadId"], "1");
        assert_eq!(sent.message.unwrap(), format!("Subject: x{line}{line}a--c"));
    }

    #[test]
    fn both_ways_of_padding_are_read() {
        let sent = Sent::default();
        for raw in ["YWI_Pw==", "YWI_Pw"] {
            assert_eq!(sent.message(&serde_json::json!({"raw": raw})).unwrap(), "ab??");
        }
        assert!(sent.message(&serde_json::json!({"raw": "YWI/Pw=="})).is_err());
    }
}
