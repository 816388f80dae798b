//! Lists the spreadsheets that an access token reaches, at Google itself:
//! `cargo run -p kopru-adapters-google --example live_smoke -- ACCESS_TOKEN`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_adapters_google::{GoogleConfig, GoogleSheets};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Gate, Later, Pass};
use kopru_ports::spreadsheets::Spreadsheets;
use kopru_ports::tokens::{AccessToken, AccessTokens, Service, TokenErrorKind, TokenKey};
use kopru_ports::{Clock, PortError};
use secrecy::SecretString;

/// One token, no rationing, and a clock that nobody has to wait for.
struct ByHand(SecretString);

#[async_trait]
impl AccessTokens for ByHand {
    async fn access_token(&self, _: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        Ok(AccessToken { secret: self.0.clone(), account: String::new() })
    }
    async fn refused(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
    async fn refused_again(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
}

#[async_trait]
impl Gate for ByHand {
    async fn enter(&self, _: Pass) -> Result<(), Later> {
        Ok(())
    }
    async fn corrected(&self, _: &str, _: f64) {}

    async fn refused(&self, _: &str, _: Timestamp) {}
}

#[async_trait]
impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    async fn sleep_until(&self, _: Timestamp) {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::args().nth(1).ok_or("usage: live_smoke ACCESS_TOKEN")?;
    let by_hand = Arc::new(ByHand(token.into()));
    let timeout = Duration::from_secs(30);
    let options = HttpOptions { timeout, connect_timeout: timeout, private_addresses: PrivateAddresses::Deny };
    let config = GoogleConfig::new("live-smoke".to_owned(), SecretString::from(""));
    let google = GoogleSheets::new(config, HttpClient::new(&options)?, by_hand.clone(), by_hand.clone(), by_hand);

    let connection = TokenKey { company: "smoke".parse()?, user: "smoke".parse()?, service: Service::GoogleSheets };
    let mut out = std::io::stdout();
    for file in google.list(&connection, None, None).await?.files {
        let info = google.describe(&connection, &file.id, Urgency::Interactive).await?;
        writeln!(out, "{}  {}  {} tabs  {}", file.id, file.modified, info.tabs.len(), info.title)?;
    }
    Ok(())
}
