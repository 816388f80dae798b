//! A database that is put back from a backup is older than the world: nothing is made or sent twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Config, Service};
use rstest::rstest;
use serde_json::{Value, json};

const PEOPLE: [[&str; 2]; 2] = [["Can", "0532 000 00 01"], ["Ayşe", "0532 000 00 02"]];
const SMS: &str = "/api/integrations/sms/send";
/// Who gets a message that waits when the backup is made, and goes afterwards.
const SOON: &str = "+905320000011";
/// Who gets one that waits on.
const LATER: &str = "+905320000012";
/// Who gets one of afterwards.
const AFTER: &str = "+905320000013";

/// How a database is backed up, and put back under its name.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// SQLite's file, copied.
    File,
    /// PostgreSQL's `pg_dump` and `pg_restore`.
    Dump,
    /// A copy of the whole database that takes its name.
    Copy,
}

impl Way {
    async fn start(self) -> Option<Service> {
        if self == Self::File { Some(Service::start().await) } else { Service::start_on_postgres().await }
    }

    fn back_up(self, service: &Service, to: &Path) {
        match self {
            Self::File => copy_files(service.folder(), to),
            Self::Dump => run("pg_dump", &["-Fc", "-f", &dump(to), service.database()]),
            Self::Copy => {
                let (server, name) = server(service);
                run("psql", &[&server, "-c", &format!("CREATE DATABASE {name}_backup TEMPLATE {name}")]);
            }
        }
    }

    fn put_back(self, service: &Service, from: &Path) {
        if self == Self::File {
            return copy_files(from, service.folder());
        }
        let (server, name) = server(service);
        let sql = |sql: String| run("psql", &[&server, "-c", &sql]);
        sql(format!("DROP DATABASE {name}"));
        if self == Self::Copy {
            return sql(format!("ALTER DATABASE {name}_backup RENAME TO {name}"));
        }
        sql(format!("CREATE DATABASE {name}"));
        run("pg_restore", &["-d", service.database(), &dump(from)]);
    }
}

fn dump(folder: &Path) -> String {
    folder.join("kopru.dump").display().to_string()
}

/// The address of the server, and the database's name.
fn server(service: &Service) -> (String, String) {
    let (address, name) = service.database().rsplit_once('/').unwrap();
    (format!("{address}/postgres"), name.to_owned())
}

