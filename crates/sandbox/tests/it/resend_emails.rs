//! Resend's e-mails: shapes, refusals, batches, idempotency, limits.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    resend_support::letter,
    support::{Fixture, json_of},
};

#[tokio::test]
async fn an_email_is_shown_as_documented_and_filed_with_all_its_parts() {
    let fixture = Fixture::stopped().await;
    let attachments = json!([
        {"filename": "teklif ğüş.pdf", "content": "UERG"}, {"filename": "a.png", "content": [1, 2], "content_id": "logo"},
        {"filename": "b.bin", "content": {"type": "Buffer", "data": [3]}}, {"path": "https://a.example/c.csv"},
    ]);
    let more = json!({
        "to": "Ayşe <Ayse@example.com>", "cc": ["c@example.com"], "bcc": "d@example.com", "reply_to": "e@example.com",
        "html": "<p>Merhaba</p>", "headers": {"X-Kayit": "42"}, "tags": [{"name": "kayit", "value": "deal-42"}],
        "attachments": attachments,
    });
    let id = fixture.email(more).await;
    let (status, mut email) = fixture.get_resend(&format!("emails/{id}")).await;
    let created = email["created_at"].take();
    assert!(created.as_str().unwrap().ends_with("+00"), "{created}");
    let message_id = email["message_id"].take();
    let expected = json!({
        "id": id, "message_id": null, "to": ["Ayşe <Ayse@example.com>"], "from": "Örnek A.Ş. <satis@example.com>",
        "created_at": null, "subject": "Teklifiniz hazır", "bcc": ["d@example.com"], "cc": ["c@example.com"],
        "reply_to": ["e@example.com"], "last_event": "queued", "scheduled_at": null, "object": "email",
        "html": "<p>Merhaba</p>", "text": "Merhaba", "tags": [{"name": "kayit", "value": "deal-42"}],
    });
    assert_eq!((status, email), (200, expected));

    let shown = fixture.inspect("mail").await[0].clone();
    assert_eq!(
        (&shown["vendor"], &shown["message_id"], &shown["status"]),
        (&json!("resend"), &message_id, &json!("queued"))
    );
    assert_eq!(shown["recipients"], json!(["ayse@example.com", "c@example.com", "d@example.com"]));
    assert_eq!(shown["headers"], json!([{"name": "X-Kayit", "value": "42"}]));
    let files = shown["attachments"].as_array().unwrap();
    let told: Vec<_> =
        files.iter().map(|file| (file["filename"].as_str().unwrap(), file["size"].as_u64().unwrap())).collect();
    assert_eq!(told, [("teklif ğüş.pdf", 3), ("a.png", 2), ("b.bin", 1), ("c.csv", 0)]);
    assert_eq!((&files[0]["content_type"], &files[1]["content_id"]), (&json!("application/pdf"), &json!("logo")));
    let path = files[0]["url"].as_str().unwrap().trim_start_matches('/');
    let file = fixture.request(Method::GET, path).send().await.unwrap();
    assert_eq!(file.headers()["content-disposition"], "attachment");
    assert_eq!(file.bytes().await.unwrap(), "PDF");
}

