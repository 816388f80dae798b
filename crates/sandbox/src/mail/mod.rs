//! E-mail as people see it, whichever vendor brought it.

mod address;
mod letter;
mod parse;

pub(crate) use address::{Address, addresses};
pub(crate) use letter::{Attachment, Letter, Post, shown};
