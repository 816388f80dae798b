//! What is said when something goes wrong: never more than is known.

use std::time::Duration;

use kopru_ports::Retry;
use kopru_ports::crm::{CommandOutcome, CrmCommand, CrmError, CrmErrorKind};

use super::{CrmWorld, Trouble, create, done, portal, write, write_by};

const LONG: Duration = Duration::from_mins(10);

fn three(world: &impl CrmWorld) -> Vec<CrmCommand> {
    ["r1", "r2", "r3"].map(|name| create(world, name, [name, ""])).into()
}

/// Either of the ways to say that nothing was done and that it may be tried again.
fn assert_again(said: Result<Vec<CommandOutcome>, CrmError>) {
    match said {
        Ok(outcomes) => {
            assert!(
                outcomes.iter().all(|outcome| matches!(outcome, CommandOutcome::Retry(_) | CommandOutcome::Later(_))),
                "{outcomes:?}"
            );
        }
        Err(error) => assert!(matches!(error.retry, Retry::After(_)), "{error:?}"),
    }
}

/// The ids of another portal's records mean nothing here.
pub async fn another_portal_is_not_written_to(world: impl CrmWorld) {
    let said = write_by(&world, "another.example".into(), LONG, three(&world)).await;
    let error = said.expect_err("another portal");
    assert_eq!((error.kind, error.retry), (CrmErrorKind::NotConnected, Retry::Never));
    assert_eq!(world.count().await, 0);
}

/// A successor may count on it that nothing is on the wire any more.
pub async fn what_could_not_end_by_its_deadline_is_not_begun(world: impl CrmWorld) {
    let portal = portal(&world).await;
    assert_again(write_by(&world, portal, Duration::ZERO, three(&world)).await);
    assert_eq!(world.count().await, 0);
}

/// And does it when it is asked again.
pub async fn a_portal_that_asks_for_a_pause_has_done_nothing(world: impl CrmWorld) {
    for commands in [vec![create(&world, "r0", ["a", ""])], three(&world)] {
        let before = world.count().await;
        world.next(Trouble::Busy).await;
        assert_again(write(&world, commands.clone()).await);
        assert_eq!(world.count().await, before);
        done(&world, commands).await;
    }
}

/// No connection, no effect: never [`CommandOutcome::Unknown`].
pub async fn where_nobody_listens_nothing_was_done(world: impl CrmWorld) {
    world.cut_off().await;
    assert_again(write(&world, three(&world)).await);
    assert_eq!(world.count().await, 0);
}

/// What was sent may be done, and here it is.
pub async fn a_lost_answer_is_unknown(world: impl CrmWorld) {
    world.next(Trouble::LostAfter).await;
    let outcomes = write(&world, vec![create(&world, "r1", ["a", ""])]).await.expect("outcomes");
    assert_eq!((outcomes, world.count().await), (vec![CommandOutcome::Unknown], 1));
}

/// Nobody knows which of them were done.
pub async fn a_lost_answer_to_several_leaves_each_unknown(world: impl CrmWorld) {
    world.next(Trouble::LostAfter).await;
    let outcomes = write(&world, three(&world)).await.expect("outcomes");
    assert_eq!(outcomes, vec![CommandOutcome::Unknown; 3]);
}

/// The adapter's time ends before the portal answers.
pub async fn an_answer_that_does_not_come_is_unknown(world: impl CrmWorld) {
    world.next(Trouble::Silence).await;
    let outcomes = write(&world, vec![create(&world, "r1", ["a", ""])]).await.expect("outcomes");
    assert_eq!((outcomes, world.count().await), (vec![CommandOutcome::Unknown], 1));
}

/// It is unknown, or known not to be done.
pub async fn what_never_arrived_is_not_said_to_be_done(world: impl CrmWorld) {
    world.next(Trouble::LostBefore).await;
    match write(&world, vec![create(&world, "r1", ["a", ""])]).await {
        Ok(outcomes) => {
            assert!(
                matches!(*outcomes, [CommandOutcome::Unknown | CommandOutcome::Retry(_) | CommandOutcome::Later(_)]),
                "{outcomes:?}"
            );
        }
        Err(error) => assert!(matches!(error.retry, Retry::After(_)), "{error:?}"),
    }
    assert_eq!(world.count().await, 0);
}
