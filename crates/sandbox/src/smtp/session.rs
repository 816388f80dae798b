//! One conversation: <https://www.rfc-editor.org/rfc/rfc5321>.

use std::io;

use smtp_proto::{AUTH_XOAUTH2, Error, Request};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    auth,
    fault::{Outcome, inject},
    line::Wire,
    reply::Reply,
    state::Message,
};
use crate::{events::Event, mail::Letter, random, server::Shared};

/// How a conversation ends.
pub(super) enum End<S> {
    Closed,
    /// The client goes on in private.
    Private(S),
}

/// What comes after one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Next,
    Ends,
    Private,
}

/// Whom a message is from and to, by the envelope.
#[derive(Debug, Default)]
struct Envelope {
    sender: Option<String>,
    recipients: Vec<String>,
}

pub(super) struct Session {
    pub app: Shared,
    /// Whether there is a certificate to go private with.
    pub can_be_private: bool,
    pub is_private: bool,
    user: Option<String>,
    envelope: Envelope,
}

impl Session {
    pub fn new(app: Shared, can_be_private: bool, is_private: bool) -> Self {
        Self { app, can_be_private, is_private, user: None, envelope: Envelope::default() }
    }

    pub async fn run<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: S, greets: bool) -> io::Result<End<S>> {
        let mut wire = Wire::new(stream);
        if greets {
            let hello = inject(&self.app, "CONNECT", || Reply::new(220, "sandbox ESMTP")).await;
            if self.tell(&mut wire, hello).await? == Turn::Ends {
                return Ok(End::Closed);
            }
        }
        while let Some(line) = wire.line().await? {
            match self.turn(&mut wire, &line).await? {
                Turn::Next => {}
                Turn::Ends => break,
                Turn::Private => return Ok(End::Private(wire.into_stream())),
            }
        }
        Ok(End::Closed)
    }

    async fn turn<S: AsyncRead + AsyncWrite + Unpin>(&mut self, wire: &mut Wire<S>, line: &str) -> io::Result<Turn> {
        let app = self.app.clone();
        match Request::parse(&mut line.as_bytes().iter()).map(Request::into_owned) {
            Ok(Request::StartTls) if self.can_be_private && !self.is_private => {
                let outcome = inject(&app, line, || Reply::new(220, "2.0.0 Ready to start TLS")).await;
                let goes = outcome.has(220);
                let turn = self.tell(wire, outcome).await?;
                Ok(if goes { Turn::Private } else { turn })
            }
            Ok(Request::Auth { mechanism, initial_response }) => {
                self.sign_in(wire, line, mechanism, &initial_response).await
            }
            Ok(Request::Data) => self.take(wire, line).await,
            request => {
                let outcome = inject(&app, line, || self.serve(request)).await;
                self.tell(wire, outcome).await
            }
        }
    }

    async fn tell<S: AsyncRead + AsyncWrite + Unpin>(&self, wire: &mut Wire<S>, outcome: Outcome) -> io::Result<Turn> {
        let ends = match outcome {
            Outcome::Cut => true,
            Outcome::Nonsense => wire.raw("???\r\n").await.map(|()| false)?,
            Outcome::Reply(reply) => wire.answer(&reply).await.map(|()| reply.ends())?,
        };
        Ok(if ends { Turn::Ends } else { Turn::Next })
    }

    /// All commands that are one line and one reply.
    fn serve(&mut self, request: Result<Request<String>, Error>) -> Reply {
        match request {
            Ok(Request::Ehlo { .. }) => self.hello(),
            Ok(Request::Helo { .. }) => Reply::new(250, "sandbox"),
            Ok(Request::Mail { from }) => self.mail(from.address, from.size),
            Ok(Request::Rcpt { to }) => self.rcpt(&to.address),
            Ok(Request::Rset) => {
                self.envelope = Envelope::default();
                Reply::new(250, "2.0.0 Ok")
            }
            Ok(Request::Noop { .. }) => Reply::new(250, "2.0.0 Ok"),
            Ok(Request::Vrfy { .. }) => Reply::new(252, "2.5.2 Cannot verify, but will try"),
            Ok(Request::Quit) => Reply::new(221, "2.0.0 Bye"),
            Ok(_) => Reply::new(502, "5.5.1 Command not implemented"),
            Err(Error::UnknownCommand) => Reply::new(500, "5.5.2 Unknown command"),
            Err(Error::InvalidSenderAddress) => Reply::new(501, "5.1.7 Bad sender address"),
            Err(Error::InvalidRecipientAddress) => Reply::new(501, "5.1.3 Bad recipient address"),
            Err(error) => Reply::new(501, format!("5.5.4 {error}")),
        }
    }

    fn may_sign_in(&self) -> bool {
        self.is_private || !self.can_be_private || !self.app.smtp().settings.private
    }

    fn hello(&mut self) -> Reply {
        self.envelope = Envelope::default();
        let settings = self.app.smtp().settings.clone();
        let mut lines = vec!["sandbox".to_owned(), format!("SIZE {}", settings.size)];
        lines.extend(["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned));
        if self.can_be_private && !self.is_private {
            lines.push("STARTTLS".to_owned());
        }
        if self.may_sign_in() && !settings.mechanisms.is_empty() {
            lines.push(format!("AUTH {}", settings.mechanisms.join(" ")));
        }
        Reply::lines(250, lines)
    }

    fn mail(&mut self, sender: String, size: usize) -> Reply {
        if !self.may_sign_in() {
            return Reply::new(530, "5.7.0 Must issue a STARTTLS command first");
        }
        if self.user.is_none() {
            return Reply::new(530, "5.7.0 Authentication required");
        }
        if self.envelope.sender.is_some() {
            return Reply::new(503, "5.5.1 Sender already given");
        }
        if size > self.app.smtp().settings.size {
            return too_large();
        }
        self.envelope.sender = Some(sender);
        Reply::new(250, "2.1.0 Ok")
    }

    fn rcpt(&mut self, recipient: &str) -> Reply {
        if self.envelope.sender.is_none() {
            return Reply::new(503, "5.5.1 MAIL first");
        }
        let mailbox = recipient.to_lowercase();
        let state = self.app.smtp();
        if self.envelope.recipients.len() >= state.settings.recipients {
            return Reply::new(452, "4.5.3 Too many recipients");
        }
        if let Some(refusal) = state.refusals.get(&mailbox) {
            return Reply::new(refusal.code, refusal.text.clone());
        }
        if !self.envelope.recipients.contains(&mailbox) {
            self.envelope.recipients.push(mailbox);
        }
        Reply::new(250, "2.1.5 Ok")
    }

    async fn sign_in<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        wire: &mut Wire<S>,
        line: &str,
        mechanism: u64,
        initial: &str,
    ) -> io::Result<Turn> {
        if !self.may_sign_in() {
            return self.tell(wire, Outcome::Reply(Reply::new(530, "5.7.0 Must issue a STARTTLS command first"))).await;
        }
        if self.user.is_some() {
            return self.tell(wire, Outcome::Reply(Reply::new(503, "5.5.1 Already authenticated"))).await;
        }
        let credentials = match auth::ask(wire, mechanism, initial).await? {
            Ok(credentials) => credentials,
            Err(refusal) => return self.tell(wire, Outcome::Reply(refusal)).await,
        };
        let app = self.app.clone();
        let outcome = inject(&app, line, || {
            if credentials.are_valid(&app) {
                self.user = Some(credentials.user().to_owned());
                return Reply::new(235, "2.7.0 Accepted");
            }
            Reply::new(535, "5.7.8 Username and password not accepted")
        });
        let outcome = outcome.await;
        if mechanism == AUTH_XOAUTH2 && outcome.has(535) {
            auth::explain(wire).await?;
        }
        self.tell(wire, outcome).await
    }

    /// A message, after its command.
    async fn take<S: AsyncRead + AsyncWrite + Unpin>(&mut self, wire: &mut Wire<S>, line: &str) -> io::Result<Turn> {
        let is_ready = !self.envelope.recipients.is_empty();
        let go = || if is_ready { Reply::new(354, "End with a dot") } else { Reply::new(503, "5.5.1 RCPT first") };
        let outcome = inject(&self.app, line, go).await;
        let goes = outcome.has(354);
        let turn = self.tell(wire, outcome).await?;
        if !goes {
            return Ok(turn);
        }
        wire.more().await?;
        if inject(&self.app, "MESSAGE", || Reply::new(250, "")).await == Outcome::Cut {
            return Ok(Turn::Ends);
        }
        let Some(raw) = wire.message().await? else { return Ok(Turn::Ends) };
        let app = self.app.clone();
        let outcome = inject(&app, "END-OF-DATA", || self.store(raw)).await;
        self.envelope = Envelope::default();
        self.tell(wire, outcome).await
    }

    fn store(&mut self, raw: Vec<u8>) -> Reply {
        if raw.len() > self.app.smtp().settings.size {
            return too_large();
        }
        let envelope = std::mem::take(&mut self.envelope);
        let id = random::hex();
        let message = Message {
            id: id.clone(),
            user: self.user.clone().unwrap_or_default(),
            sender: envelope.sender.unwrap_or_default(),
            recipients: envelope.recipients,
            is_private: self.is_private,
            letter: Letter::parse(&raw),
            raw: raw.into(),
            created_ms: self.app.clock.now_ms(),
        };
        self.app.smtp().messages.push(message);
        self.app.tell(Event::email("smtp", &id));
        Reply::new(250, format!("2.0.0 Ok: queued as {id}"))
    }
}

fn too_large() -> Reply {
    Reply::new(552, "5.3.4 Message size exceeds fixed limit")
}
