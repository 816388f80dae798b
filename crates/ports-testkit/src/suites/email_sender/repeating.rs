//! What a vendor with idempotency keys makes of an e-mail that is sent again.

use super::{EmailWorld, Trouble, send, sent};

/// And is answered as before.
pub async fn a_repetition_goes_once(world: impl EmailWorld) {
    let report = sent(&world, 7).await;
    assert_eq!(sent(&world, 7).await.provider_id, report.provider_id);
    assert_eq!(world.taken().await.len(), 1);
}

/// By the id of the one that was taken.
pub async fn a_repetition_after_a_lost_answer_is_answered(world: impl EmailWorld) {
    world.next(Trouble::LostAfter).await;
    send(&world, 7).await.expect_err("no answer");
    let report = sent(&world, 7).await;
    let taken = world.taken().await;
    assert_eq!(taken.iter().map(|taken| &taken.provider_id).collect::<Vec<_>>(), [&report.provider_id]);
}

/// Once.
pub async fn what_never_arrived_goes_with_the_repetition(world: impl EmailWorld) {
    world.next(Trouble::LostBefore).await;
    send(&world, 7).await.expect_err("no answer");
    assert_eq!(world.taken().await, []);
    sent(&world, 7).await;
    assert_eq!(world.taken().await.len(), 1);
}
