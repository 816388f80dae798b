//! One column for each field that holds one value.

use super::fields::Fields;
use super::{Proposal, Why};
use crate::mapping::Target;

/// Leaves each single-valued field to the surest of its columns, the first among equals; the others
/// are [`Why::Taken`].
pub(super) fn assign(proposals: &mut [Proposal], fields: &Fields<'_>) {
    let mut order: Vec<usize> = (0..proposals.len()).filter(|&index| proposals[index].writable).collect();
    order.sort_by(|&a, &b| proposals[b].confidence.total_cmp(&proposals[a].confidence));
    let mut taken: Vec<Target> = Vec::new();
    for index in order {
        let proposal = &mut proposals[index];
        let Some(target) = proposal.field.clone() else { continue };
        if fields.meta(&target).is_some_and(|meta| meta.kind.is_contact()) {
            continue;
        }
        if taken.iter().any(|other| collide(other, &target)) {
            proposal.writable = false;
            proposal.why = Why::Taken;
        } else {
            taken.push(target);
        }
    }
}

/// A full name is written to the fields of given name and surname.
fn collide(one: &Target, other: &Target) -> bool {
    let is_part =
        |target: &Target| matches!(target, Target::Field(code) if matches!(code.as_str(), "NAME" | "LAST_NAME"));
    match (one, other) {
        (Target::FullName, part) | (part, Target::FullName) if is_part(part) => true,
        _ => one == other,
    }
}
