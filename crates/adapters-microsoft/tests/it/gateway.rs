//! The contract suite over a mailbox behind a gateway whose pages are all that is heard of a call that is lost.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kopru_adapters_microsoft::Outlook;
use kopru_domain::CompanyId;
use kopru_domain::email::{EmailAddress, Mailbox};
use kopru_domain::message::MessageStatus;
use kopru_ports::emails::EmailSender;
use kopru_ports_testkit::suites::email_sender::{EmailWorld, TakenEmail};
use kopru_ports_testkit::suites::trouble::Trouble;
use wiremock::MockServer;

use crate::mailbox::{Fate, Graph, PATIENCE, REFUSED, Step, Stored, html, id, refused};
use crate::world::{FROM, Surroundings, company, nobody};

struct Gateway {
    graph: Graph,
    outlook: Outlook,
    away: Outlook,
    is_away: AtomicBool,
    _server: MockServer,
}

async fn gateway() -> Gateway {
    let ((graph, server), around) = (Graph::start().await, Surroundings::new());
    let (outlook, away) = (around.outlook(&server.uri(), PATIENCE), around.outlook(&nobody(), PATIENCE));
    Gateway { graph, outlook, away, is_away: AtomicBool::new(false), _server: server }
}

#[async_trait]
impl EmailWorld for Gateway {
    fn emails(&self) -> &dyn EmailSender {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.outlook }
    }

    fn company(&self) -> CompanyId {
        company()
    }

    fn sender(&self) -> Mailbox {
        FROM.parse().unwrap()
    }

    fn refused_address(&self) -> EmailAddress {
        REFUSED.parse().unwrap()
    }

    fn unknown_id(&self) -> String {
        id(0)
    }

    async fn taken(&self) -> Vec<TakenEmail> {
        self.graph.sent().iter().map(Stored::read).collect()
    }

    async fn becomes(&self, _: &str, _: MessageStatus) {
        unreachable!("Microsoft tells nothing of what was sent");
    }

    /// An answer that is lost is that of the sending; what is asked afterwards is lost as well, or the adapter would know.
    async fn next(&self, trouble: Trouble) {
        let lost_look = (Step::Look, Fate::Instead(html(504)));
        let fates = match trouble {
            Trouble::Busy => vec![(Step::Draft, Fate::Instead(refused(429, "ApplicationThrottled")))],
            Trouble::LostBefore => vec![(Step::Draft, Fate::Instead(html(502)))],
            Trouble::LostAfter => vec![(Step::Send, Fate::Lost(html(504))), lost_look],
            Trouble::Silence => vec![(Step::Send, Fate::Late), lost_look],
        };
        self.graph.mailbox().fates.extend(fates);
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::email_sender_suite!(gateway(); skip: [
    a_report_follows_its_email = "Microsoft tells nothing of what was sent",
    looking_up_may_be_repeated_whatever_became_of_it = "Microsoft tells nothing of what was sent, and is not asked",
    a_repetition_goes_once = "Graph knows no idempotency keys",
    a_repetition_after_a_lost_answer_is_answered = "Graph knows no idempotency keys",
]);
