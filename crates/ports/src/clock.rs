//! Time and chance as ports, so that they can be simulated.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

/// Tells and awaits time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment; not earlier than the last one told, unless somebody sets the machine's clock.
    fn now(&self) -> Timestamp;
    /// Returns once `moment` has come; at once where it has passed.
    async fn sleep_until(&self, moment: Timestamp);
}

/// Makes ids that nobody else makes, also not another caller at the same moment.
pub trait UniqueIds: Send + Sync {
    /// The next one; later ones are greater, as far as clocks allow.
    fn next(&self) -> Uuid;
}
