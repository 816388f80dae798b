//! `kopru sandbox`: the simulated vendors alone.

use std::path::PathBuf;

use clap::Args;
use kopru_sandbox::{Sandbox, SandboxConfig, Tls};

use super::output::say;

/// Where to run it.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// A second port, for HTTPS with a certificate made at the start.
    #[arg(long, requires = "tls_cert")]
    tls_port: Option<u16>,
    /// The file to write that certificate to, for clients to trust.
    #[arg(long, requires = "tls_port")]
    tls_cert: Option<PathBuf>,
}

impl From<SandboxArgs> for SandboxConfig {
    fn from(args: SandboxArgs) -> Self {
        let tls = args.tls_port.zip(args.tls_cert).map(|(port, certificate)| Tls { port, certificate });
        Self { port: args.port, tls, ..Self::default() }
    }
}

/// Runs until it is interrupted.
pub async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(args.into()).await?;
    let base = sandbox.base_url();
    say(format_args!("sandbox    {base}/"));
    if let Some(https) = sandbox.tls_base_url() {
        say(format_args!("HTTPS      {https}/"));
    }
    say(format_args!("Google     {base}/google   (client sandbox-client, secret sandbox-secret)"));
    say(format_args!("Bitrix24   {base}/bitrix24/rest/1/abcdef/"));
    say(format_args!("control    {base}/_control"));
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
