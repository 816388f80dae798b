//! Authorization code with PKCE over Köprü's HTTP client, and token sessions with one refresh at a time.

mod client;
mod http;
mod sessions;

pub use client::{Endpoints, OAuthClient};
pub use sessions::TokenSessions;
