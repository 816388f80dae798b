//! To whom a request sends: to one, or to many.

use std::collections::BTreeMap;

use kopru_engine::Recipient;
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::Fault;
use super::problem::Failure;

/// One of many recipients: an address of the channel, or one with variables of its own.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RecipientBody {
    /// A number or an e-mail address.
    Address(String),
    /// One with what the variables are for it.
    With(RecipientWith),
}

/// An address with variables of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientWith {
    to: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl From<RecipientBody> for Recipient {
    fn from(body: RecipientBody) -> Self {
        match body {
            RecipientBody::Address(to) => Self { to, variables: BTreeMap::new() },
            RecipientBody::With(RecipientWith { to, variables }) => Self { to, variables },
        }
    }
}

/// The recipients, and whether they were given as many.
pub fn recipients(to: Option<String>, many: Option<Vec<RecipientBody>>) -> Result<(Vec<Recipient>, bool), Failure> {
    match (to, many) {
        (Some(to), None) => Ok((vec![Recipient { to, variables: BTreeMap::new() }], false)),
        (None, Some(many)) => Ok((many.into_iter().map(Into::into).collect(), true)),
        (None, None) => Err(Failure::Unreadable(Fault::missing("to"))),
        (Some(_), Some(_)) => Err(Failure::Unreadable(Fault::value("to"))),
    }
}
