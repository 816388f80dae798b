//! What is made, and what is there afterwards.

use std::time::Duration;

use kopru_domain::calendar::{
    Event, EventPatch, Fingerprint, Link, Origin, RecordType, Reminder, ReminderBy, Reminders,
};
use kopru_ports::Retry;
use kopru_ports::calendar::{CalendarErrorKind, CalendarEvent};

use super::{CalendarWorld, change, days, delete, guest, insertion, kind, make, plain, read, renamed, timed};

/// With everything in it that an event can have.
fn full() -> Event {
    let reminder = |by, minutes| Reminder { by, minutes };
    let mut event = Event {
        description: "Tutar: 12.500,50 ₺\n\nKayıt: https://crm.example/deal/12/".into(),
        location: "Büyükdere Cad. 1, İstanbul".into(),
        guests: vec![guest("ayse@example.com"), guest("ece@example.com")],
        reminders: Reminders::own(vec![reminder(ReminderBy::Popup, 30), reminder(ReminderBy::Email, 1440)])
            .expect("reminders"),
        busy: false,
        link: Some(Link { title: "Anlaşma #12".into(), url: "https://crm.example/deal/12/".into() }),
        ..plain("Toplantı: Örnek A.Ş.")
    };
    let drafted = Fingerprint::of(&event);
    event.origin = Some(Origin { kind: RecordType::Deal, record_id: "12".into(), drafted });
    event
}

/// And read back the same, by the id that was given, with a version and a page of its own.
pub async fn an_event_is_made_as_asked(world: impl CalendarWorld) {
    let made = make(&world, "1", full()).await;
    assert_eq!((&made.event, &made.id), (&full(), &super::id(&world, "1")));
    assert!(!made.version.is_empty() && made.link.starts_with("http"), "{made:?}");
    assert_eq!(read(&world, "1").await.expect("the event"), made);
    assert_eq!(world.titles().await, [full().title]);
}

/// One day or several, wherever one is.
pub async fn whole_days_stay_whole_days(world: impl CalendarWorld) {
    for (key, when) in [("1", days("2026-12-31", "2027-01-01")), ("2", days("2028-02-28", "2028-03-02"))] {
        let made = make(&world, key, Event { when: when.clone(), ..plain("Vade") }).await;
        assert_eq!((made.event.when, read(&world, key).await.expect("the event").event.when), (when.clone(), when));
    }
}

/// Also on the days on which clocks are changed.
pub async fn a_time_keeps_its_clock(world: impl CalendarWorld) {
    let spans = [
        timed("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z", "Europe/Istanbul"),
        timed("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "Europe/Berlin"),
        timed("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "Europe/Berlin"),
        timed("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "America/New_York"),
    ];
    for (number, when) in spans.into_iter().enumerate() {
        let key = number.to_string();
        make(&world, &key, Event { when: when.clone(), ..plain("t") }).await;
        assert_eq!(read(&world, &key).await.expect("the event").event.when, when);
    }
}

/// Nothing is added to it.
pub async fn an_event_without_anything_else_is_one_too(world: impl CalendarWorld) {
    let never = Event { reminders: Reminders::Own(Vec::new()), ..plain("Hatırlatma yok") };
    for (key, event) in [("1", plain("Öğle")), ("2", never)] {
        assert_eq!(make(&world, key, event.clone()).await.event, event);
        let CalendarEvent { event: found, meeting, .. } = read(&world, key).await.expect("the event");
        assert_eq!((found, meeting), (event, None));
    }
}

/// However often it is asked for.
pub async fn an_event_is_made_once(world: impl CalendarWorld) {
    make(&world, "1", plain("ilk")).await;
    let error = world.calendar().insert(&insertion(&world, "1", plain("ikinci"))).await.expect_err("taken");
    assert_eq!((error.kind, error.retry), (CalendarErrorKind::AlreadyExists, Retry::Never));
    assert_eq!(world.titles().await, ["ilk"]);
}

/// Whoever deleted it.
pub async fn the_id_of_a_deleted_event_stays_taken(world: impl CalendarWorld) {
    make(&world, "1", plain("bizden")).await;
    make(&world, "2", plain("onlardan")).await;
    delete(&world, "1").await.expect("deleted");
    world.remove(&super::id(&world, "2")).await;
    for key in ["1", "2"] {
        let again = world.calendar().insert(&insertion(&world, key, plain("yine"))).await;
        assert_eq!(kind(again), CalendarErrorKind::AlreadyExists);
    }
    assert!(world.titles().await.is_empty());
}

/// It is not to be taken for one that lives, nor for one that never was.
pub async fn a_deleted_event_says_so(world: impl CalendarWorld) {
    make(&world, "1", plain("t")).await;
    world.remove(&super::id(&world, "1")).await;
    let error = read(&world, "1").await.expect_err("deleted");
    assert_eq!((error.kind, error.retry), (CalendarErrorKind::Deleted, Retry::Never));
}

/// And nothing is made of it.
pub async fn what_nobody_made_is_not_found(world: impl CalendarWorld) {
    let patched = world.calendar().patch(&change(&world, "1", renamed("x"))).await;
    for error in [read(&world, "1").await, patched].map(|answer| answer.expect_err("no event")) {
        assert_eq!((error.kind, error.retry), (CalendarErrorKind::NotFound, Retry::Never));
    }
    assert!(world.titles().await.is_empty());
}

/// A meeting may come a little later than its event; who asks again gets the same one.
async fn meeting(world: &impl CalendarWorld, key: &str) -> String {
    for _ in 0..20 {
        let found = read(world, key).await.expect("the event");
        assert!(found.event.has_meeting);
        if let Some(address) = found.meeting {
            return address;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no meeting");
}

/// With the event, or added to it; it stays when something else changes.
pub async fn a_meeting_comes_on_request(world: impl CalendarWorld) {
    make(&world, "1", Event { has_meeting: true, ..plain("görüşme") }).await;
    make(&world, "2", plain("sonra")).await;
    let patch = EventPatch { adds_meeting: true, ..EventPatch::default() };
    world.calendar().patch(&change(&world, "2", patch)).await.expect("patched");
    let [first, second] = [meeting(&world, "1").await, meeting(&world, "2").await];
    assert!(first.starts_with("https://") && first != second);
    world.calendar().patch(&change(&world, "1", renamed("yeni ad"))).await.expect("patched");
    assert_eq!(meeting(&world, "1").await, first);
}
