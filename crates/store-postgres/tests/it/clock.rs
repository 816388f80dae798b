//! The database's clock.

use std::time::Duration;

use kopru_ports::Clock;

use crate::database::fresh;

#[tokio::test]
async fn all_instances_have_the_databases_time() {
    let Some(store) = fresh().await else { return };
    let (one, other) = (store.clock().await.unwrap(), store.clock().await.unwrap());
    let apart = one.now().duration_since(other.now()).abs();
    assert!(apart < Duration::from_millis(300).try_into().unwrap(), "{apart:?}");
    let moment = one.now() + Duration::from_millis(20);
    one.sleep_until(moment).await;
    assert!(one.now() >= moment);
}
