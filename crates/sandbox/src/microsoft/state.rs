//! Applications, what people granted them, and people's mailboxes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{oauth_errors::OAuthError, oauth_errors::aadsts, store::Mailbox};
use crate::{clock::Clock, random};

pub(crate) const DEFAULT_ACCOUNT: &str = "demo@example.com";
/// Seconds, as the identity platform answers.
pub(super) const TOKEN_LIFE: i64 = 3599;
const CODE_LIFE_MS: i64 = 10 * 60 * 1000;
const REFRESH_LIFE_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// What a person allowed an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub account: String,
    pub client_id: String,
    pub scopes: BTreeSet<String>,
}

impl Grant {
    /// Whether a permission of Graph is in it, by its short name or its whole one.
    pub fn permits(&self, permission: &str) -> bool {
        let full = format!("https://graph.microsoft.com/{permission}");
        self.scopes.iter().any(|scope| scope.eq_ignore_ascii_case(permission) || scope.eq_ignore_ascii_case(&full))
    }
}

#[derive(Debug, Clone)]
pub(super) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub issued_ms: i64,
    pub is_used: bool,
}

#[derive(Debug)]
pub(super) struct Access {
    pub grant: Grant,
    pub expires_ms: i64,
}

#[derive(Debug)]
struct Refresh {
    grant: Grant,
    issued_ms: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// A refresh token ends with its use; the identity platform's own stay until they expire.
    pub refresh_once: bool,
    /// Calls at once for a mailbox; one more is throttled.
    pub concurrency: Option<u32>,
    /// How long each call takes.
    pub answer_ms: u64,
    /// Calls in ten minutes for a mailbox.
    pub requests: Option<usize>,
    /// Messages sent in a minute from a mailbox.
    pub messages: Option<usize>,
    /// How long a sent message is in no folder.
    pub sent_lag_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            refresh_once: false,
            concurrency: Some(4),
            answer_ms: 0,
            requests: Some(10_000),
            messages: Some(30),
            sent_lag_ms: 0,
        }
    }
}

/// How much of a mailbox's patience is used.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub in_flight: u32,
    pub requests: VecDeque<i64>,
    pub sends: VecDeque<i64>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub clock: Arc<Clock>,
    /// Client id → secret; none for one that keeps none.
    pub clients: BTreeMap<String, Option<String>>,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    /// Account → why its grants are no more.
    refused: BTreeMap<String, OAuthError>,
    /// Codes and tokens, also those that ended.
    pub given: Vec<String>,
    pub mailboxes: BTreeMap<String, Mailbox>,
    pub(super) usage: BTreeMap<String, Usage>,
    pub settings: Settings,
}

impl State {
    pub fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            clients: BTreeMap::from([("sandbox-client".to_owned(), Some("sandbox-secret".to_owned()))]),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            refused: BTreeMap::new(),
            given: Vec::new(),
            mailboxes: BTreeMap::new(),
            usage: BTreeMap::new(),
            settings: Settings::default(),
        }
    }

    fn give(&mut self, start: &str) -> String {
        let secret = format!("{start}{}", random::token(48));
        self.given.push(secret.clone());
        secret
    }

    pub(super) fn issue_code(&mut self, code: Code) -> String {
        let text = self.give("M.C1_");
        self.refused.remove(&code.grant.account);
        self.codes.insert(text.clone(), code);
        text
    }

    /// A code serves once, within ten minutes.
    pub(super) fn redeem(&mut self, code: &str) -> Result<Code, OAuthError> {
        let now_ms = self.clock.now_ms();
        let found = self.codes.get_mut(code).ok_or(aadsts(70_000))?;
        if std::mem::replace(&mut found.is_used, true) {
            return Err(aadsts(54_005));
        }
        if now_ms - found.issued_ms >= CODE_LIFE_MS { Err(aadsts(70_008)) } else { Ok(found.clone()) }
    }

    pub fn issue_access(&mut self, grant: &Grant, life: i64) -> String {
        let token = self.give("EwB");
        let expires_ms = self.clock.now_ms() + life * 1000;
        self.access.insert(token.clone(), Access { grant: grant.clone(), expires_ms });
        token
    }

    pub fn issue_refresh(&mut self, grant: &Grant) -> String {
        let token = self.give("M.R3_");
        let issued_ms = self.clock.now_ms();
        self.refresh.insert(token.clone(), Refresh { grant: grant.clone(), issued_ms });
        token
    }

    /// What a refresh token stands for.
    pub(super) fn refreshable(&mut self, token: &str) -> Result<Grant, OAuthError> {
        let found = self.refresh.get(token).ok_or(aadsts(70_000))?;
        if self.clock.now_ms() - found.issued_ms >= REFRESH_LIFE_MS {
            return Err(aadsts(70_008));
        }
        if let Some(refusal) = self.refused.get(&found.grant.account) {
            return Err(*refusal);
        }
        let grant = found.grant.clone();
        if self.settings.refresh_once {
            self.refresh.remove(token);
        }
        Ok(grant)
    }

    pub(super) fn live(&self, token: &str) -> Option<&Access> {
        self.access.get(token).filter(|access| access.expires_ms > self.clock.now_ms())
    }

    pub fn expire(&mut self) {
        self.access.values_mut().for_each(|access| access.expires_ms = 0);
    }

    /// All that the account granted is no more; a new consent mends it.
    pub fn refuse(&mut self, account: &str, why: OAuthError) {
        self.access.retain(|_, access| access.grant.account != account);
        self.codes.retain(|_, code| code.grant.account != account);
        self.refused.insert(account.to_owned(), why);
    }

    pub(super) fn mailbox(&mut self, account: &str) -> &mut Mailbox {
        self.mailboxes.entry(account.to_owned()).or_default()
    }
}
