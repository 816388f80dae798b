use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, OptWord, PhoneNumber};
use kopru_ports::StoreError;
use kopru_ports::outbox::{Contact, ContactStore, CountedDay, KeptBatch, KnownNumber, OptOut};
use uuid::Uuid;

use super::{MemoryStore, State, kept, most};

#[async_trait]
impl ContactStore for MemoryStore {
    async fn contact(
        &self,
        company: &CompanyId,
        channel: Channel,
        number: &PhoneNumber,
    ) -> Result<Contact, StoreError> {
        Ok(self.state().contact(company, channel, number))
    }

    async fn set_opt_out(&self, company: &CompanyId, out: &OptOut, is_out: bool) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_known(company)?;
        if is_out {
            state.opt_out(company, out.channel, &out.number, kept(out.since));
        } else {
            state.contact_mut(company, out.channel, &out.number).opted_out = None;
        }
        Ok(())
    }

    async fn opt_outs(
        &self,
        company: &CompanyId,
        after: Option<(Channel, PhoneNumber)>,
        limit: u32,
    ) -> Result<Vec<OptOut>, StoreError> {
        let state = self.state();
        let own = state.contacts.iter().filter(|((of, ..), _)| of == company);
        let out = own.filter_map(|((_, channel, number), contact)| {
            let number = PhoneNumber::try_from(number.clone()).ok()?;
            Some(OptOut { channel: *channel, number, since: contact.opted_out? })
        });
        let is_after = |out: &OptOut| {
            after
                .as_ref()
                .is_none_or(|(channel, number)| (out.channel, out.number.as_str()) > (*channel, number.as_str()))
        };
        Ok(out.filter(is_after).take(most(limit)).collect())
    }

    async fn contacts(
        &self,
        company: &CompanyId,
        after: Option<(Channel, PhoneNumber)>,
        limit: u32,
    ) -> Result<Vec<KnownNumber>, StoreError> {
        let state = self.state();
        let after = after.map(|(channel, number)| (channel, number.to_string()));
        let own = state.contacts.iter().filter(|((of, channel, number), _)| {
            of == company && after.as_ref().is_none_or(|after| (*channel, number) > (after.0, &after.1))
        });
        let known = own.filter_map(|((_, channel, number), contact)| {
            let number = PhoneNumber::try_from(number.clone()).ok()?;
            Some(KnownNumber { channel: *channel, number, contact: contact.clone() })
        });
        Ok(known.take(most(limit)).collect())
    }

    async fn batches(
        &self,
        company: &CompanyId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<KeptBatch>, StoreError> {
        let state = self.state();
        let own =
            state.batches.get(company).into_iter().flatten().filter(|one| after.is_none_or(|after| one.id > after));
        let mut own: Vec<_> =
            own.map(|one| KeptBatch { id: one.id, key: one.key.clone(), created: one.created }).collect();
        own.sort_by_key(|one| one.id);
        own.truncate(most(limit));
        Ok(own)
    }

    async fn days(&self, company: &CompanyId, after: Option<Date>, limit: u32) -> Result<Vec<CountedDay>, StoreError> {
        let state = self.state();
        let own = state.days.iter().filter(|((of, day), _)| of == company && after.is_none_or(|after| *day > after));
        Ok(own.map(|((_, day), tally)| CountedDay { day: *day, tally: *tally }).take(most(limit)).collect())
    }
}

impl State {
    pub(super) fn contact(&self, company: &CompanyId, channel: Channel, number: &PhoneNumber) -> Contact {
        let key = (company.clone(), channel, number.to_string());
        self.contacts.get(&key).cloned().unwrap_or_default()
    }

    fn contact_mut(&mut self, company: &CompanyId, channel: Channel, number: &PhoneNumber) -> &mut Contact {
        self.contacts.entry((company.clone(), channel, number.to_string())).or_default()
    }

    pub(super) fn opt_out(&mut self, company: &CompanyId, channel: Channel, number: &PhoneNumber, now: Timestamp) {
        self.contact_mut(company, channel, number).opted_out.get_or_insert(now);
    }

    /// A person wrote.
    pub(super) fn heard(
        &mut self,
        company: &CompanyId,
        channel: Channel,
        from: &PhoneNumber,
        word: Option<OptWord>,
        now: Timestamp,
    ) {
        let contact = self.contact_mut(company, channel, from);
        contact.last_inbound = contact.last_inbound.max(Some(now));
        match word {
            Some(OptWord::Stop) => drop(contact.opted_out.get_or_insert(now)),
            Some(OptWord::Start) => contact.opted_out = None,
            Some(OptWord::Help) | None => {}
        }
    }
}
