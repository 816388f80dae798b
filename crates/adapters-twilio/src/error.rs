//! Twilio's answers by meaning.

use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_http_client::{Failure, HttpError, Reply};
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry};

use crate::wire::ErrorBody;

pub(crate) const ADAPTER: &str = "twilio";

/// How long Twilio is left alone where it does not say: what it refuses is too many calls at once.
const PAUSE: Duration = Duration::from_secs(1);

const NEVER: Retry = Retry::Never;
const AFTER: Retry = Retry::After(None);
const UNKNOWN: Retry = Retry::OutcomeUnknown;

/// Twilio's codes (<https://www.twilio.com/docs/api/errors>), also those that come only with a report. What
/// the pages call safe to repeat is repeated; 20500 is not, since its page says that a message may go twice.
const CODES: &[(&[u32], Trouble, Retry)] = &[
    (&[20003], Trouble::CredentialsRefused, NEVER),
    (&[20404], Trouble::AccountMissing, NEVER),
    (&[20429, 30022, 63018], Trouble::RateLimited, AFTER),
    (&[20500, 30410], Trouble::OutcomeUnknown, UNKNOWN),
    (&[20503], Trouble::ProviderDown, AFTER),
    (&[21211, 21217], Trouble::RecipientInvalid, NEVER),
    (&[21604], Trouble::RecipientMissing, NEVER),
    (&[21614, 30006], Trouble::RecipientLandline, NEVER),
    (&[30005], Trouble::UnknownNumber, NEVER),
    (&[63003, 63024], Trouble::WhatsAppInactive, NEVER),
    (&[63032], Trouble::WhatsAppWithheld, NEVER),
    (&[63033], Trouble::RecipientBlocked, NEVER),
    (&[21610], Trouble::OptedOut, NEVER),
    (&[21408], Trouble::CountryNotEnabled, NEVER),
    (&[21612, 21910], Trouble::RouteMissing, NEVER),
    (&[21219, 21608], Trouble::TrialRecipient, NEVER),
    (&[63015], Trouble::NotJoined, NEVER),
    (&[30002], Trouble::AccountSuspended, NEVER),
    (&[21603], Trouble::SenderMissing, NEVER),
    (&[21212], Trouble::SenderInvalid, NEVER),
    (&[21606, 21659, 21660, 21661], Trouble::SenderNotOurs, NEVER),
    (&[30018, 30024, 30032, 30034], Trouble::SenderUnregistered, NEVER),
    (&[21701, 21703, 21704, 21705, 35118], Trouble::ServiceEmpty, NEVER),
    (&[63007], Trouble::WhatsAppSenderUnknown, NEVER),
    (&[63001, 63020, 63051], Trouble::WhatsAppAccountLocked, NEVER),
    (&[30450], Trouble::FraudBlocked, NEVER),
    (&[63016], Trouble::WindowClosed, NEVER),
    (&[21654, 21655], Trouble::TemplateInvalid, NEVER),
    (&[63027], Trouble::TemplateLanguage, NEVER),
    (&[21656, 63028], Trouble::TemplateVariables, NEVER),
    (&[21602, 21619], Trouble::ContentEmpty, NEVER),
    (&[21617], Trouble::ContentTooLong, NEVER),
    (&[21618, 63021], Trouble::ContentRefused, NEVER),
    (&[21620, 21623], Trouble::MediaRefused, NEVER),
    (&[63013], Trouble::PolicyRefused, NEVER),
    (&[30004, 30007], Trouble::BlockedByCarrier, NEVER),
    (&[35111, 35114, 35115, 35117, 90007], Trouble::TimeRefused, NEVER),
    (&[21611, 30001], Trouble::SenderQueueFull, AFTER),
    (&[14107], Trouble::LoopStopped, AFTER),
    (&[30023, 63038], Trouble::DailyCap, AFTER),
    (&[30003], Trouble::Unreachable, AFTER),
    (&[30017], Trouble::CarrierBusy, AFTER),
    (&[30036], Trouble::Expired, NEVER),
    (&[30008, 30500], Trouble::Unexplained, AFTER),
];

pub(crate) fn error(kind: Trouble, retry: Retry) -> SendError {
    PortError::new(ADAPTER, kind, retry)
}

fn known(code: u32) -> Option<(Trouble, Retry)> {
    CODES.iter().find(|(codes, ..)| codes.contains(&code)).map(|(_, trouble, retry)| (*trouble, *retry))
}

/// Why a message failed, by the code in a report.
pub(crate) fn trouble_of(code: Option<u32>) -> Trouble {
    code.and_then(known).map_or(Trouble::Unexplained, |(trouble, _)| trouble)
}

/// A call that was not answered as it should be: what was sent may have been carried out.
pub(crate) fn of_call(cause: HttpError) -> SendError {
    let found = match cause.failure {
        Failure::NotSent => error(Trouble::ProviderDown, AFTER),
        Failure::Unknown | Failure::Unreadable => error(Trouble::OutcomeUnknown, UNKNOWN),
    };
    found.caused_by(cause)
}

