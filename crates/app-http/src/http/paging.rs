//! Lists by pages: a cursor names the last item of the page before.

use std::str::FromStr;

use serde::Deserialize;
use utoipa::IntoParams;

use super::input::{Fault, id};
use super::problem::Failure;

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// A page to ask for.
#[derive(Deserialize, IntoParams)]
pub struct PageQuery {
    /// The cursor of a page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where it is not given.
    limit: Option<u32>,
}

impl PageQuery {
    /// After which item.
    pub fn cursor<T: FromStr>(&self) -> Result<Option<T>, Failure> {
        self.cursor.as_deref().map(|cursor| id("cursor", cursor)).transpose()
    }

    /// So many items at the most.
    pub fn limit(&self) -> Result<u32, Failure> {
        let limit = self.limit.unwrap_or(PAGE);
        (1..=LARGEST_PAGE).contains(&limit).then_some(limit).ok_or(Failure::Unreadable(Fault::value("limit")))
    }
}

/// The cursor of a page; none where it is the last one.
pub fn next<T, C: ToString>(page: &[T], limit: u32, cursor: impl Fn(&T) -> C) -> Option<String> {
    page.last().filter(|_| page.len() == limit as usize).map(|last| cursor(last).to_string())
}
