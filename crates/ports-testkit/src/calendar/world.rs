use async_trait::async_trait;
use kopru_domain::calendar::EventId;
use kopru_ports::calendar::{CalendarErrorKind, CalendarProvider};
use kopru_ports::tokens::TokenKey;

use super::MemoryCalendar;
use super::port::span;
use crate::suites::calendar::CalendarWorld;
use crate::suites::trouble::Trouble;

#[async_trait]
impl CalendarWorld for MemoryCalendar {
    fn calendar(&self) -> &dyn CalendarProvider {
        self
    }

    fn connection(&self) -> TokenKey {
        self.connection.clone()
    }

    async fn titles(&self) -> Vec<String> {
        let state = self.state();
        let mut live: Vec<_> = state.events.values().filter(|kept| !kept.deleted).map(|kept| &kept.event).collect();
        live.sort_by_key(|event| span(event));
        live.into_iter().map(|event| event.title.clone()).collect()
    }

    async fn rename(&self, id: &EventId, title: &str) {
        let mut state = self.state();
        if let Ok(kept) = state.kept(id) {
            title.clone_into(&mut kept.event.title);
        }
        let _ = state.touch(id);
    }

    async fn remove(&self, id: &EventId) {
        if let Ok(kept) = self.state().kept(id) {
            kept.deleted = true;
        }
    }

    async fn accept(&self, id: &EventId, email: &str) {
        if let Ok(kept) = self.state().kept(id) {
            kept.accepted.insert(email.to_owned());
        }
    }

    async fn accepted(&self, id: &EventId) -> Vec<String> {
        let mut state = self.state();
        let Ok(kept) = state.kept(id) else { return Vec::new() };
        let guests = kept.event.guests.iter().map(|guest| guest.email().to_owned());
        guests.filter(|guest| kept.accepted.contains(guest)).collect()
    }

    async fn notified(&self) -> Vec<String> {
        self.state().notified.clone()
    }

    async fn untick(&self) {
        self.state().refused = Some(CalendarErrorKind::ScopeMissing);
    }

    async fn disconnect(&self) {
        self.state().refused = Some(CalendarErrorKind::ReconnectRequired);
    }

    async fn next(&self, trouble: Trouble) {
        self.state().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.state().gone = true;
    }
}
