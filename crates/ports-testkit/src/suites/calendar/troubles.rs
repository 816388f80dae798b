//! What is said when something goes wrong.

use kopru_ports::Retry;
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, DeleteEvent, EventRef, InsertEvent, ListEvents, PatchEvent,
};
use kopru_ports::tokens::TokenKey;

use super::{CalendarWorld, Trouble, at, change, delete, id, insertion, make, plain, read, renamed};

/// What each of the port's calls says of the event `at`.
async fn errors(world: &impl CalendarWorld, at: EventRef) -> [CalendarError; 5] {
    let (calendar, connection) = (world.calendar(), at.connection.clone());
    let range = "2026-12-01T00:00:00Z".parse().expect("a moment").."2026-12-02T00:00:00Z".parse().expect("a moment");
    let patch = PatchEvent { at: at.clone(), ..change(world, "1", renamed("x")) };
    let insert = InsertEvent { at: at.clone(), ..insertion(world, "1", plain("x")) };
    [
        calendar.insert(&insert).await.expect_err("nothing to insert into"),
        calendar.get(&at).await.expect_err("nothing to read"),
        calendar.patch(&patch).await.expect_err("nothing to change"),
        calendar.list(&ListEvents { connection, range, limit: 9, page: None }).await.expect_err("nothing to list"),
        calendar.delete(&DeleteEvent { at, notify: false }).await.expect_err("nothing to delete"),
    ]
}

fn assert_never(errors: [CalendarError; 5], kind: CalendarErrorKind) {
    for error in errors {
        assert_eq!((error.kind, error.retry), (kind, Retry::Never));
    }
}

/// Another person's connection is not used.
pub async fn who_never_connected_has_to_connect(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    let connection = TokenKey { user: "stranger".parse().expect("an id"), ..world.connection() };
    let at = EventRef { connection, event: id(&world, "1") };
    assert_never(errors(&world, at).await, CalendarErrorKind::NotConnected);
    assert_eq!(world.titles().await, ["t"]);
}

/// Nothing but a new consent helps.
pub async fn who_ended_the_connection_has_to_connect_again(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    world.disconnect().await;
    for _ in 0..2 {
        assert_never(errors(&world, at(&world, "1")).await, CalendarErrorKind::ReconnectRequired);
    }
    assert_eq!(world.titles().await, ["t"]);
}

/// A kind of its own: the connection lives, and only one box was not ticked.
pub async fn what_was_not_granted_needs_a_consent(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    world.untick().await;
    assert_never(errors(&world, at(&world, "1")).await, CalendarErrorKind::ScopeMissing);
    assert_eq!(world.titles().await, ["t"]);
}

/// And says for how long, so that the caller does not have to guess.
pub async fn a_vendor_that_asks_for_a_pause_has_done_nothing(world: impl CalendarWorld) {
    world.next(Trouble::Busy).await;
    let error = world.calendar().insert(&insertion(&world, "1", plain("t"))).await.expect_err("busy");
    assert_eq!(error.kind, CalendarErrorKind::RateLimited);
    assert!(matches!(error.retry, Retry::After(Some(_))), "{error:?}");
    assert!(world.titles().await.is_empty());
}

/// And it is worth another try.
pub async fn where_nobody_listens_nothing_was_done(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    world.cut_off().await;
    for error in errors(&world, at(&world, "2")).await {
        assert_eq!(error.kind, CalendarErrorKind::Unavailable);
        assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
    }
    assert_eq!(world.titles().await, ["t"]);
}

/// As a caller does: reads it, and makes it where it is not found.
async fn resolved(world: &impl CalendarWorld, key: &str) -> CalendarEvent {
    match read(world, key).await {
        Ok(event) => event,
        Err(error) => {
            assert_eq!(error.kind, CalendarErrorKind::NotFound);
            make(world, key, plain(key)).await
        }
    }
}

/// Neither none nor two of it are there in the end.
pub async fn an_insert_without_an_answer_is_resolved_by_its_id(world: impl CalendarWorld) {
    for (trouble, key) in [(Trouble::LostBefore, "1"), (Trouble::LostAfter, "2"), (Trouble::Silence, "3")] {
        world.next(trouble).await;
        let error = world.calendar().insert(&insertion(&world, key, plain(key))).await.expect_err("no answer");
        assert_eq!((error.kind, error.retry), (CalendarErrorKind::Unavailable, Retry::OutcomeUnknown), "{trouble:?}");
        assert_eq!(resolved(&world, key).await.event, plain(key));
    }
    assert_eq!(world.titles().await.len(), 3);
}

/// Nothing that is not known is said to be done, and the same patch gives the same event.
pub async fn a_patch_may_be_repeated_whatever_became_of_it(world: impl CalendarWorld) {
    make(&world, "1", plain("eski")).await;
    for (trouble, title) in [(Trouble::LostBefore, "x"), (Trouble::LostAfter, "y")] {
        let patch = change(&world, "1", renamed(title));
        world.next(trouble).await;
        let error = world.calendar().patch(&patch).await.expect_err("no answer");
        assert_eq!(error.kind, CalendarErrorKind::Unavailable);
        assert_ne!(error.retry, Retry::Never);
        assert_eq!(world.calendar().patch(&patch).await.expect("patched").event, plain(title));
    }
    assert_eq!(world.titles().await, ["y"]);
}

/// What is gone is gone.
pub async fn a_deletion_may_be_repeated_whatever_became_of_it(world: impl CalendarWorld) {
    for (trouble, key) in [(Trouble::LostBefore, "1"), (Trouble::LostAfter, "2")] {
        make(&world, key, plain("t")).await;
        world.next(trouble).await;
        let error = delete(&world, key).await.expect_err("no answer");
        assert_eq!(error.kind, CalendarErrorKind::Unavailable);
        assert_ne!(error.retry, Retry::Never);
        delete(&world, key).await.expect("gone");
    }
    assert!(world.titles().await.is_empty());
}

/// An event that was not read is not one that is not there.
pub async fn a_reading_may_be_repeated_whatever_became_of_it(world: impl CalendarWorld) {
    let made = make(&world, "1", plain("t")).await;
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        world.next(trouble).await;
        let error = read(&world, "1").await.expect_err("no answer");
        assert_eq!(error.kind, CalendarErrorKind::Unavailable);
        assert!(matches!(error.retry, Retry::After(_)), "{trouble:?}: {error:?}");
    }
    assert_eq!(read(&world, "1").await.expect("the event"), made);
}
