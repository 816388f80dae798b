//! A connection in the open, read line by line.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A look ahead; a line that is longer is read in parts.
const GLANCE: usize = 1024;

/// Gives no more than one line at a time. lettre keeps what it has read when a connection goes private: what somebody
/// had put behind the server's last word in the open would count as said in private
/// (<https://nostarttls.secvuln.info>).
#[derive(Debug)]
pub(crate) struct Lines(pub TcpStream);

impl AsyncRead for Lines {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut glance = [0; GLANCE];
        let mut seen = ReadBuf::new(&mut glance);
        ready!(self.0.poll_peek(context, &mut seen))?;
        let end = seen.filled().iter().position(|byte| *byte == b'\n');
        let length = end.map_or(seen.filled().len(), |end| end + 1).min(buffer.remaining());
        let mut line = [0; GLANCE];
        let mut line = ReadBuf::new(&mut line[..length]);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut line))?;
        buffer.put_slice(line.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
