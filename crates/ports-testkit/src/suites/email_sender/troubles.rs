//! What is said when something goes wrong: never more than is known.

use kopru_domain::message::Trouble as Reason;
use kopru_ports::Retry;
use kopru_ports::messages::SendError;

use super::{EmailWorld, Trouble, send, sent};

fn assert_again(error: &SendError) {
    assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
}

fn assert_unknown(error: &SendError) {
    assert_eq!((error.kind, error.retry), (Reason::OutcomeUnknown, Retry::OutcomeUnknown));
}

/// And takes it when it is asked again.
pub async fn a_vendor_that_asks_for_a_pause_has_taken_nothing(world: impl EmailWorld) {
    world.next(Trouble::Busy).await;
    let error = send(&world, 7).await.expect_err("busy");
    assert_eq!(error.kind, Reason::RateLimited);
    assert_again(&error);
    assert_eq!(world.taken().await, []);
    sent(&world, 7).await;
}

/// No connection, no effect: never [`Retry::OutcomeUnknown`].
pub async fn where_nobody_listens_nothing_was_taken(world: impl EmailWorld) {
    world.cut_off().await;
    assert_again(&send(&world, 7).await.expect_err("nobody"));
}

/// What was sent may be taken, and here it is.
pub async fn a_lost_answer_is_unknown(world: impl EmailWorld) {
    world.next(Trouble::LostAfter).await;
    assert_unknown(&send(&world, 7).await.expect_err("no answer"));
    assert_eq!(world.taken().await.len(), 1);
}

/// The adapter's time ends before the vendor answers.
pub async fn an_answer_that_does_not_come_is_unknown(world: impl EmailWorld) {
    world.next(Trouble::Silence).await;
    assert_unknown(&send(&world, 7).await.expect_err("no answer"));
    assert_eq!(world.taken().await.len(), 1);
}

/// A question that failed is neither an empty answer nor of unknown outcome.
pub async fn looking_up_may_be_repeated_whatever_became_of_it(world: impl EmailWorld) {
    let (company, id) = (world.company(), sent(&world, 7).await.provider_id);
    for trouble in [Trouble::Busy, Trouble::LostBefore, Trouble::LostAfter] {
        world.next(trouble).await;
        assert_again(&world.emails().report(&company, &id).await.expect_err("no answer"));
    }
    let found = world.emails().report(&company, &id).await.expect("an answer");
    assert_eq!(found.map(|report| report.provider_id), Some(id));
}
