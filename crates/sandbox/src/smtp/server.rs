//! Two ports: one that may go private, one that is so from the start.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::session::{End, Session};
use crate::{config::Smtp, server::Shared};

/// The SMTP side of a sandbox.
#[derive(Debug)]
pub(crate) struct Server {
    pub address: SocketAddr,
    /// Where there is a certificate.
    pub tls_address: Option<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    pub async fn start(app: &Shared, ports: Smtp, certificate: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let acceptor = certificate.map(TlsAcceptor::from);
        let listener = TcpListener::bind(("127.0.0.1", ports.port)).await?;
        let address = listener.local_addr()?;
        let mut tasks = vec![tokio::spawn(listen(app.clone(), listener, acceptor.clone(), false))];
        let mut tls_address = None;
        if acceptor.is_some() {
            let listener = TcpListener::bind(("127.0.0.1", ports.tls_port)).await?;
            tls_address = Some(listener.local_addr()?);
            tasks.push(tokio::spawn(listen(app.clone(), listener, acceptor, true)));
        }
        Ok(Self { address, tls_address, tasks })
    }

    /// Ends all conversations where they are.
    pub async fn stop(self) {
        for task in self.tasks {
            task.abort();
            task.await.ok();
        }
    }
}

async fn listen(app: Shared, listener: TcpListener, acceptor: Option<TlsAcceptor>, is_private: bool) {
    let mut conversations = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        while conversations.try_join_next().is_some() {}
        app.smtp().connections += 1;
        let (app, acceptor) = (app.clone(), acceptor.clone());
        conversations.spawn(async move {
            let ended = converse(app, socket, acceptor, is_private).await;
            tracing::debug!(?ended, "conversation");
        });
    }
}

async fn converse(app: Shared, socket: TcpStream, acceptor: Option<TlsAcceptor>, is_private: bool) -> io::Result<()> {
    socket.set_nodelay(true)?;
    if let Some(acceptor) = acceptor.as_ref().filter(|_| is_private) {
        let stream = acceptor.accept(socket).await?;
        return Session::new(app, true, true).run(stream, true).await.map(drop);
    }
    let mut session = Session::new(app.clone(), acceptor.is_some(), false);
    if let (End::Private(socket), Some(acceptor)) = (session.run(socket, true).await?, acceptor) {
        let stream = acceptor.accept(socket).await?;
        // What was said in the open counts for nothing.
        Session::new(app, true, true).run(stream, false).await?;
    }
    Ok(())
}
