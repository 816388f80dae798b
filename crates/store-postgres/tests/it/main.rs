//! The store on a real PostgreSQL: `scripts/with-pg cargo test -p kopru-store-postgres`.

#![cfg(test)]

mod agreement;
mod clock;
mod contracts;
mod database;
mod embedding;
mod fencing;
mod hints;
mod lost_answer;
mod restore;
mod strangers;
mod stress;
mod tenants;
mod together;
mod upgrade;
mod worker;
