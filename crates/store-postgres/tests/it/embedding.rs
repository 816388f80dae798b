//! Work that is made due in a transaction of the embedding service's own.

use std::time::Duration;

use kopru_ports::delivery::{DeliveryStore, LeaseAnswer};
use kopru_store_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};

use crate::database::{NOW, fresh_url, open, work};

#[tokio::test]
async fn work_is_due_with_the_services_own_commit_or_not_at_all() {
    let Some(url) = fresh_url().await else { return };
    let store = open(&url).await;
    let mut service = PgConnection::connect(&url).await.unwrap();
    for (commit, key) in [(false, "a"), (true, "b")] {
        let mut tx = service.begin().await.unwrap();
        PostgresStore::enqueue_in(&mut tx, &[work(key, key)]).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    }
    let until = NOW + Duration::from_secs(30);
    let LeaseAnswer::Granted(lease) = store.lease(NOW, until).await.unwrap() else { panic!("a lane is due") };
    assert_eq!(lease.lane, "b");
    assert!(matches!(store.lease(NOW, until).await.unwrap(), LeaseAnswer::Idle(_)));
}
