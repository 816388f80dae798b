//! A client that says what it is told to, line by line.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use kopru_sandbox::{SandboxConfig, Smtp, Tls};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::Fixture;

pub const USER: &str = "satis@example.com";

/// A sandbox with an SMTP server, and with a certificate if there is a folder for it.
pub async fn mail_server(folder: Option<&TempDir>) -> Fixture {
    let tls = folder.map(|folder| Tls { port: 0, certificate: folder.path().join("sandbox.pem") });
    let smtp = Some(Smtp { port: 0, tls_port: 0 });
    Fixture::with(SandboxConfig { tls, smtp, ..SandboxConfig::default() }).await
}

pub fn connector(folder: &TempDir) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path().join("sandbox.pem")).unwrap()).unwrap();
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

pub fn plain(password: &str) -> String {
    format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{USER}\0{password}")))
}

pub struct Client<S>(BufReader<S>);

impl Client<TcpStream> {
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address).await.unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// The server's words, where it does not welcome anybody.
    pub async fn try_open(address: SocketAddr) -> Result<Self, String> {
        let mut client = Self(BufReader::new(TcpStream::connect(address).await.unwrap()));
        let greeting = client.hear().await.unwrap_or_default();
        if greeting == "220 sandbox ESMTP" { Ok(client) } else { Err(greeting) }
    }

    /// Signed in, where no privacy is asked for.
    pub async fn ready(fixture: &Fixture) -> Self {
        let mut client = Self::open(fixture.smtp()).await;
        client.greet().await;
        assert_eq!(client.say(&plain("sandbox-password")).await, "235 2.7.0 Accepted");
        client
    }

    pub async fn start_tls(mut self, folder: &TempDir) -> Client<TlsStream<TcpStream>> {
        assert_eq!(self.say("STARTTLS").await, "220 2.0.0 Ready to start TLS");
        let name = ServerName::try_from("localhost").unwrap();
        Client(BufReader::new(connector(folder).connect(name, self.0.into_inner()).await.unwrap()))
    }
}

impl Client<TlsStream<TcpStream>> {
    pub async fn open_private(address: SocketAddr, folder: &TempDir) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = Self(BufReader::new(connector(folder).connect(name, socket).await.unwrap()));
        assert_eq!(client.hear().await.unwrap(), "220 sandbox ESMTP");
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// A whole reply; none where the connection has ended.
    pub async fn hear(&mut self) -> Option<String> {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.0.read_line(&mut reply).await.unwrap_or(0) == 0 {
                return None;
            }
            if reply.as_bytes().get(start + 3) != Some(&b'-') {
                return Some(reply.trim_end().to_owned());
            }
        }
    }

    pub async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    pub async fn say(&mut self, line: &str) -> String {
        self.ask(line).await.expect("a reply")
    }

    pub async fn ask(&mut self, line: &str) -> Option<String> {
        self.write(&format!("{line}\r\n")).await;
        self.hear().await
    }

    pub async fn greet(&mut self) -> String {
        self.say("EHLO client.example.com").await
    }

    /// A message as far as its text goes.
    pub async fn begin(&mut self, to: &str) {
        assert_eq!(self.say("MAIL FROM:<satis@example.com> BODY=8BITMIME").await, "250 2.1.0 Ok");
        assert_eq!(self.say(&format!("RCPT TO:<{to}>")).await, "250 2.1.5 Ok");
        assert_eq!(self.say("DATA").await, "354 End with a dot");
    }
}