/// An answer that is no success.
pub(crate) fn of_reply(reply: &Reply) -> SendError {
    let code = reply.json::<ErrorBody>().ok().map(|body| body.code);
    let (kind, retry) = code.and_then(known).unwrap_or_else(|| of_status(reply.status));
    let retry = match (kind, retry) {
        (Trouble::RateLimited, Retry::After(_)) => Retry::After(Some(reply.retry_after().unwrap_or(PAUSE))),
        (_, Retry::After(_)) => Retry::After(reply.retry_after()),
        (_, other) => other,
    };
    let found = error(kind, retry);
    match code {
        Some(code) => found.detail(code.to_string()),
        None => found,
    }
}

/// Where there is no code that is known. What is refused was not carried out, and neither was what a gateway
/// had no room for; of anything else nobody knows.
fn of_status(status: u16) -> (Trouble, Retry) {
    match status {
        401 | 403 => (Trouble::CredentialsRefused, NEVER),
        404 => (Trouble::AccountMissing, NEVER),
        429 => (Trouble::RateLimited, AFTER),
        408 | 503 => (Trouble::ProviderDown, AFTER),
        400..500 => (Trouble::Unexplained, NEVER),
        _ => (Trouble::OutcomeUnknown, UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kopru_http_client::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    const SECOND: Retry = Retry::After(Some(PAUSE));

    fn found(status: u16, body: &str, headers: &[(&'static str, &str)]) -> (Trouble, Retry, Option<String>) {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let error = of_reply(&Reply { status, headers, body: body.as_bytes().to_vec() });
        (error.kind, error.retry, error.detail)
    }

    fn legacy(status: u16, code: u32) -> String {
        let more = format!("https://www.twilio.com/docs/errors/{code}");
        format!(r#"{{"code":{code},"message":"to +905551234567","more_info":"{more}","status":{status}}}"#)
    }

    #[rstest]
    #[case(401, 20003, Trouble::CredentialsRefused, NEVER)]
    #[case(429, 20429, Trouble::RateLimited, SECOND)]
    #[case(500, 20500, Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(503, 20503, Trouble::ProviderDown, AFTER)]
    #[case(400, 21211, Trouble::RecipientInvalid, NEVER)]
    #[case(400, 21610, Trouble::OptedOut, NEVER)]
    #[case(400, 21611, Trouble::SenderQueueFull, AFTER)]
    #[case(400, 21608, Trouble::TrialRecipient, NEVER)]
    #[case(400, 63016, Trouble::WindowClosed, NEVER)]
    #[case(400, 99999, Trouble::Unexplained, NEVER)]
    #[case(500, 99999, Trouble::OutcomeUnknown, UNKNOWN)]
    fn codes_are_read_in_both_shapes(
        #[case] status: u16,
        #[case] code: u32,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        let problem = format!(r#"{{"type":"about:blank","title":"x","status":{status},"code":{code},"detail":"y"}}"#);
        for body in [legacy(status, code), problem] {
            assert_eq!(found(status, &body, &[]), (kind, retry, Some(code.to_string())));
        }
    }

    #[rstest]
    #[case(401, "", Trouble::CredentialsRefused, NEVER)]
    #[case(404, "<html>", Trouble::AccountMissing, NEVER)]
    #[case(413, "<html>", Trouble::Unexplained, NEVER)]
    #[case(408, "", Trouble::ProviderDown, AFTER)]
    #[case(429, "<html>", Trouble::RateLimited, SECOND)]
    #[case(503, "<html>", Trouble::ProviderDown, AFTER)]
    #[case(500, "{}", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(502, "<html>", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(504, "", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(302, "", Trouble::OutcomeUnknown, UNKNOWN)]
    fn without_a_code_the_status_speaks(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        assert_eq!(found(status, body, &[]), (kind, retry, None));
    }

    #[test]
    fn the_pause_that_is_asked_for_is_kept() {
        let seven = Retry::After(Some(Duration::from_secs(7)));
        for (status, code) in [(429, 20429), (503, 20503), (400, 21611)] {
            assert_eq!(found(status, &legacy(status, code), &[("retry-after", "7")]).1, seven, "{code}");
        }
    }

    #[test]
    fn a_code_means_one_thing() {
        let codes: Vec<u32> = CODES.iter().flat_map(|(codes, ..)| *codes).copied().collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_report_has_the_same_codes() {
        assert_eq!(trouble_of(Some(30003)), Trouble::Unreachable);
        assert_eq!([trouble_of(Some(1)), trouble_of(None)], [Trouble::Unexplained; 2]);
    }

    #[test]
    fn what_has_no_effect_is_asked_again() {
        let again = error(Trouble::OutcomeUnknown, UNKNOWN).sent_nothing();
        assert_eq!((again.kind, again.retry), (Trouble::ProviderDown, AFTER));
        let refused = error(Trouble::CredentialsRefused, NEVER).sent_nothing();
        assert_eq!((refused.kind, refused.retry), (Trouble::CredentialsRefused, NEVER));
    }
}
