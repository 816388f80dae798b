//! What a transaction may see: the settings by which the tables' policies let rows through.
//!
//! Settings end with their transaction, so that a connection goes back to the pool blind.

use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::convert::store_error;
use crate::database::PostgresStore;

/// The rows that a transaction may see.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sight<'a> {
    /// One company's.
    Of(&'a CompanyId),
    /// The one that a secret's hash leads to.
    Hash(&'a str),
    /// All connections of an account at a vendor.
    Account(&'a str),
    /// The companies whose pages have that origin.
    Origin(&'a str),
    /// All companies' lanes, without what waits on them.
    Lanes,
    /// The list of companies.
    Companies,
    /// All companies' configurations that are held.
    Held,
}

impl PostgresStore {
    pub(crate) async fn begin(&self, sight: Sight<'_>) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        look(&mut tx, sight).await?;
        Ok(tx)
    }
}

/// Lets a transaction see these rows from now on, besides those that it sees already.
pub(crate) async fn look(connection: &mut PgConnection, sight: Sight<'_>) -> Result<(), StoreError> {
    let (setting, value) = match sight {
        Sight::Of(company) => ("kopru.company", company.as_str()),
        Sight::Hash(hash) => ("kopru.hash", hash),
        Sight::Account(account) => ("kopru.account", account),
        Sight::Origin(origin) => ("kopru.origin", origin),
        Sight::Lanes => ("kopru.every", "lane"),
        Sight::Companies => ("kopru.every", "company"),
        Sight::Held => ("kopru.every", "held"),
    };
    sqlx::query("SELECT set_config($1, $2, true)")
        .bind(setting)
        .bind(value)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
