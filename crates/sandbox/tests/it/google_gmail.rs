//! Gmail: sending, drafts, and looking for what was sent.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use kopru_sandbox::SandboxConfig;
use reqwest::{Method, RequestBuilder};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

const LETTER: &str = "From: demo@example.com\r\nTo: Ayse@example.com\r\nBcc: gizli@example.com\r\n\
    Message-ID: <1@example.com>\r\nSubject: =?utf-8?Q?Teklifiniz_haz=C4=B1r?=\r\n\r\nMerhaba\r\n";

struct Gmail {
    fixture: Fixture,
    token: String,
}

fn scope(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("https://www.googleapis.com/auth/{name}") }
}

fn raw(letter: &str) -> Value {
    json!({"raw": URL_SAFE.encode(letter)})
}

impl Gmail {
    async fn start() -> Self {
        Self::of(Fixture::start().await, "gmail.modify").await
    }

    async fn of(fixture: Fixture, name: &str) -> Self {
        Self { token: fixture.token(&scope(name)).await, fixture }
    }

    fn request(&self, method: Method, tail: &str) -> RequestBuilder {
        self.fixture.request(method, &format!("google/gmail/v1/users/me/{tail}")).bearer_auth(&self.token)
    }

    async fn post(&self, tail: &str, body: Value) -> (u16, Value) {
        json_of(self.request(Method::POST, tail).json(&body).send().await.unwrap()).await
    }

    async fn get(&self, tail: &str) -> (u16, Value) {
        json_of(self.request(Method::GET, tail).send().await.unwrap()).await
    }

    async fn found(&self, query: &str) -> usize {
        let (status, body) = self.get(&format!("messages?q={query}")).await;
        assert_eq!(status, 200, "{body}");
        body["messages"].as_array().map_or(0, Vec::len)
    }
}

#[tokio::test]
async fn a_sent_message_is_in_the_mailboxes_of_all_whom_it_names() {
    let gmail = Gmail::start().await;
    let (status, sent) = gmail.post("messages/send", raw(LETTER)).await;
    let id = sent["id"].as_str().unwrap();
    assert_eq!((status, &sent), (200, &json!({"id": id, "threadId": id, "labelIds": ["SENT"]})));
    let filed = gmail.fixture.inspect("mail").await[0].clone();
    assert_eq!(filed["reached"], json!(["ayse@example.com", "gizli@example.com"]));
    assert_eq!((&filed["vendor"], &filed["subject"]), (&json!("gmail"), &json!("Teklifiniz hazır")));
    assert_eq!(gmail.found("rfc822msgid:%3C1@example.com%3E").await, 1);
    assert_eq!(gmail.found("rfc822msgid:1@example.com%20in:sent").await, 1);
    assert_eq!(gmail.found("rfc822msgid:2@example.com").await, 0);
    assert_eq!(gmail.get("messages?q=newer_than:1d").await.0, 400, "refused, not passed over");
}

#[rstest]
#[case::minimal("minimal", json!({}))]
#[case::raw("raw", json!({"raw": URL_SAFE.encode(LETTER)}))]
#[case::metadata("metadata&metadataHeaders=subject", json!({"payload": {"headers": [{"name": "Subject", "value": "Teklifiniz hazır"}]}}))]
#[tokio::test]
async fn messages_have_formats(#[case] format: &str, #[case] expected: Value) {
    let gmail = Gmail::start().await;
    let id = gmail.post("messages/send", raw(LETTER)).await.1["id"].as_str().unwrap().to_owned();
    let (status, message) = gmail.get(&format!("messages/{id}?format={format}")).await;
    assert_eq!((status, &message["snippet"], &message["labelIds"]), (200, &json!("Merhaba"), &json!(["SENT"])));
    for name in ["raw", "payload"] {
        assert_eq!(message[name], expected[name], "{name}");
    }
    assert_eq!(gmail.get(&format!("messages/{id}?format=all")).await.0, 400);
    let whole = gmail.get(&format!("messages/{id}")).await.1;
    assert_eq!(whole["payload"]["parts"][0]["body"]["data"], URL_SAFE.encode("Merhaba\r\n"));
}

