//! An e-mail's way through a mailbox: a draft that is sent, and keeps its id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_http_client::{Method, Reply};
use kopru_ports::messages::SendError;

use crate::call::{Call, Session};
use crate::error::{of_call, of_reply};
use crate::wire::{Message, Messages};

/// No more of a message than is asked about.
const FIELDS: (&str, &str) = ("$select", "id,isDraft");

impl Session<'_> {
    /// Makes a draft of a whole message (<https://learn.microsoft.com/en-us/graph/api/user-post-messages>); its id.
    pub async fn draft(&mut self, message: &[u8]) -> Result<String, SendError> {
        let mime = STANDARD.encode(message);
        let call = Call { method: Method::POST, path: String::new(), query: &[], mime: Some(&mime) };
        let made: Message = self.exchange(&call).await.and_then(accepted)?.json().map_err(of_call)?;
        Ok(made.id)
    }

    /// Sends a draft (<https://learn.microsoft.com/en-us/graph/api/message-send>).
    pub async fn send(&mut self, id: &str) -> Result<(), SendError> {
        let call = Call { method: Method::POST, path: format!("{}/send", path(id)), query: &[], mime: None };
        self.exchange(&call).await.and_then(accepted).map(drop)
    }

    /// Whether a message is a draft still. `None` where it is nowhere: what was sent is seen again when its copy is in
    /// Sent Items, which takes a while.
    pub async fn is_draft(&mut self, id: &str) -> Result<Option<bool>, SendError> {
        let call = Call { method: Method::GET, path: path(id), query: &[FIELDS], mime: None };
        let reply = self.exchange(&call).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        let found: Message = accepted(reply)?.json().map_err(of_call)?;
        Ok(Some(found.is_draft))
    }

    /// All that have our `Message-ID`, in whatever folder (<https://learn.microsoft.com/en-us/graph/api/user-list-messages>).
    pub async fn find(&mut self, message_id: &str) -> Result<Vec<Message>, SendError> {
        let filter = format!("internetMessageId eq '<{message_id}>'");
        let query = &[FIELDS, ("$filter", filter.as_str())];
        let call = Call { method: Method::GET, path: String::new(), query, mime: None };
        let found: Messages = self.exchange(&call).await.and_then(accepted)?.json().map_err(of_call)?;
        Ok(found.value)
    }

    /// Throws a draft away (<https://learn.microsoft.com/en-us/graph/api/message-delete>); false where it is nowhere.
    pub async fn discard(&mut self, id: &str) -> Result<bool, SendError> {
        let call = Call { method: Method::DELETE, path: path(id), query: &[], mime: None };
        let reply = self.exchange(&call).await?;
        if reply.status == 404 { Ok(false) } else { accepted(reply).map(|_| true) }
    }
}

fn accepted(reply: Reply) -> Result<Reply, SendError> {
    if (200..300).contains(&reply.status) { Ok(reply) } else { Err(of_reply(&reply)) }
}

fn path(id: &str) -> String {
    std::iter::once("/").chain(url::form_urlencoded::byte_serialize(id.as_bytes())).collect()
}
