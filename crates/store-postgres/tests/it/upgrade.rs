//! A database that was begun with the first schema.

use std::borrow::Cow;
use std::time::Duration;

use kopru_ports::delivery::{DeliveryStore, LeaseAnswer};
use kopru_ports::identity::IdentityStore;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr};

use crate::database::{NOW, fresh_url, open};

#[tokio::test]
async fn the_first_schema_is_brought_up_to_date_with_all_that_is_in_it() {
    let Some(url) = fresh_url().await else { return };
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let text = include_str!("../../migrations/0001_first.sql").into_sql_str();
    let first = Migrator {
        migrations: Cow::Owned(vec![Migration::new(1, "first".into(), MigrationType::Simple, text, false)]),
        table_name: Cow::Borrowed("kopru.schema_migration"),
        create_schemas: Cow::Borrowed(&[Cow::Borrowed("kopru")]),
        ..Migrator::DEFAULT
    };
    first.run(&mut owner).await.unwrap();
    owner.execute(WHAT_WAS_THERE).await.unwrap();
    let store = open(&url).await;
    assert_eq!(store.companies().await.unwrap(), [("acme".parse().unwrap(), "Acme".to_owned())]);
    let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
        panic!("the lane is still due");
    };
    assert_eq!((lease.lane.as_str(), lease.epoch), ("lane", 8));
    open(&url).await.companies().await.unwrap();
}

/// In the middle of a rolling upgrade.
#[tokio::test]
async fn an_earlier_version_starts_on_a_later_ones_schema() {
    let Some(url) = fresh_url().await else { return };
    open(&url).await;
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let later = "INSERT INTO kopru.schema_migration SELECT version + 1, 'later', installed_on, success, '', 0
                 FROM kopru.schema_migration ORDER BY version DESC LIMIT 1";
    owner.execute(later).await.unwrap();
    assert_eq!(open(&url).await.companies().await.unwrap(), []);
}

const WHAT_WAS_THERE: &str = "
    INSERT INTO kopru.company VALUES ('acme', 'Acme', now());
    INSERT INTO kopru.lane (company_id, lane, next_due, epoch) VALUES ('acme', 'lane', 'epoch', 7);";
