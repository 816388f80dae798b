//! The account's grants, its spreadsheets, and the project's quotas.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    calendar::store::Calendar,
    gmail::store::{Habits, Mailbox},
    grid::Tab,
    trigger::Trigger,
};
use crate::{SandboxConfig, clock::Clock, random};

pub(crate) const DEFAULT_ACCOUNT: &str = "demo@example.com";
/// Seconds, as Google answers.
pub(super) const TOKEN_LIFE: i64 = 3599;
const MINUTE_MS: i64 = 60_000;
const TEST_LIFE_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
/// Of one account for one client; one more, and the oldest is gone without a word.
/// <https://developers.google.com/identity/protocols/oauth2#expiration>
const MOST_REFRESH_TOKENS: usize = 100;

#[derive(Debug, Clone)]
pub(crate) struct Spreadsheet {
    pub id: String,
    pub title: String,
    pub locale: String,
    pub time_zone: String,
    pub tabs: Vec<Tab>,
    pub modified_ms: i64,
}

impl Spreadsheet {
    pub fn tab(&self, gid: i64) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.gid == gid)
    }

    pub fn tab_mut(&mut self, gid: i64) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.gid == gid)
    }
}

/// What the user allowed; code, access and refresh tokens all stand for one.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub account: String,
    pub client_id: String,
    pub scopes: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub offline: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub grant: Grant,
    pub expires_ms: i64,
}

#[derive(Debug)]
struct Refresh {
    token: String,
    grant: Grant,
    issued_ms: i64,
}

/// Requests of one kind in the last minute, or what they take, of the project and of each person.
#[derive(Debug)]
pub(super) struct Quota {
    of_project: usize,
    of_person: usize,
    admitted: VecDeque<(i64, String, usize)>,
}

/// Whose quota is used up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Exhausted {
    Project,
    Person,
}

impl Quota {
    fn new(of_project: u32, of_person: u32) -> Self {
        Self { of_project: of_project as usize, of_person: of_person as usize, admitted: VecDeque::new() }
    }

    pub fn admit(&mut self, account: &str, units: usize, now_ms: i64) -> Result<(), Exhausted> {
        while self.admitted.front().is_some_and(|(at, ..)| now_ms - at >= MINUTE_MS) {
            self.admitted.pop_front();
        }
        let used = |whose: Option<&str>| -> usize {
            let own = self.admitted.iter().filter(|(_, who, _)| whose.is_none_or(|whose| whose == who));
            own.map(|(.., units)| units).sum()
        };
        if used(None) + units > self.of_project {
            return Err(Exhausted::Project);
        }
        if used(Some(account)) + units > self.of_person {
            return Err(Exhausted::Person);
        }
        self.admitted.push_back((now_ms, account.to_owned(), units));
        Ok(())
    }
}

pub(crate) struct State {
    pub clock: Arc<Clock>,
    pub spreadsheets: BTreeMap<String, Spreadsheet>,
    /// Account → its own calendar.
    pub calendars: BTreeMap<String, Calendar>,
    /// Account → what it has sent and drafted.
    pub mailboxes: BTreeMap<String, Mailbox>,
    pub gmail_habits: Habits,
    /// Whether a new Google Meet is there only when its event is read again.
    pub slow_meet: bool,
    pub triggers: Vec<Trigger>,
    /// Client id → secret.
    pub clients: BTreeMap<String, String>,
    pub(super) codes: BTreeMap<String, Code>,
    pub access: BTreeMap<String, AccessToken>,
    /// Oldest first.
    refresh: Vec<Refresh>,
    /// Codes and tokens, also those that ended.
    pub given: Vec<String>,
    /// Whether the application's publishing status is "Testing".
    pub testing: bool,
    /// (account, client id) → scopes of all earlier consents.
    pub(super) consents: BTreeMap<(String, String), BTreeSet<String>>,
    pub(super) reads: Quota,
    pub(super) writes: Quota,
    pub(super) calendar_calls: Quota,
    pub(super) gmail_units: Quota,
}

