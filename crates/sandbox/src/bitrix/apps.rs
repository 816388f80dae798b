//! Applications of the portal, and the tokens that act for its people.

use std::collections::BTreeMap;

use crate::random;

/// The portal's own stable key: 32 hexadecimal digits.
pub(super) const MEMBER_ID: &str = "7c5e1d0a4b8f4e2d9a6b3c1f0e8d7a52";
/// Seconds.
pub(super) const CODE_LIFE: i64 = 30;
pub(super) const TOKEN_LIFE: i64 = 3600;
/// What a webhook may, and an application that does not say.
pub(crate) const SCOPES: [&str; 3] = ["crm", "user_basic", "userfieldconfig"];

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub secret: String,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    pub installed: bool,
    /// By which its handlers know that the portal calls.
    pub application_token: String,
}

/// What a person allowed an application.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub client_id: String,
    pub user_id: u64,
    pub scopes: Vec<String>,
    /// The portal's address at the time.
    pub portal: String,
}

#[derive(Debug)]
pub(super) struct Code {
    pub grant: Grant,
    pub expires_ms: i64,
}

#[derive(Debug)]
pub(super) struct Token {
    pub grant: Grant,
    pub expires_ms: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Apps {
    pub clients: BTreeMap<String, App>,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) tokens: BTreeMap<String, Token>,
    /// Refresh token → (grant, the access token that was issued with it).
    refresh: BTreeMap<String, (Grant, String)>,
    /// Codes and tokens, also those that ended.
    pub given: Vec<String>,
}

impl Apps {
    pub(super) fn installed(&self, client_id: &str) -> Option<(&str, &App)> {
        let (id, app) = self.clients.get_key_value(client_id)?;
        app.installed.then_some((id.as_str(), app))
    }

    pub(super) fn give_code(&mut self, code: Code) -> String {
        let text = random::token(40);
        self.given.push(text.clone());
        self.codes.insert(text.clone(), code);
        text
    }

    /// An access token, made up unless it is given, and its refresh token.
    pub fn issue(&mut self, access: Option<String>, grant: Grant, expires_ms: i64) -> (String, String) {
        let (access, refresh) = (access.unwrap_or_else(|| random::token(48)), random::token(48));
        self.given.extend([access.clone(), refresh.clone()]);
        self.refresh.insert(refresh.clone(), (grant.clone(), access.clone()));
        self.tokens.insert(access.clone(), Token { grant, expires_ms });
        (access, refresh)
    }

    /// Uses the refresh token up, and ends the access token of its pair.
    pub(super) fn take_refresh(&mut self, refresh: &str) -> Option<Grant> {
        let (grant, access) = self.refresh.remove(refresh)?;
        self.tokens.remove(&access);
        Some(grant)
    }

    pub fn expire(&mut self) {
        self.tokens.values_mut().for_each(|token| token.expires_ms = 0);
    }

    /// Ends what an application was allowed.
    pub fn revoke(&mut self, client_id: &str) {
        self.codes.retain(|_, code| code.grant.client_id != client_id);
        self.refresh.retain(|_, (grant, _)| grant.client_id != client_id);
        self.tokens.retain(|_, token| token.grant.client_id != client_id);
    }
}
