//! [`SyncStore`]'s clauses, together with what a settlement changes in rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{
    CompanyId, ConfigId, EntityKind, FieldValue, Fields, Gid, Language, Mapping, Reason, Rejection, RowId, RowState,
    RowTag,
};
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::delivery::{DeliveryStore, Gather, LeaseAnswer, NewWork, Settlement, Urgency};
use kopru_ports::identity::IdentityStore;
use kopru_ports::sync::{
    Accepted, HistoryEntry, RowSeen, RowWritten, RowsQuery, ScanProgress, SheetEvent, SyncChanges, SyncStore,
};
use serde_json::Value;
use uuid::Uuid;

/// All that these clauses need of a store.
pub trait Store: SyncStore + DeliveryStore + ConfigStore + IdentityStore {}
impl<T: SyncStore + DeliveryStore + ConfigStore + IdentityStore> Store for T {}

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// A configuration of the company, made in the store.
pub(crate) async fn config(store: &impl Store, company: &str) -> SyncConfig {
    let config = new_config(company);
    store.add_company(&config.company, "", NOW).await.expect("a company");
    store.add(&config).await.expect("a configuration");
    config
}

pub(crate) fn new_config(company: &str) -> SyncConfig {
    SyncConfig {
        id: ConfigId(Uuid::now_v7()),
        company: company.parse().expect("an id"),
        user: "ayse".parse().expect("an id"),
        name: "n".into(),
        spreadsheet: "s".parse().expect("an id"),
        gid: Gid(0),
        entity: EntityKind::Lead,
        portal: "a.example".into(),
        mapping: Mapping::default(),
        language: Language::Tr,
        quiet_ms: 0,
        enabled: true,
        webhook_key_hash: Uuid::now_v7().to_string(),
        sealed_secret: "sealed".into(),
        created: NOW,
        scan: None,
        restored: None,
        held: false,
    }
}

pub(crate) fn due(config: &SyncConfig) -> NewWork {
    NewWork {
        company: config.company.clone(),
        lane: "sheet:s".into(),
        kind: "sheet.events",
        key: config.id.to_string(),
        owner: config.id.to_string(),
        payload: Value::Null,
        due: NOW,
        gather: Gather::Earliest,
        urgency: Urgency::Interactive,
    }
}

pub(crate) async fn apply(store: &impl Store, config: &SyncConfig, changes: SyncChanges) {
    store.enqueue(vec![due(config)]).await.expect("enqueued");
    let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.expect("an answer") else {
        panic!("the lane is free");
    };
    store.settle(&lease, NOW, Settlement { sync: vec![changes], ..Settlement::default() }).await.expect("a settlement");
    store.release(&lease, NOW).await.expect("released");
}

pub(crate) fn row_id(number: u128) -> RowId {
    RowId::new(&RowTag::of(&"s".parse().expect("an id"), Gid(0), "a.example"), Uuid::from_u128(number))
}

fn says(text: &str) -> Fields {
    BTreeMap::from([("NAME".into(), FieldValue::Text(text.into()))])
}

pub(crate) fn seen(number: u128, text: &str) -> RowSeen {
    RowSeen {
        id: row_id(number),
        place: u32::try_from(number).unwrap_or(0),
        desired: says(text),
        refusals: Vec::new(),
        scan: None,
    }
}

async fn see(store: &impl Store, config: &SyncConfig, rows: Vec<RowSeen>) {
    apply(store, config, SyncChanges { seen: rows, ..SyncChanges::of(config.id) }).await;
}

fn written(number: u128, revision: i64, text: &str, state: RowState) -> RowWritten {
    let record = Some(number.to_string());
    RowWritten {
        id: row_id(number),
        record,
        revision,
        acked: says(text),
        rejected: BTreeMap::new(),
        state,
        error: None,
    }
}

async fn write(store: &impl Store, config: &SyncConfig, row: RowWritten) {
    apply(store, config, SyncChanges { written: vec![row], ..SyncChanges::of(config.id) }).await;
}

async fn row(store: &impl Store, config: &SyncConfig, number: u128) -> kopru_ports::sync::SyncRow {
    let found = store.rows(&config.company, config.id, RowsQuery::Ids(vec![row_id(number)])).await.expect("rows");
    found.into_iter().next().expect("the row")
}

async fn status_due(store: &impl Store, config: &SyncConfig) -> Vec<RowId> {
    let found = store.rows(&config.company, config.id, RowsQuery::StatusDue(10)).await.expect("rows");
    found.into_iter().map(|row| row.id).collect()
}

