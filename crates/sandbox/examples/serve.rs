//! Runs the sandbox by hand: `cargo run -p kopru-sandbox --example serve -- 8090 [CERTIFICATE]`. With a file for its
//! certificate it serves HTTPS too.

use std::io::Write;

use kopru_sandbox::{Sandbox, SandboxConfig, Tls};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or_default();
    let tls = std::env::args().nth(2).map(|certificate| Tls { port: 0, certificate: certificate.into() });
    let sandbox = Sandbox::start(SandboxConfig { port, tls, ..SandboxConfig::default() }).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.base_url())?;
    if let Some(https) = sandbox.tls_base_url() {
        writeln!(out, "{https}")?;
    }
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
