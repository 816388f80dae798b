use std::collections::HashSet;
use std::collections::btree_map::Entry;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::CompanyId;
use kopru_domain::message::MessageStatus;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::messages::Report;
use kopru_ports::outbox::{
    BatchAccepted, Caps, Message, MessageChange, MessageQuery, NewBatch, OutboxStore, Outgoing, Told,
};
use kopru_ports::{StoreError, StoreErrorKind};
use uuid::Uuid;

use super::{MemoryStore, State, error, kept, most};

/// A request that was accepted.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: Uuid,
    pub(super) key: Option<String>,
    fingerprint: String,
    pub(super) created: Timestamp,
}

#[async_trait]
impl OutboxStore for MemoryStore {
    async fn accept(&self, batch: NewBatch) -> Result<BatchAccepted, StoreError> {
        let mut state = self.state();
        state.is_known(&batch.company)?;
        let State { batches, messages, .. } = &mut *state;
        let batches = batches.entry(batch.company.clone()).or_default();
        if let Some(known) = known(batches, batch.key.as_deref(), &batch.fingerprint) {
            return Ok(known);
        }
        let mut new = HashSet::new();
        let is_there =
            |message: &Message| !new.insert(message.id) || messages.contains_key(&(batch.company.clone(), message.id));
        if batches.iter().any(|known| known.id == batch.id) || batch.messages.iter().any(is_there) {
            return Err(error(StoreErrorKind::Conflict));
        }
        let created = kept(batch.created);
        batches.push(Batch { id: batch.id, key: batch.key, fingerprint: batch.fingerprint, created });
        for message in batch.messages {
            messages.insert((batch.company.clone(), message.id), stored(message));
        }
        for new in &batch.work {
            state.enqueue(new, batch.created);
        }
        Ok(BatchAccepted::Stored)
    }

    async fn known(
        &self,
        company: &CompanyId,
        key: &str,
        fingerprint: &str,
    ) -> Result<Option<BatchAccepted>, StoreError> {
        let state = self.state();
        Ok(state.batches.get(company).and_then(|batches| known(batches, Some(key), fingerprint)))
    }

    async fn messages(&self, company: &CompanyId, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        let state = self.state();
        let found = state.messages_of(company).rev().filter(|message| is_wanted(message, &query));
        Ok(found.take(most(query.limit)).cloned().collect())
    }

    async fn message(&self, company: &CompanyId, id: Uuid) -> Result<Option<Message>, StoreError> {
        Ok(self.state().messages.get(&(company.clone(), id)).cloned())
    }

    async fn outgoing(&self, company: &CompanyId, ids: &[Uuid]) -> Result<Vec<Outgoing>, StoreError> {
        let (state, ids) = (self.state(), HashSet::<_>::from_iter(ids));
        let found = state.messages_of(company).filter(|message| ids.contains(&message.id));
        let outgoing = |message: &Message| {
            let to = message.to.clone()?;
            Some(Outgoing { message: message.clone(), contact: state.contact(company, message.channel, &to), to })
        };
        Ok(found.filter_map(outgoing).collect())
    }

    async fn count(&self, company: &CompanyId, day: Date, caps: Caps, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let mut state = self.state();
        let State { messages, days, counted, .. } = &mut *state;
        let parts = ids.iter().filter_map(|id| {
            let key = (company.clone(), *id);
            let segments = messages.get(&key)?.segments;
            Some((*id, if counted.contains(&key) { None } else { Some(segments) }))
        });
        let tally = days.entry((company.clone(), day)).or_default();
        let (may_go, now_counted) = tally.grant(caps, ids, parts.collect());
        counted.extend(now_counted.into_iter().map(|id| (company.clone(), id)));
        Ok(may_go)
    }