/// An event with a known id changes nothing; a new one is waiting and makes its work due.
pub async fn an_event_is_stored_once(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    let event = SheetEvent { id: "e1".into(), rows: Some((4, 5)), received: NOW };
    let first = store.accept(&config.company, config.id, event.clone(), due(&config)).await.expect("accepted");
    let second = store.accept(&config.company, config.id, event.clone(), due(&config)).await.expect("accepted");
    assert_eq!((first, second), (Accepted::Stored, Accepted::Duplicate));
    assert_eq!(store.events(&config.company, config.id, 10).await.expect("events"), [event]);
    let summary = store.summary(&config.company, config.id).await.expect("a summary");
    assert_eq!((summary.events, summary.work), (1, 1));
    apply(&*store, &config, SyncChanges { events: vec!["e1".into()], ..SyncChanges::of(config.id) }).await;
    assert!(store.events(&config.company, config.id, 10).await.expect("events").is_empty());
}

/// Reading the same again changes neither state nor revision.
pub async fn a_row_that_says_nothing_new_stays_as_it_is(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    see(&*store, &config, vec![seen(1, "a")]).await;
    write(&*store, &config, written(1, 1, "a", RowState::Completed)).await;
    let before = row(&*store, &config, 1).await;
    see(&*store, &config, vec![seen(1, "a")]).await;
    assert_eq!(row(&*store, &config, 1).await, before);
    see(&*store, &config, vec![seen(1, "b")]).await;
    let after = row(&*store, &config, 1).await;
    assert_eq!((after.state, after.acked), (RowState::Pending, says("a")));
}

/// Each page goes on after the last row of the one before, whatever the rows' places and states.
pub async fn all_rows_are_paged_by_their_ids(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    see(&*store, &config, vec![seen(3, "c"), seen(1, "a"), seen(2, "b")]).await;
    let page = async |after| {
        let rows = store.rows(&config.company, config.id, RowsQuery::After(after, 2)).await.expect("rows");
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [row_id(1), row_id(2)]);
    assert_eq!(page(Some(row_id(2))).await, [row_id(3)]);
    assert_eq!(page(Some(row_id(3))).await, []);
}

/// An edit that is read while an older one is on the wire is not taken for written.
pub async fn a_row_that_changed_while_it_was_written_stays_pending(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    see(&*store, &config, vec![seen(1, "a")]).await;
    let claimed = row(&*store, &config, 1).await.revision;
    see(&*store, &config, vec![seen(1, "b")]).await;
    write(&*store, &config, written(1, claimed, "a", RowState::Completed)).await;
    let after = row(&*store, &config, 1).await;
    assert_eq!((after.state, after.acked, after.desired), (RowState::Pending, says("a"), says("b")));
}

/// A settled row's status is due until that very revision was shown.
pub async fn statuses_are_due_until_they_are_shown(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    see(&*store, &config, vec![seen(1, "a"), seen(2, "b")]).await;
    assert!(status_due(&*store, &config).await.is_empty(), "pending rows show nothing");
    write(&*store, &config, written(1, 1, "a", RowState::Completed)).await;
    assert_eq!(status_due(&*store, &config).await, [row_id(1)]);
    let revision = row(&*store, &config, 1).await.revision;
    let shown = |revision| SyncChanges { shown: vec![(row_id(1), revision)], ..SyncChanges::of(config.id) };
    apply(&*store, &config, shown(revision - 1)).await;
    assert_eq!(status_due(&*store, &config).await, [row_id(1)]);
    apply(&*store, &config, shown(revision)).await;
    assert!(status_due(&*store, &config).await.is_empty());
    apply(&*store, &config, SyncChanges { unshown: vec![row_id(1)], ..SyncChanges::of(config.id) }).await;
    assert_eq!(status_due(&*store, &config).await, [row_id(1)], "somebody overwrote it");
}

/// Rows that a whole scan did not see have no cell for their status any more.
pub async fn a_finished_scan_ends_the_statuses_of_rows_that_are_gone(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    let of_scan = |number, scan| RowSeen { scan: Some(scan), ..seen(number, "a") };
    see(&*store, &config, vec![of_scan(1, 10), of_scan(2, 10)]).await;
    for number in [1, 2] {
        write(&*store, &config, written(number, 1, "a", RowState::Completed)).await;
    }
    let scan = Some(ScanProgress { id: 20, read: 1, total: 1, finished: true });
    apply(&*store, &config, SyncChanges { seen: vec![of_scan(2, 20)], scan, ..SyncChanges::of(config.id) }).await;
    assert_eq!(status_due(&*store, &config).await, [row_id(2)]);
    assert_eq!(store.summary(&config.company, config.id).await.expect("a summary").scan, scan);
}

