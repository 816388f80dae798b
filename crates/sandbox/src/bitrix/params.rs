//! Parameters as PHP sees them: `parse_str`, arrays that are lists or maps,
//! and scalars that are all text.

use serde_json::{Map, Value};

pub(crate) type Params = Map<String, Value>;

/// PHP's `parse_str`: <https://www.php.net/manual/en/function.parse-str.php>.
pub(crate) fn parse_str(query: &str) -> Params {
    let mut root = Params::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let (name, path) = split_key(&key);
        if !name.is_empty() {
            let mut segments = vec![name];
            segments.extend(path);
            insert(&mut root, &segments, Value::String(value.into_owned()));
        }
    }
    root.into_iter().map(|(key, value)| (key, listed(value))).collect()
}

/// `fields[PHONE][0][VALUE]` → (`fields`, [`PHONE`, `0`, `VALUE`]). What follows
/// an unclosed bracket belongs to nobody, as in PHP.
fn split_key(key: &str) -> (String, Vec<String>) {
    let key = key.trim_start_matches(' ');
    let (name, mut rest) = match key.find('[') {
        Some(0) | None => (key, ""),
        Some(at) => key.split_at(at),
    };
    let mut path = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(end) = inner.find(']') else { break };
        path.push(inner[..end].to_owned());
        rest = &inner[end + 1..];
    }
    (name.replace(['.', ' '], "_"), path)
}

fn insert(map: &mut Params, path: &[String], value: Value) {
    let [first, rest @ ..] = path else { return };
    let key = if first.is_empty() { next_index(map) } else { first.clone() };
    if rest.is_empty() {
        map.insert(key, value);
        return;
    }
    let slot = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(inner) = slot {
        insert(inner, rest, value);
    }
}

fn next_index(map: &Params) -> String {
    let last = map.keys().filter_map(|key| key.parse::<u64>().ok()).max();
    last.map_or(0, |index| index + 1).to_string()
}

/// Maps with keys 0..n-1 become lists, all the way down.
fn listed(value: Value) -> Value {
    match value {
        Value::Object(map) if !map.is_empty() => php_array(map.into_iter().map(|(key, value)| (key, listed(value)))),
        other => other,
    }
}

/// How PHP writes an array as JSON: keys 0..n-1 in order are a list, and so
/// is the empty map; anything else is an object.
pub(crate) fn php_array(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    let entries: Vec<_> = entries.into_iter().collect();
    let is_list = entries.iter().enumerate().all(|(index, (key, _))| *key == index.to_string());
    if is_list {
        Value::Array(entries.into_iter().map(|(_, value)| value).collect())
    } else {
        Value::Object(entries.into_iter().collect())
    }
}

/// The parameter, whatever the case of its name.
pub(crate) fn find<'a>(params: &'a Params, name: &str) -> Option<&'a Value> {
    params.get(name).or_else(|| params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// A map, or a list read as a map of its indices.
pub(crate) fn find_map(params: &Params, name: &str) -> Option<Params> {
    match find(params, name)? {
        Value::Object(map) => Some(map.clone()),
        Value::Array(list) => Some(indexed(list)),
        _ => None,
    }
}

pub(crate) fn indexed(list: &[Value]) -> Params {
    list.iter().enumerate().map(|(index, value)| (index.to_string(), value.clone())).collect()
}

/// The elements of a PHP array; a scalar is its own single element.
pub(crate) fn elements(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Object(map) => map.values().cloned().collect(),
        Value::Null => Vec::new(),
        scalar => vec![scalar.clone()],
    }
}

/// PHP's string cast.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Array(_) | Value::Object(_) => "Array".to_owned(),
        Value::Bool(false) | Value::Null => String::new(),
    }
}

/// PHP's float cast: the longest numeric prefix, else 0. "12,5" is 12.
pub(crate) fn number(value: &Value) -> f64 {
    if let Some(number) = value.as_f64() {
        return number;
    }
    let text = text(value);
    let text = text.trim();
    (0..=text.len())
        .rev()
        .filter_map(|end| text.get(..end))
        .find_map(|prefix| prefix.parse::<f64>().ok().filter(|number| number.is_finite()))
        .unwrap_or_default()
}

/// PHP's integer cast.
#[expect(clippy::cast_possible_truncation, reason = "that is what the cast does")]
pub(crate) fn integer(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| number(value) as i64)
}

pub(crate) fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !matches!(text(value).as_str(), "" | "0" | "N" | "n" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::nested("fields[PHONE][0][VALUE]=%2B49", json!({"fields": {"PHONE": [{"VALUE": "+49"}]}}))]
    #[case::encoded_brackets("fields%5BTITLE%5D=A%26B", json!({"fields": {"TITLE": "A&B"}}))]
    #[case::plus_is_a_space("a=b+c%20d", json!({"a": "b c d"}))]
    #[case::append("x[]=1&x[]=2", json!({"x": ["1", "2"]}))]
    #[case::gap_is_a_map("x[0]=a&x[2]=b", json!({"x": {"0": "a", "2": "b"}}))]
    #[case::one_empty_element("fields[UF_X][]=", json!({"fields": {"UF_X": [""]}}))]
    #[case::operator_in_key("filter[%3EID]=5", json!({"filter": {">ID": "5"}}))]
    #[case::last_wins("a=1&a=2", json!({"a": "2"}))]
    #[case::no_value("a&b=", json!({"a": "", "b": ""}))]
    #[case::dots_become_underscores("a.b=1", json!({"a_b": "1"}))]
    fn parses_like_php(#[case] query: &str, #[case] expected: Value) {
        assert_eq!(Value::Object(parse_str(query)), expected);
    }

    #[rstest]
    #[case(json!("12,5"), 12.0)]
    #[case(json!("1200.50 TL"), 1200.5)]
    #[case(json!("abc"), 0.0)]
    #[case(json!(7), 7.0)]
    fn casts_like_php(#[case] value: Value, #[case] expected: f64) {
        assert!((number(&value) - expected).abs() < f64::EPSILON);
    }
}
