//! One instance of the engine, which can be killed and frozen.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kopru_delivery::{Delivery, DeliveryOptions, Waker};
use kopru_engine::{Engine, Ports, Settings};
use kopru_ports::UniqueIds;
use kopru_ports_testkit::{CountedIds, MemoryIntegrations, MemoryStore, Nothing, SimulatedClock};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::{Chance, Freezer, WallClock};
use crate::portal::{CALL, Portal, Records};
use crate::sheet::{Cells, Sheet};
use crate::store::{Broken, Epochs, Store};

/// What all workers share.
#[derive(Clone)]
pub struct World {
    pub memory: Arc<MemoryStore>,
    pub epochs: Arc<Mutex<Epochs>>,
    pub records: Arc<Mutex<Records>>,
    pub cells: Arc<Mutex<Cells>>,
    pub clock: Arc<WallClock>,
    pub ids: Arc<dyn UniqueIds>,
    pub chance: Chance,
    pub broken: Option<Broken>,
}

impl World {
    pub fn new(seed: u64, broken: Option<Broken>) -> Self {
        Self {
            memory: Arc::new(MemoryStore::default()),
            epochs: Arc::default(),
            records: Arc::default(),
            cells: Arc::default(),
            clock: Arc::new(WallClock { time: Arc::new(SimulatedClock::default()), ahead: AtomicI64::new(0) }),
            ids: Arc::new(CountedIds::default()),
            chance: Chance::new(seed + 1),
            broken,
        }
    }
}

pub struct Worker {
    pub engine: Arc<Engine>,
    pub freezer: Freezer,
    /// Kept so that the worker does not stop.
    _stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Worker {
    pub fn start(world: &World) -> Self {
        let freezer = Freezer::default();
        let waker = Waker::default();
        let store = Arc::new(Store {
            memory: world.memory.clone(),
            epochs: world.epochs.clone(),
            freezer: freezer.clone(),
            broken: world.broken,
        });
        let engine = Engine::new(ports(world, &store, &freezer), settings(), waker.clone());
        let options = DeliveryOptions { lease: Duration::from_secs(9), ..DeliveryOptions::default() };
        let delivery = Delivery::new(store, world.clock.clone(), engine.handlers(), engine.clone(), options, waker);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(delivery.run(stopped));
        Self { engine, freezer, _stop: stop, task }
    }

    /// Ends at once, wherever it is.
    pub fn kill(self) {
        self.task.abort();
    }
}

fn ports(world: &World, store: &Arc<Store>, freezer: &Freezer) -> Ports {
    let portal = Arc::new(Portal {
        records: world.records.clone(),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        freezer: freezer.clone(),
        broken: world.broken,
    });
    let sheet = Sheet {
        cells: world.cells.clone(),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        freezer: freezer.clone(),
    };
    Ports {
        identity: world.memory.clone(),
        integrations: Arc::new(MemoryIntegrations::default()),
        tokens: Arc::new(Nothing),
        consents: Arc::new(Nothing),
        configs: world.memory.clone(),
        delivery: store.clone(),
        sync: world.memory.clone(),
        sealer: Arc::new(Nothing),
        sessions: world.memory.clone(),
        hosts: None,
        audit: world.memory.clone(),
        data: world.memory.clone(),
        restores: world.memory.clone(),
        origins: world.memory.clone(),
        sealed: world.memory.clone(),
        google: Arc::new(Nothing),
        calendar_consent: Arc::new(Nothing),
        calendar: Arc::new(Nothing),
        sheets: Arc::new(sheet),
        connections: Arc::new(Nothing),
        catalog: portal.clone(),
        crm: portal,
        clock: world.clock.clone(),
        outbox: world.memory.clone(),
        contacts: world.memory.clone(),
        texts: world.memory.clone(),
        messages: Arc::new(Nothing),
        emails: Vec::new(),
        mailboxes: Vec::new(),
        vendors: Vec::new(),
        webhooks: Vec::new(),
        ids: world.ids.clone(),
    }
}

fn settings() -> Settings {
    Settings {
        public_url: "http://localhost".into(),
        google_redirect_uri: String::new(),
        calendar_redirect_uri: String::new(),
        google_is_set: true,
        host_scopes: Vec::new(),
        crm_patience: CALL + Duration::from_secs(5),
        message_patience: Duration::from_secs(40),
    }
}
