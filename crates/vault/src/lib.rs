//! Sealing of tokens and settings before they are stored.
//!
//! [`Vault`] is a ring of keys: the first one seals, all of them open. A sealed text is bound to its
//! company, its owner and its purpose, so that it opens nowhere else. [`SealedTokens`] and
//! [`SealedIntegrations`] put it in front of a store, which then never sees a secret in clear.

mod integrations;
mod keys;
mod sealed;
mod tokens;
mod vault;

pub use integrations::SealedIntegrations;
pub use keys::KeyError;
pub use tokens::SealedTokens;
pub use vault::Vault;
