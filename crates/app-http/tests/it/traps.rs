//! docs/bitrix24-traps.md, held against the tests that it names.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => std::fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.map(text).collect()
}

/// The names in backticks that are a function's.
fn named(cell: &str) -> impl Iterator<Item = &str> {
    let is_function =
        |name: &&str| name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
    cell.split('`').skip(1).step_by(2).filter(is_function)
}

#[test]
fn every_trap_is_held_by_the_tests_that_are_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let adapter = sources(&root.join("crates/adapters-bitrix"));
    let sandbox = sources(&root.join("crates/sandbox/tests"));
    let table = std::fs::read_to_string(root.join("docs/bitrix24-traps.md")).unwrap();
    let mut seen = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        for (cell, tests) in cells.iter().skip(1).zip([&adapter, &sandbox]) {
            for name in named(cell) {
                assert!(tests.contains(&format!("fn {name}(")), "no test is called {name}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "the table is read: {seen}");
}
