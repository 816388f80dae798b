use kopru_ports::seal::{SealErrorKind, SealedPlace, Sealer};
use kopru_ports::{PortError, Retry, StoreError, StoreErrorKind};
use secrecy::{ExposeSecret, SecretString};

pub(crate) async fn seal(
    vault: &dyn Sealer,
    place: SealedPlace,
    secret: &SecretString,
) -> Result<SecretString, StoreError> {
    let sealed = vault.seal(&place.context(), secret).await;
    sealed.map(SecretString::from).map_err(unreadable)
}

pub(crate) async fn open(
    vault: &dyn Sealer,
    place: SealedPlace,
    sealed: &SecretString,
) -> Result<SecretString, StoreError> {
    vault.open(&place.context(), sealed.expose_secret()).await.map_err(unreadable)
}

/// A secret that cannot be opened is as good as a damaged store.
fn unreadable(error: PortError<SealErrorKind>) -> StoreError {
    StoreError::new("vault", StoreErrorKind::Unreadable, Retry::Never).caused_by(error)
}
