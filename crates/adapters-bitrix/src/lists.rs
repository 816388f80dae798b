//! Lists come in pages of fifty
//! ([lists](https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html)).

use kopru_domain::CompanyId;
use kopru_ports::Retry;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use serde_json::{Value, json};

use crate::batch::Command;
use crate::client::Bitrix24;
use crate::config::Portal;
use crate::error::error;

impl Bitrix24 {
    /// All of a list, page by page.
    pub(crate) async fn pages(
        &self,
        company: &CompanyId,
        portal: &Portal,
        command: &Command,
    ) -> Result<Vec<Value>, CrmError> {
        let first = self.call(company, portal, &command.0, &command.1).await?;
        let mut found = entries(first.result)?;
        self.following(company, portal, command, first.next, &mut found).await?;
        Ok(found)
    }

    /// The rest of a list whose first page is known.
    pub(crate) async fn following(
        &self,
        company: &CompanyId,
        portal: &Portal,
        (method, params): &Command,
        mut next: Option<u64>,
        into: &mut Vec<Value>,
    ) -> Result<(), CrmError> {
        while let Some(start) = next {
            let mut params = params.clone();
            params["start"] = json!(start);
            let page = self.call(company, portal, method, &params).await?;
            into.extend(entries(page.result)?);
            next = page.next.filter(|next| *next > start);
        }
        Ok(())
    }
}

/// A list's entries; `crm.item.list` puts them one level lower. What is no list must not pass for an empty
/// one: a record that is not found is made.
pub(crate) fn entries(mut result: Value) -> Result<Vec<Value>, CrmError> {
    let list = if result.is_object() { result["items"].take() } else { result };
    let Value::Array(items) = list else { return Err(error(CrmErrorKind::Unavailable, Retry::After(None))) };
    Ok(items)
}
