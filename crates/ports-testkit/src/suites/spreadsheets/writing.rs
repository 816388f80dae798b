//! What is written, and what is left alone.

use kopru_domain::CellValue;
use kopru_ports::Retry;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{CellWrite, NewColumn, SheetsErrorKind, TabRef};

use super::{SheetsWorld, rows};

pub(super) fn cell(row: u32, column: u32, text: &str) -> CellWrite {
    CellWrite { row, column, value: text.into(), note: String::new() }
}

async fn written(world: &impl SheetsWorld, tab: &TabRef, cells: &[CellWrite]) -> Vec<Vec<CellValue>> {
    world.sheets().write(tab, cells).await.expect("written");
    world.rows(tab).await
}

/// Neither their neighbours nor another file's cells.
pub async fn only_the_given_cells_are_written(world: impl SheetsWorld) {
    let before = || rows(&[&["Ad", "Durum", "Tel"], &["Ayşe", "", "1"], &["Mehmet", "", "2"], &["Ece", "", "3"]]);
    let [tab, other] = [world.put("t", before()).await, world.put("o", before()).await];
    let found = written(&world, &tab, &[cell(3, 1, "✅"), cell(1, 1, "⚠"), cell(2, 0, "Ali")]).await;
    assert_eq!(found, rows(&[&["Ad", "Durum", "Tel"], &["Ayşe", "⚠", "1"], &["Ali", "", "2"], &["Ece", "✅", "3"]]));
    assert_eq!(world.rows(&other).await, before());
}

/// Neither a formula nor a number nor a date becomes of it, and nothing is taken away.
pub async fn text_is_written_as_it_is(world: impl SheetsWorld) {
    let tab = world.put("t", Vec::new()).await;
    let texts = ["=1+1", "'x", "0012", "TRUE", "1.2.2026", "+905321111111", "@a", "satır\niki"];
    let cells: Vec<CellWrite> = (0..).zip(texts).map(|(column, text)| cell(0, column, text)).collect();
    assert_eq!(written(&world, &tab, &cells).await, rows(&[&texts]));
    let typed = [CellValue::Number(2.5), CellValue::Bool(false)];
    let cells = (0..).zip(typed.clone()).map(|(column, value)| CellWrite { value, ..cell(1, column, "") });
    assert_eq!(written(&world, &tab, &cells.collect::<Vec<_>>()).await[1], typed);
}

/// Of what was written and of what was not.
pub async fn an_empty_value_clears_and_a_second_clear_is_harmless(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a", "b"], &["c", "d"]])).await;
    for _ in 0..2 {
        assert_eq!(written(&world, &tab, &[cell(0, 1, ""), cell(1, 0, "")]).await, rows(&[&["a"], &["", "d"]]));
    }
}

/// Other cells' notes stay.
pub async fn a_note_comes_with_its_cell_and_an_empty_one_goes(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a", "b"]])).await;
    let noted = |column, note: &str| CellWrite { note: note.into(), ..cell(0, column, "x") };
    written(&world, &tab, &[noted(0, "neden"), noted(1, "why")]).await;
    assert_eq!(world.notes(&tab).await, [(0, 0, "neden".to_owned()), (0, 1, "why".to_owned())]);
    written(&world, &tab, &[noted(0, "")]).await;
    assert_eq!(world.notes(&tab).await, [(0, 1, "why".to_owned())]);
}

/// And is no error.
pub async fn nothing_to_write_changes_nothing(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    assert_eq!(written(&world, &tab, &[]).await, rows(&[&["a"]]));
    world.sheets().add_columns(&tab, &[]).await.expect("nothing to add");
}

/// With one cell beyond the grid, the others are not written either.
pub async fn cells_are_written_all_or_none(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a"]])).await;
    let cells = [cell(0, 0, "x"), cell(9_999_999, 0, "x"), cell(1, 1, "x")];
    let error = world.sheets().write(&tab, &cells).await.expect_err("beyond the grid");
    assert_eq!((error.kind, error.retry), (SheetsErrorKind::Invalid, Retry::Never));
    assert_eq!(world.rows(&tab).await, rows(&[&["a"]]));
}

/// With the same sheet afterwards.
pub async fn the_same_cells_may_be_written_again(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["a", "b"]])).await;
    let cells = [cell(1, 0, "x"), CellWrite { note: "n".into(), ..cell(0, 1, "y") }];
    let once = (written(&world, &tab, &cells).await, world.notes(&tab).await);
    assert_eq!((written(&world, &tab, &cells).await, world.notes(&tab).await), once);
}

async fn width(world: &impl SheetsWorld, tab: &TabRef) -> u32 {
    let info = world.sheets().describe(&world.connection(), &tab.spreadsheet, Urgency::Bulk).await.expect("an outline");
    info.tabs[0].columns
}

fn columns(first: u32) -> [NewColumn; 2] {
    let column = |column, header: &str, hidden| NewColumn { column, header: header.into(), hidden };
    [column(first, "Durum", false), column(first + 1, "Köprü ID", true)]
}

/// Also where the grid is too narrow for them.
pub async fn columns_are_added_at_the_right_end(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["Ad"], &["Ayşe"]])).await;
    let before = width(&world, &tab).await;
    world.sheets().add_columns(&tab, &columns(before)).await.expect("added");
    let (header, first) = (world.rows(&tab).await[0].clone(), before as usize);
    assert_eq!((header[0].clone(), &header[first..]), ("Ad".into(), &["Durum".into(), "Köprü ID".into()][..]));
    assert_eq!((width(&world, &tab).await, world.hidden_columns(&tab).await), (before + 2, vec![before + 1]));
    assert_eq!(world.rows(&tab).await[1], ["Ayşe".into()]);
}

/// Without a second set of them.
pub async fn the_same_columns_may_be_added_again(world: impl SheetsWorld) {
    let tab = world.put("t", rows(&[&["Ad"]])).await;
    for _ in 0..2 {
        world.sheets().add_columns(&tab, &columns(1)).await.expect("added");
        assert_eq!(world.rows(&tab).await, rows(&[&["Ad", "Durum", "Köprü ID"]]));
        assert_eq!(world.hidden_columns(&tab).await, [2]);
    }
}
