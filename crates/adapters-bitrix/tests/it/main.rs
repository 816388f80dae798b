//! The adapter against answers as the vendor documents them, and against the simulated portal.
//!
//! | what has caught others | where it is held |
//! | --- | --- |
//! | 302 followed as GET loses the body | `renamed` |
//! | success for what was dropped or not cleared (issues 145, 269) | `read_back`, `entities` |
//! | success for unknown, read-only and immutable fields | `writes`, `traps` |
//! | a stage of another pipeline; `type.id` for `entityTypeId` | `pipelines`, `entities` |
//! | a phone without an id is one more, an id alone deletes, an empty list does nothing | `writes`, `entities`, `multi` |
//! | an address in parts loses the others; one value for a list | `writes` |
//! | `#`, `+`, `&`, `$result[` in a batch | `injection` |
//! | empty maps are lists; codes empty, numeric or with status 200; a page for JSON | `outcomes`, `traps` |
//! | no idempotency key, no uniqueness of origins; a prefix of a batch done | `sandbox`, `writes`, `entities` |
//! | 50 commands, 60 s | `read_back`, `writes` |
//! | 503 is the portal's, 429 one method's; time blocks are optional | `outcomes`, `traps` |
//! | tokens renewed ahead, twice, or after the wrong error | `app` |
//! | twenty duplicates hide the others | `duplicates` |

#![cfg(test)]

mod app;
mod catalog;
mod conformance;
mod contracts;
mod created;
mod duplicates;
mod entities;
mod injection;
mod outcomes;
mod pipelines;
mod portal;
mod read_back;
mod renamed;
mod sandbox;
mod traps;
mod world;
mod writes;
