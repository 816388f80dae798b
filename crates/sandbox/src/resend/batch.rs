//! Up to a hundred at once: <https://resend.com/docs/api-reference/emails/send-batch-emails>.

use axum::{Json, body::Bytes, extract::State as Extracted, http::HeaderMap};
use serde_json::{Value, json};

use super::{
    draft::{self, Draft},
    emails::parse,
    errors::{ApiError, invalid, malformed},
    idempotency::once,
    state::State,
};
use crate::{events::Event, server::Shared};

const MOST: usize = 100;

pub(super) async fn send(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    payload: Bytes,
) -> Result<Json<Value>, ApiError> {
    let mode = headers.get("x-batch-validation").and_then(|mode| mode.to_str().ok()).unwrap_or("strict");
    let owner = app.clone();
    let work = |state: &mut State| {
        let sent = items(&payload)?;
        let checked = sent.iter().map(|item| draft::check_in_batch(state, item));
        match mode {
            "strict" => {
                let drafts = checked.collect::<Result<Vec<_>, _>>()?;
                Ok(json!({"data": create(&owner, state, drafts)?}))
            }
            "permissive" => permissive(&owner, state, checked.collect()),
            _ => Err(invalid("The `x-batch-validation` header must be `strict` or `permissive`.")),
        }
    };
    once(&app, &headers, "/emails/batch", &payload, work).await
}

fn items(payload: &[u8]) -> Result<Vec<Value>, ApiError> {
    let Value::Array(items) = parse(payload)? else {
        return Err(malformed("The request body must be an array of emails."));
    };
    match items.len() {
        0 => Err(invalid("The request body must hold at least one email.")),
        1..=MOST => Ok(items),
        _ => Err(invalid("You can only send up to 100 emails per request.")),
    }
}

fn permissive(app: &Shared, state: &mut State, checked: Vec<Result<Draft, ApiError>>) -> Result<Value, ApiError> {
    let (mut drafts, mut errors) = (Vec::new(), Vec::new());
    for (index, one) in checked.into_iter().enumerate() {
        match one {
            Ok(draft) => drafts.push(draft),
            Err(refusal) => errors.push(json!({"index": index, "message": refusal.message})),
        }
    }
    Ok(json!({"data": create(app, state, drafts)?, "errors": errors}))
}

/// All of them, or none where the quota does not hold them all.
fn create(app: &Shared, state: &mut State, drafts: Vec<Draft>) -> Result<Vec<Value>, ApiError> {
    state.spend(drafts.iter().map(|draft| draft.letter.recipients().len()).sum())?;
    let mut made = Vec::new();
    for draft in drafts {
        let id = state.create(app, draft);
        app.tell(Event::email("resend", &id));
        made.push(json!({"id": id}));
    }
    Ok(made)
}
