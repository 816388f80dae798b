//! What goes to Gmail and comes back.

use kopru_http_client::RequestBuilder;
use kopru_http_client::header::CONTENT_TYPE;
use kopru_ports::emails::EmailRequest;
use serde::Deserialize;

use crate::call::Content;

/// An e-mail as it is, its unseen recipients included: Gmail reads those from the header, and leaves it out.
pub(super) struct Whole<'a>(pub &'a EmailRequest);

impl Content for Whole<'_> {
    fn put_into(&self, request: RequestBuilder) -> RequestBuilder {
        let EmailRequest { email, envelope, .. } = self.0;
        request.header(CONTENT_TYPE, "message/rfc822").body(email.mime(envelope))
    }
}

/// Gmail's answer to what it took.
#[derive(Deserialize)]
pub(super) struct Taken {
    pub id: String,
}
