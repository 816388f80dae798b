//! A submission server: <https://www.rfc-editor.org/rfc/rfc6409>.

mod auth;
mod fault;
mod line;
mod reply;
mod server;
mod session;
pub(crate) mod state;

pub(crate) use server::Server;