#[tokio::test]
async fn a_draft_is_nobodys_until_it_is_sent_under_another_id() {
    let gmail = Gmail::start().await;
    let (status, draft) = gmail.post("drafts", json!({"message": raw(LETTER)})).await;
    assert_eq!((status, &draft["message"]["labelIds"]), (200, &json!(["DRAFT"])));
    assert_eq!(gmail.fixture.inspect("mail").await[0]["reached"], json!([]));
    let tail = format!("drafts/{}", draft["id"].as_str().unwrap());
    assert_eq!(gmail.get(&tail).await.1["message"]["id"], draft["message"]["id"]);
    assert_eq!(gmail.get("drafts").await.1["drafts"][0]["id"], draft["id"]);
    let (status, sent) = gmail.post("drafts/send", json!({"id": draft["id"]})).await;
    assert_eq!((status, &sent["labelIds"]), (200, &json!(["SENT"])));
    assert_ne!(sent["id"], draft["message"]["id"]);
    assert_eq!((gmail.get(&tail).await.0, gmail.found("in:drafts").await, gmail.found("in:sent").await), (404, 0, 1));
    assert_eq!(gmail.post("drafts/send", json!({"id": draft["id"]})).await.0, 404);
    let nobody = gmail.post("drafts", json!({"message": raw("Subject: x\r\n\r\n")})).await.1;
    assert_eq!(gmail.post("drafts/send", json!({"id": nobody["id"]})).await.0, 400);
    let tail = format!("drafts/{}", nobody["id"].as_str().unwrap());
    assert_eq!(gmail.get(&tail).await.0, 200, "what could not be sent is still there");
    assert_eq!(gmail.request(Method::DELETE, &tail).send().await.unwrap().status(), 204);
}

#[rstest]
#[case::alone("media", "message/rfc822", LETTER.to_owned())]
#[case::beside_its_json("multipart", "multipart/related; boundary=b", format!("--b\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{LETTER}\r\n--b--"))]
#[tokio::test]
async fn messages_are_uploaded_as_they_are(#[case] kind: &str, #[case] content_type: &str, #[case] body: String) {
    let gmail = Gmail::start().await;
    let path = format!("google/upload/gmail/v1/users/me/messages/send?uploadType={kind}");
    let request = gmail.fixture.request(Method::POST, &path).bearer_auth(&gmail.token);
    let (status, sent) = json_of(request.header("content-type", content_type).body(body).send().await.unwrap()).await;
    assert_eq!(status, 200, "{sent}");
    let tail = format!("messages/{}?format=raw", sent["id"].as_str().unwrap());
    assert_eq!(gmail.get(&tail).await.1["raw"], URL_SAFE.encode(LETTER));
}

#[rstest]
#[case::send("gmail.send", &[("POST", "messages/send", 200), ("GET", "messages", 403), ("POST", "drafts", 403), ("GET", "profile", 403)])]
#[case::compose("gmail.compose", &[("POST", "messages/send", 200), ("GET", "messages", 403), ("POST", "drafts", 200), ("GET", "profile", 200)])]
#[case::readonly("gmail.readonly", &[("POST", "messages/send", 403), ("GET", "messages", 200), ("POST", "drafts", 403), ("GET", "drafts", 200)])]
#[case::everything("https://mail.google.com/", &[("POST", "messages/send", 200), ("GET", "messages", 200), ("POST", "drafts", 200), ("GET", "profile", 200)])]
#[case::calendar("calendar.events", &[("POST", "messages/send", 403), ("GET", "messages", 403)])]
#[tokio::test]
async fn each_call_asks_for_its_scopes(#[case] name: &str, #[case] calls: &[(&str, &str, u16)]) {
    let gmail = Gmail::of(Fixture::start().await, name).await;
    let mut body = raw(LETTER);
    body["message"] = raw(LETTER);
    for (method, tail, expected) in calls {
        let request = gmail.request(method.parse().unwrap(), tail);
        let request = if *method == "POST" { request.json(&body) } else { request };
        let (status, answer) = json_of(request.send().await.unwrap()).await;
        assert_eq!(status, *expected, "{tail}: {answer}");
        if *expected == 403 {
            let error = &answer["error"];
            let told = (&error["errors"][0]["reason"], &error["status"], &error["details"][0]["reason"]);
            assert_eq!(
                told,
                (
                    &json!("insufficientPermissions"),
                    &json!("PERMISSION_DENIED"),
                    &json!("ACCESS_TOKEN_SCOPE_INSUFFICIENT")
                )
            );
        }
    }
}

#[tokio::test]
async fn headers_alone_for_who_may_see_no_more() {
    let gmail = Gmail::start().await;
    let id = gmail.post("messages/send", raw(LETTER)).await.1["id"].as_str().unwrap().to_owned();
    let reader = Gmail::of(gmail.fixture, "gmail.metadata").await;
    assert_eq!(reader.get(&format!("messages/{id}?format=metadata")).await.0, 200);
    assert_eq!(reader.get(&format!("messages/{id}")).await.0, 403);
}

#[rstest]
#[case::nothing(json!({}), "'raw' RFC822 payload message string or uploading message via /upload/* URL required")]
#[case::not_base64(json!({"raw": "?"}), "Invalid value for ByteString: raw")]
#[case::nobody(raw("Subject: x\r\n\r\n"), "Recipient address required")]
#[tokio::test]
async fn refusals_have_gmails_shape(#[case] body: Value, #[case] message: &str) {
    let gmail = Gmail::start().await;
    let (status, answer) = gmail.post("messages/send", body).await;
    let error = json!({
        "code": 400, "message": message, "status": "INVALID_ARGUMENT",
        "errors": [{"domain": "global", "reason": "invalidArgument", "message": message}],
    });
    assert_eq!((status, answer), (400, json!({"error": error})));
    assert_eq!(gmail.fixture.inspect("mail").await, json!([]));
}