#[rstest]
#[case::no_sender(json!({"from": ""}), 422, "missing_required_field")]
#[case::no_recipient(json!({"to": null}), 422, "missing_required_field")]
#[case::nobody(json!({"to": []}), 422, "missing_required_field")]
#[case::no_subject(json!({"subject": ""}), 422, "missing_required_field")]
#[case::no_content(json!({"text": null}), 422, "validation_error")]
#[case::bad_sender(json!({"from": "Örnek"}), 422, "validation_error")]
#[case::bad_recipient(json!({"to": ["a@example.com", "b"]}), 422, "validation_error")]
#[case::bad_cc(json!({"cc": 5}), 422, "validation_error")]
#[case::too_many(json!({"to": vec!["a@example.com"; 51]}), 422, "validation_error")]
#[case::turkish_tag(json!({"tags": [{"name": "kayıt", "value": "1"}]}), 422, "validation_error")]
#[case::long_tag(json!({"tags": [{"name": "a", "value": "a".repeat(257)}]}), 422, "validation_error")]
#[case::empty_attachment(json!({"attachments": [{"filename": "a.pdf"}]}), 422, "invalid_attachment")]
#[case::bad_attachment(json!({"attachments": [{"content": "?"}]}), 422, "invalid_attachment")]
#[case::header_with_a_line(json!({"headers": {"X-A": "a\r\nBcc: b@example.com"}}), 422, "validation_error")]
#[case::unknown_time(json!({"scheduled_at": "yarın"}), 422, "validation_error")]
#[case::past_time(json!({"scheduled_at": "2020-01-01T00:00:00Z"}), 422, "validation_error")]
#[case::late_time(json!({"scheduled_at": "in 31 days"}), 422, "validation_error")]
#[case::strange_domain(json!({"from": "a@acme.example"}), 403, "validation_error")]
#[case::testing_domain(json!({"from": "onboarding@resend.dev"}), 403, "validation_error")]
#[tokio::test]
async fn refusals_have_their_names(#[case] changed: Value, #[case] status: u16, #[case] name: &str) {
    let fixture = Fixture::start().await;
    let (answered, error) = fixture.post_resend("emails", letter(changed)).await;
    assert_eq!((answered, &error["statusCode"], &error["name"]), (status, &json!(status), &json!(name)), "{error}");
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert_eq!(fixture.inspect("resend/stats").await["emails"], 0);
}

#[tokio::test]
async fn a_new_team_writes_to_its_owner_and_the_test_addresses() {
    let fixture = Fixture::start().await;
    for to in ["owner@example.com", "delivered+a@resend.dev"] {
        fixture.email(json!({"from": "onboarding@resend.dev", "to": to})).await;
    }
    fixture.control("resend/domains", json!({"acme.example": "pending"})).await;
    let mine = letter(json!({"from": "a@acme.example"}));
    assert_eq!(fixture.post_resend("emails", mine.clone()).await.0, 403);
    fixture.control("resend/domains", json!({"acme.example": "verified"})).await;
    assert_eq!(fixture.post_resend("emails", mine).await.0, 200);
    fixture.control("resend/settings", json!({"refuses_example": true, "rate": null})).await;
    assert_eq!(fixture.post_resend("emails", letter(json!({}))).await.0, 422);
}

#[rstest]
#[case::nobody(None, "domains", 401, "missing_api_key")]
#[case::stranger(Some("re_wrong"), "domains", 403, "invalid_api_key")]
#[case::sender(Some("re_sending"), "domains", 401, "restricted_api_key")]
#[case::path(Some("re_sandbox"), "nothing", 404, "not_found")]
#[case::method(Some("re_sandbox"), "emails/batch", 405, "method_not_allowed")]
#[case::id(Some("re_sandbox"), "emails/1", 422, "invalid_parameter")]
#[case::absent(Some("re_sandbox"), "emails/00000000-0000-4000-8000-000000000000", 404, "not_found")]
#[tokio::test]
async fn calls_that_lead_nowhere(
    #[case] key: Option<&str>,
    #[case] tail: &str,
    #[case] status: u16,
    #[case] name: &str,
) {
    let fixture = Fixture::start().await;
    fixture.control("resend/keys", json!({"re_sandbox": "full", "re_sending": "sending"})).await;
    let mut request = fixture.request(Method::GET, &format!("resend/{tail}"));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let (answered, error) = json_of(request.send().await.unwrap()).await;
    assert_eq!((answered, &error["name"]), (status, &json!(name)));
}

#[tokio::test]
async fn a_sending_key_sends() {
    let fixture = Fixture::start().await;
    fixture.control("resend/keys", json!({"re_sending": "sending"})).await;
    let send = fixture.request(Method::POST, "resend/emails").bearer_auth("re_sending").json(&letter(json!({})));
    assert_eq!(send.send().await.unwrap().status(), 200);
}

