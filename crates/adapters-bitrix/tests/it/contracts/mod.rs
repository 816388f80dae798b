//! The adapter against the contract suites of its ports, over the simulated portal.

mod connections;
mod consent;
mod crm;

use std::net::TcpListener;
use std::time::Duration;

use kopru_ports_testkit::suites::trouble::Trouble;
use serde_json::{Value, json};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// An address at which nobody listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

/// As the sandbox arms it.
fn fault(trouble: Trouble) -> Value {
    match trouble {
        Trouble::Busy => json!({ "vendor": "bitrix24", "kind": "error", "status": 503, "code": "QUERY_LIMIT_EXCEEDED",
            "description": "Too many requests" }),
        Trouble::LostBefore => json!({ "vendor": "bitrix24", "kind": "reset_before" }),
        Trouble::LostAfter => json!({ "vendor": "bitrix24", "kind": "reset_after" }),
        Trouble::Silence => json!({ "vendor": "bitrix24", "kind": "hang_after" }),
    }
}
