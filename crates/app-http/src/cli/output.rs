//! The one place that writes to the terminal.

use std::io::Write as _;

/// A line for people or programs. A closed pipe is no error of ours.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What went wrong and why, on the error output.
pub fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "kopru: {error:#}");
}