    async fn told(&self, company: &CompanyId, told: Told, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let (mut state, now) = (self.state(), kept(now));
        match told {
            Told::Report { id, report } => Ok(state.reported(company, id, report, now)),
            Told::Message(message, word) => {
                state.is_known(company)?;
                let InboundMessage { provider_id, channel, from, .. } = message;
                if let Entry::Vacant(new) = state.inbound.entry((company.clone(), provider_id)) {
                    new.insert(now);
                    state.heard(company, channel, &from.into(), word, now);
                }
                Ok(None)
            }
        }
    }

    async fn cancel(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let mut state = self.state();
        let State { messages, lanes, .. } = &mut *state;
        let Some(message) = messages.get_mut(&(company.clone(), id)) else { return Ok(None) };
        let lane = lanes.get(&(company.clone(), message.lane.clone()));
        if message.waits_here() && !lane.is_some_and(|lane| lane.has_attempt(&id.to_string())) {
            message.step(&MessageChange::to(id, MessageStatus::Canceled), kept(now));
        }
        Ok(Some(message.clone()))
    }

    async fn is_in_doubt(&self, company: &CompanyId, id: Uuid) -> Result<bool, StoreError> {
        let state = self.state();
        let message = state.messages.get(&(company.clone(), id));
        let lane = message.and_then(|message| state.lanes.get(&(company.clone(), message.lane.clone())));
        Ok(lane.is_some_and(|lane| lane.has_attempt(&id.to_string())))
    }
}

/// What is known of a key.
fn known(batches: &[Batch], key: Option<&str>, fingerprint: &str) -> Option<BatchAccepted> {
    let known = batches.iter().find(|known| key.is_some() && known.key.as_deref() == key)?;
    let same = known.fingerprint == fingerprint;
    Some(if same { BatchAccepted::Known(known.id) } else { BatchAccepted::KeyTaken })
}

impl State {
    pub(super) fn is_known(&self, company: &CompanyId) -> Result<(), StoreError> {
        if self.companies.contains_key(company) { Ok(()) } else { Err(error(StoreErrorKind::Conflict)) }
    }

    pub(super) fn messages_of(&self, company: &CompanyId) -> impl DoubleEndedIterator<Item = &Message> {
        let all = (company.clone(), Uuid::nil())..=(company.clone(), Uuid::max());
        self.messages.range(all).map(|(_, message)| message)
    }

    /// Takes a message's step, and what it tells of the recipient.
    pub(super) fn step(&mut self, company: &CompanyId, change: &MessageChange, now: Timestamp) {
        let Some(message) = self.messages.get_mut(&(company.clone(), change.id)) else { return };
        if !message.step(change, now) {
            return;
        }
        if let (channel, Some(to), Some(cause)) = (message.channel, message.to.clone(), change.opt_out()) {
            self.opt_out(company, channel, &to, (now, cause));
        }
    }

    fn reported(&mut self, company: &CompanyId, id: Option<Uuid>, report: Report, now: Timestamp) -> Option<Message> {
        let own = id.filter(|id| self.messages.contains_key(&(company.clone(), *id)));
        let by_vendors = || {
            let has_it = |message: &&Message| message.provider_id.as_ref() == Some(&report.provider_id);
            self.messages_of(company).find(has_it).map(|message| message.id)
        };
        let id = own.or_else(by_vendors)?;
        self.step(company, &MessageChange::reported(id, report), now);
        self.messages.get(&(company.clone(), id)).cloned()
    }
}

fn stored(message: Message) -> Message {
    Message {
        send_at: message.send_at.map(kept),
        created: kept(message.created),
        updated: kept(message.updated),
        ..message
    }
}

fn is_wanted(message: &Message, query: &MessageQuery) -> bool {
    query.batch.is_none_or(|batch| message.batch == batch)
        && query.channel.is_none_or(|channel| message.channel == channel)
        && query.status.is_none_or(|status| message.status == status)
        && query.to.as_ref().is_none_or(|to| message.to.as_ref() == Some(to))
        && query.user.as_ref().is_none_or(|user| message.user.as_ref() == Some(user))
        && query.before.is_none_or(|before| message.id < before)
}
