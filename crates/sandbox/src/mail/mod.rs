//! E-mail as people see it, whichever vendor brought it.

mod address;
mod letter;

pub(crate) use address::{Address, addresses};
pub(crate) use letter::{Attachment, Letter, Post, shown};
