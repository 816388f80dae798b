//! What a vendor whose sent e-mails can be searched says of one in doubt.

use super::{EmailWorld, Trouble, plain, send, sent};

/// By our id of it, and not another one.
pub async fn what_was_taken_is_found(world: impl EmailWorld) {
    sent(&world, 6).await;
    world.next(Trouble::LostAfter).await;
    send(&world, 7).await.expect_err("no answer");
    let found = world.emails().search(&plain(&world, 7)).await.expect("an answer").expect("found");
    assert_eq!(world.taken().await.last().map(|taken| taken.provider_id.clone()), Some(found.provider_id));
}

/// Nor is anything sent by that.
pub async fn what_never_arrived_is_not_found(world: impl EmailWorld) {
    sent(&world, 6).await;
    world.next(Trouble::LostBefore).await;
    send(&world, 7).await.expect_err("no answer");
    assert_eq!(world.emails().search(&plain(&world, 7)).await.expect("an answer"), None);
    assert_eq!(world.taken().await.len(), 1);
}
