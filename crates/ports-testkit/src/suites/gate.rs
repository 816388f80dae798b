//! [`Gate`]'s clauses, for a gate and the clock that it goes by.

use std::sync::Arc;
use std::time::Duration;

use kopru_ports::Clock;
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Gate, Later, Limit, Pass};

/// Runs the clauses of [`Gate`]: `$gate` gives a future of a [`GateWorld`].
#[macro_export]
macro_rules! gate_suite {
    ($gate:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($gate.await) }, gate: [
            a_call_without_limits_goes_at_once,
            calls_go_at_once_until_the_limit_is_used_up,
            a_short_wait_is_waited,
            a_long_wait_is_told_and_nothing_is_counted,
            after_the_told_moment_the_call_goes,
            a_refusal_holds_its_scope_alone,
            bulk_work_leaves_what_is_kept_for_people,
            what_a_call_cost_more_or_less_counts,
        ], skip: [$($($skip)*)?]);
    };
}

/// A gate that nobody has passed yet.
pub struct GateWorld {
    /// The gate.
    pub gate: Arc<dyn Gate>,
    /// The clock that it goes by, best one whose waits take no time.
    pub clock: Arc<dyn Clock>,
}

/// Two units at once, of which people keep one, and one more in `seconds`.
fn charge(scope: &str, seconds: f64) -> Charge {
    Charge { limit: Limit { scope: scope.into(), per_second: 1.0 / seconds, burst: 2.0, kept: 1.0 }, cost: 1.0 }
}

fn pass(urgency: Urgency, charges: &[Charge]) -> Pass {
    Pass { company: "acme".parse().expect("an id"), urgency, charges: charges.to_vec() }
}

impl GateWorld {
    async fn enter(&self, charges: &[Charge]) -> Result<(), Later> {
        self.gate.enter(pass(Urgency::Interactive, charges)).await
    }

    async fn refuse_for(&self, scope: &str, time: Duration) {
        self.gate.refused(scope, self.clock.now() + time).await;
    }
}

const HOUR: f64 = 3600.0;
const MINUTE: Duration = Duration::from_mins(1);

/// What counts against nothing waits for nobody.
pub async fn a_call_without_limits_goes_at_once(world: GateWorld) {
    world.enter(&[]).await.expect("no limit");
}

/// A burst goes through; the next call does not.
pub async fn calls_go_at_once_until_the_limit_is_used_up(world: GateWorld) {
    for _ in 0..2 {
        world.enter(&[charge("a", HOUR)]).await.expect("within the burst");
    }
    world.enter(&[charge("a", HOUR)]).await.expect_err("used up");
}

/// A second is no time to give a lane back for.
pub async fn a_short_wait_is_waited(world: GateWorld) {
    let start = world.clock.now();
    for _ in 0..3 {
        world.enter(&[charge("a", 1.0)]).await.expect("a second at most");
    }
    assert!(world.clock.now() >= start + Duration::from_secs(1), "the third one waited");
}

/// A limit that was not reached keeps all it had.
pub async fn a_long_wait_is_told_and_nothing_is_counted(world: GateWorld) {
    world.enter(&[charge("a", HOUR)]).await.expect("within the burst");
    world.refuse_for("a", MINUTE).await;
    for _ in 0..3 {
        world.enter(&[charge("b", HOUR), charge("a", HOUR)]).await.expect_err("too long");
    }
    for _ in 0..2 {
        world.enter(&[charge("b", HOUR)]).await.expect("nothing was counted");
    }
}

/// Who comes back when told to does not come in vain.
pub async fn after_the_told_moment_the_call_goes(world: GateWorld) {
    world.enter(&[charge("a", 1.0)]).await.expect("within the burst");
    world.refuse_for("a", MINUTE).await;
    let until = world.clock.now() + MINUTE;
    let later = world.enter(&[charge("a", 1.0)]).await.expect_err("too long");
    assert_eq!(later.at, until);
    world.clock.sleep_until(later.at).await;
    world.enter(&[charge("a", 1.0)]).await.expect("its turn");
}

/// One scope's refusal is nobody else's.
pub async fn a_refusal_holds_its_scope_alone(world: GateWorld) {
    world.enter(&[charge("a", HOUR), charge("b", HOUR)]).await.expect("within the burst");
    world.refuse_for("a", MINUTE).await;
    world.enter(&[charge("b", HOUR)]).await.expect("another scope");
    world.enter(&[charge("a", HOUR)]).await.expect_err("refused");
}

/// A person's call goes where bulk work has to wait.
pub async fn bulk_work_leaves_what_is_kept_for_people(world: GateWorld) {
    let bulk = || world.gate.enter(pass(Urgency::Bulk, &[charge("a", HOUR)]));
    bulk().await.expect("within the burst");
    bulk().await.expect_err("the last one is kept");
    world.enter(&[charge("a", HOUR)]).await.expect("for people");
}

/// The vendor's word counts, in both directions.
pub async fn what_a_call_cost_more_or_less_counts(world: GateWorld) {
    world.enter(&[charge("a", HOUR)]).await.expect("within the burst");
    world.gate.corrected("a", 1.0).await;
    world.enter(&[charge("a", HOUR)]).await.expect_err("it cost two");
    world.gate.corrected("a", -1.0).await;
    world.enter(&[charge("a", HOUR)]).await.expect("it cost one");
}
