//! Faults of one phase: they match the client's line, or `CONNECT`, `MESSAGE` (when its first bytes come) and
//! `END-OF-DATA`, which are no commands.

use std::time::Duration;

use super::reply::Reply;
use crate::{
    faults::{Fault, Faults, Kind, Vendor},
    server::Shared,
};

/// What becomes of a phase.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Reply(Reply),
    /// Something that is no reply.
    Nonsense,
    /// The connection ends without one.
    Cut,
}

impl Outcome {
    /// Whether the client hears this code.
    pub fn has(&self, code: u16) -> bool {
        matches!(self, Self::Reply(reply) if reply.code == code)
    }
}

/// Has the effect, unless a fault forbids it, and says what the client hears of it.
pub(super) async fn inject(app: &Shared, phase: &str, effect: impl FnOnce() -> Reply) -> Outcome {
    let Some(fault) = app.faults.take(Vendor::Smtp, phase) else { return Outcome::Reply(effect()) };
    tracing::debug!(?fault, "fault");
    let cleared = app.faults.watch();
    match fault.kind {
        Kind::ResetBefore => return Outcome::Cut,
        Kind::HangBefore => {
            Faults::hold(cleared, fault.ms).await;
            return Outcome::Cut;
        }
        Kind::Slow => tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(1000))).await,
        Kind::Status | Kind::Html | Kind::Error | Kind::BatchCut => return Outcome::Reply(refusal(&fault)),
        Kind::ExpiredToken => return Outcome::Reply(Reply::new(535, "5.7.8 Authentication credentials invalid")),
        Kind::HangAfter | Kind::ResetAfter | Kind::Garbage => {}
    }
    let reply = effect();
    match fault.kind {
        Kind::Garbage => Outcome::Nonsense,
        Kind::ResetAfter => Outcome::Cut,
        Kind::HangAfter => {
            Faults::hold(cleared, fault.ms).await;
            Outcome::Cut
        }
        _ => Outcome::Reply(reply),
    }
}

fn refusal(fault: &Fault) -> Reply {
    let code = fault.status.unwrap_or(451);
    let usual = if code < 500 { "4.3.0 Try again later" } else { "5.3.0 Refused" };
    Reply::new(code, fault.body.as_deref().unwrap_or(usual))
}
