//! The clock, the ids and the turnstile against their ports' contract suites.

#![cfg(test)]

use std::future::ready;
use std::sync::Arc;

use kopru_delivery::{Limiters, SystemClock, TimeOrderedIds};
use kopru_ports_testkit::suites::gate::GateWorld;
use kopru_ports_testkit::{ManualClock, MemoryStore};

kopru_ports_testkit::clock_suite!(ready(SystemClock));

kopru_ports_testkit::unique_ids_suite!(ready(TimeOrderedIds));

fn limiters() -> GateWorld {
    let clock = Arc::<ManualClock>::default();
    let gate = Arc::new(Limiters::new(Arc::<MemoryStore>::default(), clock.clone()));
    GateWorld { gate, clock }
}

kopru_ports_testkit::gate_suite!(ready(limiters()));
