//! The wire: lines from one side, replies from the other.

use std::io;

use smtp_proto::request::receiver::DataReceiver;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::reply::Reply;

/// Commands are shorter; a token for XOAUTH2 may be long.
const LONGEST_LINE: u64 = 12 * 1024;

#[derive(Debug)]
pub(super) struct Wire<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// Without what was sent before the handshake and is no part of it.
    pub fn into_stream(self) -> S {
        self.0.into_inner()
    }

    /// None at the end of the connection.
    pub async fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut bytes).await?;
        let is_whole = bytes.last() == Some(&b'\n');
        Ok(is_whole.then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A message up to its final dot, without the dots that hide others; None where the connection ends before.
    pub async fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut receiver, mut message) = (DataReceiver::new(), Vec::new());
        loop {
            let mut line = Vec::new();
            if self.0.read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            if receiver.ingest(&mut line.iter(), &mut message) {
                return Ok(Some(message));
            }
        }
    }

    /// Waits for more than the last line, and leaves it where it is.
    pub async fn more(&mut self) -> io::Result<()> {
        self.0.fill_buf().await.map(drop)
    }

    pub async fn answer(&mut self, reply: &Reply) -> io::Result<()> {
        self.raw(&reply.to_string()).await
    }

    pub async fn raw(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes()).await?;
        self.0.flush().await
    }
}
