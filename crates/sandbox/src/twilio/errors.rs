//! Twilio's error envelope, and what its codes say:
//! <https://www.twilio.com/docs/api/errors>.

use axum::{
    Json,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Code, HTTP status and text. Those from 30001 on come later, with a status.
const CODES: [(u32, u16, &str); 48] = [
    (20001, 400, "Invalid parameter"),
    (20003, 401, "Authenticate"),
    (20009, 409, "Cannot delete this resource before it is complete"),
    (20404, 404, "The requested resource was not found"),
    (20429, 429, "Too Many Requests"),
    (20500, 500, "An internal server error has occurred"),
    (20503, 503, "Service Unavailable"),
    (21211, 400, "Invalid 'To' Phone Number"),
    (21212, 400, "Invalid From Number (caller ID)"),
    (21408, 400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    (21602, 400, "Message body is required"),
    (21603, 400, "A 'From' or 'MessagingServiceSid' parameter is required to send a message"),
    (21604, 400, "A 'To' phone number is required"),
    (
        21606,
        400,
        "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination",
    ),
    (21609, 400, "Invalid 'StatusCallback'"),
    (21610, 400, "Attempt to send to unsubscribed recipient"),
    (21611, 400, "This 'From' number has exceeded the maximum number of queued messages"),
    (21612, 400, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    (21614, 400, "'To' number is not a valid mobile number"),
    (21617, 400, "The concatenated message body exceeds the 1600 character limit"),
    (21620, 400, "Invalid media URL(s)"),
    (21623, 400, "Number of media files exceeds allowed limit"),
    (21654, 400, "ContentSid Required"),
    (21655, 400, "The ContentSid is Invalid"),
    (21656, 400, "The ContentVariables Parameter is invalid"),
    (21701, 404, "The Messaging Service does not exist"),
    (21703, 400, "The Messaging Service does not have a phone number available to send a message"),
    (21704, 400, "The Messaging Service contains no phone numbers"),
    (21705, 400, "The Messaging Service is invalid"),
    (21910, 400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    (30409, 409, "This message cannot be canceled"),
    (35111, 400, "SendAt timestamp is missing"),
    (35114, 400, "Scheduling does not support this timestamp"),
    (35115, 400, "Scheduling does not support this timestamp"),
    (35117, 400, "Scheduling does not support this timestamp"),
    (35118, 400, "MessagingServiceSid is required to schedule a message"),
    (63007, 400, "Twilio could not find a Channel with the specified From address"),
    (90007, 400, "Invalid validity period value"),
    (30001, 400, "Queue overflow"),
    (30002, 400, "Account suspended"),
    (30003, 400, "Unreachable destination handset"),
    (30004, 400, "Message blocked"),
    (30005, 400, "Unknown destination handset"),
    (30006, 400, "Landline or unreachable carrier"),
    (30007, 400, "Message filtered"),
    (30008, 400, "Unknown error"),
    (63003, 400, "Channel could not find To address"),
    (
        63016,
        400,
        "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template.",
    ),
];

/// A refusal of the request as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: u16,
    code: u32,
    message: String,
}

impl ApiError {
    /// Adds what the refusal is about.
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{}: {what}", self.message);
        self
    }
}

pub(crate) fn refused(code: u32) -> ApiError {
    let status = find(code).map_or(400, |(_, status, _)| *status);
    ApiError { status, code, message: text(code).to_owned() }
}

pub(super) fn absent(path: &str) -> ApiError {
    ApiError { message: format!("The requested resource {path} was not found"), ..refused(20404) }
}

/// An error on demand.
pub(crate) fn on_demand(status: u16, code: &str, message: &str) -> ApiError {
    let code = code.parse().unwrap_or_default();
    let message = if message.is_empty() { text(code) } else { message };
    ApiError { status, code, message: message.to_owned() }
}

/// What Twilio calls a failure; a code that is not listed here has no text.
pub(super) fn text(code: u32) -> &'static str {
    find(code).map_or("", |(_, _, text)| text)
}

fn find(code: u32) -> Option<&'static (u32, u16, &'static str)> {
    CODES.iter().find(|(known, ..)| *known == code)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let more_info = format!("https://www.twilio.com/docs/errors/{}", self.code);
        let body = json!({"code": self.code, "message": self.message, "more_info": more_info, "status": self.status});
        if status == StatusCode::UNAUTHORIZED {
            return (status, [(WWW_AUTHENTICATE, "Basic realm=\"Twilio API\"")], Json(body)).into_response();
        }
        (status, Json(body)).into_response()
    }
}
