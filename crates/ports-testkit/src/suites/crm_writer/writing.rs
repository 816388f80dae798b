//! What is written when all goes well.

use kopru_domain::{FieldChange, FieldCode, FieldValue};
use kopru_ports::crm::{CommandOutcome, CrmErrorKind, MOST_COMMANDS};

use super::{CrmWorld, create, done, portal, text, texts, update, write};

/// No record has it.
const NOBODY: &str = "999999999";

/// Creates and updates in any order, with texts that mean something to somebody else.
pub async fn outcomes_come_one_for_each_command_in_order(world: impl CrmWorld) {
    let [first, second] = [world.put(["a", "x"]).await, world.put(["b", ""]).await];
    let commands = vec![
        create(&world, "r1", ["Aday & Oğlu #1", ""]),
        update(&world, &second, 0, ("b", "50 % + [x]=?")),
        create(&world, "r2", ["\"c\"; 'd'", "<e>"]),
        update(&world, &first, 1, ("x", "y\nz")),
    ];
    let ids = done(&world, commands).await;
    assert_eq!([&ids[1], &ids[3]], [&second, &first]);
    let mut found = Vec::new();
    for id in &ids {
        found.push(texts(&world, id).await);
    }
    assert_eq!(found, [["Aday & Oğlu #1", ""], ["50 % + [x]=?", ""], ["\"c\"; 'd'", "<e>"], ["a", "y\nz"]]);
}

/// One create, one update.
pub async fn a_single_command_is_carried_out(world: impl CrmWorld) {
    let made = done(&world, vec![create(&world, "r1", ["a", "x"])]).await.remove(0);
    assert_eq!(texts(&world, &made).await, ["a", "x"]);
    assert_eq!(done(&world, vec![update(&world, &made, 0, ("a", "b"))]).await, [made.as_str()]);
    assert_eq!((texts(&world, &made).await, world.count().await), (["b", "x"].map(str::to_owned), 1));
}

/// As many as [`MOST_COMMANDS`] are one request.
pub async fn a_request_may_be_full(world: impl CrmWorld) {
    let names: Vec<String> = (0..MOST_COMMANDS).map(|n| format!("r{n}")).collect();
    let ids = done(&world, names.iter().map(|name| create(&world, name, [name, ""])).collect()).await;
    assert_eq!((ids.len(), world.count().await), (MOST_COMMANDS, MOST_COMMANDS));
    for (id, name) in ids.iter().zip(&names).step_by(7) {
        assert_eq!(texts(&world, id).await[0], *name);
    }
}

/// What the CRM's people wrote elsewhere stays.
pub async fn an_update_changes_its_own_fields_only(world: impl CrmWorld) {
    let [id, other] = [world.put(["a", "x"]).await, world.put(["b", "y"]).await];
    done(&world, vec![update(&world, &id, 0, ("a", "c"))]).await;
    assert_eq!([texts(&world, &id).await, texts(&world, &other).await], [["c", "x"], ["b", "y"]]);
}

/// Written twice it is there once.
pub async fn an_update_may_be_repeated(world: impl CrmWorld) {
    let id = world.put(["a", "x"]).await;
    for _ in 0..2 {
        assert_eq!(done(&world, vec![update(&world, &id, 0, ("a", "b"))]).await, [id.as_str()]);
        assert_eq!((texts(&world, &id).await, world.count().await), (["b", "x"].map(str::to_owned), 1));
    }
}

/// Alone and together with others.
pub async fn a_cleared_field_is_empty_and_a_second_clear_is_harmless(world: impl CrmWorld) {
    let [id, other] = [world.put(["a", "x"]).await, world.put(["b", "y"]).await];
    for _ in 0..2 {
        done(&world, vec![update(&world, &id, 1, ("x", ""))]).await;
        assert_eq!(texts(&world, &id).await, ["a", ""]);
    }
    done(&world, vec![update(&world, &id, 1, ("x", "")), update(&world, &other, 1, ("y", ""))]).await;
    assert_eq!([texts(&world, &id).await, texts(&world, &other).await], [["a", ""], ["b", ""]]);
}

/// What is before and after it is carried out.
pub async fn a_refusal_concerns_one_command_and_leaves_the_others(world: impl CrmWorld) {
    let id = world.put(["a", ""]).await;
    let commands =
        vec![create(&world, "r1", ["b", ""]), update(&world, NOBODY, 0, ("", "c")), update(&world, &id, 0, ("a", "d"))];
    let outcomes = write(&world, commands).await.expect("outcomes");
    let [CommandOutcome::Done { id: made }, CommandOutcome::Refused { kind, .. }, CommandOutcome::Done { .. }] =
        outcomes.as_slice()
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!(*kind, CrmErrorKind::NotFound);
    assert_eq!([texts(&world, made).await, texts(&world, &id).await], [["b", ""], ["d", ""]]);
}

/// [`CommandOutcome::Done`] means that all of its fields are written.
pub async fn a_field_that_is_not_there_is_not_passed_over(world: impl CrmWorld) {
    let mut command = create(&world, "r1", ["a", ""]);
    command.fields.insert("NOBODY_S_FIELD".into(), FieldChange { from: FieldValue::Empty, to: text("x") });
    let outcomes = write(&world, vec![command, create(&world, "r2", ["b", ""])]).await.expect("outcomes");
    let [CommandOutcome::Refused { field, .. }, CommandOutcome::Done { .. }] = outcomes.as_slice() else {
        panic!("{outcomes:?}");
    };
    assert_eq!(field.as_ref().map(FieldCode::as_str), Some("NOBODY_S_FIELD"));
}

/// One to [`MOST_COMMANDS`], and nothing of a portal that was never written to.
pub async fn a_batchs_size_is_known_after_the_first_answer(world: impl CrmWorld) {
    let portal = portal(&world).await;
    assert_eq!(world.writer().batch_size(&portal), None);
    done(&world, vec![create(&world, "r1", ["a", ""])]).await;
    let size = world.writer().batch_size(&portal);
    assert!(size.is_some_and(|size| (1..=MOST_COMMANDS).contains(&size)), "{size:?}");
    assert_eq!(world.writer().batch_size("another.example"), None);
}
