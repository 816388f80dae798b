//! [`Clock`]'s clauses.

use std::time::Duration;

use kopru_ports::Clock;

/// Runs the clauses of [`Clock`]: `$clock` gives a future of a clock.
#[macro_export]
macro_rules! clock_suite {
    ($clock:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($clock.await) }, clock: [
            time_does_not_go_back,
            what_has_passed_is_not_waited_for,
            after_a_wait_the_moment_has_come,
        ], skip: [$($($skip)*)?]);
    };
}

const A_MOMENT: Duration = Duration::from_millis(5);

/// A later look never tells an earlier moment.
pub async fn time_does_not_go_back(clock: impl Clock) {
    let mut looks = Vec::new();
    for _ in 0..100 {
        looks.push(clock.now());
        tokio::task::yield_now().await;
    }
    assert!(looks.is_sorted(), "{looks:?}");
}

/// A moment that has passed is there at once, however long ago it was.
pub async fn what_has_passed_is_not_waited_for(clock: impl Clock) {
    let now = clock.now();
    for moment in [now, now - Duration::from_hours(1), jiff::Timestamp::MIN] {
        let waited = tokio::time::timeout(Duration::from_secs(10), clock.sleep_until(moment)).await;
        assert!(waited.is_ok(), "{moment} is over at {now}");
    }
}

/// Who waits is not woken early.
pub async fn after_a_wait_the_moment_has_come(clock: impl Clock) {
    let moment = clock.now() + A_MOMENT;
    clock.sleep_until(moment).await;
    assert!(clock.now() >= moment, "{} is before {moment}", clock.now());
}
