//! Who sends: PLAIN, LOGIN and XOAUTH2.
//! <https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, AUTH_XOAUTH2};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{line::Wire, reply::Reply, state::State};
use crate::server::Shared;

/// What a client showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    Password { user: String, password: String },
    Token { user: String, token: String },
}

impl Credentials {
    pub fn user(&self) -> &str {
        match self {
            Self::Password { user, .. } | Self::Token { user, .. } => user,
        }
    }

    pub fn are_valid(&self, app: &Shared) -> bool {
        match self {
            Self::Password { user, password } => app.smtp().accepts_password(user, password),
            Self::Token { user, token } => app.smtp().accepts_token(user, token) || is_googles(app, user, token),
        }
    }
}

/// Gmail's own server asks for the widest of its scopes.
fn is_googles(app: &Shared, user: &str, token: &str) -> bool {
    app.google().live(token).is_some_and(|access| {
        access.grant.account.eq_ignore_ascii_case(user) && access.grant.scopes.contains("https://mail.google.com/")
    })
}

/// Asks for what the mechanism needs. A reply, where it comes to nothing.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    mechanism: u64,
    initial: &str,
) -> io::Result<Result<Credentials, Reply>> {
    let credentials = match mechanism {
        AUTH_PLAIN => plain(&response(wire, initial, "").await?),
        AUTH_LOGIN => {
            let user = response(wire, initial, "VXNlcm5hbWU6").await?;
            let password = response(wire, "", "UGFzc3dvcmQ6").await?;
            decoded(&user).zip(decoded(&password)).map(|(user, password)| Credentials::Password { user, password })
        }
        AUTH_XOAUTH2 => bearer(&response(wire, initial, "").await?),
        _ => return Ok(Err(Reply::new(504, "5.5.4 Unrecognized authentication type"))),
    };
    Ok(credentials.ok_or_else(|| Reply::new(501, "5.5.2 Cannot decode the response")))
}

/// What came with the command, or what the client answers to the challenge.
async fn response<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    initial: &str,
    challenge: &str,
) -> io::Result<String> {
    if !initial.is_empty() {
        return Ok(initial.to_owned());
    }
    wire.raw(&format!("334 {challenge}\r\n")).await?;
    let line = wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(line.trim().to_owned())
}

/// A refused token is told about in a challenge, which the client answers with nothing.
pub(super) async fn explain<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>) -> io::Result<()> {
    let told = r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#;
    response(wire, "", &STANDARD.encode(told)).await.map(drop)
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

/// <https://www.rfc-editor.org/rfc/rfc4616>
fn plain(text: &str) -> Option<Credentials> {
    let whole = decoded(text)?;
    let mut parts = whole.split('\0').skip(1);
    let (user, password) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    Some(Credentials::Password { user, password })
}

fn bearer(text: &str) -> Option<Credentials> {
    let whole = decoded(text)?;
    let field = |name: &str| whole.split('\x01').find_map(|part| part.strip_prefix(name)).map(str::to_owned);
    Some(Credentials::Token { user: field("user=")?, token: field("auth=Bearer ")? })
}

impl State {
    fn accepts_password(&self, user: &str, password: &str) -> bool {
        self.accounts.get(user).is_some_and(|account| account.password.as_deref() == Some(password))
    }

    fn accepts_token(&self, user: &str, token: &str) -> bool {
        self.accounts.get(user).is_some_and(|account| account.tokens.contains(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_show() {
        let password = Credentials::Password { user: "a@b".to_owned(), password: "p".to_owned() };
        assert_eq!(plain(&STANDARD.encode("\0a@b\0p")), Some(password));
        let token = Credentials::Token { user: "a@b".to_owned(), token: "t".to_owned() };
        assert_eq!(bearer(&STANDARD.encode("user=a@b\x01auth=Bearer t\x01\x01")), Some(token));
        assert_eq!((plain("?"), bearer(&STANDARD.encode("user=a@b"))), (None, None));
    }
}
