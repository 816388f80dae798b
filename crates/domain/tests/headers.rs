//! How many headers are recognised: all of our own list, most of a labelled list outside the repository.

use std::path::PathBuf;

use kopru_domain::detect::{TabSample, detect};
use kopru_domain::{ColumnStyle, EntityKind};

/// As many of a hundred headers as must be right.
const GOAL: f64 = 0.95;

#[test]
fn labelled_headers_are_recognised() {
    let Some(folder) = data_folder() else {
        println!("skipped: KOPRU_DATA names no folder with headers-labelled.tsv");
        return;
    };
    let text = std::fs::read_to_string(folder.join("headers-labelled.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let mut right = 0;
    for row in &rows {
        let found = recognised(row[0], row[2].parse().unwrap());
        if found == row[3] {
            right += 1;
        } else {
            println!("{} ({}, {}): {found}, labelled {}", row[0], row[1], row[2], row[3]);
        }
    }
    let share = f64::from(right) / f64::from(u32::try_from(rows.len()).unwrap());
    println!("{right} of {} right: {share:.3}", rows.len());
    assert!(share >= GOAL, "{share:.3} right");
}

#[test]
fn our_own_headers_mean_what_people_mean_by_them() {
    let lines = include_str!("headers.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut wrong = Vec::new();
    for line in lines {
        let [header, kinds, field] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        for kind in kinds.split(',') {
            let found = recognised(header, kind.parse().unwrap());
            if found != field {
                wrong.push(format!("{line}: {found} for a {kind}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn recognised(header: &str, entity: EntityKind) -> String {
    let tab = TabSample { headers: &[header.to_owned()], rows: &[], style: &ColumnStyle::turkish() };
    let field = detect(entity, tab, &[]).proposals.remove(0).field;
    field.map_or_else(|| "NONE".to_owned(), String::from)
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line to take the folder from")]
fn data_folder() -> Option<PathBuf> {
    std::env::var("KOPRU_DATA").ok().map(PathBuf::from)
}
