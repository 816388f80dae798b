//! Calls, made on a store one after the other.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{EntityKind, Gid, Language, Mapping};
use kopru_ports::StoreError;
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, Urgency};
use kopru_ports::gate::LimitStore;
use kopru_ports::identity::IdentityStore;
use kopru_ports::outbox::{ContactStore, OutboxStore};
use kopru_ports::sync::{RowsQuery, SyncStore};

use super::calls::{COMPANIES, CONFIGS, Call, Step, Tab};
use super::messages::MessageCall;
use crate::database::NOW;

/// All ports that the calls are made on.
pub trait Store:
    DeliveryStore + LimitStore + SyncStore + ConfigStore + IdentityStore + OutboxStore + ContactStore
{
}
impl<S: DeliveryStore + LimitStore + SyncStore + ConfigStore + IdentityStore + OutboxStore + ContactStore> Store for S {}

/// What an empty store answers, and what is in it at the end.
pub async fn answers(store: &impl Store, steps: &[Step]) -> Vec<String> {
    prepare(store).await;
    let mut run = Run { store, now: NOW, leases: Vec::new() };
    let mut answers = Vec::new();
    for step in steps {
        run.now += step.passed;
        answers.push(run.call(&step.call).await);
    }
    answers.extend(run.all_rows().await);
    answers.extend(run.all_messages().await);
    answers.extend(run.all_work().await);
    answers
}

async fn prepare(store: &impl Store) {
    for company in COMPANIES {
        store.add_company(&company.parse().unwrap(), company, NOW).await.unwrap();
    }
    for (number, id) in (0..3).zip(CONFIGS) {
        let config = SyncConfig {
            id,
            company: COMPANIES[number / 2].parse().unwrap(),
            user: "ayse".parse().unwrap(),
            name: "n".into(),
            spreadsheet: "s".parse().unwrap(),
            gid: Gid(i32::try_from(number).unwrap()),
            entity: EntityKind::Lead,
            portal: "a.example".into(),
            mapping: Mapping::default(),
            language: Language::Tr,
            quiet_ms: 0,
            enabled: true,
            webhook_key_hash: id.to_string(),
            sealed_secret: "sealed".into(),
            created: NOW,
            scan: None,
            restored: None,
            held: false,
        };
        store.add(&config).await.unwrap();
    }
}

struct Run<'a, S> {
    store: &'a S,
    now: Timestamp,
    /// All that were granted, the lost ones too.
    leases: Vec<Lease>,
}

pub fn said<T: Debug>(answer: Result<T, StoreError>) -> String {
    format!("{:?}", answer.map_err(|error| error.kind))
}

impl<S: Store> Run<'_, S> {
    async fn all_rows(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for (number, config) in (0..3).zip(CONFIGS) {
            let tab: Tab = (COMPANIES[number / 2].parse().unwrap(), config);
            let rows = [RowsQuery::Refused(99), RowsQuery::Places(0, 99), RowsQuery::StatusDue(99)];
            let rows = rows.map(|query| Call::Rows(tab.clone(), query));
            let rest = [Call::Events(tab.clone(), 99), Call::History(tab.clone(), None, 99), Call::Summary(tab)];
            for call in rows.into_iter().chain(rest) {
                all.push(self.call(&call).await);
            }
        }
        all
    }

    async fn all_messages(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for company in COMPANIES {
            for call in MessageCall::all() {
                all.push(self.call(&Call::Messages(company.parse().unwrap(), call)).await);
            }
        }
        all
    }

    /// Lane after lane, when everything is due.
    async fn all_work(&mut self) -> Vec<String> {
        self.now += Duration::from_hours(1);
        let mut all = Vec::new();
        for _ in 0..COMPANIES.len() * 2 {
            all.push(self.call(&Call::Lease(Duration::from_hours(1))).await);
            for urgency in [Urgency::Interactive, Urgency::Bulk] {
                let claim = Claim { urgency: Some(urgency), limit: 99, skip: Vec::new() };
                all.push(self.call(&Call::Claim(0, claim)).await);
            }
        }
        all
    }

    async fn call(&mut self, call: &Call) -> String {
        match call.clone() {
            Call::Enqueue(work) => said(self.store.enqueue(work).await),
            Call::Lease(length) => {
                let answer = self.store.lease(self.now, self.now + length).await;
                let Ok(LeaseAnswer::Granted(lease)) = &answer else { return said(answer) };
                self.leases.push(lease.clone());
                // With what epoch a lane begins is each store's own.
                format!("granted {} {}", lease.company, lease.lane)
            }
            Call::Renew(back, until) => said(self.store.renew(&self.lease(back), until).await),
            Call::Claim(back, claim) => said(self.store.claim(&self.lease(back), self.now, claim).await),
            Call::Reopen(work, attempt) => said(self.store.reopen(*work, attempt).await),
            Call::Freeze(back, attempts) => said(self.store.freeze(&self.lease(back), attempts).await),
            Call::Settle(back, settlement) => said(self.store.settle(&self.lease(back), self.now, settlement).await),
            Call::Release(back, from) => said(self.store.release(&self.lease(back), from).await),
            Call::Spend(pass) => said(self.store.spend(self.now, &pass).await),
            Call::Correct(scope, correction) => said(self.store.correct(self.now, &scope, correction).await),
            Call::Accept((company, config), event, work) => {
                said(SyncStore::accept(self.store, &company, config, event, *work).await)
            }
            Call::Events((company, config), limit) => said(self.store.events(&company, config, limit).await),
            Call::Rows((company, config), query) => said(self.store.rows(&company, config, query).await),
            Call::History(tab, before, limit) => self.history(tab, before, limit).await,
            Call::Summary((company, config)) => said(self.store.summary(&company, config).await),
            Call::Replay((company, config)) => said(self.store.replay(&company, config).await),
            Call::Messages(company, call) => call.answer(self.store, &company, self.now).await,
            Call::Config((company, config)) => said(self.store.get(&company, config).await),
        }
    }

    /// The last lease but so many; one that was never granted where there are not so many.
    fn lease(&self, back: usize) -> Lease {
        let never = || Lease { company: COMPANIES[0].parse().unwrap(), lane: "crm:a".into(), epoch: 99 };
        self.leases.iter().rev().nth(back).cloned().unwrap_or_else(never)
    }

    /// Entries without their numbers, which are each store's own.
    async fn history(&self, (company, config): Tab, before: Option<usize>, limit: u32) -> String {
        let all = self.store.history(&company, config, None, u32::MAX).await.unwrap();
        let before = before.and_then(|back| all.get(back)).map(|(number, _)| *number);
        let page = self.store.history(&company, config, before, limit).await;
        said(page.map(|page| page.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>()))
    }
}
