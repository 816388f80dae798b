//! [`UniqueIds`]' clauses.

use std::collections::BTreeSet;
use std::sync::Arc;

use kopru_ports::UniqueIds;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Runs the clauses of [`UniqueIds`]: `$ids` gives a future of a maker of ids.
#[macro_export]
macro_rules! unique_ids_suite {
    ($ids:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($ids.await) }, unique_ids: [
            no_id_comes_twice,
            later_ids_are_greater,
        ], skip: [$($($skip)*)?]);
    };
}

/// Makes some on a thread of its own.
fn some<Ids: UniqueIds + 'static>(ids: &Arc<Ids>) -> JoinHandle<Vec<Uuid>> {
    let ids = ids.clone();
    tokio::task::spawn_blocking(move || (0..1_000).map(|_| ids.next()).collect())
}

/// Also not to callers at the same moment.
pub async fn no_id_comes_twice(ids: impl UniqueIds + 'static) {
    let (ids, mut made) = (Arc::new(ids), Vec::new());
    for caller in [(); 4].map(|()| some(&ids)) {
        made.extend(caller.await.expect("ids"));
    }
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len());
}

/// While the machine's clock is not set back, ids are in the order of their making.
pub async fn later_ids_are_greater(ids: impl UniqueIds + 'static) {
    assert!(some(&Arc::new(ids)).await.expect("ids").is_sorted());
}
