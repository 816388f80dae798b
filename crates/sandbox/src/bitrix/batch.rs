//! batch: up to fifty commands in one request, one after the other.
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    access::Caller,
    dispatch,
    envelope::{self, Stopwatch},
    errors::{self, RestError},
    limits::Account,
    params::{Params, find, find_map, parse_str, php_array, text, truthy},
    rest::{self, Command},
};
use crate::{
    faults::{self, BatchCut},
    server::Shared,
};

const MOST: usize = 50;

/// The five maps of the answer, each keyed by command.
#[derive(Debug, Default)]
struct Answers {
    result: Map<String, Value>,
    error: Map<String, Value>,
    total: Map<String, Value>,
    next: Map<String, Value>,
    time: Map<String, Value>,
}

pub(super) async fn handle(
    app: &Shared,
    caller: &Caller,
    params: &Params,
    cut: Option<BatchCut>,
) -> Result<Response, RestError> {
    let account = Account::new(&caller.credential, "batch");
    let now_ms = app.clock.now_ms();
    if app.bitrix().limits.is_exhausted(&account, now_ms) {
        return Err(errors::operation_time_limit());
    }
    let mut watch = Stopwatch::start(now_ms);
    let commands = find_map(params, "cmd").unwrap_or_default();
    let halt = truthy(find(params, "halt"));
    let mut answers = Answers::default();
    let texts = commands.iter().filter_map(|(key, command)| Some((key, command.as_str()?)));
    for (index, (key, command)) in texts.enumerate() {
        if cut.is_some_and(|BatchCut(done)| index >= done) || watch.work > rest::CUT {
            return Ok(faults::gateway(StatusCode::GATEWAY_TIMEOUT));
        }
        let outcome = if index < MOST {
            one(app, caller, (key, command), &mut answers, &mut watch).await
        } else {
            Err(RestError::bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"))
        };
        if let Err(refusal) = outcome {
            answers.error.insert(key.clone(), refusal.body());
            if halt {
                break;
            }
        }
    }
    if watch.work > rest::CUT {
        return Ok(faults::gateway(StatusCode::GATEWAY_TIMEOUT));
    }
    let time = watch.block(&mut app.bitrix(), &account);
    Ok(Json(envelope::success(answers.into_value().into(), time)).into_response())
}

async fn one(
    app: &Shared,
    caller: &Caller,
    (key, command): (&str, &str),
    answers: &mut Answers,
    batch: &mut Stopwatch,
) -> Result<(), RestError> {
    let mut watch = Stopwatch::start(app.clock.now_ms());
    let (name, query) = split(command);
    let name = rest::method_name(name);
    let method = dispatch::parse(&name).ok_or_else(errors::method_not_found)?;
    let mut params = Value::Object(parse_str(query));
    answers.inject(&mut params);
    let Value::Object(params) = params else { return Ok(()) };
    if let Some(refusal) = app.faults.take_command(&name) {
        return Err(refusal);
    }
    let account = app.bitrix().limits.account(&caller.credential, &name, true);
    let command = Command { name: &name, method, params: &params, account };
    let outcome = rest::run(app, caller, &command, &mut watch).await;
    batch.work += watch.work;
    let reply = outcome?;
    let time = watch.block(&mut app.bitrix(), &command.account);
    answers.result.insert(key.to_owned(), reply.result);
    answers.total.extend(reply.total.map(|total| (key.to_owned(), json!(total))));
    answers.next.extend(reply.next.map(|next| (key.to_owned(), json!(next))));
    answers.time.insert(key.to_owned(), time);
    Ok(())
}

/// PHP's `parse_url`: a raw `#` starts a fragment and ends the command, the
/// first `?` starts the query.
fn split(command: &str) -> (&str, &str) {
    let command = command.split('#').next().unwrap_or_default();
    let (name, query) = command.split_once('?').unwrap_or((command, ""));
    (name.trim_start_matches('/'), query)
}

impl Answers {
    fn into_value(self) -> Value {
        json!({
            "result": php_array(self.result),
            "result_error": php_array(self.error),
            "result_total": php_array(self.total),
            "result_next": php_array(self.next),
            "result_time": php_array(self.time),
        })
    }

    /// Replaces `$result[key][FIELD]` in every text of the parameters.
    fn inject(&self, value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|element| self.inject(element)),
            Value::Object(map) => map.values_mut().for_each(|element| self.inject(element)),
            Value::String(own) => *value = self.interpolate(own),
            _ => {}
        }
    }

    /// A text that is nothing but a reference becomes the value itself; inside
    /// other text it becomes text. A reference reaches up to white space.
    fn interpolate(&self, own: &str) -> Value {
        let mut written = String::new();
        let mut rest = own;
        while let Some(at) = rest.find('$') {
            let end = rest[at..].find(char::is_whitespace).map_or(rest.len(), |length| at + length);
            let reference = &rest[at..end];
            match self.resolve(reference) {
                Some(value) if reference == own => return value,
                Some(value) => {
                    written.push_str(&rest[..at]);
                    written.push_str(&text(&value));
                }
                None => written.push_str(&rest[..end]),
            }
            rest = &rest[end..];
        }
        written.push_str(rest);
        Value::String(written)
    }

    /// Walks the path; where it breaks off midway, the last value found is
    /// the answer, as on the real portal.
    fn resolve(&self, reference: &str) -> Option<Value> {
        let (name, path) = reference.strip_prefix('$')?.split_once('[')?;
        let map = match name {
            "result" => &self.result,
            "error" => &self.error,
            "total" => &self.total,
            "next" => &self.next,
            "time" => &self.time,
            _ => return None,
        };
        let mut segments = path.split('[').filter_map(|segment| segment.split(']').next());
        let mut value = map.get(segments.next()?)?;
        for segment in segments {
            let step = match value {
                Value::Object(map) => map.get(segment),
                Value::Array(list) => segment.parse::<usize>().ok().and_then(|index| list.get(index)),
                _ => None,
            };
            let Some(step) = step else { break };
            value = step;
        }
        Some(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::whole_is_the_value("$result[a][PHONE]", json!([{"ID": "7"}]))]
    #[case::deep("$result[a][PHONE][0][ID]", json!("7"))]
    #[case::embedded_is_text("no $result[a][ID] here", json!("no 5 here"))]
    #[case::breaks_off_midway("$result[a][ID][x]", json!("5"))]
    #[case::unknown_command_stays("$result[zz][ID]", json!("$result[zz][ID]"))]
    #[case::other_dollars_stay("100$ and $9", json!("100$ and $9"))]
    #[case::total("$total[a]", json!(2))]
    fn references(#[case] text: &str, #[case] expected: Value) {
        let mut answers = Answers::default();
        answers.result.insert("a".to_owned(), json!({"ID": "5", "PHONE": [{"ID": "7"}]}));
        answers.total.insert("a".to_owned(), json!(2));
        assert_eq!(answers.interpolate(text), expected);
    }

    #[test]
    fn a_raw_hash_truncates() {
        assert_eq!(split("crm.lead.update?id=1&fields[TITLE]=A#b&x=1"), ("crm.lead.update", "id=1&fields[TITLE]=A"));
    }
}
