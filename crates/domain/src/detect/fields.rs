//! The fields that a tab's columns can feed.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lexicon::lexicon;
use super::normalise::Words;
use super::standard::standard_fields;
use crate::entity::EntityKind;
use crate::field::{FieldCode, FieldKind, FieldMeta};
use crate::mapping::Target;

/// The fields of one kind of record.
pub(super) struct Fields<'a> {
    entity: EntityKind,
    metas: Cow<'a, [FieldMeta]>,
    named: HashMap<String, usize>,
}

impl<'a> Fields<'a> {
    /// The portal's fields, or Bitrix24's standard ones where there are none.
    pub fn new(entity: EntityKind, portal: &'a [FieldMeta]) -> Self {
        let metas: Cow<'a, [FieldMeta]> =
            if portal.is_empty() { standard_fields(entity).into() } else { portal.into() };
        let named = names(&metas);
        Self { entity, metas, named }
    }

    /// The kind of record.
    pub fn entity(&self) -> EntityKind {
        self.entity
    }

    /// The field of that name.
    pub fn get(&self, code: &str) -> Option<&FieldMeta> {
        self.metas.iter().find(|meta| meta.code.as_str() == code)
    }

    /// The field that a target writes; none for a full name, which is two fields.
    pub fn meta(&self, target: &Target) -> Option<&FieldMeta> {
        match target {
            Target::Field(code) => self.get(code.as_str()),
            Target::FullName => None,
        }
    }

    /// The field that holds `concept` in this kind of record.
    pub fn holding(&self, concept: &str) -> Option<Target> {
        lexicon().fields(concept, self.entity).find_map(|name| self.target(name))
    }

    /// The target of that name, if the record has it.
    pub fn target(&self, name: &str) -> Option<Target> {
        match Target::from(name.to_owned()) {
            Target::FullName => {
                (self.get("NAME").is_some() && self.get("LAST_NAME").is_some()).then_some(Target::FullName)
            }
            Target::Field(_) => self.get(name).map(|meta| Target::Field(meta.code.clone())),
        }
    }

    /// The field whose title or code a header is.
    pub fn named(&self, words: &Words) -> Option<&FieldMeta> {
        self.named.get(&words.squashed()).map(|&index| &self.metas[index])
    }

    /// Whether nothing can be written to the target from a cell.
    pub fn is_read_only(&self, target: &Target) -> bool {
        self.meta(target).is_some_and(|meta| meta.read_only || meta.kind == FieldKind::Other)
    }
}

/// Where the field of each name is; a title goes before a code, a field that can be written before one that cannot.
fn names(metas: &[FieldMeta]) -> HashMap<String, usize> {
    let titles = |read_only: bool| {
        let such = metas.iter().enumerate().filter(move |(_, meta)| meta.read_only == read_only);
        such.map(|(index, meta)| (meta.title.as_str(), index))
    };
    let codes = metas.iter().enumerate().map(|(index, meta)| (meta.code.as_str(), index));
    let mut names = HashMap::new();
    for (text, index) in titles(false).chain(titles(true)).chain(codes) {
        names.entry(Words::of(text).squashed()).or_insert(index);
    }
    names
}

/// Whether the portal's owner made the field.
pub(super) fn is_custom(code: &FieldCode) -> bool {
    code.as_str().starts_with("UF_")
}
