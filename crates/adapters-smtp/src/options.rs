use std::time::Duration;

use kopru_http_client::PrivateAddresses;

/// RFC 5321 (4.5.3.2) would wait for five minutes for each answer; a lane does not.
const BEFORE: Duration = Duration::from_secs(20);
/// Servers look through an e-mail before they answer its final dot.
const MESSAGE: Duration = Duration::from_mins(1);

/// The longest that sending one e-mail takes by [`SmtpOptions::default`].
pub const CALL_TIME: Duration = BEFORE.saturating_add(MESSAGE);

/// How servers are called; not a company's to choose.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// The time for all that comes before an e-mail's bytes: a connection that is free, TLS, credentials, addresses. What
    /// fails within it was certainly not sent.
    pub before: Duration,
    /// The time for an e-mail's bytes and the answer to them. What fails within it may have been sent.
    pub message: Duration,
    /// Whether servers may be in private networks; otherwise they are called at the ports of submission alone.
    pub private_addresses: PrivateAddresses,
    /// Certificates (PEM) that are trusted beside the machine's own; empty for none.
    pub trusted: Vec<u8>,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        let private_addresses = PrivateAddresses::Deny;
        Self { before: BEFORE, message: MESSAGE, private_addresses, trusted: Vec::new() }
    }
}

impl SmtpOptions {
    /// Whether servers may be called at `port`: the ports of submission, and the other ones at which providers take it
    /// where the first are closed.
    pub(crate) fn allows_port(&self, port: u16) -> bool {
        let usual = [25, 465, 587, 2465, 2525, 2587].contains(&port);
        usual || self.private_addresses == PrivateAddresses::Allow
    }
}
