use std::collections::HashSet;

use async_trait::async_trait;
use kopru_domain::multi::comparable;
use kopru_domain::{FieldCode, FieldKind, FieldMeta, FieldValue};
use kopru_ports::Retry;
use kopru_ports::crm::{
    Among, CommandOutcome, ContactMatches, ContactSearch, CrmAction, CrmCommand, CrmError, CrmErrorKind, CrmWriter,
    FoundRecord, MOST_COMMANDS, WriteRequest,
};

use super::{MemoryCrm, PORTAL, Record, State, named};

#[async_trait]
impl CrmWriter for MemoryCrm {
    async fn write(&self, request: WriteRequest) -> Result<Vec<CommandOutcome>, CrmError> {
        named(&request.portal)?;
        let count = request.commands.len();
        if self.clock.now() >= request.deadline {
            return Ok(vec![CommandOutcome::Later(None); count]);
        }
        let carry_out = |state: &mut State| {
            state.answered = true;
            request.commands.iter().map(|command| state.carry_out(command)).collect()
        };
        match self.call(&request.company, carry_out) {
            Err(error) if error.retry == Retry::OutcomeUnknown => Ok(vec![CommandOutcome::Unknown; count]),
            said => said,
        }
    }

    async fn find_by_origin(&self, among: &Among, origins: &[String]) -> Result<Vec<FoundRecord>, CrmError> {
        named(&among.portal)?;
        self.call(&among.company, |state| state.with_origin(origins)).map_err(CrmError::without_effect)
    }

    async fn find_by_contact(
        &self,
        among: &Among,
        searches: &[ContactSearch],
    ) -> Result<Vec<ContactMatches>, CrmError> {
        named(&among.portal)?;
        let find = |state: &mut State| searches.iter().map(|search| state.with_contact(search)).collect();
        self.call(&among.company, find).map_err(CrmError::without_effect)
    }

    fn batch_size(&self, portal: &str) -> Option<usize> {
        (portal == PORTAL && self.state().answered).then_some(MOST_COMMANDS)
    }
}

impl State {
    fn carry_out(&mut self, command: &CrmCommand) -> CommandOutcome {
        if let Some(unknown) = command.fields.keys().find(|code| self.described(code).is_none()) {
            return refused(CrmErrorKind::InvalidValue, Some(unknown.clone()));
        }
        let id = match &command.action {
            CrmAction::Create { .. } => self.records.keys().next_back().map_or(1, |last| last + 1),
            CrmAction::Update { id } => match id.parse().ok().filter(|id| self.records.contains_key(id)) {
                Some(id) => id,
                None => return refused(CrmErrorKind::NotFound, None),
            },
        };
        let record = self.records.entry(id).or_default();
        if let CrmAction::Create { origin } = &command.action {
            record.origin = Some(origin.clone());
        }
        record.fields.extend(command.fields.iter().map(|(code, change)| (code.clone(), change.to.clone())));
        CommandOutcome::Done { id: id.to_string() }
    }

    fn described(&self, code: &FieldCode) -> Option<&FieldMeta> {
        self.described.iter().find(|field| field.code == *code)
    }

    fn with_origin(&self, origins: &[String]) -> Vec<FoundRecord> {
        let carried = |(id, record): (&u64, &Record)| {
            let origin = record.origin.clone().filter(|origin| origins.contains(origin))?;
            Some(FoundRecord { origin, id: id.to_string() })
        };
        let mut seen = HashSet::new();
        self.records.iter().filter_map(carried).filter(|found| seen.insert(found.origin.clone())).collect()
    }

    fn with_contact(&self, search: &ContactSearch) -> ContactMatches {
        let wanted: Vec<String> = search.values.iter().map(|value| digits(search.kind, value)).collect();
        let has = |record: &Record| {
            record.fields.iter().any(|(code, value)| match value {
                FieldValue::Contacts(contacts)
                    if self.described(code).is_some_and(|field| field.kind == search.kind) =>
                {
                    contacts.iter().any(|contact| wanted.contains(&digits(search.kind, &contact.value)))
                }
                _ => false,
            })
        };
        let ids = self.records.iter().filter(|(_, record)| has(record)).map(|(id, _)| id.to_string());
        ContactMatches { ids: ids.collect(), cut_off: false }
    }
}

/// A phone's extension does not count.
fn digits(kind: FieldKind, value: &str) -> String {
    let number = if kind == FieldKind::Phone { value.split(['x', ';', ',']).next().unwrap_or(value) } else { value };
    comparable(kind, number)
}

fn refused(kind: CrmErrorKind, field: Option<FieldCode>) -> CommandOutcome {
    CommandOutcome::Refused { kind, message: format!("{kind:?}"), field }
}
