//! What is listed, described and read.

use kopru_domain::CellValue;
use kopru_ports::delivery::Urgency;

use super::{SheetsWorld, area, read_one, rows};

async fn names(world: &impl SheetsWorld, part: Option<&str>) -> Vec<String> {
    let page = world.sheets().list(&world.connection(), part, None).await.expect("a page");
    page.files.into_iter().map(|file| file.name).collect()
}

/// With what it takes to choose one.
pub async fn files_are_listed_newest_first(world: impl SheetsWorld) {
    let [older, newer] = [world.put("Older", Vec::new()).await, world.put("Newer", Vec::new()).await];
    let page = world.sheets().list(&world.connection(), None, None).await.expect("a page");
    let ids: Vec<_> = page.files.iter().map(|file| (&file.id, file.name.as_str(), file.editable)).collect();
    assert_eq!(ids, [(&newer.spreadsheet, "Newer", true), (&older.spreadsheet, "Older", true)]);
    let moments: Result<Vec<jiff::Timestamp>, _> = page.files.iter().map(|file| file.modified.parse()).collect();
    assert!(moments.is_ok_and(|moments| moments[0] >= moments[1]), "RFC 3339");
}

/// Whatever signs it has.
pub async fn a_part_of_the_name_narrows_the_list(world: impl SheetsWorld) {
    for title in ["Adaylar", "Siparişler", "Ayşe'nin \\ listesi"] {
        world.put(title, Vec::new()).await;
    }
    assert_eq!(names(&world, Some("Aday")).await, ["Adaylar"]);
    assert_eq!(names(&world, Some("Ayşe'nin \\")).await, ["Ayşe'nin \\ listesi"]);
    assert_eq!(names(&world, Some("none of them")).await, [""; 0]);
}

/// Until a page says that there is no next one.
pub async fn a_long_list_comes_in_pages_and_each_file_once(world: impl SheetsWorld) {
    for number in 0..230 {
        world.put(&format!("{number}"), Vec::new()).await;
    }
    let (mut found, mut next, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.sheets().list(&world.connection(), None, next.as_deref()).await.expect("a page");
        found.extend(page.files.into_iter().map(|file| file.name));
        (next, pages) = (page.next, pages + 1);
        if next.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..230).rev().map(|number| number.to_string()).collect();
    assert_eq!((found, pages > 1), (expected, true));
}

/// Its tabs with the size of their grids, blank cells included.
pub async fn a_spreadsheet_is_described(world: impl SheetsWorld) {
    let tab = world.put("Adaylar", rows(&[&["Ad", "Tel"], &["Ayşe", "1"]])).await;
    let info = world.sheets().describe(&world.connection(), &tab.spreadsheet, Urgency::Bulk).await.expect("an outline");
    assert_eq!((info.title.as_str(), info.tabs.len()), ("Adaylar", 1));
    assert!(!info.locale.is_empty() && !info.time_zone.is_empty());
    let found = &info.tabs[0];
    assert_eq!((found.gid, found.title.is_empty()), (tab.gid, false));
    assert!(found.rows > 2 && found.columns > 2, "{found:?}");
}

/// One table for each area, also for one that is asked for twice or is blank; an end may be beyond the grid.
pub async fn areas_come_in_order_and_rows_where_they_stand(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["Ad", "Tel"], &["Ayşe", "1"], &[], &["", "2"]])).await;
    let areas =
        [area(3..4, 0..2), area(0..1, 0..u32::MAX), area(1..4, 1..2), area(5..6, 0..2), area(0..1, 0..u32::MAX)];
    let tables = world.sheets().read(&tab, &areas).await.expect("tables");
    let header = rows(&[&["Ad", "Tel"]]);
    let expected = [rows(&[&["", "2"]]), header.clone(), rows(&[&["1"], &[], &["2"]]), Vec::new(), header];
    assert_eq!(tables, expected);
    assert_eq!(world.sheets().read(&tab, &areas).await.expect("tables"), expected, "reading again reads the same");
}

/// Not as they are shown.
pub async fn cells_keep_their_types(world: impl SheetsWorld) {
    let values = vec![CellValue::Bool(true), CellValue::Number(12.5), "0012".into(), CellValue::Empty, "TRUE".into()];
    let tab = world.put("t", vec![values.clone()]).await;
    assert_eq!(read_one(&world, &tab, area(0..1, 0..9)).await, [values]);
}

/// Cells at a row's end and rows at a table's end; not those between.
pub async fn what_follows_only_blanks_is_cut(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a", "", "b", " "], &["", " "], &["c"], &[" "], &[]])).await;
    assert_eq!(read_one(&world, &tab, area(0..9, 0..9)).await, rows(&[&["a", "", "b"], &[], &["c"]]));
}
