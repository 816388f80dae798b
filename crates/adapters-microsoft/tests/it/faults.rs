//! What goes wrong at each step, and what is known then.

use std::time::Duration;

use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::emails::EmailSender as _;
use kopru_ports::messages::{Report, SendError};
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{Clock as _, Retry};
use kopru_ports_testkit::ManualClock;
use rstest::rstest;
use wiremock::{MockServer, ResponseTemplate};

use crate::mailbox::Step::{Discard, Draft, Find, Look, Send};
use crate::mailbox::{Fate, Graph, PATIENCE, Step, html, id, refused};
use crate::world::{PATIENT, Surroundings, nobody, request};

const AFTER: Retry = Retry::After(None);
const UNKNOWN: (Trouble, Retry) = (Trouble::OutcomeUnknown, Retry::OutcomeUnknown);
const DOWN: (Trouble, Retry) = (Trouble::ProviderDown, AFTER);

struct World {
    graph: Graph,
    server: MockServer,
    around: Surroundings,
}

impl World {
    async fn start() -> Self {
        let (graph, server) = Graph::start().await;
        Self { graph, server, around: Surroundings::new() }
    }

    async fn send(&self) -> Result<Report, SendError> {
        self.around.outlook(&self.server.uri(), PATIENCE).send(request(7)).await
    }

    async fn fails(&self) -> (Trouble, Retry) {
        let error = self.send().await.expect_err("no answer");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("s3cret") && !told.contains("isil"), "{told}");
        (error.kind, error.retry)
    }

    fn steps(&self) -> Vec<Step> {
        self.graph.mailbox().steps.clone()
    }

    /// How many messages are drafts, and how many were sent.
    fn left(&self) -> (usize, usize) {
        let sent = self.graph.sent().len();
        (self.graph.mailbox().messages.len() - sent, sent)
    }
}

#[rstest]
#[case::not_allowed(refused(403, "ErrorAccessDenied"), Trouble::CredentialsRefused, Retry::Never)]
#[case::too_large(refused(413, "RequestEntityTooLarge"), Trouble::EmailTooLarge, Retry::Never)]
#[case::no_message(refused(400, "ErrorMimeContentInvalid"), Trouble::ContentRefused, Retry::Never)]
#[case::no_mailbox(refused(404, "MailboxNotEnabledForRESTAPI"), Trouble::AccountMissing, Retry::Never)]
#[case::full(refused(403, "ErrorQuotaExceeded"), Trouble::DailyCap, AFTER)]
#[tokio::test]
async fn a_draft_that_is_refused_is_none(
    #[case] answer: ResponseTemplate,
    #[case] kind: Trouble,
    #[case] retry: Retry,
) {
    let world = World::start().await;
    world.graph.meets(Draft, Fate::Instead(answer));
    assert_eq!(world.fails().await, (kind, retry));
    assert_eq!((world.steps(), world.left()), (vec![Draft], (0, 0)));
}

/// Nothing is sent by a draft: it is made again, and what may have been made is thrown away.
#[rstest]
#[case::down(Fate::Instead(html(503)), vec![Draft, Find])]
#[case::lost(Fate::Lost(html(504)), vec![Draft, Find, Discard])]
#[case::unreadable(Fate::Lost(ResponseTemplate::new(201).set_body_string("ok")), vec![Draft, Find, Discard])]
#[case::late(Fate::Late, vec![Draft, Find, Discard])]
#[tokio::test]
async fn a_draft_in_doubt_is_made_again(#[case] fate: Fate, #[case] steps: Vec<Step>) {
    let world = World::start().await;
    world.graph.meets(Draft, fate);
    assert_eq!(world.fails().await, DOWN);
    assert_eq!((world.steps(), world.left()), (steps, (0, 0)));
    world.send().await.unwrap();
    assert_eq!(world.left(), (0, 1));
}

