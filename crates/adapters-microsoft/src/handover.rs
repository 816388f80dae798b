//! How an e-mail is handed over so that nothing is sent twice, nor called sent that was not.

use std::time::Duration;

use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::emails::EmailRequest;
use kopru_ports::messages::{Report, SendError};

use crate::call::Session;
use crate::error::{UNKNOWN, error};
use crate::sender::Outlook;

/// A call that was cut off may be carried out so long after.
const UNDER_WAY: Duration = Duration::from_secs(5);

impl Outlook {
    /// Makes a draft and sends it: a draft's id tells afterwards what became of it.
    pub(crate) async fn hand_over(
        &self,
        session: &mut Session<'_>,
        request: &EmailRequest,
    ) -> Result<Report, SendError> {
        let id = match session.draft(&request.email.mime(&request.envelope)).await {
            Ok(id) => id,
            Err(refusal) => {
                if refusal.retry == UNKNOWN {
                    discard_strays(session, request).await;
                }
                return Err(refusal.sent_nothing());
            }
        };
        match session.send(&id).await {
            Ok(()) => Ok(report(id)),
            Err(refusal) => self.look(session, id, refusal).await,
        }
    }

    /// What became of a draft that was not sent as it should be. Graph is known to refuse calls that it carries out
    /// (<https://learn.microsoft.com/en-us/answers/questions/5629476/graph-api-sendmail-succeeds-but-guzzle-throws-requ>), so
    /// its word counts for less than the mailbox.
    async fn look(&self, session: &mut Session<'_>, id: String, refusal: SendError) -> Result<Report, SendError> {
        if refusal.retry == UNKNOWN {
            self.clock.sleep_until(self.clock.now() + UNDER_WAY).await;
        }
        let nowhere = |refusal: SendError| error(Trouble::OutcomeUnknown, UNKNOWN).caused_by(refusal);
        match session.is_draft(&id).await {
            Ok(Some(false)) => Ok(report(id)),
            // What is thrown away is sent by no call that is under way.
            Ok(Some(true)) => match session.discard(&id).await {
                Ok(true) => Err(refusal.sent_nothing()),
                Ok(false) => Err(nowhere(refusal)),
                Err(_) => Err(refusal),
            },
            Ok(None) => Err(nowhere(refusal)),
            Err(_) => Err(refusal),
        }
    }
}

/// Throws away what may have been made of an e-mail without being told; it will be made again.
async fn discard_strays(session: &mut Session<'_>, request: &EmailRequest) {
    let found = session.find(&request.email.message_id(request.envelope.id)).await.unwrap_or_default();
    for stray in found.iter().filter(|message| message.is_draft) {
        let _ = session.discard(&stray.id).await;
    }
}

pub(crate) fn report(id: String) -> Report {
    Report { provider_id: id, status: MessageStatus::Sent, trouble: None, code: None }
}
