//! Pages of fifty, in order: <https://apidocs.bitrix24.com/settings/performance/huge-data.html>.

use serde_json::Value;

use super::{
    dispatch::Reply,
    errors::RestError,
    filter::{Filter, compare},
    params::{Params, find, find_map, integer, text},
    state::Record,
    values::plain,
};

pub(super) const PAGE: usize = 50;

/// The records that match, sorted, before paging.
pub(super) fn select<'a>(filter: &Filter<'a>, params: &Params) -> Result<Vec<&'a Record>, RestError> {
    let conditions = find_map(params, "filter").unwrap_or_default();
    filter.check(&conditions)?;
    let all = filter.state.records.get(&filter.type_id);
    let matching = all.into_iter().flat_map(|records| records.values());
    let mut records: Vec<&Record> = matching.filter(|record| filter.matches(record, &conditions)).collect();
    let order = find_map(params, "order").unwrap_or_default();
    // The sort is stable: the least important key goes first.
    for (name, direction) in order.iter().rev() {
        let Some(field) = filter.field(name) else { continue };
        let value = |record| plain(filter.state, filter.type_id, record, field);
        records.sort_by(|a, b| compare(field, &value(a), &value(b)));
        if text(direction).eq_ignore_ascii_case("desc") {
            records.reverse();
        }
    }
    Ok(records)
}

/// Cuts one page out of `all`. `start=-1` counts nothing: no `next`, total 0.
pub(super) fn page<T>(all: Vec<T>, params: &Params, show: impl Fn(T) -> Value) -> Reply {
    let start = find(params, "start").map_or(0, integer);
    let total = all.len();
    // An unaligned start is rounded down to its page.
    let from = usize::try_from(start).unwrap_or_default() / PAGE * PAGE;
    let rows: Vec<Value> = all.into_iter().skip(from).take(PAGE).map(show).collect();
    if start < 0 {
        return Reply { result: Value::Array(rows), total: Some(0), next: None };
    }
    let next = (from + PAGE < total).then_some(from + PAGE);
    Reply { result: Value::Array(rows), total: Some(total), next }
}
