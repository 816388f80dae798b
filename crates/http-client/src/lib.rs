//! The one HTTP client of Köprü: time-outs, no redirects, addresses guarded, secrets kept out of errors.
//!
//! It repeats nothing by itself. A failed call says whether it certainly did not happen
//! ([`Failure::NotSent`]) or may have happened ([`Failure::Unknown`]); what follows from that is the
//! delivery engine's to decide, since two layers that both retry multiply.

mod client;
mod error;
mod guard;
mod reply;

pub use client::{HttpClient, HttpOptions, PrivateAddresses};
pub use error::{Failure, HttpError};
pub use reply::Reply;
pub use reqwest::{Method, RequestBuilder, StatusCode, header};
