//! Runs the sandbox by hand: `cargo run -p kopru-sandbox --example serve -- 8090 [CERTIFICATE]`. It takes mail too; with a
//! file for its certificate, by HTTPS and SMTPS as well.

use std::io::Write;

use kopru_sandbox::{Sandbox, SandboxConfig, Smtp, Tls};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or_default();
    let tls = std::env::args().nth(2).map(|certificate| Tls { port: 0, certificate: certificate.into() });
    let smtp = Some(Smtp { port: 0, tls_port: 0 });
    let sandbox = Sandbox::start(SandboxConfig { port, tls, smtp, ..SandboxConfig::default() }).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.base_url())?;
    if let Some(https) = sandbox.tls_base_url() {
        writeln!(out, "{https}")?;
    }
    for address in [sandbox.smtp_address(), sandbox.smtps_address()].into_iter().flatten() {
        writeln!(out, "{address}")?;
    }
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
