//! [`OriginStore`]'s clause.

use std::sync::Arc;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreErrorKind;
use kopru_ports::identity::IdentityStore;
use kopru_ports::origins::OriginStore;

/// Origins are replaced as a whole, are one company's, and are known to be somebody's.
pub async fn origins_are_replaced_and_kept_apart(store: Arc<impl OriginStore + IdentityStore>) {
    let [acme, beta, nobody] = ["acme", "beta", "nobody"].map(|id| id.parse::<CompanyId>().expect("an id"));
    for company in [&acme, &beta] {
        store.add_company(company, "", Timestamp::UNIX_EPOCH).await.expect("a company");
    }
    let set = async |company: &CompanyId, origins: &[&str]| {
        let origins: Vec<_> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        store.set_origins(company, &origins).await
    };
    set(&acme, &["https://b", "https://a", "https://b"]).await.expect("kept");
    set(&beta, &["https://a"]).await.expect("two companies may share a host");
    assert_eq!(store.origins(&acme).await.expect("origins"), ["https://a", "https://b"]);
    assert!(store.is_origin("https://b").await.expect("an answer"));
    set(&acme, &["https://c"]).await.expect("kept");
    assert_eq!(store.origins(&acme).await.expect("origins"), ["https://c"]);
    assert!(!store.is_origin("https://b").await.expect("an answer"));
    assert!(store.is_origin("https://a").await.expect("an answer"), "the other company's");
    let error = set(&nobody, &["https://a"]).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}
