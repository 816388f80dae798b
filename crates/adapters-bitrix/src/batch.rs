//! Several commands in one request, each with an outcome of its own
//! ([batch](https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html)).

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::{PortError, Retry};
use serde_json::{Map, Value, json};

use crate::client::{Bitrix24, METHOD_BLOCKED, limit};
use crate::config::Portal;
use crate::error::{classify, error};
use crate::php_query;
use crate::wire::{BatchResult, Time, code};

/// A command: method and parameters.
pub(crate) type Command = (String, Value);

/// A command's answer; the second number is where its list goes on.
pub(crate) type Answer = Result<(Value, Option<u64>), CrmError>;

impl Bitrix24 {
    /// Carries out at most fifty commands in one request; one command goes as a call of its own.
    ///
    /// # Errors
    /// When the request as a whole failed; then no command's outcome is known better than the error's.
    pub(crate) async fn batch(
        &self,
        company: &CompanyId,
        portal: &Portal,
        commands: &[Command],
    ) -> Result<Vec<Answer>, CrmError> {
        if let [(method, params)] = commands {
            let answer = self.call(company, portal, method, params).await;
            return match answer {
                Ok(envelope) => {
                    self.costs.note(&portal.name, method, envelope.time());
                    Ok(vec![Ok((envelope.result, envelope.next))])
                }
                Err(error) if error.kind.concerns_one() => Ok(vec![Err(error)]),
                Err(error) => Err(error),
            };
        }
        debug_assert!(!commands.iter().any(|(_, params)| php_query::refers(params)), "an interpolated text");
        let cmd: Map<String, Value> = (0..)
            .zip(commands)
            .map(|(at, (method, params))| (key(at), php_query::command(method, params).into()))
            .collect();
        let begun = self.clock.now();
        let envelope =
            self.call(company, portal, "batch", &json!({ "halt": 0, "cmd": cmd })).await.inspect_err(|error| {
                if error.retry == Retry::OutcomeUnknown {
                    let methods = commands.iter().map(|(method, _)| method.as_str());
                    self.costs.cut_off(&portal.name, methods, self.clock.now().duration_since(begun).as_secs_f64());
                }
            })?;
        let found: BatchResult = serde_json::from_value(envelope.result).map_err(|_| unknown())?;
        if let Some(pause) = pause_of_the_portal(&found) {
            self.gate.refused(&limit(portal).scope, self.clock.now() + pause).await;
        }
        let mut answers: Vec<Answer> = (0..commands.len()).map(|at| answer(&found, &key(at))).collect();
        if let Some(error) = refused_as_a_whole(&mut answers) {
            return Err(error);
        }
        for (at, (method, _)) in commands.iter().enumerate().filter(|(at, _)| answers[*at].is_ok()) {
            self.costs.note(&portal.name, method, found.result_time.get(&key(at)).and_then(Time::read));
        }
        Ok(answers)
    }
}

/// Keys that PHP does not turn into a list.
fn key(at: usize) -> String {
    format!("c{at}")
}

fn answer(found: &BatchResult, key: &str) -> Answer {
    if let Some(failed) = found.result_error.get(key) {
        let text = failed["error_description"].as_str().unwrap_or_default();
        let (kind, retry) = classify(400, &code(&failed["error"]), text);
        return Err(error(kind, retry).detail(text));
    }
    let next = found.result_next.get(key).and_then(Value::as_u64);
    found.result.get(key).map(|value| (value.clone(), next)).ok_or_else(unknown)
}

/// The longest pause that a command was refused with and that concerns all calls to the portal.
fn pause_of_the_portal(found: &BatchResult) -> Option<Duration> {
    let of_portal = |failed: &Value| {
        let code = code(&failed["error"]).to_ascii_lowercase();
        match classify(400, &code, "") {
            (CrmErrorKind::RateLimited, Retry::After(pause)) if code != METHOD_BLOCKED => pause,
            _ => None,
        }
    };
    found.result_error.values().filter_map(of_portal).max()
}

/// Neither among the results nor among the errors: cut off, perhaps after it was done.
pub(crate) fn unknown() -> CrmError {
    PortError::new(crate::error::ADAPTER, CrmErrorKind::Unavailable, Retry::OutcomeUnknown)
}

/// Errors that no command's own can be: nothing goes until somebody has done something.
pub(crate) fn is_closed(error: &CrmError) -> bool {
    use CrmErrorKind::{Credentials, PortalClosed, ScopeMissing};
    matches!(error.kind, Credentials | PortalClosed | ScopeMissing)
}

/// Of a batch of which every command was refused for the portal's sake: the batch itself is let in by any credentials.
fn refused_as_a_whole(answers: &mut Vec<Answer>) -> Option<CrmError> {
    let all = answers.iter().all(|answer| answer.as_ref().is_err_and(is_closed));
    if all { answers.pop()?.err() } else { None }
}
