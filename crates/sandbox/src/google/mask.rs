//! `fields=a,b(c,d/e)`: partial answers.
//! <https://developers.google.com/workspace/drive/api/guides/fields-parameter>

use std::collections::BTreeMap;

use serde_json::Value;

/// Name → what is wanted below it; nothing below means all of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mask(BTreeMap<String, Mask>);

impl Mask {
    /// `None` where the brackets do not match.
    pub fn parse(text: &str) -> Option<Self> {
        let mut mask = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find([',', '(']).unwrap_or(rest.len());
            let leaf = mask.descend(&rest[..end]);
            rest = &rest[end..];
            if let Some(inner) = rest.strip_prefix('(') {
                let close = closing(inner)?;
                leaf.0.extend(Self::parse(&inner[..close])?.0);
                rest = &inner[close + 1..];
            }
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        Some(mask)
    }

    fn descend(&mut self, path: &str) -> &mut Self {
        path.split(['.', '/']).fold(self, |mask, name| mask.0.entry(name.trim().to_owned()).or_default())
    }

    /// What is named at the top.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn prune(&self, value: Value) -> Value {
        if self.0.is_empty() || self.0.contains_key("*") {
            return value;
        }
        match value {
            Value::Array(list) => list.into_iter().map(|element| self.prune(element)).collect(),
            Value::Object(map) => {
                let kept = map.into_iter().filter_map(|(name, value)| {
                    let below = self.0.get(&name)?;
                    Some((name, below.prune(value)))
                });
                Value::Object(kept.collect())
            }
            scalar => scalar,
        }
    }
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_what_is_named() {
        let mask = Mask::parse("id,sheets.properties(title,gridProperties/rowCount)").unwrap();
        let value = json!({"id": 1, "x": 2, "sheets": [{"properties": {"title": "t", "index": 0,
            "gridProperties": {"rowCount": 5, "columnCount": 6}}, "data": []}]});
        let kept = json!({"id": 1, "sheets": [{"properties": {"title": "t", "gridProperties": {"rowCount": 5}}}]});
        assert_eq!(mask.prune(value), kept);
        assert_eq!(Mask::parse("a(b"), None);
    }
}
