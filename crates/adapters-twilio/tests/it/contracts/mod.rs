//! The adapter against the contract suite of its port.

mod gateway;
mod sandbox;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kopru_adapters_twilio::Twilio;
use kopru_ports::messages::MessageSender;
use serde_json::Value;

use crate::world::{Surroundings, nobody};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// An adapter whose vendor can go away.
struct Connected {
    twilio: Twilio,
    /// The same adapter, where nobody listens.
    away: Twilio,
    is_away: AtomicBool,
}

impl Connected {
    fn new(base: &str, settings: &Value) -> Self {
        let around = Surroundings::new(PATIENCE, settings);
        Self { twilio: around.twilio(base), away: around.twilio(&nobody()), is_away: AtomicBool::new(false) }
    }

    fn messages(&self) -> &dyn MessageSender {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.twilio }
    }

    fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}
