//! A progress bar, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

/// How far an import or the edits are.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar; none where the output is for programs or no terminal.
    pub fn new(silent: bool) -> Self {
        let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{msg:8} {bar:40} {pos}/{len} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::with_draw_target(Some(0), target).with_style(style))
    }

    /// Shows a summary.
    pub fn show(&self, what: &'static str, summary: &Value) {
        let number = |key: &str| summary[key].as_u64().unwrap_or(0);
        self.0.set_message(what);
        self.0.set_length(number("rows"));
        self.0.set_position(number("rows") - number("pending").min(number("rows")));
    }

    /// Takes it away.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}
