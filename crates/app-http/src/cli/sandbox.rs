//! `kopru sandbox`: the simulated vendors alone.

use clap::Args;
use kopru_sandbox::{Sandbox, SandboxConfig};

use super::output::say;

/// Where to run it.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 4000)]
    port: u16,
}

/// Runs until it is interrupted.
pub async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(SandboxConfig { port: args.port, ..SandboxConfig::default() }).await?;
    let base = sandbox.base_url();
    say(format_args!("sandbox    {base}/"));
    say(format_args!("Google     {base}/google"));
    say(format_args!("Bitrix24   {base}/bitrix24/rest/1/abcdef/"));
    say(format_args!("control    {base}/_control"));
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
