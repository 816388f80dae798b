//! E-mail: whom it is from and to, what it says, and the bytes that it is made of.

mod address;
mod content;
mod draft;
mod fault;
mod mailbox;
mod mime;
mod plain;

pub use address::EmailAddress;
pub use content::{Attachment, Email, Tag};
pub use draft::{DraftParts, EmailDraft, PartFault};
pub use fault::EmailFault;
pub use mailbox::Mailbox;
pub use mime::Envelope;
pub use plain::plain_text;
