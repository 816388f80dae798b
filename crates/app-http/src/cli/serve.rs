//! `kopru serve` and `kopru migrate`.

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::output::say;
use crate::settings::{DatabaseUrl, Settings};
use crate::stores::{Database, Location};
use crate::wiring::Service;

/// Runs the service until it is asked to end; the turns under way are finished.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let service = Service::open(&settings).await?;
    let (bind, port) = (settings.bind, settings.port);
    let listener = TcpListener::bind((bind, port))
        .await
        .with_context(|| format!("port {port} of {bind} cannot be had: choose another KOPRU_PORT (--port)"))?;
    if !settings.google_is_set() {
        tracing::warn!("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are not set: nobody can connect a sheet");
    }
    let address = listener.local_addr()?;
    // Whoever reads the line may ask, rule and end the service at once.
    service.run(listener, || say(format_args!("listening on http://{address}")), ended()?).await
}

/// Brings the database up to date.
pub async fn migrate(database: &DatabaseUrl) -> anyhow::Result<()> {
    let location = database.location()?;
    Database::open(&location).await?;
    say(match &location {
        Location::File(file) => format!("{} is up to date", file.display()),
        Location::Server(_) => "the database is up to date".to_owned(),
    });
    Ok(())
}

/// The wish to end, heard from now on.
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
