use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::seal::{SealedPlace, SealedTexts};
use secrecy::{ExposeSecret, SecretString};

use super::{MemoryStore, State};

#[async_trait]
impl SealedTexts for MemoryStore {
    async fn sealed(&self, company: &CompanyId) -> Result<Vec<(SealedPlace, String)>, StoreError> {
        let mut state = self.state();
        let places = state.places(company);
        let text = |place: SealedPlace| state.sealed(&place).map(|text| (place, text.get()));
        Ok(places.into_iter().filter_map(text).collect())
    }

    async fn reseal(&self, place: &SealedPlace, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(mut text) = state.sealed(place).filter(|text| text.get() == old) else { return Ok(false) };
        text.set(new);
        Ok(true)
    }

    async fn vault_probe(&self, sealed: &str) -> Result<String, StoreError> {
        Ok(self.state().probe.get_or_insert_with(|| sealed.to_owned()).clone())
    }
}

/// A text where it is kept.
enum Text<'a> {
    Secret(&'a mut SecretString),
    Plain(&'a mut String),
}

impl Text<'_> {
    fn get(&self) -> String {
        match self {
            Self::Secret(text) => text.expose_secret().to_owned(),
            Self::Plain(text) => (*text).clone(),
        }
    }

    fn set(&mut self, new: &str) {
        match self {
            Self::Secret(text) => **text = SecretString::from(new),
            Self::Plain(text) => new.clone_into(text),
        }
    }
}

impl State {
    fn places(&self, company: &CompanyId) -> Vec<SealedPlace> {
        let tokens = self.tokens.keys().filter(|key| key.company == *company);
        let tokens = tokens.flat_map(|key| [SealedPlace::Access(key.clone()), SealedPlace::Refresh(key.clone())]);
        let settings = self.integrations.keys().filter(|(of, _)| of == company);
        let settings = settings.map(|(of, kind)| SealedPlace::Settings(of.clone(), *kind));
        let secrets = self.tabs.keys().filter(|(of, _)| of == company);
        let secrets = secrets.map(|(of, id)| SealedPlace::WebhookSecret(of.clone(), *id));
        let consents = self.consents.iter().filter(|(_, (consent, _))| consent.key.company == *company);
        let consents = consents.flat_map(|(hash, (consent, _))| consent.sealed(hash.clone())).map(|(place, _)| place);
        tokens.chain(settings).chain(secrets).chain(consents).collect()
    }

    fn sealed(&mut self, place: &SealedPlace) -> Option<Text<'_>> {
        Some(match place {
            SealedPlace::Access(key) => Text::Secret(&mut self.tokens.get_mut(key)?.token.access),
            SealedPlace::Refresh(key) => Text::Secret(self.tokens.get_mut(key)?.token.refresh.as_mut()?),
            SealedPlace::Settings(company, kind) => {
                Text::Secret(&mut self.integrations.get_mut(&(company.clone(), *kind))?.settings)
            }
            SealedPlace::WebhookSecret(company, id) => {
                Text::Plain(&mut self.tabs.get_mut(&(company.clone(), *id))?.config.sealed_secret)
            }
            SealedPlace::Verifier(_, hash) => Text::Plain(&mut self.consents.get_mut(hash)?.0.sealed_verifier),
            SealedPlace::Code(_, hash) => Text::Plain(self.consents.get_mut(hash)?.0.sealed_code.as_mut()?),
            SealedPlace::Probe => Text::Plain(self.probe.as_mut()?),
        })
    }
}
