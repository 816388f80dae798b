//! [`kopru_ports::crm::CrmCatalog`]'s clauses.

use std::collections::BTreeSet;

use kopru_domain::{CompanyId, EntityKind, FieldKind, FieldMeta};
use kopru_ports::Retry;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::delivery::Urgency;

use super::crm::CrmWorld;
use super::trouble::Trouble;

/// Runs the clauses of [`kopru_ports::crm::CrmCatalog`]: `$world` gives a future of a fresh
/// [`CrmWorld`](crate::suites::crm::CrmWorld).
#[macro_export]
macro_rules! crm_catalog_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, crm_catalog: [
            fields_are_described_each_once,
            what_is_forgotten_is_read_anew,
            a_portals_name_stays,
            who_is_not_connected_has_no_portal,
            settings_are_tried_without_being_stored,
            credentials_that_the_portal_refuses_are_told,
            settings_that_name_no_portal_are_refused,
            a_description_may_be_asked_for_again_whatever_became_of_it,
            where_nobody_listens_it_is_tried_again,
        ], skip: [$($($skip)*)?]);
    };
}

async fn fields(world: &impl CrmWorld) -> Result<Vec<FieldMeta>, CrmError> {
    world.catalog().fields(&world.company(), EntityKind::Lead, Urgency::Interactive).await
}

fn stranger() -> CompanyId {
    "stranger".parse().expect("an id")
}

/// With a title for people, and as what it holds; the same when it is asked for again.
pub async fn fields_are_described_each_once(world: impl CrmWorld) {
    let found = fields(&world).await.expect("fields");
    assert_eq!(found.iter().map(|field| &field.code).collect::<BTreeSet<_>>().len(), found.len());
    assert!(found.iter().all(|field| !field.title.is_empty()));
    let kind = |code| found.iter().find(|field| field.code == code).map(|field| (field.kind, field.read_only));
    for code in world.texts() {
        assert_eq!(kind(code), Some((FieldKind::Text, false)));
    }
    assert_eq!(kind(world.phones()), Some((FieldKind::Phone, false)));
    assert_eq!(fields(&world).await.expect("fields"), found);
}

/// A field that people made is there once somebody said that there are new ones.
pub async fn what_is_forgotten_is_read_anew(world: impl CrmWorld) {
    fields(&world).await.expect("fields");
    let code = "UF_CRM_NEW".into();
    world.add_field(&code).await;
    world.catalog().forget(&world.company()).await;
    assert!(fields(&world).await.expect("fields").iter().any(|field| field.code == code));
}

/// Limits and lanes are shared by it.
pub async fn a_portals_name_stays(world: impl CrmWorld) {
    let name = world.catalog().portal(&world.company()).await.expect("a name");
    assert!(!name.is_empty());
    world.catalog().forget(&world.company()).await;
    assert_eq!(world.catalog().portal(&world.company()).await.expect("a name"), name);
}

/// Nor fields.
pub async fn who_is_not_connected_has_no_portal(world: impl CrmWorld) {
    let errors = [
        world.catalog().portal(&stranger()).await.map(drop),
        world.catalog().fields(&stranger(), EntityKind::Lead, Urgency::Interactive).await.map(drop),
    ];
    for error in errors.map(|answer| answer.expect_err("nobody's portal")) {
        assert_eq!((error.kind, error.retry), (CrmErrorKind::NotConnected, Retry::Never));
    }
}

/// Whoever tries them is not connected by that.
pub async fn settings_are_tried_without_being_stored(world: impl CrmWorld) {
    let name = world.catalog().portal(&world.company()).await.expect("a name");
    for _ in 0..2 {
        assert_eq!(world.catalog().reach(&stranger(), &world.settings()).await.expect("reached"), name);
    }
    world.catalog().portal(&stranger()).await.expect_err("nothing was stored");
}

/// Somebody has to bring others: trying again is of no use.
pub async fn credentials_that_the_portal_refuses_are_told(world: impl CrmWorld) {
    let error = world.catalog().reach(&world.company(), &world.wrong_settings()).await.expect_err("refused");
    assert_eq!((error.kind, error.retry), (CrmErrorKind::Credentials, Retry::Never));
}

/// Before anything is called.
pub async fn settings_that_name_no_portal_are_refused(world: impl CrmWorld) {
    for settings in ["", "{}", "no portal"] {
        let error = world.catalog().reach(&world.company(), &settings.into()).await.expect_err("no portal");
        assert_eq!(error.retry, Retry::Never, "{settings}");
    }
}

/// Reading has no effect, so that no outcome is unknown.
pub async fn a_description_may_be_asked_for_again_whatever_became_of_it(world: impl CrmWorld) {
    for trouble in [Trouble::Busy, Trouble::LostBefore, Trouble::LostAfter] {
        world.catalog().forget(&world.company()).await;
        world.next(trouble).await;
        let error = fields(&world).await.expect_err("no answer");
        assert!(matches!(error.retry, Retry::After(_)), "{trouble:?}: {error:?}");
    }
    fields(&world).await.expect("fields");
}

/// A portal that is away for a while is not a wrong one.
pub async fn where_nobody_listens_it_is_tried_again(world: impl CrmWorld) {
    world.catalog().forget(&world.company()).await;
    world.cut_off().await;
    let error = fields(&world).await.expect_err("nobody");
    assert_eq!(error.kind, CrmErrorKind::Unavailable);
    assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
}
