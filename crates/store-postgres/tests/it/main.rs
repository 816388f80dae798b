//! The store on a real PostgreSQL: `scripts/with-pg cargo test -p kopru-store-postgres`.

#![cfg(test)]

mod contracts;
mod database;
mod embedding;
mod hints;
mod together;
