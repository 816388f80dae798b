//! Messages by SMS, WhatsApp and e-mail: whom they reach, what they say and cost, when they may go, and what became of
//! them. What e-mail alone has is in [`crate::email`].

mod address;
mod channel;
mod keywords;
mod opt_out;
mod phone;
mod phone_fault;
mod plan;
mod policy;
mod quiet;
mod region;
mod segments;
mod status;
mod template;
mod template_fault;
mod trouble;
pub mod window;

pub use crate::zone::{UnknownZone, Zone};
pub use address::{Address, UnknownAddress};
pub use channel::{Channel, UnknownChannel};
pub use keywords::{OptWord, opt_word};
pub use opt_out::OptOutCause;
pub use phone::PhoneNumber;
pub use phone_fault::PhoneFault;
pub use plan::{Facts, Hold, Plan, Wish, decide};
pub use policy::Policy;
pub use quiet::QuietHours;
pub use region::{Region, UnknownRegion};
pub use segments::{Encoding, Segments, costly_characters, without_turkish};
pub use status::MessageStatus;
pub use template::Template;
pub use template_fault::TemplateFault;
pub use trouble::{Remedy, Trouble};
