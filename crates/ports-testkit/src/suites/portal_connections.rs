//! [`PortalConnections`]' clauses.

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::Retry;
use kopru_ports::connections::PortalConnections;
use kopru_ports::crm::{CrmCatalog, CrmErrorKind};
use secrecy::{ExposeSecret as _, SecretString};

/// Runs the clauses of [`kopru_ports::connections::PortalConnections`]: `$world` gives a future of a fresh
/// [`ConnectionsWorld`](crate::suites::portal_connections::ConnectionsWorld).
#[macro_export]
macro_rules! portal_connections_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, portal_connections: [
            a_new_portal_is_known_by_its_own_name,
            a_renamed_portal_keeps_the_name_that_is_stored,
            a_renamed_portal_keeps_a_name_that_is_told,
            settings_that_name_no_portal_are_refused,
            a_consent_is_given_to_who_has_an_app_only,
        ], skip: [$($($skip)*)?]);
    };
}

/// A portal, one company that is connected to it by its app, and the adapter under test.
#[async_trait]
pub trait ConnectionsWorld: Send + Sync {
    /// The adapter.
    fn connections(&self) -> &dyn PortalConnections;
    /// The adapter.
    fn catalog(&self) -> &dyn CrmCatalog;
    /// Who is connected.
    fn company(&self) -> CompanyId;
    /// The settings with which the company is connected.
    fn settings(&self) -> SecretString;
    /// The portal is renamed: the settings for its new address.
    async fn rename(&self) -> SecretString;
    /// Connects the company by these settings.
    async fn connect(&self, settings: &SecretString);
}

fn stranger() -> CompanyId {
    "stranger".parse().expect("an id")
}

/// The name by which the company's portal is known once it is connected by what was recognised of `settings`.
async fn name(world: &impl ConnectionsWorld, company: &CompanyId, settings: &SecretString, names: &[String]) -> String {
    let recognised = world.connections().recognised(company, settings, names).await.expect("settings");
    let again = world.connections().recognised(company, settings, names).await.expect("settings");
    assert_eq!(again.expose_secret(), recognised.expose_secret());
    world.connect(&recognised).await;
    world.catalog().portal(&world.company()).await.expect("a name")
}

/// Whatever other portals the company knows.
pub async fn a_new_portal_is_known_by_its_own_name(world: impl ConnectionsWorld) {
    let own = world.catalog().portal(&world.company()).await.expect("a name");
    let others = ["127.0.0.1:9".to_owned()];
    assert_eq!(name(&world, &stranger(), &world.settings(), &others).await, own);
}

/// Its records stay those of the rows.
pub async fn a_renamed_portal_keeps_the_name_that_is_stored(world: impl ConnectionsWorld) {
    let own = world.catalog().portal(&world.company()).await.expect("a name");
    let renamed = world.rename().await;
    assert_eq!(name(&world, &world.company(), &renamed, &[]).await, own);
}

/// Also where its settings were forgotten meanwhile.
pub async fn a_renamed_portal_keeps_a_name_that_is_told(world: impl ConnectionsWorld) {
    let own = world.catalog().portal(&world.company()).await.expect("a name");
    let renamed = world.rename().await;
    assert_eq!(name(&world, &stranger(), &renamed, std::slice::from_ref(&own)).await, own);
}

/// Before anything is called.
pub async fn settings_that_name_no_portal_are_refused(world: impl ConnectionsWorld) {
    for settings in ["", "{}", "no portal"] {
        let said = world.connections().recognised(&world.company(), &settings.into(), &[]).await;
        let error = said.expect_err("no portal");
        assert_eq!((error.kind, error.retry), (CrmErrorKind::InvalidValue, Retry::Never), "{settings}");
    }
}

/// Who has none has to bring its settings first.
pub async fn a_consent_is_given_to_who_has_an_app_only(world: impl ConnectionsWorld) {
    world.connections().consent(&world.company()).await.expect("the app's consent");
    let error = world.connections().consent(&stranger()).await.err().expect("no app");
    assert_eq!((error.kind, error.retry), (CrmErrorKind::NotConnected, Retry::Never));
}