async fn batch(fixture: &Fixture, mode: &str, emails: Value) -> (u16, Value) {
    let request = fixture.resend(Method::POST, "emails/batch").header("x-batch-validation", mode).json(&emails);
    json_of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_batch_is_all_or_nothing_or_what_is_valid() {
    let fixture = Fixture::start().await;
    let (good, bad) = (letter(json!({})), letter(json!({"to": "b"})));
    let (status, error) = batch(&fixture, "strict", json!([good, bad])).await;
    assert_eq!((status, &error["name"]), (422, &json!("validation_error")));
    assert_eq!(fixture.inspect("resend/stats").await["emails"], 0);
    let (status, answer) = batch(&fixture, "permissive", json!([good, bad, good])).await;
    assert_eq!((status, answer["data"].as_array().unwrap().len()), (200, 2));
    let message = "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
    assert_eq!(answer["errors"], json!([{"index": 1, "message": message}]));
    for more in [json!({"scheduled_at": "in 1 hour"}), json!({"attachments": []})] {
        assert_eq!(batch(&fixture, "strict", json!([letter(more)])).await.0, 422);
    }
}

#[rstest]
#[case::most(json!(vec![letter(json!({})); 100]), 200)]
#[case::too_many(json!(vec![letter(json!({})); 101]), 422)]
#[case::none(json!([]), 422)]
#[case::one(letter(json!({})), 400)]
#[tokio::test]
async fn a_batch_has_up_to_a_hundred(#[case] emails: Value, #[case] status: u16) {
    let fixture = Fixture::start().await;
    assert_eq!(batch(&fixture, "strict", emails).await.0, status);
}

async fn keyed(fixture: &Fixture, key: &str, body: Value) -> (u16, Value) {
    let request = fixture.resend(Method::POST, "emails").header("idempotency-key", key).json(&body);
    json_of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_key_sends_once_within_a_day() {
    let fixture = Fixture::stopped().await;
    fixture.control("resend/settings", json!({"rate": null})).await;
    let first = keyed(&fixture, "k", letter(json!({}))).await;
    assert_eq!(first, keyed(&fixture, "k", letter(json!({}))).await);
    let (status, error) = keyed(&fixture, "k", letter(json!({"subject": "Başka"}))).await;
    assert_eq!((status, &error["name"]), (409, &json!("invalid_idempotent_request")));
    let other_path = fixture.resend(Method::POST, "emails/batch").header("idempotency-key", "k");
    assert_eq!(other_path.json(&json!([letter(json!({}))])).send().await.unwrap().status(), 409);
    fixture.advance(24 * 3600).await;
    assert_ne!(first, keyed(&fixture, "k", letter(json!({}))).await);
    let (status, error) = keyed(&fixture, &"k".repeat(257), letter(json!({}))).await;
    assert_eq!((status, &error["name"]), (400, &json!("invalid_idempotency_key")));
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let fixture = Fixture::start().await;
    assert_eq!(keyed(&fixture, "k", letter(json!({"subject": ""}))).await.0, 422);
    assert_eq!(keyed(&fixture, "k", letter(json!({}))).await.0, 200);
}

#[tokio::test]
async fn of_two_at_once_with_one_key_one_is_told_so() {
    let fixture = Fixture::start().await;
    fixture.control("resend/settings", json!({"answer_ms": 300})).await;
    let (one, two) = tokio::join!(keyed(&fixture, "k", letter(json!({}))), keyed(&fixture, "k", letter(json!({}))));
    let mut told = [one, two].map(|(status, answer)| (status, answer["name"].as_str().unwrap_or_default().to_owned()));
    told.sort();
    assert_eq!(told, [(200, String::new()), (409, "concurrent_idempotent_requests".to_owned())]);
    assert_eq!(fixture.inspect("resend/stats").await["emails"], 1);
}

#[tokio::test]
async fn five_requests_in_a_second_and_the_headers_tell() {
    let fixture = Fixture::stopped().await;
    for left in ["4", "3", "2", "1", "0"] {
        let answer = fixture.resend(Method::GET, "domains").send().await.unwrap();
        let told =
            ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.headers()[name].clone());
        assert_eq!((answer.status().as_u16(), told), (200, ["5", left, "1"].map(|text| text.parse().unwrap())));
    }
    let answer = fixture.resend(Method::GET, "domains").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(json_of(answer).await.1["name"], "rate_limit_exceeded");
    fixture.advance(1).await;
    assert_eq!(fixture.get_resend("domains").await.0, 200);
}

#[rstest]
#[case::day("daily_quota", "daily_quota_exceeded", 24 * 3600)]
#[case::month("monthly_quota", "monthly_quota_exceeded", 30 * 24 * 3600)]
#[tokio::test]
async fn each_recipient_counts(#[case] quota: &str, #[case] name: &str, #[case] seconds: u32) {
    let fixture = Fixture::stopped().await;
    fixture.control("resend/settings", json!({quota: 3, "rate": null})).await;
    let two = json!({"to": ["a@example.com", "b@example.com"]});
    let first = fixture.resend(Method::POST, "emails").json(&letter(two.clone())).send().await.unwrap();
    assert_eq!(
        (first.status().as_u16(), &first.headers()[&format!("x-resend-{}", quota.replace('_', "-"))]),
        (200, &"2".parse().unwrap())
    );
    let (status, error) = fixture.post_resend("emails", letter(two.clone())).await;
    assert_eq!((status, &error["name"]), (429, &json!(name)));
    fixture.advance(seconds).await;
    assert_eq!(fixture.post_resend("emails", letter(two)).await.0, 200);
}

#[tokio::test]
async fn lists_have_cursors() {
    let fixture = Fixture::start().await;
    fixture.control("resend/settings", json!({"rate": null})).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, fixture.email(json!({})).await);
    }
    let page = async |query: &str| {
        let body = fixture.get_resend(&format!("emails?{query}")).await.1;
        let found: Vec<_> = body["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        (found, body["has_more"].as_bool().unwrap())
    };
    assert_eq!(page("limit=2").await, (vec![json!(ids[0]), json!(ids[1])], true));
    assert_eq!(page(&format!("limit=2&after={}", ids[1])).await, (vec![json!(ids[2])], false));
    assert_eq!(page(&format!("limit=1&before={}", ids[2])).await, (vec![json!(ids[1])], true));
    assert_eq!(fixture.get_resend("emails?limit=101").await.0, 422);
    let domain = fixture.get_resend("domains").await.1["data"][0].clone();
    let (status, whole) = fixture.get_resend(&format!("domains/{}", domain["id"].as_str().unwrap())).await;
    assert_eq!((status, &whole["name"], &whole["records"][2]["record"]), (200, &json!("example.com"), &json!("DKIM")));
}

