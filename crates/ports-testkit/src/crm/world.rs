use async_trait::async_trait;
use kopru_domain::{CompanyId, FieldCode, FieldKind, FieldValue};
use kopru_ports::Clock;
use kopru_ports::crm::{CrmCatalog, CrmWriter};
use secrecy::SecretString;

use super::{MemoryCrm, PORTAL, Record, field};
use crate::suites::crm::CrmWorld;
use crate::suites::trouble::Trouble;

#[async_trait]
impl CrmWorld for MemoryCrm {
    fn writer(&self) -> &dyn CrmWriter {
        self
    }

    fn catalog(&self) -> &dyn CrmCatalog {
        self
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn company(&self) -> CompanyId {
        self.company.clone()
    }

    fn texts(&self) -> [FieldCode; 2] {
        ["TITLE", "COMMENTS"].map(FieldCode::from)
    }

    fn phones(&self) -> FieldCode {
        "PHONE".into()
    }

    fn settings(&self) -> SecretString {
        format!("right@{PORTAL}").into()
    }

    fn wrong_settings(&self) -> SecretString {
        format!("wrong@{PORTAL}").into()
    }

    async fn put(&self, texts: [&str; 2]) -> String {
        let values = texts.map(|text| FieldValue::Text(text.to_owned()));
        let mut state = self.state();
        let id = state.records.keys().next_back().map_or(1, |last| last + 1);
        state.records.insert(id, Record { origin: None, fields: self.texts().into_iter().zip(values).collect() });
        id.to_string()
    }

    async fn read(&self, id: &str) -> Option<[String; 2]> {
        let state = self.state();
        let record = state.records.get(&id.parse().ok()?)?;
        Some(self.texts().map(|code| match record.fields.get(&code) {
            Some(FieldValue::Text(text)) => text.clone(),
            _ => String::new(),
        }))
    }

    async fn count(&self) -> usize {
        self.state().records.len()
    }

    async fn add_field(&self, code: &FieldCode) {
        self.state().described.push(field(code, FieldKind::Text));
    }

    async fn next(&self, trouble: Trouble) {
        self.state().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.state().gone = true;
    }
}
