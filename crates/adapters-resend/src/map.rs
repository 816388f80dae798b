//! E-mails in Resend's words.

use kopru_domain::email::Mailbox;
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::emails::EmailRequest;
use kopru_ports::messages::Report;

use crate::wire::{Bounce, File, NewEmail, Pair};

/// Under which tag an e-mail has our id.
pub(crate) const OUR_ID: &str = "kopru_id";

/// The request's body: of one e-mail it is the same each time.
pub(crate) fn body(request: &EmailRequest) -> NewEmail {
    let EmailRequest { envelope, email, .. } = request;
    let all = |mailboxes: &[Mailbox]| mailboxes.iter().map(Mailbox::to_string).collect();
    let own = email.tags.iter().filter(|tag| tag.name() != OUR_ID);
    let own = own.map(|tag| Pair { name: tag.name().to_owned(), value: tag.value().to_owned() });
    let ours = Pair { name: OUR_ID.to_owned(), value: envelope.id.to_string() };
    let file = |file: &kopru_domain::email::Attachment| File {
        filename: file.name().to_owned(),
        content_type: file.kind().to_owned(),
        content: file.base64(),
    };
    NewEmail {
        from: email.from.to_string(),
        to: [email.to(&envelope.to).to_string()],
        cc: all(&email.cc),
        bcc: all(&email.bcc),
        reply_to: all(&email.reply_to),
        subject: email.subject.clone(),
        text: email.text.clone(),
        html: email.html.clone(),
        headers: email.list_headers().collect(),
        attachments: email.attachments.iter().map(file).collect(),
        tags: own.chain([ours]).collect(),
    }
}

/// What an event says of an e-mail (<https://resend.com/docs/dashboard/emails/introduction#understand-email-events>). Who
/// calls it spam has seen it. A word that is not known yet is about an e-mail that was taken.
pub(crate) fn report(id: String, event: &str, bounce: Option<&Bounce>) -> Report {
    let (status, trouble) = match event {
        "scheduled" => (MessageStatus::Scheduled, None),
        "sent" | "delivery_delayed" => (MessageStatus::Sent, None),
        "delivered" => (MessageStatus::Delivered, None),
        "opened" | "clicked" => (MessageStatus::Read, None),
        "complained" => (MessageStatus::Read, Some(Trouble::Complained)),
        "bounced" => (MessageStatus::Undelivered, Some(of_bounce(bounce))),
        "suppressed" => (MessageStatus::Failed, Some(Trouble::Bounced)),
        "failed" => (MessageStatus::Failed, Some(Trouble::Unexplained)),
        "canceled" => (MessageStatus::Canceled, None),
        _ => (MessageStatus::Queued, None),
    };
    let code = trouble.map(|_| bounce.and_then(|bounce| bounce.sub_kind.clone()).unwrap_or_else(|| event.to_owned()));
    Report { provider_id: id, status, trouble, code }
}

/// Only what is said to be for good is (<https://resend.com/docs/dashboard/emails/email-bounces>); where the kind is not
/// told, as in answers, nobody is left out for it.
fn of_bounce(bounce: Option<&Bounce>) -> Trouble {
    match bounce.map(|bounce| bounce.kind.as_str()) {
        Some("Permanent") => Trouble::Bounced,
        Some("Transient") => Trouble::MailboxBusy,
        _ => Trouble::Unexplained,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("queued", MessageStatus::Queued, None)]
    #[case("sent", MessageStatus::Sent, None)]
    #[case("delivery_delayed", MessageStatus::Sent, None)]
    #[case("delivered", MessageStatus::Delivered, None)]
    #[case("opened", MessageStatus::Read, None)]
    #[case("clicked", MessageStatus::Read, None)]
    #[case("complained", MessageStatus::Read, Some(Trouble::Complained))]
    #[case("bounced", MessageStatus::Undelivered, Some(Trouble::Unexplained))]
    #[case("suppressed", MessageStatus::Failed, Some(Trouble::Bounced))]
    #[case("failed", MessageStatus::Failed, Some(Trouble::Unexplained))]
    #[case("what_is_new", MessageStatus::Queued, None)]
    fn events_have_their_meaning(#[case] event: &str, #[case] status: MessageStatus, #[case] trouble: Option<Trouble>) {
        let report = report("e1".to_owned(), event, None);
        assert_eq!((report.status, report.trouble), (status, trouble));
        assert_eq!(report.code.is_some(), trouble.is_some());
    }

    #[rstest]
    #[case("Permanent", Trouble::Bounced)]
    #[case("Transient", Trouble::MailboxBusy)]
    #[case("Undetermined", Trouble::Unexplained)]
    fn only_a_bounce_for_good_is_one(#[case] kind: &str, #[case] trouble: Trouble) {
        let bounce = Bounce { kind: kind.to_owned(), sub_kind: Some("General".to_owned()) };
        let report = report("e1".to_owned(), "bounced", Some(&bounce));
        assert_eq!((report.status, report.trouble), (MessageStatus::Undelivered, Some(trouble)));
        assert_eq!(report.code.as_deref(), Some("General"));
    }
}
