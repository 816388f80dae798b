//! Time as a port, so that it can be simulated.

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells and awaits time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// Returns once `moment` has come; at once where it has passed.
    async fn sleep_until(&self, moment: Timestamp);
}
