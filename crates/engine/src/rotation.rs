//! Another key for all that is sealed, while the service runs.

use kopru_domain::CompanyId;
use kopru_ports::audit::AuditAction;
use kopru_ports::seal::SealedPlace;
use secrecy::SecretString;

use crate::Engine;
use crate::callers::Caller;
use crate::error::EngineError;

impl Engine {
    /// Seals anew, under the first of the vault's keys, whatever another one sealed; how many texts that were. The
    /// other key has to be at hand, and all instances have to seal with the first one already. Repeatable.
    pub async fn rotate(&self) -> Result<usize, EngineError> {
        let mut count = 0;
        for (company, _) in self.companies().await? {
            self.record(&Caller::operator(company.clone()), AuditAction::VaultRotated, "").await?;
            // What changes meanwhile is looked at again, until nothing of an older key is left.
            loop {
                match self.rotate_company(&company).await? {
                    0 => break,
                    some => count += some,
                }
            }
        }
        let probe = self.probe().await?;
        count += usize::from(self.rotate_one(&SealedPlace::Probe, &probe).await?);
        Ok(count)
    }

    /// Whether the vault's keys open what the database was begun with.
    pub async fn keys_are_known(&self) -> Result<bool, EngineError> {
        let probe = self.probe().await?;
        Ok(self.ports.sealer.open(&SealedPlace::Probe.context(), &probe).await.is_ok())
    }

    /// The text that the database's first key sealed.
    async fn probe(&self) -> Result<String, EngineError> {
        let fresh = self.ports.sealer.seal(&SealedPlace::Probe.context(), &SecretString::from("kopru")).await?;
        Ok(self.ports.sealed.vault_probe(&fresh).await?)
    }

    async fn rotate_company(&self, company: &CompanyId) -> Result<usize, EngineError> {
        let mut count = 0;
        for (place, sealed) in self.ports.sealed.sealed(company).await? {
            count += usize::from(self.rotate_one(&place, &sealed).await?);
        }
        Ok(count)
    }

    async fn rotate_one(&self, place: &SealedPlace, sealed: &str) -> Result<bool, EngineError> {
        if self.ports.sealer.is_current(sealed) {
            return Ok(false);
        }
        let opened = self.ports.sealer.open(&place.context(), sealed).await;
        let secret = match (opened, place) {
            // Begun under a key that is gone, and soon gone too.
            (Err(_), SealedPlace::Verifier(..) | SealedPlace::Code(..)) => return Ok(false),
            (opened, _) => opened?,
        };
        let anew = self.ports.sealer.seal(&place.context(), &secret).await?;
        Ok(self.ports.sealed.reseal(place, sealed, &anew).await?)
    }
}