/// After a changed mapping the tab is read from its top; a page read under the old one changes no progress.
pub async fn a_scan_begun_anew_is_not_set_back(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    let page = |id, read| Some(ScanProgress { id, read, total: 3, finished: read == 3 });
    let scan = async || store.summary(&config.company, config.id).await.expect("a summary").scan;
    apply(&*store, &config, SyncChanges { scan: page(10, 1), ..SyncChanges::of(config.id) }).await;
    store.begin_scan(&config.company, config.id, 20).await.expect("begun");
    apply(&*store, &config, SyncChanges { scan: page(10, 3), ..SyncChanges::of(config.id) }).await;
    assert_eq!(scan().await, Some(ScanProgress { id: 20, read: 0, total: 0, finished: false }));
    apply(&*store, &config, SyncChanges { scan: page(20, 3), ..SyncChanges::of(config.id) }).await;
    assert_eq!(scan().await, page(20, 3));
}

/// Rows, events, history and work go with it; what a turn under way says of it is dropped.
pub async fn a_deleted_configuration_leaves_nothing(store: Arc<impl Store>) {
    let (config, other) = (config(&*store, "acme").await, config(&*store, "other").await);
    see(&*store, &config, vec![seen(1, "a")]).await;
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    assert!(!store.delete(&other.company, config.id).await.expect("an answer"), "another company's");
    assert!(store.delete(&config.company, config.id).await.expect("an answer"));
    assert!(!store.delete(&config.company, config.id).await.expect("an answer"));
    assert_eq!(ConfigStore::get(&*store, &config.company, config.id).await.expect("an answer"), None);
    see(&*store, &config, vec![seen(1, "a")]).await;
    let summary = store.summary(&config.company, config.id).await.expect("a summary");
    assert_eq!((summary.rows, summary.events), (0, 0));
    assert!(ConfigStore::get(&*store, &other.company, other.id).await.expect("an answer").is_some());
}

/// The newest entry comes first, and each page goes on where the last one ended.
pub async fn the_history_is_paged_from_its_end(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    let entry = |number: u32| HistoryEntry {
        row: row_id(1),
        number,
        record: None,
        fields: BTreeMap::new(),
        state: RowState::Completed,
        refusals: Vec::new(),
        at: NOW,
    };
    apply(&*store, &config, SyncChanges { history: (1..=3).map(entry).collect(), ..SyncChanges::of(config.id) }).await;
    let first = store.history(&config.company, config.id, None, 2).await.expect("history");
    assert_eq!(first.iter().map(|(_, entry)| entry.number).collect::<Vec<_>>(), [3, 2]);
    let second = store.history(&config.company, config.id, Some(first[1].0), 2).await.expect("history");
    assert_eq!(second.iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>(), [entry(1)]);
}

/// After a replay refused values count no more and the row is pending.
pub async fn replay_forgets_refusals(store: Arc<impl Store>) {
    let config = config(&*store, "acme").await;
    see(&*store, &config, vec![seen(1, "a")]).await;
    let rejection = Rejection { value: FieldValue::Text("a".into()), reason: Reason::ReadOnly, in_doubt: false };
    let rejected = BTreeMap::from([("NAME".into(), rejection)]);
    write(&*store, &config, RowWritten { rejected, ..written(1, 1, "", RowState::Partly) }).await;
    assert_eq!(row(&*store, &config, 1).await.rejected_now().len(), 1);
    assert_eq!(store.replay(&config.company, config.id).await.expect("a replay"), 1);
    let after = row(&*store, &config, 1).await;
    assert_eq!((after.state, after.rejected.len()), (RowState::Pending, 0));
}

/// Another company's rows, events and history are not given, even for a known configuration.
pub async fn companies_do_not_see_each_other(store: Arc<impl Store>) {
    let config_a = config(&*store, "acme").await;
    config(&*store, "other").await;
    see(&*store, &config_a, vec![seen(1, "a")]).await;
    let other: CompanyId = "other".parse().expect("an id");
    let rows = store.rows(&other, config_a.id, RowsQuery::Ids(vec![row_id(1)])).await.expect("rows");
    assert!(rows.is_empty());
    assert_eq!(store.summary(&other, config_a.id).await.expect("a summary").rows, 0);
    assert!(ConfigStore::get(&*store, &other, config_a.id).await.expect("an answer").is_none());
}
