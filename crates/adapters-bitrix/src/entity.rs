//! Which methods an entity is written by.

use kopru_domain::EntityKind;
use kopru_ports::Retry;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use serde_json::{Value, json};

use crate::error::error;

/// An entity's methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Methods {
    /// `crm.NAME.*`, with field names in capitals.
    Classic(&'static str),
    /// `crm.item.*` with an entity type id.
    Item(u32),
}

const DEAL: u32 = 2;
const INVOICE: u32 = 31;

/// An entity's methods ([entity types](https://apidocs.bitrix24.com/api-reference/crm/data-types.html)).
///
/// # Errors
/// [`CrmErrorKind::NotFound`] for a number that no smart process has. `crm.type.list` gives two numbers, `id`
/// and `entityTypeId`; the first one, taken for the second, would write into leads or quotes.
pub(crate) fn methods(entity: EntityKind) -> Result<Methods, CrmError> {
    Ok(match entity {
        EntityKind::Lead => Methods::Classic("lead"),
        EntityKind::Contact => Methods::Classic("contact"),
        EntityKind::Company => Methods::Classic("company"),
        EntityKind::Deal => Methods::Classic("deal"),
        EntityKind::Quote => Methods::Classic("quote"),
        EntityKind::Invoice => Methods::Item(INVOICE),
        EntityKind::Smart(id) if (128..=192).contains(&id) || (id >= 1030 && id % 2 == 0) => Methods::Item(id),
        EntityKind::Smart(id) => {
            let hint = format!("{id} is no smart process's entityTypeId; its id is another number");
            return Err(error(CrmErrorKind::NotFound, Retry::Never).detail(hint));
        }
    })
}

impl Methods {
    /// A method's name.
    pub(crate) fn method(self, action: &str) -> String {
        match self {
            Self::Classic(name) => format!("crm.{name}.{action}"),
            Self::Item(_) => format!("crm.item.{action}"),
        }
    }

    /// `params` with what the entity's methods want besides.
    pub(crate) fn params(self, mut params: Value) -> Value {
        if let (Self::Item(id), Some(map)) = (self, params.as_object_mut()) {
            map.insert("entityTypeId".to_owned(), json!(id));
            map.insert("useOriginalUfNames".to_owned(), json!("Y"));
        }
        params
    }

    /// A record in the answer of `get`.
    pub(crate) fn record(self, mut answer: Value) -> Value {
        match self {
            Self::Classic(_) => answer,
            Self::Item(_) => answer["item"].take(),
        }
    }

    /// The fields that carry our name and the row's id. A quote has no field for another system's id; those
    /// that say where it came from do.
    pub(crate) fn own_key(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Classic("quote") => (Some("UTM_SOURCE"), "UTM_CONTENT"),
            Self::Classic(_) => (Some("ORIGINATOR_ID"), "ORIGIN_ID"),
            Self::Item(_) => (None, "xmlId"),
        }
    }

    /// Whether Köprü alone writes the field.
    pub(crate) fn is_own(self, code: &str) -> bool {
        let (ours, key) = self.own_key();
        code == key || ours == Some(code)
    }

    /// The name of a record's number.
    pub(crate) fn id_name(self) -> &'static str {
        match self {
            Self::Classic(_) => "ID",
            Self::Item(_) => "id",
        }
    }

    /// The directory of the stages of an entity without pipelines.
    pub(crate) fn stages(self) -> Option<&'static str> {
        match self {
            Self::Classic("lead") => Some("STATUS"),
            Self::Classic("quote") => Some("QUOTE_STATUS"),
            _ => None,
        }
    }

    /// The entity type id of an entity whose stages come by pipelines.
    pub(crate) fn with_pipelines(self) -> Option<u32> {
        match self {
            Self::Classic("deal") => Some(DEAL),
            Self::Item(id) => Some(id),
            Self::Classic(_) => None,
        }
    }
}

/// The directory of one pipeline's stages
/// ([stages](https://apidocs.bitrix24.com/tutorials/crm/how-to-get-lists/how-to-get-stages-with-semantics.html)).
pub(crate) fn pipeline_stages(entity_type: u32, category: &str) -> String {
    match (entity_type, category) {
        (DEAL, "0") => "DEAL_STAGE".to_owned(),
        (DEAL, category) => format!("DEAL_STAGE_{category}"),
        (INVOICE, category) => format!("SMART_INVOICE_STAGE_{category}"),
        (other, category) => format!("DYNAMIC_{other}_STAGE_{category}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// `crm.type.list` of a portal with one smart process: `{"id": 7, "entityTypeId": 177, ...}`.
    #[rstest]
    #[case::its_entity_type_id(177, true)]
    #[case::its_id_which_is_the_quotes(7, false)]
    #[case::the_last_of_the_first(192, true)]
    #[case::between(193, false)]
    #[case::the_first_of_the_others(1030, true)]
    #[case::odd(1031, false)]
    fn a_smart_process_is_known_by_its_entity_type_id(#[case] id: u32, #[case] is_one: bool) {
        let found = methods(EntityKind::Smart(id));
        assert_eq!(found.as_ref().ok(), is_one.then_some(&Methods::Item(id)));
        assert!(found.is_ok() || found.unwrap_err().detail.unwrap().contains("entityTypeId"));
    }

    #[rstest]
    #[case(2, "0", "DEAL_STAGE")]
    #[case(2, "9", "DEAL_STAGE_9")]
    #[case(31, "1", "SMART_INVOICE_STAGE_1")]
    #[case(133, "12", "DYNAMIC_133_STAGE_12")]
    fn each_pipeline_has_a_directory_of_its_own(#[case] entity: u32, #[case] category: &str, #[case] name: &str) {
        assert_eq!(pipeline_stages(entity, category), name);
    }
}