#[tokio::test]
async fn the_mailbox_is_the_tokens_own() {
    let gmail = Gmail::start().await;
    let send = async |user: &str| {
        let path = format!("google/gmail/v1/users/{user}/messages/send");
        let request = gmail.fixture.request(Method::POST, &path).bearer_auth(&gmail.token).json(&raw(LETTER));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((send("Demo@example.com").await, send("other@example.com").await), (200, 403));
    assert_eq!(gmail.get("profile").await.1["emailAddress"], "demo@example.com");
    gmail.fixture.control("google/expire", json!({})).await;
    let (status, answer) = gmail.post("messages/send", raw(LETTER)).await;
    assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (401, &json!("authError")));
}

#[rstest]
#[case::person(150, 1_000_000, "userRateLimitExceeded")]
#[case::project(2, 200, "rateLimitExceeded")]
#[tokio::test]
async fn sending_takes_a_hundred_units(#[case] sends: usize, #[case] project: u32, #[case] reason: &str) {
    let config = SandboxConfig { google_gmail_units_per_minute: project, ..SandboxConfig::default() };
    let gmail = Gmail::of(Fixture::with(config).await, "gmail.send").await;
    gmail.fixture.control("clock", json!({"scale": 0})).await;
    for _ in 0..sends {
        assert_eq!(gmail.post("messages/send", raw(LETTER)).await.0, 200);
    }
    let (status, answer) = gmail.post("messages/send", raw(LETTER)).await;
    let told = (&answer["error"]["errors"][0]["reason"], &answer["error"]["errors"][0]["domain"]);
    assert_eq!((status, told), (403, (&json!(reason), &json!("usageLimits"))));
    gmail.fixture.control("clock", json!({"advance_seconds": 60})).await;
    assert_eq!(gmail.post("messages/send", raw(LETTER)).await.0, 200);
}

#[tokio::test]
async fn what_is_found_may_come_late_or_under_another_name() {
    let gmail = Gmail::start().await;
    gmail.fixture.control("clock", json!({"scale": 0})).await;
    gmail.fixture.control("google/settings", json!({"search_lag_ms": 5000})).await;
    gmail.post("messages/send", raw(LETTER)).await;
    assert_eq!(gmail.found("rfc822msgid:1@example.com").await, 0);
    gmail.fixture.control("clock", json!({"advance_seconds": 5})).await;
    assert_eq!(gmail.found("rfc822msgid:1@example.com").await, 1);
    gmail.fixture.control("google/settings", json!({"search_lag_ms": 0, "keeps_message_id": false})).await;
    let other = LETTER.replace("<1@", "<2@");
    gmail.post("messages/send", raw(&other)).await;
    assert_eq!(gmail.found("rfc822msgid:2@example.com").await, 0);
    assert_eq!(gmail.fixture.inspect("mail").await[1]["headers"][0]["value"], "<2@example.com>");
}

#[tokio::test]
async fn lists_are_paged_the_newest_first() {
    let gmail = Gmail::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, gmail.post("messages/send", raw(LETTER)).await.1["id"].clone());
    }
    let first = gmail.get("messages?maxResults=2").await.1;
    let shown = |page: &Value| -> Vec<Value> {
        page["messages"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(shown(&first), ids[..2]);
    let next = gmail.get(&format!("messages?pageToken={}", first["nextPageToken"].as_str().unwrap())).await.1;
    assert_eq!((shown(&next), &next["nextPageToken"]), (ids[2..].to_vec(), &Value::Null));
}

#[rstest]
#[case::error(json!({"kind": "error", "status": 429, "code": "rateLimitExceeded"}), 429, json!("rateLimitExceeded"), 0)]
#[case::expired(json!({"kind": "expired_token"}), 401, json!("authError"), 0)]
#[case::cut_answer(json!({"kind": "garbage"}), 200, Value::Null, 1)]
#[tokio::test]
async fn faults_come_in_its_own_envelope(
    #[case] mut fault: Value,
    #[case] status: u16,
    #[case] reason: Value,
    #[case] messages: usize,
) {
    let gmail = Gmail::start().await;
    fault["vendor"] = json!("google");
    fault["matching"] = json!("/messages/send");
    gmail.fixture.control("faults", fault).await;
    let (answered, body) = gmail.post("messages/send", raw(LETTER)).await;
    assert_eq!((answered, &body["error"]["errors"][0]["reason"]), (status, &reason));
    assert_eq!(gmail.found("in:sent").await, messages);
}
