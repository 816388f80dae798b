//! One instance of the engine, which can be killed and frozen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kopru_delivery::{Delivery, DeliveryOptions, Waker};
use kopru_engine::{Engine, Ports, Settings};
use kopru_ports::UniqueIds;
use kopru_ports_testkit::{MemoryIntegrations, MemoryStore, Nothing};
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
        sealed: world.memory.clone(),
        google: Arc::new(Nothing),
        sheets: Arc::new(sheet),
        connections: Arc::new(Nothing),
        catalog: portal.clone(),
        crm: portal,
        clock: world.clock.clone(),
        ids: world.ids.clone(),
    }
}

fn settings() -> Settings {
    Settings {
        public_url: "http://localhost".into(),
        google_redirect_uri: String::new(),
        google_is_set: true,
        crm_patience: CALL + Duration::from_secs(5),
    }
}
