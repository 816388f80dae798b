//! What is changed, and what stays.

use kopru_domain::calendar::{Event, EventPatch, Reminders};
use kopru_ports::Retry;
use kopru_ports::calendar::{CalendarErrorKind, DeleteEvent, InsertEvent, PatchEvent};

use super::{CalendarWorld, at, change, days, delete, guest, id, insertion, kind, make, plain, read, renamed, timed};

/// And gives the event another version.
pub async fn a_patch_changes_what_it_names(world: impl CalendarWorld) {
    let event = Event {
        description: "açıklama".into(),
        location: "Levent".into(),
        guests: vec![guest("ayse@example.com")],
        ..plain("eski")
    };
    let made = make(&world, "1", event.clone()).await;
    let patched = world.calendar().patch(&change(&world, "1", renamed("yeni"))).await.expect("patched");
    assert_eq!(patched.event, Event { title: "yeni".into(), ..event.clone() });
    assert_ne!(patched.version, made.version);
    let rest = EventPatch {
        location: Some("Kadıköy".into()),
        busy: Some(false),
        reminders: Some(Reminders::Own(Vec::new())),
        ..EventPatch::default()
    };
    world.calendar().patch(&change(&world, "1", rest)).await.expect("patched");
    let expected = Event {
        title: "yeni".into(),
        location: "Kadıköy".into(),
        busy: false,
        reminders: Reminders::Own(Vec::new()),
        ..event
    };
    assert_eq!(read(&world, "1").await.expect("the event").event, expected);
}

/// Nothing is left of what it was.
pub async fn a_time_becomes_a_day_and_a_day_a_time(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    let spans = [
        days("2026-12-31", "2027-01-01"),
        timed("2026-12-02T09:00:00Z", "2026-12-02T09:30:00Z", "Europe/Berlin"),
        timed("2026-12-02T10:00:00Z", "2026-12-02T10:30:00Z", "Europe/Istanbul"),
    ];
    for when in spans {
        let patch = EventPatch { when: Some(when.clone()), ..EventPatch::default() };
        let patched = world.calendar().patch(&change(&world, "1", patch)).await.expect("patched");
        assert_eq!(patched.event.when, when);
        assert_eq!(read(&world, "1").await.expect("the event").event.when, when);
    }
}

/// And no other.
pub async fn an_empty_text_removes_what_was_there(world: impl CalendarWorld) {
    let event =
        Event { description: "d".into(), location: "l".into(), guests: vec![guest("a@example.com")], ..plain("t") };
    make(&world, "1", event).await;
    let patch = EventPatch {
        description: Some(String::new()),
        location: Some(String::new()),
        guests: Some(Vec::new()),
        reminders: Some(Reminders::Usual),
        ..EventPatch::default()
    };
    world.calendar().patch(&change(&world, "1", patch)).await.expect("patched");
    assert_eq!(read(&world, "1").await.expect("the event").event, plain("t"));
}

/// Whoever changed it, nothing of theirs is lost.
pub async fn a_patch_under_another_version_is_a_conflict(world: impl CalendarWorld) {
    let made = make(&world, "1", plain("eski")).await;
    world.rename(&made.id, "elle").await;
    let patch = PatchEvent { version: Some(made.version), ..change(&world, "1", renamed("bizim")) };
    let error = world.calendar().patch(&patch).await.expect_err("another version");
    assert_eq!((error.kind, error.retry), (CalendarErrorKind::Conflict, Retry::Never));
    let now = read(&world, "1").await.expect("the event");
    assert_eq!(now.event.title, "elle");
    let patch = PatchEvent { version: Some(now.version), ..patch };
    assert_eq!(world.calendar().patch(&patch).await.expect("patched").event.title, "bizim");
}

/// Whoever has it.
pub async fn without_a_version_the_last_one_wins(world: impl CalendarWorld) {
    make(&world, "1", plain("eski")).await;
    world.rename(&id(&world, "1"), "elle").await;
    world.calendar().patch(&change(&world, "1", renamed("bizim"))).await.expect("patched");
    assert_eq!(world.titles().await, ["bizim"]);
}

/// Also when another guest comes or goes.
pub async fn guests_keep_their_answers(world: impl CalendarWorld) {
    let [ayse, ece, can] = ["ayse@example.com", "ece@example.com", "can@example.com"];
    make(&world, "1", Event { guests: vec![guest(ayse), guest(ece)], ..plain("t") }).await;
    world.accept(&id(&world, "1"), ayse).await;
    let patch = EventPatch { guests: Some(vec![guest(ayse), guest(can)]), ..EventPatch::default() };
    let patched = world.calendar().patch(&change(&world, "1", patch)).await.expect("patched");
    assert_eq!(patched.event.guests, [guest(ayse), guest(can)]);
    assert_eq!(world.accepted(&id(&world, "1")).await, [ayse]);
}

/// Of what is made, changed or deleted.
pub async fn nobody_is_written_to_unless_asked(world: impl CalendarWorld) {
    let [ayse, ece] = ["ayse@example.com", "ece@example.com"];
    let invited = |email| Event { guests: vec![guest(email)], ..plain("t") };
    make(&world, "1", invited(ayse)).await;
    world.calendar().patch(&change(&world, "1", renamed("yeni"))).await.expect("patched");
    delete(&world, "1").await.expect("deleted");
    assert!(world.notified().await.is_empty());
    let calendar = world.calendar();
    let asked = InsertEvent { notify: true, ..insertion(&world, "2", invited(ece)) };
    calendar.insert(&asked).await.expect("an event");
    assert_eq!(world.notified().await, [ece]);
    let changed = PatchEvent { notify: true, ..change(&world, "2", renamed("yeni")) };
    calendar.patch(&changed).await.expect("patched");
    calendar.delete(&DeleteEvent { at: at(&world, "2"), notify: true }).await.expect("deleted");
    assert_eq!(world.notified().await, [ece, ece, ece]);
}

/// As it is asked for then.
pub async fn a_deleted_event_comes_back_only_if_asked(world: impl CalendarWorld) {
    make(&world, "1", plain("eski")).await;
    world.remove(&id(&world, "1")).await;
    let drafted = Event { location: "Levent".into(), ..plain("yeni") };
    let patch = change(&world, "1", drafted.clone().into());
    assert_eq!(kind(world.calendar().patch(&patch).await), CalendarErrorKind::Deleted);
    assert!(world.titles().await.is_empty());
    let revived = world.calendar().patch(&PatchEvent { revive: true, ..patch }).await.expect("back again");
    assert_eq!((revived.event, world.titles().await), (drafted, vec!["yeni".to_owned()]));
}

/// Also where there never was such an event.
pub async fn a_deletion_may_be_repeated(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    make(&world, "2", plain("kalan")).await;
    for key in ["1", "1", "nobody"] {
        delete(&world, key).await.expect("gone");
    }
    assert_eq!(world.titles().await, ["kalan"]);
}
