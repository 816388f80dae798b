//! Ports that a simulated engine holds and never needs, and ids that are the same on every run.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::message::{Channel, Trouble};
use kopru_domain::{CellValue, CompanyId, SpreadsheetId};
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, CalendarProvider, DeleteEvent, EventPage, EventRef, InsertEvent,
    ListEvents, PatchEvent,
};
use kopru_ports::connections::PortalConnections;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::delivery::Urgency;
use kopru_ports::messages::{MessageSender, Report, Search, SendError, SendRequest, Sender};
use kopru_ports::oauth::{
    Account, AuthorizeRequest, ConsentStore, Grant, OAuthErrorKind, OAuthProvider, PendingConsent,
};
use kopru_ports::seal::{SealContext, SealErrorKind, Sealer};
use kopru_ports::spreadsheets::{
    Area, CellWrite, FilePage, NewColumn, SheetsError, SheetsErrorKind, SpreadsheetInfo, Spreadsheets, TabRef,
};
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};
use kopru_ports::{PortError, Retry, StoreError, StoreErrorKind, UniqueIds};
use secrecy::SecretString;
use uuid::Uuid;

/// Whatever is asked, there is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

fn none<K>(kind: K) -> PortError<K> {
    PortError::new("nothing", kind, Retry::Never)
}

#[async_trait]
impl TokenStore for Nothing {
    async fn load(&self, _: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(None)
    }

    async fn save(&self, _: &TokenKey, _: StoredToken) -> Result<Saved, StoreError> {
        Err(none(StoreErrorKind::Unavailable))
    }

    async fn begin_refresh(&self, _: &TokenKey, _: i64, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn set_status(&self, _: &TokenKey, _: ConnectionStatus, _: Option<String>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete(&self, _: &TokenKey) -> Result<(), StoreError> {
        Ok(())
    }

    async fn count_for_account(&self, _: &str) -> Result<u32, StoreError> {
        Ok(0)
    }
}

#[async_trait]
impl PortalConnections for Nothing {
    async fn recognised(&self, _: &CompanyId, settings: &SecretString, _: &[String]) -> Result<SecretString, CrmError> {
        Ok(settings.clone())
    }

    async fn consent(&self, _: &CompanyId) -> Result<Box<dyn OAuthProvider>, CrmError> {
        Err(none(CrmErrorKind::NotConnected))
    }
}

#[async_trait]
impl ConsentStore for Nothing {
    async fn put(&self, _: &str, _: PendingConsent, _: Range<Timestamp>) -> Result<(), StoreError> {
        Err(none(StoreErrorKind::Unavailable))
    }

    async fn take(&self, _: &str, _: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl OAuthProvider for Nothing {
    fn authorize_url(&self, _: &AuthorizeRequest) -> String {
        String::new()
    }

    fn needed_scopes(&self) -> &[&'static str] {
        &[]
    }

    async fn exchange(&self, _: SecretString, _: SecretString, _: &str) -> Result<Grant, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }

    async fn refresh(&self, _: SecretString) -> Result<Grant, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }

    async fn revoke(&self, _: SecretString) -> Result<(), PortError<OAuthErrorKind>> {
        Ok(())
    }

    async fn account(&self, _: SecretString) -> Result<Account, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }
}

#[async_trait]
impl Sealer for Nothing {
    async fn seal(&self, _: &SealContext, _: &SecretString) -> Result<String, PortError<SealErrorKind>> {
        Err(none(SealErrorKind::UnknownKey))
    }

    async fn open(&self, _: &SealContext, _: &str) -> Result<SecretString, PortError<SealErrorKind>> {
        Err(none(SealErrorKind::UnknownKey))
    }

    fn is_current(&self, _: &str) -> bool {
        true
    }
}

#[async_trait]
impl Spreadsheets for Nothing {
    async fn list(&self, _: &TokenKey, _: Option<&str>, _: Option<&str>) -> Result<FilePage, SheetsError> {
        Ok(FilePage::default())
    }

    async fn describe(&self, _: &TokenKey, _: &SpreadsheetId, _: Urgency) -> Result<SpreadsheetInfo, SheetsError> {
        Err(none(SheetsErrorKind::NotFound))
    }

    async fn read(&self, _: &TabRef, _: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError> {
        Err(none(SheetsErrorKind::NotFound))
    }

    async fn write(&self, _: &TabRef, _: &[CellWrite]) -> Result<(), SheetsError> {
        Err(none(SheetsErrorKind::NotFound))
    }

    async fn add_columns(&self, _: &TabRef, _: &[NewColumn]) -> Result<(), SheetsError> {
        Err(none(SheetsErrorKind::NotFound))
    }
}

#[async_trait]
impl CalendarProvider for Nothing {
    async fn insert(&self, _: &InsertEvent) -> Result<CalendarEvent, CalendarError> {
        Err(none(CalendarErrorKind::NotConnected))
    }

    async fn get(&self, _: &EventRef) -> Result<CalendarEvent, CalendarError> {
        Err(none(CalendarErrorKind::NotConnected))
    }

    async fn list(&self, _: &ListEvents) -> Result<EventPage, CalendarError> {
        Ok(EventPage::default())
    }

    async fn patch(&self, _: &PatchEvent) -> Result<CalendarEvent, CalendarError> {
        Err(none(CalendarErrorKind::NotConnected))
    }

    async fn delete(&self, _: &DeleteEvent) -> Result<(), CalendarError> {
        Ok(())
    }
}

/// Ids that count.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl UniqueIds for CountedIds {
    fn next(&self) -> Uuid {
        Uuid::from_u64_pair(0, self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[async_trait]
impl MessageSender for Nothing {
    async fn sender(&self, _: &CompanyId, _: Channel) -> Result<Sender, SendError> {
        Err(none(Trouble::NotConfigured))
    }

    async fn send(&self, _: SendRequest) -> Result<Report, SendError> {
        Err(none(Trouble::NotConfigured))
    }

    async fn search(&self, _: &Search) -> Result<Vec<Report>, SendError> {
        Ok(Vec::new())
    }

    async fn report(&self, _: &CompanyId, _: &str) -> Result<Option<Report>, SendError> {
        Ok(None)
    }

    async fn cancel(&self, _: &CompanyId, _: &str) -> Result<bool, SendError> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    crate::unique_ids_suite!(std::future::ready(crate::CountedIds::default()));
}
