//! HTTPS, for the clients that take nothing else.

use std::{io, net::SocketAddr};

use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::config::Tls;

/// The HTTPS side of a sandbox.
#[derive(Debug)]
pub(crate) struct Server {
    pub base_url: String,
    handle: Handle<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

/// Makes a certificate and writes it, without its key, where the caller wants it.
pub(crate) async fn identity(tls: &Tls) -> io::Result<RustlsConfig> {
    let names = ["localhost", "127.0.0.1"].map(ToOwned::to_owned);
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(io::Error::other)?;
    let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
    std::fs::write(&tls.certificate, &certificate)?;
    RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await
}

/// A port that is bound, and the certificate to show there.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: std::net::TcpListener,
    config: RustlsConfig,
    pub base_url: String,
}

impl Listener {
    pub async fn bind(tls: &Tls, config: RustlsConfig) -> io::Result<Self> {
        let socket = TcpListener::bind(("127.0.0.1", tls.port)).await?.into_std()?;
        let base_url = format!("https://{}", socket.local_addr()?);
        Ok(Self { socket, config, base_url })
    }

    pub fn serve(self, service: IntoMakeServiceWithConnectInfo<Router, SocketAddr>) -> io::Result<Server> {
        let handle = Handle::new();
        let server = axum_server::from_tcp_rustls(self.socket, self.config)?.handle(handle.clone());
        let task = tokio::spawn(server.serve(service));
        Ok(Server { base_url: self.base_url, handle, task })
    }
}

impl Server {
    /// Waits for open calls as long as `farewell`, then closes.
    pub async fn stop(self, farewell: std::time::Duration) {
        self.handle.graceful_shutdown(Some(farewell));
        self.task.await.ok();
    }
}
