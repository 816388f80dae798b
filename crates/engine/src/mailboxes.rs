//! The mailboxes that a company's e-mails go by: connected by consent, each in the company's name.

use kopru_domain::CompanyId;
use kopru_domain::email::Road;
use kopru_domain::message::Remedy;
use kopru_ports::audit::AuditAction;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::oauth::{OAuthProvider, PendingConsent};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use secrecy::SecretString;
use serde_json::json;

use crate::Engine;
use crate::callers::Caller;
use crate::error::EngineError;
use crate::vendors::VendorStatus;

/// A vendor of mailboxes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mailbox {
    pub service: Service,
    pub road: Road,
}

const MAILBOXES: [Mailbox; 2] = [
    Mailbox { service: Service::Gmail, road: Road::Gmail },
    Mailbox { service: Service::Outlook, road: Road::Outlook },
];

impl Mailbox {
    pub fn named(name: &str) -> Option<Self> {
        MAILBOXES.into_iter().find(|mailbox| mailbox.service.name() == name)
    }

    fn kind(self) -> IntegrationKind {
        self.road.into()
    }

    fn key(self, company: &CompanyId) -> TokenKey {
        TokenKey::of_company(company, self.service)
    }
}

impl Engine {
    /// Which service's consent opens a mailbox of that name, where it is one.
    #[must_use]
    pub fn mailbox_service(name: &str) -> Option<Service> {
        Mailbox::named(name).map(|mailbox| mailbox.service)
    }

    /// The consent to a company's mailbox; `None` where our client at its vendor is not set.
    pub(crate) fn mailbox_consent(&self, service: Service) -> Option<&dyn OAuthProvider> {
        let found = self.ports.mailboxes.iter().find(|(of, _)| *of == service);
        found.map(|(_, provider)| &**provider)
    }

    fn mailbox_redirect(&self, service: Service) -> String {
        format!("{}/api/integrations/oauth/{}/callback", self.public_url(), service.name())
    }

    /// Begins the consent to the company's mailbox: the address to send a person to who has it. `return_to` is a path
    /// of this service, or a page of one of the company's origins.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for what is no mailbox, [`EngineError::NotSet`] without our client at its vendor.
    pub async fn begin_mailbox(&self, caller: &Caller, name: &str, return_to: &str) -> Result<String, EngineError> {
        let mailbox = Mailbox::named(name).ok_or(EngineError::NotFound("integration"))?;
        let provider = self.mailbox_consent(mailbox.service).ok_or(EngineError::NotSet(client_of(mailbox.service)))?;
        let redirect = self.mailbox_redirect(mailbox.service);
        self.begin_consent(mailbox.key(&caller.company), (provider, redirect), caller, return_to).await
    }

    /// The mailbox's own address is from whom its e-mails are, and what was wrong with the one before is over.
    pub(crate) async fn connect_mailbox(
        &self,
        consent: &PendingConsent,
        code: SecretString,
    ) -> Result<(), EngineError> {
        let (company, service) = (&consent.key.company, consent.key.service);
        let mailbox = Mailbox::named(service.name()).ok_or(EngineError::NotFound("integration"))?;
        let provider = self.mailbox_consent(service).ok_or(EngineError::NotSet(client_of(service)))?;
        self.complete_consent(consent, provider, &self.mailbox_redirect(service), code).await?;
        let token = self.ports.tokens.load(&consent.key).await?.ok_or(EngineError::NotConnected)?;
        let settings = json!({ "from": token.account_email }).to_string();
        self.ports.integrations.put(company, mailbox.kind(), settings.into()).await?;
        self.set_vendor(company, mailbox.kind(), ConnectionStatus::Active, None).await
    }

    /// How a company's mailbox is doing.
    pub(crate) async fn mailbox_status(
        &self,
        company: &CompanyId,
        mailbox: Mailbox,
    ) -> Result<VendorStatus, EngineError> {
        let found = self.ports.integrations.get(company, mailbox.kind()).await?;
        let found = found.ok_or(EngineError::NotFound("integration"))?;
        let token = self.ports.tokens.load(&mailbox.key(company)).await?;
        Ok(VendorStatus {
            vendor: mailbox.kind(),
            settings: json!({ "account": token.map(|token| token.account_email) }),
            status: found.status,
            last_error: found.last_error,
            last_used: found.last_used,
        })
    }

    /// Asks the vendor whether the connection still holds.
    pub(crate) async fn test_mailbox(
        &self,
        company: &CompanyId,
        mailbox: Mailbox,
    ) -> Result<VendorStatus, EngineError> {
        let (status, error) = match self.account_on(company, mailbox.road).await {
            Ok(_) => (ConnectionStatus::Active, None),
            Err(error) if error.kind.remedy() == Remedy::Reconnect => {
                (ConnectionStatus::ReconnectRequired, Some(error.kind.code().to_owned()))
            }
            Err(error) => (ConnectionStatus::Error, Some(error.kind.code().to_owned())),
        };
        self.set_vendor(company, mailbox.kind(), status, error).await?;
        self.mailbox_status(company, mailbox).await
    }

    /// Forgets a company's mailbox; what waits for it goes by another road, or waits.
    pub(crate) async fn disconnect_mailbox(&self, caller: &Caller, mailbox: Mailbox) -> Result<(), EngineError> {
        let key = mailbox.key(&caller.company);
        self.record(caller, AuditAction::VendorDisconnected, mailbox.kind().name()).await?;
        if let Some(token) = self.ports.tokens.load(&key).await? {
            self.give_up(&key, token).await?;
        }
        Ok(self.ports.integrations.delete(&caller.company, mailbox.kind()).await?)
    }

    /// Forgets a connection. Google's revocation ends every grant of the account to the whole Cloud project, so it is
    /// asked for only with the last one.
    pub(crate) async fn give_up(&self, key: &TokenKey, token: StoredToken) -> Result<(), EngineError> {
        if self.ports.tokens.count_for_account(&token.account_id).await? <= 1 {
            self.end_grant(key.service, token).await?;
        }
        Ok(self.ports.tokens.delete(key).await?)
    }
}

fn client_of(service: Service) -> &'static str {
    match service {
        Service::Outlook => "MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET",
        _ => "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET",
    }
}
