//! From a server's name to its first words.

use std::net::{Ipv4Addr, SocketAddr};

use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::SendError;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};

use crate::account::Account;
use crate::config::{Security, SmtpConfig};
use crate::error::{Phase, broken, error, of_answer};
use crate::lines::Lines;
use crate::options::SmtpOptions;

/// As whom we greet: a name of this machine would be of no use to a server, and tell something of it.
pub(crate) static US: ClientId = ClientId::Ipv4(Ipv4Addr::LOCALHOST);

/// Greets the server, in private where the account is to be.
pub(crate) async fn connect(account: &Account, options: &SmtpOptions) -> Result<AsyncSmtpConnection, SendError> {
    let found = addresses(&account.config, options).await?;
    let not_greeted = |cause| of_answer(Phase::Hello, &cause);
    if let (Security::Tls, Some(tls)) = (account.config.security, &account.tls) {
        let greeted = AsyncSmtpConnection::connect_tokio1(&found[..], None, &US, Some(tls.clone()), None);
        return greeted.await.map_err(not_greeted);
    }
    let socket = TcpStream::connect(&found[..]).await.map_err(|_| broken(Phase::Hello).detail("no connection"))?;
    // lettre writes the final dot by itself: it would wait until the bytes before it are acknowledged.
    socket.set_nodelay(true).map_err(|_| broken(Phase::Hello))?;
    let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(Lines(socket)), &US);
    let mut smtp = greeted.await.map_err(not_greeted)?;
    if let Some(tls) = &account.tls {
        if !smtp.can_starttls() {
            return Err(broken(Phase::Hello).detail("the server offers no STARTTLS"));
        }
        smtp.starttls(tls.clone(), &US).await.map_err(not_greeted)?;
    }
    Ok(smtp)
}

/// Where the server may be called.
async fn addresses(config: &SmtpConfig, options: &SmtpOptions) -> Result<Vec<SocketAddr>, SendError> {
    let found = lookup_host((config.host.as_str(), config.port())).await;
    let found: Vec<_> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return Err(broken(Phase::Hello).detail("nobody knows the server's name"));
    }
    let may = |address: &SocketAddr| match config.security {
        Security::None => address.ip().is_loopback() && options.private_addresses.allows(address.ip()),
        Security::Tls | Security::Starttls => options.private_addresses.allows(address.ip()),
    };
    let found: Vec<_> = found.into_iter().filter(may).collect();
    if found.is_empty() || !options.allows_port(config.port()) {
        return Err(error(Trouble::NotConfigured, Retry::Never).detail("the server's address is not one to be called"));
    }
    Ok(found)
}

/// What makes connections private: TLS 1.2 or later, by the machine's own certificates and those of `options`. It reads
/// them from the machine's files.
pub(crate) fn tls(config: &SmtpConfig, options: &SmtpOptions) -> Result<Option<TlsParameters>, SendError> {
    if config.security == Security::None {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(config.host.clone());
    let unusable = |_| broken(Phase::Hello).detail("the certificates that are to be trusted cannot be read");
    if !options.trusted.is_empty() {
        builder = builder.add_root_certificate(Certificate::from_pem(&options.trusted).map_err(unusable)?);
    }
    builder.build().map(Some).map_err(unusable)
}