#[rstest]
#[case::another_sender(refused(403, "ErrorSendAsDenied"), Trouble::SenderNotOurs, Retry::Never)]
#[case::no_recipient(refused(400, "ErrorInvalidRecipients"), Trouble::RecipientInvalid, Retry::Never)]
#[case::too_large(refused(400, "ErrorMessageSizeExceeded"), Trouble::EmailTooLarge, Retry::Never)]
#[case::spent(refused(429, "ErrorExceededMessageLimit"), Trouble::DailyCap, AFTER)]
#[case::suspended(refused(403, "ErrorAccountSuspend"), Trouble::AccountSuspended, Retry::Never)]
#[case::changed(refused(409, "ErrorIrresolvableConflict"), Trouble::ProviderDown, AFTER)]
#[case::unseen(refused(404, "ErrorItemNotFound"), Trouble::ProviderDown, AFTER)]
#[case::down(html(503), Trouble::ProviderDown, AFTER)]
#[tokio::test]
async fn what_is_a_draft_still_was_not_sent(
    #[case] answer: ResponseTemplate,
    #[case] kind: Trouble,
    #[case] retry: Retry,
) {
    let world = World::start().await;
    world.graph.meets(Send, Fate::Instead(answer));
    assert_eq!(world.fails().await, (kind, retry));
    assert_eq!((world.steps(), world.left()), (vec![Draft, Send, Look, Discard], (0, 0)));
}

/// Whatever was answered, and whenever.
#[rstest]
#[case::lost(Fate::Lost(html(504)))]
#[case::throttled(Fate::Lost(refused(429, "ApplicationThrottled")))]
#[case::late(Fate::Late)]
#[tokio::test]
async fn what_is_no_draft_any_more_was_sent(#[case] fate: Fate) {
    let world = World::start().await;
    world.graph.meets(Send, fate);
    let report = world.send().await.unwrap();
    assert_eq!((report.provider_id, report.status), (id(1), MessageStatus::Sent));
    assert_eq!((world.steps(), world.left()), (vec![Draft, Send, Look], (0, 1)));
}

/// A call that was cut off may be carried out after all: it is waited for before anybody looks.
#[tokio::test]
async fn what_is_sent_a_moment_later_was_sent() {
    let world = World::start().await;
    world.graph.meets(Send, Fate::Instead(html(504)));
    world.graph.meets(Look, Fate::Sent);
    assert_eq!(world.send().await.unwrap().provider_id, id(1));
    assert_eq!(world.around.clock.now(), ManualClock::default().now() + Duration::from_secs(5));
}

/// As long as it is there, a call that is under way may send it.
#[rstest]
#[case::gone(refused(404, "ErrorItemNotFound"))]
#[case::down(html(502))]
#[tokio::test]
async fn a_draft_that_is_not_thrown_away_may_be_sent_yet(#[case] discard: ResponseTemplate) {
    let world = World::start().await;
    world.graph.meets(Send, Fate::Instead(html(504)));
    world.graph.meets(Discard, Fate::Instead(discard));
    assert_eq!(world.fails().await, UNKNOWN);
    assert_eq!(world.steps(), [Draft, Send, Look, Discard]);
}

#[rstest]
#[case::no_look(Fate::Instead(html(502)))]
#[case::a_page(Fate::Instead(ResponseTemplate::new(200).set_body_string("ok")))]
#[case::busy(Fate::Instead(refused(429, "ApplicationThrottled")))]
#[case::late(Fate::Late)]
#[tokio::test]
async fn where_the_mailbox_tells_nothing_it_is_unknown_and_found_later(#[case] look: Fate) {
    let world = World::start().await;
    world.graph.meets(Send, Fate::Lost(html(504)));
    world.graph.meets(Look, look);
    assert_eq!(world.fails().await, UNKNOWN);
    let found = world.around.outlook(&world.server.uri(), PATIENT).search(&request(7)).await.unwrap();
    assert_eq!(found.map(|report| report.provider_id), Some(id(1)));
}

/// Its copy comes to Sent Items a while after it has left Drafts.
#[tokio::test]
async fn what_is_nowhere_is_unknown_until_it_is_seen() {
    let world = World::start().await;
    let outlook = world.around.outlook(&world.server.uri(), PATIENT);
    world.graph.meets(Send, Fate::Lost(refused(429, "ApplicationThrottled")));
    world.graph.mailbox().lags = true;
    assert_eq!(world.fails().await, UNKNOWN);
    assert_eq!(outlook.search(&request(7)).await.unwrap(), None);
    world.graph.mailbox().lags = false;
    assert_eq!(outlook.search(&request(7)).await.unwrap().map(|report| report.provider_id), Some(id(1)));
}

