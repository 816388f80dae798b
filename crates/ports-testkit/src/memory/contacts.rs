use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Address, Channel, OptOutCause, OptWord};
use kopru_ports::StoreError;
use kopru_ports::outbox::{Contact, ContactStore, CountedDay, KeptBatch, KnownAddress, OptOut};
use uuid::Uuid;

use super::{MemoryStore, State, kept, most};

#[async_trait]
impl ContactStore for MemoryStore {
    async fn contact(&self, company: &CompanyId, channel: Channel, address: &Address) -> Result<Contact, StoreError> {
        Ok(self.state().contact(company, channel, address))
    }

    async fn set_opt_out(&self, company: &CompanyId, out: &OptOut, is_out: bool) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_known(company)?;
        if is_out {
            state.opt_out(company, out.channel, &out.address, (kept(out.since), out.cause));
        } else {
            state.contact_mut(company, out.channel, &out.address).opted_out = None;
        }
        Ok(())
    }

    async fn opt_outs(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<OptOut>, StoreError> {
        let state = self.state();
        let own = state.contacts.iter().filter(|((of, ..), _)| of == company);
        let out = own.filter_map(|((_, channel, address), contact)| {
            let (since, cause) = contact.opted_out?;
            Some(OptOut { channel: *channel, address: address.parse().ok()?, since, cause })
        });
        Ok(page(out, after.as_ref(), limit, |out| (out.channel, &out.address)))
    }

    async fn contacts(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<KnownAddress>, StoreError> {
        let state = self.state();
        let own = state.contacts.iter().filter(|((of, ..), _)| of == company);
        let known = own.filter_map(|((_, channel, address), contact)| {
            Some(KnownAddress { channel: *channel, address: address.parse().ok()?, contact: contact.clone() })
        });
        Ok(page(known, after.as_ref(), limit, |known| (known.channel, &known.address)))
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

/// What comes after the one given, by channel and address as they are written.
fn page<T>(
    all: impl Iterator<Item = T>,
    after: Option<&(Channel, Address)>,
    limit: u32,
    place: impl Fn(&T) -> (Channel, &Address),
) -> Vec<T> {
    let written = |(channel, address): (Channel, &Address)| (channel.to_string(), address.to_string());
    let after = after.map(|(channel, address)| written((*channel, address)));
    let mut page: Vec<T> = all.filter(|one| after.as_ref().is_none_or(|after| written(place(one)) > *after)).collect();
    page.sort_by_key(|one| written(place(one)));
    page.truncate(most(limit));
    page
}

impl State {
    pub(super) fn contact(&self, company: &CompanyId, channel: Channel, address: &Address) -> Contact {
        let key = (company.clone(), channel, address.to_string());
        self.contacts.get(&key).cloned().unwrap_or_default()
    }

    fn contact_mut(&mut self, company: &CompanyId, channel: Channel, address: &Address) -> &mut Contact {
        self.contacts.entry((company.clone(), channel, address.to_string())).or_default()
    }

    pub(super) fn opt_out(
        &mut self,
        company: &CompanyId,
        channel: Channel,
        address: &Address,
        out: (Timestamp, OptOutCause),
    ) {
        self.contact_mut(company, channel, address).opted_out.get_or_insert(out);
    }

    /// A person wrote.
    pub(super) fn heard(
        &mut self,
        company: &CompanyId,
        channel: Channel,
        from: &Address,
        word: Option<OptWord>,
        now: Timestamp,
    ) {
        let contact = self.contact_mut(company, channel, from);
        contact.last_inbound = contact.last_inbound.max(Some(now));
        match word {
            Some(OptWord::Stop) => drop(contact.opted_out.get_or_insert((now, OptOutCause::Asked))),
            Some(OptWord::Start) => contact.opted_out = None,
            Some(OptWord::Help) | None => {}
        }
    }
}
