//! What became of a command, by the portal's answer.

use std::time::Duration;

use kopru_domain::FieldCode;
use kopru_ports::Retry;
use kopru_ports::crm::{CommandOutcome, CrmAction, CrmCommand, CrmError, CrmErrorKind};

use crate::batch::{Answer, is_closed};
use crate::command::{Planned, target};
use crate::describe::Described;
use crate::read_back::dropped;
use crate::wire::id;

/// The outcome of a write, and of the look at it afterwards, if there was one.
pub(crate) fn outcome(
    command: &CrmCommand,
    planned: &Planned,
    (written, seen): (Answer, Option<Answer>),
    described: &Described,
) -> CommandOutcome {
    let seen = seen.or_else(|| made(command, &written));
    let found = written_as(command, written, described);
    match (&found, seen) {
        (CommandOutcome::Done { .. }, Some(Ok((record, _)))) => {
            let record = described.methods.record(record);
            described.proven.add(planned.expected.iter().filter(|expected| expected.is_kept_in(&record)));
            dropped(found, &planned.expected, &record, described)
        }
        // Nobody knows whether it is there: an update may be repeated.
        (CommandOutcome::Done { .. }, Some(Err(error))) if error.retry != Retry::Never => CommandOutcome::Unknown,
        _ => found,
    }
}

/// `crm.item.add` answers with the whole record. So does `crm.item.update`, but with what it was sent (issue 269).
fn made(command: &CrmCommand, written: &Answer) -> Option<Answer> {
    let (CrmAction::Create { .. }, Ok((answer, _))) = (&command.action, written) else { return None };
    answer["item"].is_object().then(|| Ok((answer.clone(), None)))
}

fn written_as(command: &CrmCommand, answer: Answer, described: &Described) -> CommandOutcome {
    match answer {
        Ok((result, _)) => {
            let made = id(&result).or_else(|| id(&result["item"]["id"]));
            target(command).or(made).map_or(CommandOutcome::Unknown, |id| CommandOutcome::Done { id })
        }
        Err(error) => {
            let field = error.detail.as_deref().and_then(|text| field_at_fault(command, text, described));
            of_error(error, field)
        }
    }
}

/// When to ask again for what waits until somebody has done something at the portal.
const CLOSED: Duration = Duration::from_mins(5);

pub(crate) fn of_error(error: CrmError, field: Option<FieldCode>) -> CommandOutcome {
    match error.retry {
        Retry::Never if is_closed(&error) => CommandOutcome::Later(Some(CLOSED)),
        Retry::OutcomeUnknown => CommandOutcome::Unknown,
        Retry::After(pause) if error.kind == CrmErrorKind::RateLimited => CommandOutcome::Later(pause),
        Retry::After(pause) => CommandOutcome::Retry(pause),
        Retry::Never => CommandOutcome::Refused { kind: error.kind, message: error.detail.unwrap_or_default(), field },
    }
}

/// The field that a refusal names, by its title or its code; only if just one was sent that fits.
fn field_at_fault(command: &CrmCommand, text: &str, described: &Described) -> Option<FieldCode> {
    let named = |code: &&FieldCode| {
        let quoted = |name: &str| {
            text.contains(&format!("\"{name}\""))
                || text.contains(&format!("«{name}»"))
                || text.contains(&format!("'{name}'"))
        };
        let title = described.field(code).map(|field| field.title.as_str());
        quoted(code.as_str()) || title.is_some_and(quoted) || text.contains(&format!("[{code}]"))
    };
    let mut fits = command.fields.keys().filter(named);
    fits.next().filter(|_| fits.next().is_none()).cloned()
}
