use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::{CompanyId, EntityKind};
use kopru_ports::Retry;
use kopru_ports::crm::{
    Among, CommandOutcome, ContactMatches, ContactSearch, CrmError, CrmErrorKind, CrmWriter, FoundRecord,
    MOST_COMMANDS, WriteRequest,
};
use serde_json::{Value, json};

use crate::batch::{Answer, Command};
use crate::client::Bitrix24;
use crate::command::{ORIGINATOR, Planned, plan, reading, target};
use crate::config::Portal;
use crate::describe::Described;
use crate::entity::{Methods, methods};
use crate::look::to_be_seen;
use crate::outcome::{of_error, outcome};
use crate::pace;
use crate::php_query;
use crate::wire::id;

/// When to ask again what a kind of record is like, while other kinds are described.
const UNDESCRIBED: Duration = Duration::from_secs(30);

pub(crate) type Outcomes = Vec<Option<CommandOutcome>>;
pub(crate) type Descriptions = HashMap<EntityKind, Arc<Described>>;

/// A plan with the place of its command.
pub(crate) type Placed = (usize, Planned);

#[async_trait]
impl CrmWriter for Bitrix24 {
    async fn write(&self, request: WriteRequest) -> Result<Vec<CommandOutcome>, CrmError> {
        let portal = self.portal_named(&request.company, &request.portal).await?;
        let portal = Portal { urgency: request.urgency, until: Some(request.deadline), ..portal };
        let mut outcomes: Outcomes = vec![None; request.commands.len()];
        let described = self.descriptions(&request, &mut outcomes).await?;
        let records = self.current(&request, &portal, &described, &mut outcomes).await?;
        let mut plans = Vec::new();
        for (at, command) in request.commands.iter().enumerate() {
            if outcomes[at].is_some() {
                continue;
            }
            match plan(command, records.get(&at), &described[&command.entity]) {
                Ok(Some(planned)) => plans.push((at, planned)),
                Ok(None) => outcomes[at] = target(command).map(|id| CommandOutcome::Done { id }),
                Err(refused) => outcomes[at] = Some(refused),
            }
        }
        let made = to_be_seen(&request, &plans, &described);
        self.send(&request, &portal, plans, &described, &mut outcomes).await?;
        self.look(&request, &portal, &made, &described, &mut outcomes).await;
        self.doubt(&request, &outcomes);
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(CommandOutcome::Later(None))).collect())
    }

    async fn find_by_origin(&self, among: &Among, origins: &[String]) -> Result<Vec<FoundRecord>, CrmError> {
        let portal = self.searched(among).await?;
        let (methods, mut found, mut seen) = (methods(among.entity)?, Vec::new(), HashSet::new());
        for chunk in origins.chunks(50) {
            let command = (methods.method("list"), by_origin(methods, chunk));
            // Oldest first: of several records with one origin, the first one made is the row's.
            for record in self.pages(&among.company, &portal, &command).await.map_err(CrmError::without_effect)? {
                if let Some(record) = origin(methods, &record).filter(|record| seen.insert(record.origin.clone())) {
                    found.push(record);
                }
            }
        }
        Ok(found)
    }

    async fn find_by_contact(
        &self,
        among: &Among,
        searches: &[ContactSearch],
    ) -> Result<Vec<ContactMatches>, CrmError> {
        self.duplicates(among, searches).await
    }

    fn batch_size(&self, portal: &str) -> Option<usize> {
        let in_time = self.costs.batch_size(portal)?;
        let paced = self.pace.limits(portal).then(|| self.costs.within(pace::AT_ONCE, portal));
        Some(paced.map_or(in_time, |paced| paced.min(in_time)))
    }
}

impl Bitrix24 {
    /// What is known of the kinds of records. The commands of a kind that the portal does not describe have their
    /// outcome at once: another kind's do not wait for it.
    ///
    /// # Errors
    /// Where it describes none, and that is no matter of the kinds.
    async fn descriptions(&self, request: &WriteRequest, outcomes: &mut Outcomes) -> Result<Descriptions, CrmError> {
        let (mut described, mut of_portal) = (Descriptions::new(), None);
        for entity in request.commands.iter().map(|command| command.entity).collect::<BTreeSet<_>>() {
            let error = match self.described(&request.company, entity, request.urgency).await {
                Ok(found) => {
                    described.insert(entity, found);
                    continue;
                }
                Err(error) => error,
            };
            let outcome = undescribed(&error);
            for (command, of) in request.commands.iter().zip(outcomes.iter_mut()) {
                if command.entity == entity {
                    *of = Some(outcome.clone());
                }
            }
            of_portal = Some(error).filter(|error| !error.kind.concerns_one()).or(of_portal);
        }
        match of_portal {
            Some(error) if described.is_empty() => Err(error),
            _ => Ok(described),
        }
    }

