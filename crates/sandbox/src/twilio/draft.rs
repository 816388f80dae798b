//! What is asked to be sent, and all that Twilio refuses at once:
//! <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>.

use url::Url;

use super::{
    address::{self, Channel},
    errors::{ApiError, refused},
    form::Form,
    state::Account,
};

const LONGEST_BODY: usize = 1600;
const MOST_MEDIA: usize = 10;
const LONGEST_CALLBACK: usize = 4000;
/// The pages disagree on the least: five minutes or fifteen.
const SOONEST_MS: i64 = 15 * 60 * 1000;
const LATEST_MS: i64 = 35 * 24 * 60 * 60 * 1000;
const LONGEST_VALIDITY: u32 = 36_000;

/// Numbers that fail on purpose:
/// <https://www.twilio.com/docs/iam/test-credentials#test-sms-messages>.
const MAGIC_SENDERS: [(&str, u32); 3] = [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];
const MAGIC_RECIPIENTS: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];

#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub to: String,
    pub from: Option<String>,
    pub service_sid: Option<String>,
    pub body: String,
    pub media: Vec<String>,
    pub is_template: bool,
    pub status_callback: Option<Url>,
    pub send_at_ms: Option<i64>,
}

type Checked<T> = Result<T, ApiError>;

pub(super) fn check(account: &Account, form: &Form, now_ms: i64) -> Checked<Draft> {
    let to = recipient(form)?;
    let (from, service_sid) = sender(account, form, &to)?;
    let draft = Draft { to, from, service_sid, ..content(account, form)? };
    let send_at_ms = schedule(form, &draft, now_ms)?;
    let status_callback = callback(form)?;
    validity(form)?;
    subscribed(account, &draft)?;
    Ok(Draft { status_callback, send_at_ms, ..draft })
}

fn recipient(form: &Form) -> Checked<String> {
    let to = form.get("To").ok_or_else(|| refused(21604))?;
    if !address::is_valid(to) {
        return Err(refused(21211).about(to));
    }
    unless_magic(&MAGIC_RECIPIENTS, to)?;
    Ok(to.to_owned())
}

fn unless_magic(table: &[(&str, u32)], number: &str) -> Checked<()> {
    let found = table.iter().find(|(magic, _)| *magic == number);
    found.map_or(Ok(()), |(_, code)| Err(refused(*code)))
}

/// A sender, a service, or both.
fn sender(account: &Account, form: &Form, to: &str) -> Checked<(Option<String>, Option<String>)> {
    let service = form.get("MessagingServiceSid").map(|sid| pool(account, sid, to)).transpose()?;
    let Some(from) = form.get("From") else {
        let (sid, _) = service.ok_or_else(|| refused(21603))?;
        return Ok((None, Some(sid)));
    };
    own_sender(account, from, to)?;
    if service.as_ref().is_some_and(|(_, senders)| !senders.iter().any(|own| own == from)) {
        return Err(refused(21606));
    }
    Ok((Some(from.to_owned()), service.map(|(sid, _)| sid)))
}

fn pool<'a>(account: &'a Account, sid: &str, to: &str) -> Checked<(String, &'a [String])> {
    if !is_sid("MG", sid) {
        return Err(refused(21705));
    }
    let senders = account.services.get(sid).ok_or_else(|| refused(21701))?;
    if senders.is_empty() {
        return Err(refused(21704));
    }
    let capable = senders.iter().any(|own| address::channel(own) == address::channel(to));
    if capable { Ok((sid.to_owned(), senders)) } else { Err(refused(21703)) }
}

fn own_sender(account: &Account, from: &str, to: &str) -> Checked<()> {
    let channel = address::channel(from);
    if channel != address::channel(to) {
        return Err(refused(21910));
    }
    if !address::is_valid(from) && !address::is_sender_id(from) {
        return Err(refused(21212).about(from));
    }
    unless_magic(&MAGIC_SENDERS, from)?;
    if from == to {
        return Err(refused(21211).about(to));
    }
    match (account.senders.contains(from), channel) {
        (true, _) => Ok(()),
        (false, Channel::Sms) => Err(refused(21606)),
        (false, Channel::WhatsApp) => Err(refused(63007)),
    }
}

/// A template goes before text and media.
fn content(account: &Account, form: &Form) -> Checked<Draft> {
    let variables = form.get("ContentVariables");
    let Some(sid) = form.get("ContentSid") else {
        return if variables.is_some() { Err(refused(21654)) } else { free_content(form) };
    };
    let content = account.contents.get(sid).filter(|_| is_sid("HX", sid)).ok_or_else(|| refused(21655))?;
    Ok(Draft { body: content.fill(variables)?, is_template: content.approved, ..Draft::default() })
}

fn free_content(form: &Form) -> Checked<Draft> {
    let body = form.get("Body").unwrap_or_default();
    let media: Vec<String> = form.all("MediaUrl").map(str::to_owned).collect();
    if body.is_empty() && media.is_empty() {
        return Err(refused(21602));
    }
    // Letters beyond the basic plane count twice.
    if body.encode_utf16().count() > LONGEST_BODY {
        return Err(refused(21617));
    }
    if media.len() > MOST_MEDIA {
        return Err(refused(21623));
    }
    if let Some(bad) = media.iter().find(|url| web(url).is_none()) {
        return Err(refused(21620).about(bad));
    }
    Ok(Draft { body: body.to_owned(), media, ..Draft::default() })
}

/// <https://www.twilio.com/docs/messaging/features/message-scheduling>
fn schedule(form: &Form, draft: &Draft, now_ms: i64) -> Checked<Option<i64>> {
    let send_at = match (form.get("ScheduleType"), form.get("SendAt")) {
        (None, None) => return Ok(None),
        (Some("fixed"), Some(send_at)) => send_at,
        (Some("fixed"), None) => return Err(refused(35111)),
        _ => return Err(refused(20001).about("ScheduleType")),
    };
    if draft.service_sid.is_none() {
        return Err(refused(35118));
    }
    let at: jiff::Timestamp = send_at.parse().map_err(|_| refused(35114).about(send_at))?;
    let at_ms = at.as_millisecond();
    match at_ms - now_ms {
        ahead if ahead < SOONEST_MS => Err(refused(35115).about(send_at)),
        ahead if ahead > LATEST_MS => Err(refused(35117).about(send_at)),
        _ => Ok(Some(at_ms)),
    }
}

fn validity(form: &Form) -> Checked<()> {
    let Some(seconds) = form.get("ValidityPeriod") else { return Ok(()) };
    let valid = seconds.parse().is_ok_and(|seconds: u32| (1..=LONGEST_VALIDITY).contains(&seconds));
    if valid { Ok(()) } else { Err(refused(90007).about(seconds)) }
}

fn callback(form: &Form) -> Checked<Option<Url>> {
    let Some(given) = form.get("StatusCallback") else { return Ok(None) };
    let url = web(given).filter(|_| given.len() <= LONGEST_CALLBACK);
    let url = url.filter(|url| url.host_str().is_some_and(|host| !host.contains('_')));
    url.map(Some).ok_or_else(|| refused(21609).about(given))
}

/// With a service Twilio learns of it only when it has picked a sender.
fn subscribed(account: &Account, draft: &Draft) -> Checked<()> {
    let (Some(from), None) = (&draft.from, &draft.service_sid) else { return Ok(()) };
    if account.has_opted_out(from, &draft.to) { Err(refused(21610)) } else { Ok(()) }
}

fn web(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_sid(kind: &str, sid: &str) -> bool {
    let digits = sid.strip_prefix(kind).unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}