#[rstest]
#[case::error(json!({"kind": "error", "code": "service_unavailable"}), 503, json!("service_unavailable"), 0)]
#[case::odd_status(json!({"kind": "error", "code": "application_error", "status": 502}), 502, json!("application_error"), 0)]
#[case::expired(json!({"kind": "expired_token"}), 403, json!("invalid_api_key"), 0)]
#[case::gateway(json!({"kind": "html"}), 502, Value::Null, 0)]
#[case::cut_answer(json!({"kind": "garbage"}), 200, Value::Null, 1)]
#[tokio::test]
async fn faults_come_in_its_own_envelope(
    #[case] mut fault: Value,
    #[case] status: u16,
    #[case] name: Value,
    #[case] emails: usize,
) {
    let fixture = Fixture::start().await;
    fault["vendor"] = json!("resend");
    fault["matching"] = json!("/emails");
    fixture.control("faults", fault).await;
    let (answered, body) = fixture.post_resend("emails", letter(json!({}))).await;
    assert_eq!((answered, &body["name"]), (status, &name));
    assert_eq!(fixture.inspect("resend/stats").await["emails"], emails);
}

#[tokio::test]
async fn an_email_whose_answer_is_lost_is_found_by_its_key() {
    let fixture = Fixture::start().await;
    fixture.control("faults", json!({"vendor": "resend", "kind": "reset_after"})).await;
    let request = fixture.resend(Method::POST, "emails").header("idempotency-key", "k").json(&letter(json!({})));
    assert!(request.send().await.is_err());
    let (status, answer) = keyed(&fixture, "k", letter(json!({}))).await;
    assert_eq!(status, 200);
    let email = fixture.email_becomes(answer["id"].as_str().unwrap(), "delivered").await;
    assert_eq!(email["reached"], json!(["ayse@example.com"]));
    assert_eq!(fixture.inspect("resend/stats").await["emails"], 1);
}
