//! What new records of an entity were seen to keep, so that not every create costs a look at its record.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use kopru_domain::FieldCode;

use crate::read_back::Expected;

/// A field, with the choice where its value is one.
pub(crate) type Mark = (FieldCode, String);

/// Known as long as the entity's description.
#[derive(Default)]
pub(crate) struct Proven(Mutex<HashSet<Mark>>);

impl Proven {
    /// Whether a look would tell nothing that is not known.
    pub(crate) fn holds(&self, expected: &[Expected]) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        expected.iter().flat_map(Expected::marks).all(|mark| seen.contains(&mark))
    }

    pub(crate) fn add<'e>(&self, kept: impl IntoIterator<Item = &'e Expected>) {
        let marks = kept.into_iter().flat_map(Expected::marks);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(marks);
    }
}
