//! What is said when something goes wrong.

use kopru_domain::Gid;
use kopru_ports::Retry;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{NewColumn, SheetsError, SheetsErrorKind, TabRef};
use kopru_ports::tokens::TokenKey;

use super::writing::cell;
use super::{SheetsWorld, Trouble, area, rows};

/// What each of the port's calls about a tab says.
async fn errors(world: &impl SheetsWorld, tab: &TabRef) -> [SheetsError; 3] {
    let column = NewColumn { column: 0, header: "x".into(), hidden: false };
    let sheets = world.sheets();
    [
        sheets.read(tab, &[area(0..1, 0..1)]).await.expect_err("nothing to read"),
        sheets.write(tab, &[cell(0, 0, "x")]).await.expect_err("nothing to write to"),
        sheets.add_columns(tab, &[column]).await.expect_err("nothing to widen"),
    ]
}

fn assert_never(errors: impl IntoIterator<Item = SheetsError>, kind: SheetsErrorKind) {
    for error in errors {
        assert_eq!((error.kind, error.retry), (kind, Retry::Never));
    }
}

/// A kind of its own: nobody has to connect again, and no quota is used up.
pub async fn a_vanished_file_is_not_found(world: impl SheetsWorld) {
    let tab = TabRef { spreadsheet: "nobody-s-file".parse().expect("an id"), ..world.put("t", rows(&[&["a"]])).await };
    let described =
        world.sheets().describe(&world.connection(), &tab.spreadsheet, Urgency::Bulk).await.expect_err("no file");
    assert_never(errors(&world, &tab).await.into_iter().chain([described]), SheetsErrorKind::NotFound);
}

/// As not found, or as what cannot be asked for; no other tab is touched, and [describing] does not name it.
///
/// [describing]: kopru_ports::spreadsheets::Spreadsheets::describe
pub async fn a_vanished_tab_is_refused_for_good(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    let gone = TabRef { gid: Gid(987_654_321), ..tab.clone() };
    for error in errors(&world, &gone).await {
        assert!(matches!(error.kind, SheetsErrorKind::NotFound | SheetsErrorKind::Invalid), "{error:?}");
        assert_eq!(error.retry, Retry::Never);
    }
    assert_eq!(world.rows(&tab).await, rows(&[&["a"]]));
    let info = world.sheets().describe(&world.connection(), &tab.spreadsheet, Urgency::Bulk).await.expect("an outline");
    assert_eq!(info.tabs.iter().map(|tab| tab.gid).collect::<Vec<_>>(), [tab.gid]);
}

/// Another person's connection is not used.
pub async fn who_never_connected_has_to_connect(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    let connection = TokenKey { user: "stranger".parse().expect("an id"), ..world.connection() };
    let listed = world.sheets().list(&connection, None, None).await.expect_err("nobody's list");
    let tab = TabRef { connection, ..tab };
    assert_never(errors(&world, &tab).await.into_iter().chain([listed]), SheetsErrorKind::ReconnectRequired);
}

/// Nothing but a new consent helps.
pub async fn who_ended_the_connection_has_to_connect_again(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    world.disconnect().await;
    for _ in 0..2 {
        assert_never(errors(&world, &tab).await, SheetsErrorKind::ReconnectRequired);
    }
    assert_eq!(world.rows(&tab).await, rows(&[&["a"]]));
}

/// And says for how long, so that the caller does not have to guess.
pub async fn a_vendor_that_asks_for_a_pause_has_done_nothing(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    world.next(Trouble::Busy).await;
    let error = world.sheets().write(&tab, &[cell(0, 0, "x")]).await.expect_err("busy");
    assert_eq!(error.kind, SheetsErrorKind::RateLimited);
    assert!(matches!(error.retry, Retry::After(Some(_))), "{error:?}");
    assert_eq!(world.rows(&tab).await, rows(&[&["a"]]));
}

/// And it is worth another try.
pub async fn where_nobody_listens_nothing_was_done(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    world.cut_off().await;
    for error in errors(&world, &tab).await {
        assert_eq!(error.kind, SheetsErrorKind::Unavailable);
        assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
    }
    assert_eq!(world.rows(&tab).await, rows(&[&["a"]]));
}

/// Nothing that is not known is said to be done, and the same cells give the same sheet.
pub async fn a_write_may_be_repeated_whatever_became_of_it(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a", "b"]])).await;
    for (trouble, text) in [(Trouble::LostBefore, "x"), (Trouble::LostAfter, "y")] {
        let cells = [cell(0, 0, text), cell(1, 1, text)];
        world.next(trouble).await;
        let error = world.sheets().write(&tab, &cells).await.expect_err("no answer");
        assert_eq!(error.kind, SheetsErrorKind::Unavailable);
        assert_ne!(error.retry, Retry::Never);
        world.sheets().write(&tab, &cells).await.expect("written");
        assert_eq!(world.rows(&tab).await, rows(&[&[text, "b"], &["", text]]));
    }
}

/// A table that was not read is not an empty one.
pub async fn a_reading_may_be_repeated_whatever_became_of_it(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        world.next(trouble).await;
        let error = world.sheets().read(&tab, &[area(0..1, 0..1)]).await.expect_err("no answer");
        assert_eq!(error.kind, SheetsErrorKind::Unavailable);
        assert!(matches!(error.retry, Retry::After(_)), "{trouble:?}: {error:?}");
    }
    assert_eq!(super::read_one(&world, &tab, area(0..1, 0..1)).await, rows(&[&["a"]]));
}

/// Nobody waits for ever.
pub async fn an_answer_that_does_not_come_is_given_up(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    world.next(Trouble::Silence).await;
    let error = world.sheets().write(&tab, &[cell(0, 0, "x")]).await.expect_err("silence");
    assert_eq!(error.kind, SheetsErrorKind::Unavailable);
    assert_ne!(error.retry, Retry::Never);
}
