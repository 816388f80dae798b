//! What networks and Google do on their bad days: there is one event, always. A pause that Google asks for is in
//! `src/timed`.

use futures::future::join;
use rstest::rstest;
use serde_json::json;

use crate::calendar::{ADD, CONNECTION, add, at_vendor, code, connected, deal};

#[rstest]
#[case::lost_after("hang_after")]
#[case::lost_before("hang_before")]
#[case::reset_after("reset_after")]
#[case::garbage("garbage")]
#[case::expired("expired_token")]
#[tokio::test]
async fn whatever_becomes_of_the_answer_there_is_one_event(#[case] kind: &str) {
    let service = connected().await;
    let fault = json!({ "vendor": "google", "matching": "/events", "kind": kind, "ms": 500 });
    service.vendors_post("faults", fault).await;
    let made = add(&service, &deal(1000)).await;
    let again = add(&service, &deal(1000)).await;
    assert_eq!((&again["id"], &again["outcome"]), (&made["id"], &json!("unchanged")));
    assert_eq!(at_vendor(&service).await.len(), 1);
}

#[tokio::test]
async fn what_google_calls_gone_is_told_as_deleted_and_not_made_anew() {
    let service = connected().await;
    let made = add(&service, &deal(1000)).await;
    let id = made["id"].as_str().unwrap();
    let gone = json!({ "vendor": "google", "matching": id, "kind": "error", "times": 9,
        "status": 410, "code": "deleted", "description": "Resource has been deleted" });
    service.vendors_post("faults", gone).await;
    let path = format!("/api/integrations/calendar/events/{id}");
    let rename = json!({ "title": "Yenileme" });
    for (method, body) in [("GET", None), ("PATCH", Some(rename))] {
        assert_eq!(code(&service.call(method, &path, body).await), (410, "event_deleted"), "{method}");
    }
    // The id is taken for ever, so that adding the record leads to the same event.
    assert_eq!(code(&service.call("POST", ADD, Some(deal(2000))).await), (410, "event_deleted"));
    assert_eq!(service.call("DELETE", &path, None).await.status, 204, "gone is deleted");
    service.delete_faults().await;
    let again = add(&service, &deal(2000)).await;
    assert_eq!((&again["id"], &again["outcome"]), (&made["id"], &json!("changed")));
    assert_eq!(at_vendor(&service).await.len(), 1);
}

/// The event is made, its answer is lost, and before it can be looked up the person ends the connection.
#[tokio::test]
async fn a_connection_that_is_revoked_in_the_middle_leaves_one_event() {
    let service = connected().await;
    let lost = json!({ "vendor": "google", "matching": "/events", "kind": "hang_after" });
    service.vendors_post("faults", lost).await;
    let revoke = async {
        while at_vendor(&service).await.is_empty() {
            service.a_moment().await;
        }
        service.vendors_post("google/revoke_user", json!({})).await;
        service.delete_faults().await;
    };
    let (refused, ()) = join(service.call("POST", ADD, Some(deal(1000))), revoke).await;
    assert_eq!(code(&refused), (409, "reconnect_required"));
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    assert_eq!(add(&service, &deal(1000)).await["outcome"], "unchanged");
    assert_eq!(at_vendor(&service).await.len(), 1);
}
