//! What Köprü makes of messages and numbers, for `scripts/test-messages` to compare with others: JSON lines
//! in, JSON lines out.

use std::io::{self, BufWriter, Write};

use kopru_domain::message::{Channel, PhoneNumber, Region, Segments};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Question {
    Segments { text: String },
    Phone { text: String, region: Option<Region> },
}

fn answer(question: &Question) -> Value {
    match question {
        Question::Segments { text } => json!(Segments::of(text)),
        Question::Phone { text, region } => match PhoneNumber::parse(text, *region, Channel::Sms) {
            Ok(number) => json!({ "number": number }),
            Err(fault) => json!({ "fault": fault.code() }),
        },
    }
}

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        writeln!(out, "{}", answer(&serde_json::from_str(&line?)?))?;
    }
    out.flush()
}
