//! Google Meet beside an event.
//! <https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing>

use serde_json::{Value, json};

use super::{super::errors::ApiError, refusals::invalid};
use crate::random;

/// A conference; its address comes at once, or when the event is read the next time.
#[derive(Debug, Clone)]
pub(crate) struct Meet {
    request_id: String,
    code: String,
    pub is_ready: bool,
}

impl Meet {
    /// What becomes of `present` when `asked` is written: the same request's conference is the same one.
    pub fn written(present: Option<Self>, asked: &Value, is_ready: bool) -> Result<Option<Self>, ApiError> {
        let request = &asked["createRequest"];
        let Some(id) = request["requestId"].as_str() else { return Ok(present.filter(|_| !asked.is_null())) };
        if request["conferenceSolutionKey"]["type"].as_str().is_some_and(|kind| kind != "hangoutsMeet") {
            return Err(invalid("Invalid conference type value."));
        }
        match present {
            Some(present) => Ok(Some(present)),
            None => Ok(Some(Self { request_id: id.to_owned(), code: code(), is_ready })),
        }
    }

    pub fn address(&self) -> Option<String> {
        self.is_ready.then(|| format!("https://meet.google.com/{}", self.code))
    }

    pub fn shown(&self) -> Value {
        let key = json!({"type": "hangoutsMeet"});
        let status = if self.is_ready { "success" } else { "pending" };
        let request =
            json!({"requestId": self.request_id, "conferenceSolutionKey": key, "status": {"statusCode": status}});
        let mut shown = json!({"createRequest": request});
        if let Some(uri) = self.address() {
            let label = format!("meet.google.com/{}", self.code);
            shown["entryPoints"] = json!([{"entryPointType": "video", "uri": uri, "label": label}]);
            shown["conferenceSolution"] = json!({"key": key, "name": "Google Meet"});
            shown["conferenceId"] = json!(self.code);
        }
        shown
    }
}

/// `abc-defg-hij`
fn code() -> String {
    let letters: Vec<char> = random::token(16).bytes().map(|byte| char::from(b'a' + byte % 26)).collect();
    let part = |range: std::ops::Range<usize>| letters[range].iter().collect::<String>();
    format!("{}-{}-{}", part(0..3), part(3..7), part(7..10))
}
