//! E-mail: whom it is from and to, what it says, and the bytes that it is made of.

mod address;
mod content;
mod draft;
mod fault;
mod mailbox;
mod mime;
mod plain;
mod road;

pub use address::EmailAddress;
pub use content::{Attachment, Email, Tag};
pub use draft::{DraftParts, EmailDraft, PartFault};
pub use fault::EmailFault;
pub use mailbox::Mailbox;
pub use mime::Envelope;
pub use plain::plain_text;
pub use road::{Ailing, Choice, NoOrder, Road, RoadOrder, RoadState, Try, ails, choose, is_the_roads};
