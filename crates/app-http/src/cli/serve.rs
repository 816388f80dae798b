//! `kopru serve` and `kopru migrate`.

use tokio::net::TcpListener;

use super::output::say;
use crate::settings::Settings;
use crate::wiring::{self, Service};

/// Runs the service until it is asked to end; the turns under way are finished.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let service = Service::open(&settings).await?;
    let listener = TcpListener::bind((settings.bind, settings.port)).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    say(format_args!("listening on http://{}", listener.local_addr()?));
    service.run(listener, ended()).await
}

/// Brings the database up to date.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    wiring::migrate(settings).await?;
    say(format_args!("{} is up to date", settings.database_file()?.display()));
    Ok(())
}

async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
