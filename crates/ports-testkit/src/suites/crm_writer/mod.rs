//! [`kopru_ports::crm::CrmWriter`]'s clauses.

mod finding;
mod troubles;
mod writing;

use std::time::Duration;

use kopru_domain::{EntityKind, FieldChange, FieldValue};
use kopru_ports::crm::{CommandOutcome, CrmAction, CrmCommand, CrmError, WriteRequest};
use kopru_ports::delivery::Urgency;

pub use super::crm::CrmWorld;
pub use super::trouble::Trouble;
pub use finding::*;
pub use troubles::*;
pub use writing::*;

/// Runs the clauses of [`kopru_ports::crm::CrmWriter`]: `$world` gives a future of a fresh
/// [`CrmWorld`](crate::suites::crm::CrmWorld).
#[macro_export]
macro_rules! crm_writer_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, crm_writer: [
            outcomes_come_one_for_each_command_in_order,
            a_single_command_is_carried_out,
            a_request_may_be_full,
            an_update_changes_its_own_fields_only,
            an_update_may_be_repeated,
            a_cleared_field_is_empty_and_a_second_clear_is_harmless,
            a_refusal_concerns_one_command_and_leaves_the_others,
            a_field_that_is_not_there_is_not_passed_over,
            a_batchs_size_is_known_after_the_first_answer,
            another_portal_is_not_written_to,
            what_could_not_end_by_its_deadline_is_not_begun,
            a_portal_that_asks_for_a_pause_has_done_nothing,
            where_nobody_listens_nothing_was_done,
            a_lost_answer_is_unknown,
            a_lost_answer_to_several_leaves_each_unknown,
            an_answer_that_does_not_come_is_unknown,
            what_never_arrived_is_not_said_to_be_done,
            what_was_created_is_found_by_its_origin,
            of_several_with_one_origin_the_oldest_is_found,
            nothing_is_found_for_nothing,
            more_origins_than_a_page_holds_are_found,
            another_portal_is_not_searched,
            a_search_may_be_repeated_whatever_became_of_it,
            phones_are_found_in_any_spelling,
            what_may_not_be_all_is_said_to_be_cut_off,
        ], skip: [$($($skip)*)?]);
    };
}

const LEAD: EntityKind = EntityKind::Lead;

fn text(text: &str) -> FieldValue {
    if text.is_empty() { FieldValue::Empty } else { FieldValue::Text(text.to_owned()) }
}

/// Both texts, the first as it was made.
fn create(world: &impl CrmWorld, origin: &str, texts: [&str; 2]) -> CrmCommand {
    let change = |to: &str| FieldChange { from: FieldValue::Empty, to: text(to) };
    let fields = world.texts().into_iter().zip(texts.map(change)).filter(|(_, change)| !change.to.is_empty());
    CrmCommand { entity: LEAD, action: CrmAction::Create { origin: origin.to_owned() }, fields: fields.collect() }
}

/// One of the two texts.
fn update(world: &impl CrmWorld, id: &str, which: usize, (from, to): (&str, &str)) -> CrmCommand {
    let fields = [(world.texts()[which].clone(), FieldChange { from: text(from), to: text(to) })];
    CrmCommand { entity: LEAD, action: CrmAction::Update { id: id.to_owned() }, fields: fields.into() }
}

async fn portal(world: &impl CrmWorld) -> String {
    world.catalog().portal(&world.company()).await.expect("a portal is connected")
}

async fn write_by(
    world: &impl CrmWorld,
    portal: String,
    patience: Duration,
    commands: Vec<CrmCommand>,
) -> Result<Vec<CommandOutcome>, CrmError> {
    let (company, deadline) = (world.company(), world.clock().now() + patience);
    world.writer().write(WriteRequest { company, portal, urgency: Urgency::Bulk, commands, deadline }).await
}

async fn write(world: &impl CrmWorld, commands: Vec<CrmCommand>) -> Result<Vec<CommandOutcome>, CrmError> {
    write_by(world, portal(world).await, Duration::from_mins(10), commands).await
}

/// The ids of what is done, all of it.
async fn done(world: &impl CrmWorld, commands: Vec<CrmCommand>) -> Vec<String> {
    let id = |outcome| match outcome {
        CommandOutcome::Done { id } => id,
        other => panic!("not done: {other:?}"),
    };
    write(world, commands).await.expect("outcomes").into_iter().map(id).collect()
}

async fn texts(world: &impl CrmWorld, id: &str) -> [String; 2] {
    world.read(id).await.expect("a record")
}
