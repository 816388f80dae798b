//! An e-mail as it goes over the wire.

use kopru_domain::email::{Email, EmailAddress, Envelope};
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::SendError;
use lettre::Address;

use crate::error::error;

pub(crate) struct Letter {
    /// Our id of it, by which it is known everywhere.
    pub message_id: String,
    pub sender: Address,
    /// Each once; the recipient first, then who gets a copy.
    pub recipients: Vec<Address>,
    /// Without who gets it unseen: servers would pass that on.
    pub bytes: Vec<u8>,
}

impl Letter {
    pub fn of(envelope: &Envelope, mut email: Email) -> Result<Self, SendError> {
        let unseen = std::mem::take(&mut email.bcc);
        let copies = email.cc.iter().chain(&unseen).map(|mailbox| &mailbox.address);
        let mut recipients = Vec::new();
        for recipient in std::iter::once(&envelope.to).chain(copies) {
            let recipient = address(recipient, Trouble::RecipientInvalid)?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        let mut bytes = email.mime(envelope);
        // lettre ends the last line by itself: it would be followed by an empty one.
        if bytes.ends_with(b"\r\n") {
            bytes.truncate(bytes.len() - 2);
        }
        let message_id = email.message_id(envelope.id);
        Ok(Self { message_id, sender: address(&email.from.address, Trouble::SenderInvalid)?, recipients, bytes })
    }
}

fn address(address: &EmailAddress, trouble: Trouble) -> Result<Address, SendError> {
    address.as_str().parse().map_err(|_| error(trouble, Retry::Never))
}
