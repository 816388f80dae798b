//! Runs the sandbox by hand: `cargo run -p kopru-sandbox --example serve -- 8090`.

use std::io::Write;

use kopru_sandbox::{Sandbox, SandboxConfig};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or_default();
    let sandbox = Sandbox::start(SandboxConfig { port, ..SandboxConfig::default() }).await?;
    writeln!(std::io::stdout(), "{}", sandbox.base_url())?;
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