/// It may be of an earlier try than the one in doubt.
#[tokio::test]
async fn a_draft_that_is_found_proves_nothing() {
    let world = World::start().await;
    world.graph.meets(Send, Fate::Instead(html(504)));
    world.graph.meets(Look, Fate::Instead(html(504)));
    assert_eq!(world.fails().await, UNKNOWN);
    let found = world.around.outlook(&world.server.uri(), PATIENT).search(&request(7)).await.unwrap();
    assert_eq!((found, world.left()), (None, (1, 0)));
}

#[rstest]
#[case::busy(refused(429, "ApplicationThrottled"), Trouble::RateLimited)]
#[case::down(html(502), Trouble::ProviderDown)]
#[case::no_list(ResponseTemplate::new(200).set_body_string("ok"), Trouble::ProviderDown)]
#[tokio::test]
async fn a_search_that_fails_is_no_empty_answer(#[case] answer: ResponseTemplate, #[case] kind: Trouble) {
    let world = World::start().await;
    world.graph.meets(Find, Fate::Instead(answer));
    let error = world.around.outlook(&world.server.uri(), PATIENT).search(&request(7)).await.unwrap_err();
    assert_eq!(error.kind, kind);
    assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
}

#[rstest]
#[case(Draft)]
#[case(Send)]
#[tokio::test]
async fn a_refusal_for_now_closes_the_mailbox_for_its_pause(#[case] step: Step) {
    let world = World::start().await;
    let busy = refused(429, "ApplicationThrottled").insert_header("retry-after", "7");
    world.graph.meets(step, Fate::Instead(busy));
    let pause = Duration::from_secs(7);
    assert_eq!(world.fails().await, (Trouble::RateLimited, Retry::After(Some(pause))));
    let until = world.around.clock.now() + pause;
    assert_eq!(*world.around.gate.refusals.lock().unwrap(), [("outlook:48d31887".to_owned(), until)]);
    assert_eq!(world.left(), (0, 0));
}

#[tokio::test]
async fn a_closed_gate_is_not_passed() {
    let world = World::start().await;
    let at = world.around.clock.now() + Duration::from_secs(9);
    *world.around.gate.closed_until.lock().unwrap() = Some(at);
    assert_eq!(world.fails().await, (Trouble::RateLimited, Retry::After(Some(Duration::from_secs(9)))));
    assert_eq!(world.steps(), []);
}

#[rstest]
#[case(Draft)]
#[case(Send)]
#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once(#[case] step: Step) {
    let world = World::start().await;
    world.graph.meets(step, Fate::Instead(refused(401, "InvalidAuthenticationToken")));
    world.send().await.unwrap();
    assert_eq!(*world.around.tokens.refused.lock().unwrap(), ["s3cret-1"]);
    assert_eq!(world.around.tokens.refused_again.lock().unwrap().len(), 0);
    let asked = world.server.received_requests().await.unwrap();
    assert_eq!(asked.last().unwrap().headers.get("authorization").unwrap(), "Bearer s3cret-2");
    assert_eq!(world.left(), (0, 1));
}

#[tokio::test]
async fn where_the_new_token_is_refused_too_the_company_has_to_connect_again() {
    let world = World::start().await;
    for _ in 0..2 {
        world.graph.meets(Draft, Fate::Instead(refused(401, "InvalidAuthenticationToken")));
    }
    assert_eq!(world.fails().await, (Trouble::CredentialsRefused, Retry::Never));
    assert_eq!(*world.around.tokens.refused_again.lock().unwrap(), ["s3cret-2"]);
}

#[rstest]
#[case(TokenErrorKind::ReconnectRequired, Retry::Never, (Trouble::CredentialsRefused, Retry::Never))]
#[case(TokenErrorKind::Unavailable, AFTER, DOWN)]
#[tokio::test]
async fn without_a_token_nothing_is_asked(
    #[case] kind: TokenErrorKind,
    #[case] retry: Retry,
    #[case] expected: (Trouble, Retry),
) {
    let world = World::start().await;
    *world.around.tokens.failing.lock().unwrap() = Some((kind, retry));
    assert_eq!(world.fails().await, expected);
    assert_eq!(world.steps(), []);
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_unknown() {
    let outlook = Surroundings::new().outlook(&nobody(), PATIENCE);
    let errors = [outlook.send(request(7)).await.unwrap_err(), outlook.search(&request(7)).await.unwrap_err()];
    for error in errors {
        assert_eq!((error.kind, error.retry), DOWN);
    }
}