impl State {
    pub fn new(config: &SandboxConfig, clock: Arc<Clock>) -> Self {
        Self {
            clock,
            spreadsheets: BTreeMap::new(),
            calendars: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            gmail_habits: Habits::default(),
            slow_meet: false,
            triggers: Vec::new(),
            clients: BTreeMap::from([("sandbox-client".to_owned(), "sandbox-secret".to_owned())]),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: Vec::new(),
            given: Vec::new(),
            testing: false,
            consents: BTreeMap::new(),
            reads: Quota::new(config.google_reads_per_minute, config.google_reads_per_minute_per_user),
            writes: Quota::new(config.google_writes_per_minute, config.google_writes_per_minute_per_user),
            calendar_calls: Quota::new(config.google_calendar_per_minute, config.google_calendar_per_minute_per_user),
            gmail_units: Quota::new(
                config.google_gmail_units_per_minute,
                config.google_gmail_units_per_minute_per_user,
            ),
        }
    }

    /// A new secret that begins so.
    pub(super) fn give(&mut self, start: &str) -> String {
        let secret = format!("{start}{}", random::token(32));
        self.given.push(secret.clone());
        secret
    }

    pub fn issue_access(&mut self, grant: &Grant, life: i64) -> String {
        let token = self.give("ya29.");
        let expires_ms = self.clock.now_ms() + life * 1000;
        self.access.insert(token.clone(), AccessToken { grant: grant.clone(), expires_ms });
        token
    }

    pub fn issue_refresh(&mut self, grant: &Grant) -> String {
        let token = self.give("1//");
        let same = |own: &Refresh| (&own.grant.account, &own.grant.client_id) == (&grant.account, &grant.client_id);
        if self.refresh.iter().filter(|own| same(own)).count() == MOST_REFRESH_TOKENS
            && let Some(oldest) = self.refresh.iter().position(same)
        {
            self.refresh.remove(oldest);
        }
        let issued_ms = self.clock.now_ms();
        self.refresh.push(Refresh { token: token.clone(), grant: grant.clone(), issued_ms });
        token
    }

    /// What a refresh token stands for. While an application is tested its
    /// tokens for more than signing in live a week.
    pub fn refreshable(&self, token: &str) -> Option<&Grant> {
        let found = self.refresh.iter().find(|own| own.token == token)?;
        let is_old = self.clock.now_ms() - found.issued_ms >= TEST_LIFE_MS;
        let signs_in_only = found.grant.scopes.iter().all(|scope| scope == "openid" || scope.contains("userinfo."));
        (!self.testing || !is_old || signs_in_only).then_some(&found.grant)
    }

    pub fn live(&self, token: &str) -> Option<&AccessToken> {
        self.access.get(token).filter(|access| access.expires_ms > self.clock.now_ms())
    }

    /// Ends everything that the account granted, for every client of the project.
    pub fn revoke_account(&mut self, account: &str) {
        self.codes.retain(|_, code| code.grant.account != account);
        self.access.retain(|_, access| access.grant.account != account);
        self.refresh.retain(|own| own.grant.account != account);
        self.consents.retain(|(owner, _), _| owner != account);
    }
}

/// Google's stable number for an account, made from its address.
pub(super) fn subject(account: &str) -> String {
    let sum = account.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
    format!("1{:020}", sum % 1_000_000_000_000_000_000)
}

/// A spreadsheet as `/_control` shows it.
pub(crate) fn snapshot(spreadsheet: &Spreadsheet) -> Value {
    let tabs: Vec<Value> = spreadsheet.tabs.iter().map(|tab| tab.snapshot(&spreadsheet.locale)).collect();
    json!({
        "id": spreadsheet.id,
        "title": spreadsheet.title,
        "locale": spreadsheet.locale,
        "time_zone": spreadsheet.time_zone,
        "tabs": tabs,
    })
}
