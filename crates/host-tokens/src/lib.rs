//! The host's own tokens: JWTs (RFC 7519) signed with a shared secret, or with a key that the host publishes.
//!
//! What is accepted is said by our settings and never by a token: a shared secret takes HMAC alone, published keys
//! take RSA, elliptic curves and Edwards curves alone, each its own. A token has to name its audience and its end.

mod keys;
mod tokens;

pub use keys::{KeyError, Keys, Published};
pub use tokens::{HostJwts, Terms};
