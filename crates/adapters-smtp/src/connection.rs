//! One conversation with a server.

use std::fmt::Display;
use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::SendError;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Noop, Rcpt, Rset};
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use crate::account::Account;
use crate::config::SmtpConfig;
use crate::connect::{US, connect};
use crate::error::{Phase, broken, error, of_answer};
use crate::letter::Letter;
use crate::options::SmtpOptions;

/// A server's last word is not waited for any longer.
const LEAVE: Duration = Duration::from_secs(1);

/// A server that has accepted our credentials.
pub(crate) struct Connection {
    smtp: AsyncSmtpConnection,
    /// What the server takes (RFC 1870), where it says it.
    most_bytes: Option<usize>,
    /// Whether all that was said has its answer.
    is_sound: bool,
}

impl Connection {
    /// Connects, and signs in by a password or an access token.
    pub async fn open(account: &Account, options: &SmtpOptions, secret: &SecretString) -> Result<Self, SendError> {
        let smtp = connect(account, options).await?;
        let mut opened = Self { smtp, most_bytes: None, is_sound: true };
        opened.sign_in(&account.config, secret).await?;
        // lettre does not keep what it reads of sizes; before, a server may say less.
        let hello = opened.say(Phase::Hello, Ehlo::new(US.clone())).await?;
        opened.most_bytes = hello.message().find_map(size);
        Ok(opened)
    }

    async fn sign_in(&mut self, config: &SmtpConfig, secret: &SecretString) -> Result<(), SendError> {
        let known = config.mechanisms();
        if self.smtp.server_info().get_auth_mechanism(known).is_none() {
            let wanted = if config.oauth.is_some() { "XOAUTH2" } else { "PLAIN and no LOGIN" };
            return Err(broken(Phase::Auth).detail(format!("the server offers no {wanted}")));
        }
        let credentials = Credentials::new(config.username.clone(), secret.expose_secret().to_owned());
        let answer = self.smtp.auth(known, &credentials).await;
        answer.map(drop).map_err(|cause| match cause {
            // A server explains in a challenge why it refuses a token; lettre has no answer to that.
            cause if cause.is_client() && config.oauth.is_some() => error(Trouble::CredentialsRefused, Retry::Never),
            cause => of_answer(Phase::Auth, &cause),
        })
    }

    /// Whether it can be used again.
    pub fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// Says from whom an e-mail is and to whom, until the server waits for its bytes. Where one recipient is refused,
    /// nobody gets it.
    pub async fn announce(&mut self, letter: &Letter) -> Result<(), SendError> {
        if let Some(most) = self.most_bytes.filter(|most| letter.bytes.len() > *most) {
            return Err(error(Trouble::EmailTooLarge, Retry::Never).detail(format!("SIZE {most}")));
        }
        self.say(Phase::Sender, Mail::new(Some(letter.sender.clone()), Vec::new())).await?;
        for (place, recipient) in letter.recipients.iter().enumerate() {
            let answer = self.say(Phase::Recipient, Rcpt::new(recipient.clone(), Vec::new())).await;
            answer.map_err(|refusal| if place == 0 { refusal } else { of_copy(refusal) })?;
        }
        self.say(Phase::Data, Data).await.map(drop)
    }

    /// Gives the bytes, and waits until the server has taken them.
    pub async fn hand_over(&mut self, letter: &Letter, time: Duration) -> Result<(), SendError> {
        self.is_sound = false;
        let Ok(answer) = timeout(time, self.smtp.message(&letter.bytes)).await else {
            return Err(broken(Phase::Message));
        };
        self.heard(Phase::Message, answer).map(drop)
    }

    /// Ends what was begun of an e-mail; shows whether anybody is there.
    pub async fn reset(&mut self) -> Result<(), SendError> {
        self.say(Phase::Hello, Rset).await.map(drop)
    }

    /// Shows whether anybody is there.
    pub async fn noop(&mut self) -> Result<(), SendError> {
        self.say(Phase::Hello, Noop).await.map(drop)
    }

    /// Takes leave. What the server says to that changes nothing, nor whether it says anything.
    pub async fn quit(mut self) {
        let _ = timeout(LEAVE, self.smtp.quit()).await;
    }

    async fn say(&mut self, phase: Phase, command: impl Display + Send) -> Result<Response, SendError> {
        self.is_sound = false;
        let answer = self.smtp.command(command).await;
        self.heard(phase, answer)
    }

    fn heard(&mut self, phase: Phase, answer: Result<Response, Error>) -> Result<Response, SendError> {
        let wanted = if phase == Phase::Data { Severity::PositiveIntermediate } else { Severity::PositiveCompletion };
        match answer {
            Ok(response) if response.code().severity == wanted => {
                self.is_sound = true;
                Ok(response)
            }
            Ok(_) => Err(broken(phase)),
            Err(cause) => {
                // After 421 the server hangs up.
                self.is_sound = cause.status().is_some_and(|code| u16::from(code) != 421);
                Err(of_answer(phase, &cause))
            }
        }
    }
}

/// A person has to know that it is not the recipient who is refused.
fn of_copy(mut refusal: SendError) -> SendError {
    refusal.detail = refusal.detail.map(|words| format!("cc/bcc: {words}"));
    refusal
}

/// What a server takes, of one line of its greeting; 0 is no limit.
fn size(line: &str) -> Option<usize> {
    let (word, size) = line.split_once(' ')?;
    size.trim().parse().ok().filter(|size| word.eq_ignore_ascii_case("SIZE") && *size > 0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SIZE 1000", Some(1000))]
    #[case("size 1000", Some(1000))]
    #[case("SIZE 0", None)]
    #[case("SIZE", None)]
    #[case("PIPELINING", None)]
    #[case("AUTH 12", None)]
    fn a_server_says_what_it_takes(#[case] line: &str, #[case] expected: Option<usize>) {
        assert_eq!(size(line), expected);
    }
}
