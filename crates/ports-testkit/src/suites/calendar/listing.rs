//! What is in a span of time.

use kopru_domain::calendar::{Event, When};
use kopru_ports::calendar::{EventPage, ListEvents};

use super::{CalendarWorld, days, id, make, plain, timed};

fn question(world: &impl CalendarWorld, from: &str, to: &str) -> ListEvents {
    let moment = |text: &str| text.parse().expect("a moment");
    ListEvents { connection: world.connection(), range: moment(from)..moment(to), limit: 50, page: None }
}

async fn page(world: &impl CalendarWorld, question: &ListEvents) -> (Vec<String>, Option<String>) {
    let EventPage { events, next } = world.calendar().list(question).await.expect("a page");
    (events.into_iter().map(|event| event.event.title).collect(), next)
}

async fn put(world: &impl CalendarWorld, title: &str, when: When) {
    make(world, title, Event { when, ..plain(title) }).await;
}

/// What only touches it is not in it.
pub async fn events_of_a_span_are_listed_by_their_beginning(world: impl CalendarWorld) {
    let hour =
        |from: &str, to: &str| timed(&format!("2026-12-01T{from}Z"), &format!("2026-12-01T{to}Z"), "Europe/Istanbul");
    put(&world, "third", hour("11:30:00", "13:00:00")).await;
    put(&world, "after", hour("12:00:00", "13:00:00")).await;
    put(&world, "first", hour("09:30:00", "10:30:00")).await;
    put(&world, "before", hour("09:00:00", "10:00:00")).await;
    put(&world, "second", hour("10:15:00", "10:45:00")).await;
    put(&world, "all day", days("2026-12-01", "2026-12-02")).await;
    put(&world, "another day", days("2026-12-03", "2026-12-04")).await;
    let asked = question(&world, "2026-12-01T10:00:00Z", "2026-12-01T12:00:00Z");
    let (found, next) = page(&world, &asked).await;
    assert_eq!((found, next), (["all day", "first", "second", "third"].map(str::to_owned).to_vec(), None));
    let (found, _) = page(&world, &question(&world, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")).await;
    assert!(found.is_empty());
}

/// Nothing twice and nothing left out.
pub async fn a_long_list_comes_in_pages_and_each_event_once(world: impl CalendarWorld) {
    for number in 0..7 {
        let (start, end) = (format!("2026-12-01T0{number}:00:00Z"), format!("2026-12-01T0{number}:30:00Z"));
        put(&world, &number.to_string(), timed(&start, &end, "UTC")).await;
    }
    let mut asked = ListEvents { limit: 3, ..question(&world, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z") };
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let (titles, next) = page(&world, &asked).await;
        sizes.push(titles.len());
        found.extend(titles);
        let Some(next) = next else { break };
        asked.page = Some(next);
    }
    assert_eq!((found.concat().as_str(), sizes), ("0123456", vec![3, 3, 1]));
}

/// Whoever deleted them.
pub async fn deleted_events_are_not_listed(world: impl CalendarWorld) {
    put(&world, "kalan", plain("").when).await;
    put(&world, "giden", plain("").when).await;
    world.remove(&id(&world, "giden")).await;
    let (found, _) = page(&world, &question(&world, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")).await;
    assert_eq!(found, ["kalan"]);
}
