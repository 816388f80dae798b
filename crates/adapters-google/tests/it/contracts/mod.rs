//! The adapter against the contract suites of its ports.

mod calendar;
mod calendar_gateway;
mod consent;
mod gateway;
mod gmail_gateway;
mod sheets;

use std::net::TcpListener;
use std::time::Duration;

use kopru_adapters_google::GoogleConfig;
use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Google where nobody listens.
fn nobody() -> GoogleConfig {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    GoogleConfig::at("sandbox-client".into(), "sandbox-secret".into(), &format!("http://127.0.0.1:{port}"))
}

/// As the sandbox arms it.
fn fault(trouble: Trouble) -> Value {
    match trouble {
        Trouble::Busy => json!({ "vendor": "google", "kind": "error", "status": 429, "code": "RATE_LIMIT_EXCEEDED",
            "description": "Quota exceeded" }),
        Trouble::LostBefore => json!({ "vendor": "google", "kind": "reset_before" }),
        Trouble::LostAfter => json!({ "vendor": "google", "kind": "reset_after" }),
        Trouble::Silence => json!({ "vendor": "google", "kind": "hang_after" }),
    }
}
