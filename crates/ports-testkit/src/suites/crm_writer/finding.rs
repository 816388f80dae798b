//! What is found again.

use kopru_domain::multi::work;
use kopru_domain::{FieldChange, FieldKind, FieldValue};
use kopru_ports::Retry;
use kopru_ports::crm::{
    Among, ContactMatches, ContactSearch, CrmCommand, CrmError, CrmErrorKind, FoundRecord, MOST_COMMANDS,
};
use kopru_ports::delivery::Urgency;

use super::{CrmWorld, LEAD, Trouble, create, done, portal};

async fn among(world: &impl CrmWorld) -> Among {
    Among { company: world.company(), portal: portal(world).await, entity: LEAD, urgency: Urgency::Bulk }
}

async fn find(world: &impl CrmWorld, origins: &[&str]) -> Result<Vec<FoundRecord>, CrmError> {
    let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
    world.writer().find_by_origin(&among(world).await, &origins).await
}

async fn search(world: &impl CrmWorld, phones: &[&str]) -> Result<Vec<ContactMatches>, CrmError> {
    let one = |phone: &&str| ContactSearch { kind: FieldKind::Phone, values: vec![(*phone).to_owned()] };
    let searches: Vec<ContactSearch> = phones.iter().map(one).collect();
    world.writer().find_by_contact(&among(world).await, &searches).await
}

fn with_phone(world: &impl CrmWorld, origin: &str, phone: &str) -> CrmCommand {
    let mut command = create(world, origin, [origin, ""]);
    let change = FieldChange { from: FieldValue::Empty, to: FieldValue::Contacts(vec![work(phone)]) };
    command.fields.insert(world.phones(), change);
    command
}

fn found(origin: &str, id: &str) -> FoundRecord {
    FoundRecord { origin: origin.to_owned(), id: id.to_owned() }
}

/// Only what carries one of the origins as a whole, and nothing that people made.
pub async fn what_was_created_is_found_by_its_origin(world: impl CrmWorld) {
    world.put(["a", ""]).await;
    let commands = ["k:s/1", "k:s/10", "k:s/2"].map(|origin| create(&world, origin, ["a", ""])).into();
    let ids = done(&world, commands).await;
    let mut records = find(&world, &["k:s/2", "k:s/1", "k:s/3"]).await.expect("records");
    records.sort_by(|one, other| one.origin.cmp(&other.origin));
    assert_eq!(records, [found("k:s/1", &ids[0]), found("k:s/2", &ids[2])]);
}

/// Somebody copied the row's record: the row keeps its own.
pub async fn of_several_with_one_origin_the_oldest_is_found(world: impl CrmWorld) {
    let first = done(&world, vec![create(&world, "r1", ["a", ""])]).await.remove(0);
    done(&world, vec![create(&world, "r1", ["b", ""])]).await;
    assert_eq!(find(&world, &["r1"]).await.expect("records"), [found("r1", &first)]);
}

/// Not everything there is.
pub async fn nothing_is_found_for_nothing(world: impl CrmWorld) {
    world.put(["a", ""]).await;
    assert_eq!(find(&world, &[]).await.expect("records"), []);
    assert_eq!(search(&world, &[]).await.expect("matches"), []);
}

/// However many a call of the vendor's takes and gives.
pub async fn more_origins_than_a_page_holds_are_found(world: impl CrmWorld) {
    let origins: Vec<String> = (0..MOST_COMMANDS + 10).map(|n| format!("r{n:03}")).collect();
    for chunk in origins.chunks(MOST_COMMANDS) {
        done(&world, chunk.iter().map(|origin| create(&world, origin, ["a", ""])).collect()).await;
    }
    let records = find(&world, &origins.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("records");
    let mut found: Vec<String> = records.into_iter().map(|record| record.origin).collect();
    found.sort();
    assert_eq!(found, origins);
}

/// What is found there must not be taken for a row's record.
pub async fn another_portal_is_not_searched(world: impl CrmWorld) {
    let (among, origins) = (among(&world).await, ["r1".to_owned()]);
    let another = Among { portal: "another.example".into(), ..among };
    let error = world.writer().find_by_origin(&another, &origins).await;
    let error = error.expect_err("another portal");
    assert_eq!((error.kind, error.retry), (CrmErrorKind::NotConnected, Retry::Never));
}

/// A search that failed is neither an empty answer nor of unknown outcome.
pub async fn a_search_may_be_repeated_whatever_became_of_it(world: impl CrmWorld) {
    let id = done(&world, vec![with_phone(&world, "r1", "+905321111111")]).await.remove(0);
    for trouble in [Trouble::Busy, Trouble::LostBefore, Trouble::LostAfter] {
        world.next(trouble).await;
        let error = find(&world, &["r1"]).await.expect_err("no answer");
        assert!(matches!(error.retry, Retry::After(_)), "{trouble:?}: {error:?}");
        world.next(trouble).await;
        let error = search(&world, &["+905321111111"]).await.expect_err("no answer");
        assert!(matches!(error.retry, Retry::After(_)), "{trouble:?}: {error:?}");
    }
    assert_eq!(find(&world, &["r1"]).await.expect("records"), [found("r1", &id)]);
}

/// One answer for each search, in order.
pub async fn phones_are_found_in_any_spelling(world: impl CrmWorld) {
    let commands = [("r1", "+905321111111"), ("r2", "+902122222222")];
    let ids = done(&world, commands.map(|(origin, phone)| with_phone(&world, origin, phone)).into()).await;
    let answers = search(&world, &["+90 (212) 222-22-22", "+905329999999", "+90 532 111 11 11"]).await;
    let matches = |ids: &[&String]| ContactMatches { ids: ids.iter().copied().cloned().collect(), cut_off: false };
    assert_eq!(answers.expect("matches"), [matches(&[&ids[1]]), matches(&[]), matches(&[&ids[0]])]);
}

/// Whether it is all of them or some, nobody takes some for all.
pub async fn what_may_not_be_all_is_said_to_be_cut_off(world: impl CrmWorld) {
    let commands = (0..30).map(|n| with_phone(&world, &format!("r{n}"), "+905321111111")).collect();
    let ids = done(&world, commands).await;
    let answer = search(&world, &["+905321111111"]).await.expect("matches").remove(0);
    assert!(answer.cut_off || answer.ids.len() == ids.len(), "{} of {}", answer.ids.len(), ids.len());
    assert!(answer.ids.iter().all(|id| ids.contains(id)));
}