    /// The records that have to be known before they are changed, by the command's place. A record that is
    /// gone has its outcome at once.
    async fn current(
        &self,
        request: &WriteRequest,
        portal: &Portal,
        described: &Descriptions,
        outcomes: &mut Outcomes,
    ) -> Result<HashMap<usize, Value>, CrmError> {
        let wanted: Vec<(usize, Command)> = request
            .commands
            .iter()
            .enumerate()
            .filter_map(|(at, command)| Some((at, reading(command, described.get(&command.entity)?)?)))
            .collect();
        let mut records = HashMap::new();
        if wanted.is_empty() {
            return Ok(records);
        }
        let commands: Vec<Command> = wanted.iter().map(|(_, command)| command.clone()).collect();
        let answers = self.batch(&request.company, portal, &commands).await.map_err(CrmError::without_effect)?;
        for ((at, _), answer) in wanted.into_iter().zip(answers) {
            match answer {
                Ok((answer, _)) => {
                    let methods = described[&request.commands[at].entity].methods;
                    records.insert(at, methods.record(answer));
                }
                Err(error) => outcomes[at] = Some(of_error(error.without_effect(), None)),
            }
        }
        Ok(records)
    }

    async fn send(
        &self,
        request: &WriteRequest,
        portal: &Portal,
        plans: Vec<Placed>,
        described: &Descriptions,
        outcomes: &mut Outcomes,
    ) -> Result<(), CrmError> {
        let mut begun = false;
        for group in groups(plans) {
            // What could not end by the deadline is not begun, nor what comes after it.
            if self.clock.now() + self.call_time > request.deadline {
                break;
            }
            match self.carry_out(&request.company, portal, &group).await {
                Ok(answers) => {
                    for ((at, planned), answers) in group.iter().zip(answers) {
                        let command = &request.commands[*at];
                        outcomes[*at] = Some(outcome(command, planned, answers, &described[&command.entity]));
                    }
                }
                Err(error) if error.retry == Retry::OutcomeUnknown => {
                    for (at, _) in &group {
                        outcomes[*at] = Some(CommandOutcome::Unknown);
                    }
                }
                Err(error) if !begun => return Err(error),
                Err(_) => break,
            }
            begun = true;
        }
        Ok(())
    }

    /// A value that is refused or dropped may mean that a field, a stage or an option is not what it was.
    fn doubt(&self, request: &WriteRequest, outcomes: &Outcomes) {
        for (command, outcome) in request.commands.iter().zip(outcomes) {
            if let Some(
                CommandOutcome::Partly { .. } | CommandOutcome::Refused { kind: CrmErrorKind::InvalidValue, .. },
            ) = outcome
            {
                self.known.doubt(&(request.company.clone(), command.entity), self.clock.now());
            }
        }
    }

    /// Writes a group and reads in the same request what has to be compared. What goes alone is read alone.
    async fn carry_out(
        &self,
        company: &CompanyId,
        portal: &Portal,
        group: &[Placed],
    ) -> Result<Vec<(Answer, Option<Answer>)>, CrmError> {
        if let [(_, planned)] = group
            && goes_alone(planned)
        {
            let written = self.batch(company, portal, std::slice::from_ref(&planned.write)).await?.remove(0);
            let seen = match &planned.read {
                Some(read) => Some(self.call(company, portal, &read.0, &read.1).await.map(|seen| (seen.result, None))),
                None => None,
            };
            return Ok(vec![(written, seen)]);
        }
        let commands: Vec<Command> = group.iter().flat_map(|(_, planned)| planned.commands()).cloned().collect();
        let mut answers = self.batch(company, portal, &commands).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(crate::batch::unknown()));
        Ok(group.iter().map(|(_, planned)| (next(), planned.read.is_some().then(&mut next))).collect())
    }
}

/// One request for all that may share one, at most fifty commands in each; texts that Bitrix24 would interpret
/// go alone.
fn groups(plans: Vec<Placed>) -> Vec<Vec<Placed>> {
    let (alone, together): (Vec<_>, Vec<_>) = plans.into_iter().partition(|(_, planned)| goes_alone(planned));
    let (mut groups, mut taken) = (Vec::<Vec<Placed>>::new(), MOST_COMMANDS);
    for placed in together {
        let needs = placed.1.commands().count();
        if taken + needs > MOST_COMMANDS {
            groups.push(Vec::new());
            taken = 0;
        }
        taken += needs;
        if let Some(group) = groups.last_mut() {
            group.push(placed);
        }
    }
    groups.extend(alone.into_iter().map(|one| vec![one]));
    groups
}

/// What becomes of a command whose kind of record the portal does not describe. That a kind is gone is no word of
/// its records.
fn undescribed(error: &CrmError) -> CommandOutcome {
    if !error.kind.concerns_one() {
        let pause = if let Retry::After(pause) = error.retry { pause } else { None };
        return CommandOutcome::Later(Some(pause.unwrap_or(UNDESCRIBED)));
    }
    let kind = if error.kind == CrmErrorKind::NotFound { CrmErrorKind::NotOffered } else { error.kind };
    CommandOutcome::Refused { kind, message: error.detail.clone().unwrap_or_default(), field: None }
}

fn goes_alone(planned: &Planned) -> bool {
    php_query::refers(&planned.write.1)
}

fn by_origin(methods: Methods, origins: &[String]) -> Value {
    let ((ours, key), id) = (methods.own_key(), methods.id_name());
    let mut filter = json!({ format!("@{key}"): origins });
    if let Some(ours) = ours {
        filter[format!("={ours}")] = json!(ORIGINATOR);
    }
    methods.params(json!({ "filter": filter, "select": [id, key], "order": { id: "ASC" } }))
}

fn origin(methods: Methods, record: &Value) -> Option<FoundRecord> {
    let (_, key) = methods.own_key();
    Some(FoundRecord { origin: record[key].as_str()?.to_owned(), id: id(&record[methods.id_name()])? })
}
