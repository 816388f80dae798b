//! The arrows of ARCHITECTURE.md, held against the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of ours; tests may use more.
const ALLOWED: [(&str, &[&str]); 18] = [
    ("domain", &[]),
    ("ports", &["domain"]),
    ("ports-testkit", &["domain", "ports"]),
    ("http-client", &[]),
    ("vault", &["domain", "ports"]),
    ("oauth", &["domain", "ports", "http-client"]),
    ("host-tokens", &["domain", "ports", "http-client"]),
    ("adapters-bitrix", &["domain", "ports", "http-client", "oauth"]),
    ("adapters-google", &["domain", "ports", "http-client", "oauth"]),
    ("adapters-microsoft", &["domain", "ports", "http-client", "oauth"]),
    ("adapters-resend", &["domain", "ports", "http-client"]),
    ("adapters-smtp", &["domain", "ports", "http-client", "oauth"]),
    ("adapters-twilio", &["domain", "ports", "http-client"]),
    ("store-postgres", &["domain", "ports"]),
    ("store-sqlite", &["domain", "ports"]),
    ("delivery", &["domain", "ports"]),
    ("engine", &["domain", "ports", "delivery"]),
    ("sandbox", &[]),
];

fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let own = |name: &Value| name.as_str().and_then(|name| name.strip_prefix("kopru-")).map(str::to_owned);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let used = |package: &Value| {
        let normal = list(&package["dependencies"]).into_iter().filter(|dependency| dependency["kind"] != "dev");
        normal.filter_map(|dependency| own(&dependency["name"])).collect()
    };
    list(&metadata["packages"]).iter().filter_map(|package| Some((own(&package["name"])?, used(package)))).collect()
}

#[test]
fn dependencies_point_inwards() {
    let uses = uses();
    for (name, used) in uses.iter().filter(|(name, _)| *name != "app-http") {
        let allowed = ALLOWED.iter().find(|(allowed, _)| allowed == name);
        let allowed = allowed.unwrap_or_else(|| panic!("{name} has no place in the architecture")).1;
        for dependency in used {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not use {dependency}");
        }
    }
    assert_eq!(uses.len(), ALLOWED.len() + 1, "a crate is missing");
}

#[test]
fn one_file_names_adapters_and_one_the_stores() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut folders = vec![std::path::PathBuf::from(source)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let names = |what, file| text.contains(what) && !path.ends_with(file);
                assert!(!names("kopru_adapters_", "wiring.rs"), "{} names an adapter", path.display());
                assert!(!names("kopru_store_", "stores.rs"), "{} names a store", path.display());
            }
        }
    }
}
