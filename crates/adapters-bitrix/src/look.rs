//! The look at new records of which the portal answered no more than the number
//! ([ADR 12](../../../docs/adr/0012-the-first-creates-are-looked-at.md)).

use kopru_ports::Retry;
use kopru_ports::crm::{CommandOutcome, MOST_COMMANDS, WriteRequest};

use crate::batch::{Answer, Command};
use crate::client::Bitrix24;
use crate::command::{get, target};
use crate::config::Portal;
use crate::describe::Described;
use crate::entity::Methods;
use crate::read_back::{Expected, dropped};
use crate::writer::{Descriptions, Outcomes, Placed};

/// A create by its place, with what its record must hold.
pub(crate) type Made = (usize, Vec<Expected>);

/// The creates that may lose what none before them was seen to keep.
pub(crate) fn to_be_seen(request: &WriteRequest, plans: &[Placed], described: &Descriptions) -> Vec<Made> {
    let is_unseen = |(at, planned): &&Placed| {
        let command = &request.commands[*at];
        let described = &described[&command.entity];
        let answers_a_number = target(command).is_none() && matches!(described.methods, Methods::Classic(_));
        answers_a_number && !described.proven.holds(&planned.expected)
    };
    plans.iter().filter(is_unseen).map(|(at, planned)| (*at, planned.expected.clone())).collect()
}

impl Bitrix24 {
    /// A record that cannot be looked at now is there all the same; the next one is looked at.
    pub(crate) async fn look(
        &self,
        request: &WriteRequest,
        portal: &Portal,
        made: &[Made],
        described: &Descriptions,
        outcomes: &mut Outcomes,
    ) {
        let of = |at: usize| &described[&request.commands[at].entity];
        let read = |at: usize, outcome: &Option<CommandOutcome>| match outcome {
            Some(CommandOutcome::Done { id }) => Some(get(of(at).methods, id)),
            _ => None,
        };
        let looks: Vec<(&Made, Command)> =
            made.iter().filter_map(|made| Some((made, read(made.0, &outcomes[made.0])?))).collect();
        for chunk in looks.chunks(MOST_COMMANDS) {
            let commands: Vec<Command> = chunk.iter().map(|(_, command)| command.clone()).collect();
            let Ok(answers) = self.batch(&request.company, portal, &commands).await else { return };
            for (((at, expected), _), answer) in chunk.iter().zip(answers) {
                if let Some(outcome) = &mut outcomes[*at] {
                    seen(outcome, expected, answer, of(*at));
                }
            }
        }
    }
}

fn seen(outcome: &mut CommandOutcome, expected: &[Expected], answer: Answer, described: &Described) {
    match answer {
        Ok((record, _)) => {
            let record = described.methods.record(record);
            described.proven.add(expected.iter().filter(|expected| expected.is_kept_in(&record)));
            *outcome = dropped(std::mem::replace(outcome, CommandOutcome::Unknown), expected, &record, described);
        }
        // Who may not look at one record may not look at the next.
        Err(error) if error.retry == Retry::Never => described.proven.add(expected),
        Err(_) => {}
    }
}
