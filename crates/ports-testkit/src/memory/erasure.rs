//! What is kept of a company or of one of its people, deleted bite by bite.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::audit::{AuditAction, AuditEntry};
use kopru_ports::data::HOUSE;
use uuid::Uuid;

use super::State;
use super::lane::Lane;

/// What a call deletes: of each kind so many at the most.
pub(super) struct Bites {
    limit: usize,
    taken: BTreeMap<&'static str, usize>,
}

impl Bites {
    pub fn of(limit: usize) -> Self {
        Self { limit, taken: BTreeMap::new() }
    }

    /// Whether something stays that should go or not.
    pub fn stays(&mut self, kind: &'static str, goes: bool) -> bool {
        let taken = self.taken.entry(kind).or_default();
        let goes = goes && *taken < self.limit;
        *taken += usize::from(goes);
        !goes
    }

    pub fn more(&self) -> bool {
        self.taken.values().any(|taken| *taken == self.limit)
    }
}

/// Whose things go.
#[derive(Clone, Copy)]
struct Whose<'a> {
    company: &'a CompanyId,
    person: Option<&'a UserId>,
}

impl Whose<'_> {
    fn is(self, company: &CompanyId, user: Option<&UserId>) -> bool {
        company == self.company && (self.person.is_none() || user == self.person)
    }

    /// Whether the person made the entry or is its subject.
    fn is_told_of(self, entry: &AuditEntry) -> bool {
        let Some(person) = self.person else { return entry.company == *self.company };
        let is_subject = AuditAction::OF_PEOPLE.contains(&entry.action) && entry.subject == person.as_str();
        entry.company == *self.company && (is_subject || entry.actor.user.as_ref() == Some(person))
    }
}

impl State {
    pub(super) fn erase(&mut self, company: &CompanyId, person: Option<&UserId>, now: Timestamp, limit: usize) -> bool {
        let (whose, mut bites) = (Whose { company, person }, Bites::of(limit));
        self.forget_access(whose, now, &mut bites);
        self.forget_tabs(whose, &mut bites);
        let theirs = self.messages.iter().filter(|((of, _), message)| whose.is(of, message.user.as_ref()));
        let ids = theirs.filter(|_| !bites.stays("message", true)).map(|((_, id), _)| *id).collect();
        self.forget_messages(company, &ids);
        self.audit.retain(|_, entry| bites.stays("audit", whose.is_told_of(entry)));
        if person.is_none() {
            self.contacts.retain(|(of, ..), _| bites.stays("contact", of == company));
            self.inbound.retain(|(of, _), _| bites.stays("inbound", of == company));
            self.templates.retain(|(of, _), _| bites.stays("template", of == company));
            let waits = |(of, lane): &(CompanyId, String)| of == company && lane != HOUSE;
            for (_, lane) in self.lanes.iter_mut().filter(|(lane, _)| waits(lane)) {
                lane.forget(|_, _| !bites.stays("work", true));
            }
        }
        let more = bites.more();
        match person {
            _ if more => {}
            Some(person) => self.end_of_person(company, person, now),
            None => self.end_of_company(company),
        }
        more
    }

    /// Connections with their accounts' limits, consents and sessions; keys and configurations are of no use any more.
    fn forget_access(&mut self, whose: Whose<'_>, now: Timestamp, bites: &mut Bites) {
        let (own, others): (Vec<_>, Vec<_>) =
            self.tokens.iter().partition(|(key, _)| whose.is(&key.company, Some(&key.user)));
        let accounts: BTreeSet<_> = own.iter().map(|(_, stored)| stored.token.account_id.clone()).collect();
        let is_elsewhere = |account: &String| others.iter().any(|(_, stored)| stored.token.account_id == *account);
        let gone: Vec<_> =
            accounts.into_iter().filter(|account| !account.is_empty() && !is_elsewhere(account)).collect();
        self.limits.retain(|scope, _| !gone.iter().any(|account| names(scope, account)));
        self.tokens.retain(|key, _| !whose.is(&key.company, Some(&key.user)));
        let is_theirs = |person: Option<&UserId>, of: &kopru_ports::oauth::PendingConsent| {
            of.key.company == *whose.company && person.is_none_or(|person| of.is_of(person))
        };
        self.consents.retain(|_, (consent, _)| !is_theirs(whose.person, consent));
        self.sessions.retain(|_, one| bites.stays("session", whose.is(&one.company, Some(&one.user))));
        for key in self.keys.values_mut().filter(|key| whose.is(&key.company, None)) {
            key.revoked = key.revoked.or(Some(now));
        }
    }

    fn forget_tabs(&mut self, whose: Whose<'_>, bites: &mut Bites) {
        for ((company, id), tab) in &mut self.tabs {
            if !whose.is(company, Some(&tab.config.user)) {
                continue;
            }
            tab.config.enabled = false;
            let owner = id.to_string();
            for (_, lane) in self.lanes.iter_mut().filter(|((of, _), _)| of == company) {
                lane.forget(|_, job| job.owner == owner && !bites.stays("work", true));
            }
            tab.history.retain(|_, _| bites.stays("history", true));
            tab.events.retain(|_, _| bites.stays("event", true));
            tab.rows.retain(|_, _| bites.stays("row", true));
        }
    }

    /// Messages with what waits for them, and the requests of which none is left.
    pub(super) fn forget_messages(&mut self, company: &CompanyId, ids: &BTreeSet<Uuid>) {
        let goes = |(of, id): &(CompanyId, Uuid)| of == company && ids.contains(id);
        self.messages.retain(|key, _| !goes(key));
        self.counted.retain(|key| !goes(key));
        for (_, lane) in self.lanes.iter_mut().filter(|((of, _), _)| of == company) {
            lane.forget(|key, _| key.parse().is_ok_and(|id: Uuid| ids.contains(&id)));
        }
        let left: BTreeSet<_> = self.messages_of(company).map(|message| message.batch).collect();
        if let Some(batches) = self.batches.get_mut(company).filter(|_| !ids.is_empty()) {
            batches.retain(|batch| left.contains(&batch.id));
        }
    }

    fn end_of_person(&mut self, company: &CompanyId, person: &UserId, now: Timestamp) {
        self.tabs.retain(|(of, _), tab| of != company || tab.config.user != *person);
        self.drop_lanes(|(of, _), lane| of == company && lane.is_idle(now));
    }

    fn end_of_company(&mut self, company: &CompanyId) {
        self.limits.retain(|scope, _| !names(scope, company.as_str()));
        self.drop_lanes(|(of, _), _| of == company);
        self.tabs.retain(|(of, _), _| of != company);
        self.keys.retain(|_, key| key.company != *company);
        self.sessions.retain(|_, session| session.company != *company);
        self.origins.retain(|(of, _)| of != company);
        self.integrations.retain(|(of, _), _| of != company);
        self.days.retain(|(of, _), _| of != company);
        self.retention.remove(company);
        self.batches.remove(company);
        self.policies.remove(company);
        self.companies.remove(company);
    }

    /// Lanes that come again begin with a later epoch.
    pub(super) fn drop_lanes(&mut self, goes: impl Fn(&(CompanyId, String), &Lane) -> bool) {
        let dropped = self.lanes.extract_if(.., |key, lane| goes(key, lane)).map(|(_, lane)| lane.epoch);
        self.first_epoch = dropped.fold(self.first_epoch, i64::max);
    }
}

/// Whether a limit is named after something.
fn names(scope: &str, what: &str) -> bool {
    format!("{scope}:").contains(&format!(":{what}:"))
}
