//! Messages to people's phones and mailboxes: accepted, sent at the vendor's pace, followed until they are settled.

mod again;
mod channels;
mod done;
mod email;
mod log;
mod outgoing;
mod reports;
mod resolve;
mod send;
mod texts;
mod told;
mod way;

pub use email::EmailWish;
pub use log::SentBatch;
pub(crate) use outgoing::{MOST, Outbox};
pub(crate) use reports::Reports;
pub use send::{Recipient, Says, SendWish, fingerprint};
pub use texts::{Preview, PreviewWish};
