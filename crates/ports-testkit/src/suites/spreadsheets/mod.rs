//! [`kopru_ports::spreadsheets::Spreadsheets`]' clauses.

mod reading;
mod troubles;
mod writing;

use async_trait::async_trait;
use kopru_domain::CellValue;
use kopru_ports::spreadsheets::{Area, Spreadsheets, TabRef};
use kopru_ports::tokens::TokenKey;

pub use super::trouble::Trouble;
pub use reading::*;
pub use troubles::*;
pub use writing::*;

/// Runs the clauses of [`kopru_ports::spreadsheets::Spreadsheets`]: `$world` gives a future of a fresh
/// [`SheetsWorld`](crate::suites::spreadsheets::SheetsWorld).
#[macro_export]
macro_rules! spreadsheets_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, spreadsheets: [
            files_are_listed_newest_first,
            a_part_of_the_name_narrows_the_list,
            a_long_list_comes_in_pages_and_each_file_once,
            a_spreadsheet_is_described,
            areas_come_in_order_and_rows_where_they_stand,
            cells_keep_their_types,
            what_follows_only_blanks_is_cut,
            only_the_given_cells_are_written,
            text_is_written_as_it_is,
            an_empty_value_clears_and_a_second_clear_is_harmless,
            a_note_comes_with_its_cell_and_an_empty_one_goes,
            nothing_to_write_changes_nothing,
            cells_are_written_all_or_none,
            the_same_cells_may_be_written_again,
            columns_are_added_at_the_right_end,
            the_same_columns_may_be_added_again,
            a_vanished_file_is_not_found,
            a_vanished_tab_is_refused_for_good,
            who_never_connected_has_to_connect,
            who_ended_the_connection_has_to_connect_again,
            a_vendor_that_asks_for_a_pause_has_done_nothing,
            where_nobody_listens_nothing_was_done,
            a_write_may_be_repeated_whatever_became_of_it,
            a_reading_may_be_repeated_whatever_became_of_it,
            an_answer_that_does_not_come_is_given_up,
        ], skip: [$($($skip)*)?]);
    };
}

/// A vendor of spreadsheets with one person who is connected and has no files yet, and the adapter under test.
/// Its author arranges what a clause asks for, by other means than the adapter.
#[async_trait]
pub trait SheetsWorld: Send + Sync {
    /// The adapter.
    fn sheets(&self) -> &dyn Spreadsheets;
    /// The person's connection.
    fn connection(&self) -> TokenKey;

    /// Makes a file with one tab that holds `rows`, with blank cells to the right and below; later than those made
    /// before.
    async fn put(&self, title: &str, rows: Vec<Vec<CellValue>>) -> TabRef;
    /// What is in a tab, cut where only blanks follow.
    async fn rows(&self, tab: &TabRef) -> Vec<Vec<CellValue>>;
    /// The notes of a tab's cells, by row and column from 0.
    async fn notes(&self, tab: &TabRef) -> Vec<(u32, u32, String)>;
    /// The tab's columns that people do not see, from 0.
    async fn hidden_columns(&self, tab: &TabRef) -> Vec<u32>;
    /// The person ends the connection at the vendor.
    async fn disconnect(&self);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the vendor's address.
    async fn cut_off(&self);
}

/// Rows of texts.
fn rows(texts: &[&[&str]]) -> Vec<Vec<CellValue>> {
    texts.iter().map(|row| row.iter().map(|text| CellValue::from(*text)).collect()).collect()
}

fn area(rows: std::ops::Range<u32>, columns: std::ops::Range<u32>) -> Area {
    Area { rows, columns }
}

async fn read_one(world: &impl SheetsWorld, tab: &TabRef, area: Area) -> Vec<Vec<CellValue>> {
    let mut tables = world.sheets().read(tab, &[area]).await.expect("tables");
    assert_eq!(tables.len(), 1);
    tables.remove(0)
}
