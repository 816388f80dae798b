use std::time::Duration;

use kopru_oauth::TokenSessions;
use kopru_ports::oauth::OAuthErrorKind;
use kopru_ports::tokens::{AccessTokens, ConnectionStatus, StoredToken, TokenErrorKind, TokenStore};
use kopru_ports::{Clock, Retry};
use secrecy::ExposeSecret;

use crate::fakes::{Stage, failure, grant, key, token};

const SPENT: Duration = Duration::from_secs(299);

/// The access token, or why there is none.
async fn access(sessions: &impl AccessTokens) -> Result<String, (TokenErrorKind, Retry)> {
    let answer = sessions.access_token(&key()).await;
    answer.map(|token| token.secret.expose_secret().to_owned()).map_err(|error| (error.kind, error.retry))
}

#[tokio::test]
async fn a_token_with_five_minutes_left_is_given_as_it_is() {
    let stage = Stage::new(Duration::from_secs(301), vec![]);
    assert_eq!(access(&*stage.sessions()).await, Ok("old".into()));
    assert_eq!(stage.calls(), 0);
}

#[tokio::test]
async fn twenty_callers_of_two_instances_cause_one_refresh() {
    let stage = Stage::new(SPENT, vec![(Ok(grant("new", None)), None)]);
    let instances = [stage.sessions(), stage.sessions()];
    let callers = (0..20).map(|caller: usize| access(&*instances[caller % 2]));
    for answer in futures::future::join_all(callers).await {
        assert_eq!(answer, Ok("new".into()));
    }
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn what_the_provider_leaves_out_is_kept_and_what_it_gives_is_stored() {
    let answers = vec![(Ok(grant("new", None)), None), (Ok(grant("newer", Some("other"))), None)];
    let stage = Stage::new(SPENT, answers);
    assert_eq!(access(&*stage.sessions()).await, Ok("new".into()));
    let stored = stage.store.now().unwrap();
    assert_eq!(stored.refresh.as_ref().unwrap().expose_secret(), "old-refresh");
    assert_eq!(stored.scopes, ["granted"]);

    stage.sessions().refused(&key(), &"new".into()).await.unwrap();
    assert_eq!(access(&*stage.sessions()).await, Ok("newer".into()));
    assert_eq!(stage.store.now().unwrap().refresh.unwrap().expose_secret(), "other");
}

#[tokio::test]
async fn only_the_stored_token_can_be_refused() {
    let stage = Stage::new(Duration::from_hours(1), vec![]);
    stage.sessions().refused(&key(), &"an older one".into()).await.unwrap();
    assert_eq!(access(&*stage.sessions()).await, Ok("old".into()));
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_ends_the_connection() {
    let stage = Stage::new(SPENT, vec![(Ok(grant("new", None)), None)]);
    let sessions = stage.sessions();
    assert_eq!(access(&*sessions).await, Ok("new".into()));
    for _ in 0..2 {
        sessions.refused_again(&key(), &"new".into()).await.unwrap();
        assert_eq!(access(&*sessions).await, Err((TokenErrorKind::ReconnectRequired, Retry::Never)));
    }
    let stored = stage.store.now().unwrap();
    assert_eq!(stored.status, ConnectionStatus::ReconnectRequired);
    assert_eq!(stored.last_error.as_deref(), Some("the vendor refused a new token too"));
    assert_eq!(stage.calls(), 1, "nothing is refreshed any more");
}

#[tokio::test]
async fn a_refused_tokens_end_says_nothing_of_a_new_connection() {
    let stage = Stage::new(Duration::from_hours(1), vec![]);
    stage.store.replace(token("reconnected"));
    stage.sessions().refused_again(&key(), &"old".into()).await.unwrap();
    assert_eq!(access(&*stage.sessions()).await, Ok("reconnected".into()));
}

#[tokio::test]
async fn a_grant_that_the_provider_ended_asks_for_a_new_connection() {
    let stage = Stage::new(SPENT, vec![(failure(OAuthErrorKind::InvalidGrant, Retry::Never), None)]);
    let ended = Err((TokenErrorKind::ReconnectRequired, Retry::Never));
    assert_eq!(access(&*stage.sessions()).await, ended);
    let stored = stage.store.now().unwrap();
    assert_eq!(stored.status, ConnectionStatus::ReconnectRequired);
    assert_eq!(stored.last_error.as_deref(), Some("the provider ended the connection"));
    assert_eq!(access(&*stage.sessions()).await, ended, "and is not asked again");
    assert_eq!(stage.calls(), 1);
}

#[tokio::test]
async fn without_refresh_token_only_a_new_connection_helps() {
    let stage = Stage::new(SPENT, vec![]);
    stage.store.replace(StoredToken { refresh: None, expires_at: jiff::Timestamp::UNIX_EPOCH, ..token("old") });
    assert_eq!(access(&*stage.sessions()).await, Err((TokenErrorKind::ReconnectRequired, Retry::Never)));
}

#[tokio::test]
async fn an_old_grants_end_says_nothing_of_a_new_connection() {
    let ended = failure(OAuthErrorKind::InvalidGrant, Retry::Never);
    let stage = Stage::new(SPENT, vec![(ended, Some(token("reconnected")))]);
    assert_eq!(access(&*stage.sessions()).await, Ok("reconnected".into()));
    assert_eq!(stage.store.now().unwrap().status, ConnectionStatus::Active);
}

#[tokio::test]
async fn a_new_connection_is_not_overwritten_by_an_old_grants_refresh() {
    let stage = Stage::new(SPENT, vec![(Ok(grant("late", Some("late"))), Some(token("reconnected")))]);
    assert_eq!(access(&*stage.sessions()).await, Ok("reconnected".into()));
    assert_eq!(stage.store.now().unwrap().refresh.unwrap().expose_secret(), "reconnected-refresh");
}

#[tokio::test]
async fn new_tokens_are_not_lost_when_the_old_one_is_refused_meanwhile() {
    let refused = StoredToken { expires_at: jiff::Timestamp::UNIX_EPOCH, ..token("old") };
    let stage = Stage::new(SPENT, vec![(Ok(grant("new", Some("rotated"))), Some(refused))]);
    assert_eq!(access(&*stage.sessions()).await, Ok("new".into()));
    assert_eq!(stage.store.now().unwrap().refresh.unwrap().expose_secret(), "rotated");
}

#[tokio::test]
async fn a_provider_that_fails_leaves_the_connection_sound_and_free() {
    let pause = Retry::After(Some(Duration::from_secs(7)));
    let answers = vec![(failure(OAuthErrorKind::Unavailable, pause), None), (Ok(grant("new", None)), None)];
    let stage = Stage::new(SPENT, answers);
    let start = stage.clock.now();
    assert_eq!(access(&*stage.sessions()).await, Err((TokenErrorKind::Unavailable, pause)));
    assert_eq!(stage.store.now().unwrap().status, ConnectionStatus::Active);
    assert_eq!(access(&*stage.sessions()).await, Ok("new".into()));
    assert_eq!(stage.clock.now(), start, "nobody waited for a refresh that had failed");
}

#[tokio::test]
async fn our_own_wrong_client_is_nobodys_lost_connection() {
    let stage = Stage::new(SPENT, vec![(failure(OAuthErrorKind::Misconfigured, Retry::Never), None)]);
    assert_eq!(access(&*stage.sessions()).await, Err((TokenErrorKind::Misconfigured, Retry::Never)));
    assert_eq!(stage.store.now().unwrap().status, ConnectionStatus::Active);
}

#[tokio::test]
async fn a_refresh_that_was_begun_and_never_ended_is_taken_over() {
    let stage = Stage::new(SPENT, vec![(Ok(grant("new", None)), None)]);
    let now = stage.clock.now();
    assert!(stage.store.begin_refresh(&key(), 1, now, now + Duration::from_secs(40)).await.unwrap());
    assert_eq!(access(&*stage.sessions()).await, Ok("new".into()));
}

#[tokio::test]
async fn a_connection_that_is_gone_is_not_brought_back() {
    let stage = Stage::new(SPENT, vec![]);
    stage.store.delete(&key()).await.unwrap();
    assert_eq!(access(&*stage.sessions()).await, Err((TokenErrorKind::NotConnected, Retry::Never)));
}

#[tokio::test]
async fn some_vendors_tokens_are_refreshed_only_when_they_were_refused() {
    let stage = Stage::new(Duration::ZERO, vec![(Ok(grant("new", Some("rotated"))), None)]);
    let sessions = || TokenSessions::new(stage.store.clone(), stage.provider.clone(), stage.clock.clone());
    let sessions = [sessions().only_when_refused(), sessions().only_when_refused()];
    assert_eq!(access(&sessions[0]).await, Ok("old".into()), "whatever the clock says");
    assert_eq!(stage.calls(), 0);

    let refused_and_again = async |session: &TokenSessions| {
        session.refused(&key(), &"old".into()).await.unwrap();
        access(session).await
    };
    let callers = (0..20).map(|caller: usize| refused_and_again(&sessions[caller % 2]));
    for answer in futures::future::join_all(callers).await {
        assert_eq!(answer, Ok("new".into()));
    }
    assert_eq!(stage.calls(), 1, "a rotating refresh token is used once");
}
