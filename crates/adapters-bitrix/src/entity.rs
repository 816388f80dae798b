//! Which methods an entity is written by.

use kopru_domain::EntityKind;
use serde_json::{Value, json};

/// An entity's methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Methods {
    /// `crm.NAME.*`, with field names in capitals.
    Classic(&'static str),
    /// `crm.item.*` with an entity type id.
    Item(u32),
}

/// An entity's methods ([entity types](https://apidocs.bitrix24.com/api-reference/crm/data-types.html)).
pub(crate) fn methods(entity: EntityKind) -> Methods {
    match entity {
        EntityKind::Lead => Methods::Classic("lead"),
        EntityKind::Contact => Methods::Classic("contact"),
        EntityKind::Company => Methods::Classic("company"),
        EntityKind::Deal => Methods::Classic("deal"),
        EntityKind::Quote => Methods::Item(7),
        EntityKind::Invoice => Methods::Item(31),
        EntityKind::Smart(id) => Methods::Item(id),
    }
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

    /// The directory of the entity's stages in its first pipeline.
    pub(crate) fn stages(self) -> Option<String> {
        match self {
            Self::Classic("deal") => Some("DEAL_STAGE".to_owned()),
            Self::Classic("lead") => Some("STATUS".to_owned()),
            _ => None,
        }
    }
}