fn run(program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Copies the database with its log, and leaves none of another one's there.
fn copy_files(from: &Path, to: &Path) {
    for name in ["kopru.db", "kopru.db-wal", "kopru.db-shm"] {
        let _ = fs::remove_file(to.join(name));
    }
    for name in ["kopru.db", "kopru.db-wal"].iter().filter(|name| from.join(name).exists()) {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

async fn edit(service: &Service, row: usize, name: &str) {
    let edit = json!({ "gid": 0, "row": row, "column": 0, "value": name });
    service.vendors_post("google/spreadsheets/s/edit", edit).await;
}

async fn insert(service: &Service, row: usize, name: &str) {
    let values = [name.to_owned(), format!("0532 000 01 {row:02}")];
    let row = json!({ "gid": 0, "action": "insert", "row": row, "values": values });
    service.vendors_post("google/spreadsheets/s/rows", row).await;
}

/// Sends a message; the path of what became of it.
async fn send(service: &Service, body: Value) -> String {
    let sent = service.call("POST", SMS, Some(body)).await;
    assert_eq!(sent.status, 202, "{}", sent.json);
    format!("/api/integrations/messages/{}", sent.json["messages"][0]["id"].as_str().unwrap())
}

async fn until_status(service: &Service, message: &str, wished: &[&str]) {
    for _ in 0..600 {
        let status = service.call("GET", message, None).await.json["status"].clone();
        if wished.iter().any(|wished| status == *wished) {
            return;
        }
        service.a_moment().await;
    }
    panic!("{}", service.call("GET", message, None).await.json);
}

/// What the world knows of held configurations: how many there are, and why this one is.
async fn held(service: &Service, config: &Config) -> (Value, Value) {
    let ready = service.open("GET", "/readyz", None).await;
    assert_eq!((ready.status, &ready.json["status"]), (200, &json!("ready")));
    let shown = service.send("GET", &config.path, None, &[("Accept-Language", "en")]).await;
    (ready.json["held"].clone(), shown.json["held"].clone())
}

#[rstest]
#[case::file(Way::File)]
#[case::dump(Way::Dump)]
#[case::copy(Way::Copy)]
#[tokio::test]
async fn a_restored_database_is_held_finds_what_there_is_and_goes_on(#[case] way: Way) {
    let Some(mut service) = way.start().await else { return };
    let backup = tempfile::tempdir().unwrap();
    let config = service.synced(&PEOPLE).await;
    service.connect_twilio().await;
    let planned = |to, seconds| json!({ "to": to, "message": "bir", "send_at": Service::in_seconds(seconds) });
    let soon = send(&service, planned(SOON, 6)).await;
    let later = send(&service, planned(LATER, 3600)).await;
    service.end();
    way.back_up(&service, backup.path());
    service.begin();

    edit(&service, 2, "Canan").await;
    insert(&service, 4, "Bora").await;
    service.settled(&config).await;
    let after = send(&service, json!({ "to": AFTER, "message": "bir" })).await;
    for message in [&soon, &after] {
        until_status(&service, message, &["delivered"]).await;
    }
    service.end();
    edit(&service, 3, "Ayşen").await;
    insert(&service, 5, "Deniz").await;
    way.put_back(&service, backup.path());
    let hang = json!({ "vendor": "google", "matching": "spreadsheets", "kind": "hang_before", "times": 1000 });
    service.vendors_post("faults", hang).await;
    service.begin();

    let (ready, shown) = held(&service, &config).await;
    assert_eq!((&ready, &shown["code"]), (&json!(1), &json!("restored")));
    assert!(shown["reason"].as_str().unwrap().contains("restored from a backup"), "{shown}");
    assert_eq!(service.titles().await, ["Canan", "Ayşe", "Bora"]);
    service.delete_faults().await;
    service.settled(&config).await;
    assert_eq!(held(&service, &config).await, (json!(0), Value::Null));
    assert_eq!(service.titles().await, ["Canan", "Ayşen", "Bora", "Deniz"]);
    for record in service.vendors_get("bitrix24/records/lead").await.as_array().unwrap() {
        assert_eq!(record["multi"]["PHONE"].as_array().unwrap().len(), 1, "{record}");
    }

    until_status(&service, &soon, &["sent", "delivered"]).await;
    until_status(&service, &later, &["unknown"]).await;
    edit(&service, 2, "Cana").await;
    let new = send(&service, json!({ "to": "+905320000014", "message": "bir" })).await;
    until_status(&service, &new, &["delivered"]).await;
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Cana", "Ayşen", "Bora", "Deniz"]);
    service.crash();
    assert_eq!(held(&service, &config).await, (json!(0), Value::Null), "a crash is none");
    for (number, times) in [(SOON, 1), (LATER, 0), (AFTER, 1), ("+905320000014", 1)] {
        assert_eq!(service.reached(number).await, times, "{number}");
    }
}

/// A restore that cannot be seen: the whole folder, or a whole server, was put back.
#[rstest]
#[case::file(Way::File)]
#[case::server(Way::Copy)]
#[tokio::test]
async fn an_operators_word_holds_what_runs(#[case] way: Way) {
    let Some(service) = way.start().await else { return };
    let config = service.synced(&PEOPLE).await;
    assert_eq!(held(&service, &config).await, (json!(0), Value::Null));
    let hang = json!({ "vendor": "google", "matching": "spreadsheets", "kind": "hang_before", "times": 1000 });
    service.vendors_post("faults", hang).await;
    assert!(service.operate(&["restored"]).starts_with("1 configurations are held"));
    edit(&service, 2, "Canan").await;
    assert_eq!(held(&service, &config).await.0, json!(1));
    assert_eq!(service.titles().await, ["Can", "Ayşe"]);
    service.delete_faults().await;
    service.settled(&config).await;
    assert_eq!(held(&service, &config).await, (json!(0), Value::Null));
    assert_eq!(service.titles().await, ["Canan", "Ayşe"]);
}
