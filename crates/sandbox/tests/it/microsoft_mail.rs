//! Graph's mail: sending, drafts, folders, limits.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, Response};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    microsoft_support::{ACCOUNT, Graph, message},
    support::{Fixture, json_of},
};

const LETTER: &str = "From: demo@example.com\r\nTo: ayse@example.com\r\nBcc: gizli@example.com\r\n\
    Message-ID: <1@example.com>\r\nSubject: =?utf-8?Q?Teklifiniz_haz=C4=B1r?=\r\n\r\nMerhaba\r\n";
const IMMUTABLE: &str = "IdType=\"ImmutableId\"";

async fn mime(graph: &Graph, tail: &str, body: String) -> Response {
    graph.request(Method::POST, tail).header("content-type", "text/plain").body(body).send().await.unwrap()
}

#[tokio::test]
async fn mail_is_accepted_without_a_word_and_filed_with_all_its_parts() {
    let graph = Graph::start().await;
    let attachment = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "teklif ğüş.pdf", "contentType": "application/pdf",
        "contentBytes": "UERG",
    });
    let more = json!({
        "ccRecipients": [{"emailAddress": {"address": "c@example.com"}}], "bccRecipients": [{"emailAddress": {"address": "d@example.com"}}],
        "attachments": [attachment], "internetMessageHeaders": [{"name": "X-Kayit", "value": "42"}],
    });
    assert_eq!(graph.post("me/sendMail", json!({"message": message(more)})).await, (202, json!("")));
    let filed = graph.fixture.inspect("mail").await[0].clone();
    assert_eq!((&filed["vendor"], &filed["from"]), (&json!("microsoft"), &json!(ACCOUNT)));
    assert_eq!(filed["reached"], json!(["ayse@example.com", "c@example.com", "d@example.com"]));
    assert_eq!(
        (&filed["html"], &filed["attachments"][0]["filename"]),
        (&json!("<p>Merhaba</p>"), &json!("teklif ğüş.pdf"))
    );
    assert_eq!(filed["headers"], json!([{"name": "X-Kayit", "value": "42"}]));
    let copy = graph.sent(filed["message_id"].as_str().unwrap()).await;
    assert_eq!(
        (&copy[0]["subject"], &copy[0]["isDraft"], &copy[0]["hasAttachments"]),
        (&json!("Teklifiniz hazır"), &json!(false), &json!(true))
    );
    graph.post("me/sendMail", json!({"message": message(json!({})), "saveToSentItems": false})).await;
    assert_eq!(graph.get("me/mailFolders/sentitems/messages").await.1["value"].as_array().unwrap().len(), 1);
    assert_eq!(graph.fixture.inspect("mail").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn mime_goes_in_base64_and_keeps_its_id() {
    let graph = Graph::start().await;
    assert_eq!(mime(&graph, "me/sendMail", STANDARD.encode(LETTER)).await.status(), 202);
    assert_eq!(graph.sent("<1@example.com>").await.len(), 1);
    assert_eq!(graph.sent("<2@example.com>").await.len(), 0);
    let filed = graph.fixture.inspect("mail").await[0].clone();
    assert_eq!(
        (&filed["subject"], &filed["reached"]),
        (&json!("Teklifiniz hazır"), &json!(["ayse@example.com", "gizli@example.com"]))
    );
    let (status, answer) = json_of(mime(&graph, "me/sendMail", LETTER.to_owned()).await).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("ErrorMimeContentInvalidBase64String")));
}

#[rstest]
#[case::usual("", false)]
#[case::immutable(IMMUTABLE, true)]
#[tokio::test]
async fn a_draft_is_sent_and_its_id_stays_if_it_was_to_stay(#[case] prefer: &str, #[case] stays: bool) {
    let graph = Graph::start().await;
    let create = graph.request(Method::POST, "me/messages").header("prefer", prefer).json(&message(json!({})));
    let (status, draft) = json_of(create.send().await.unwrap()).await;
    assert_eq!((status, &draft["isDraft"], &draft["parentFolderId"]), (201, &json!(true), &json!("drafts")));
    assert_eq!(graph.fixture.inspect("mail").await[0]["reached"], json!([]));
    let tail = format!("me/messages/{}", draft["id"].as_str().unwrap());
    assert_eq!(graph.post(&format!("{tail}/send"), json!({})).await, (202, json!("")));
    let (status, sent) = graph.get(&tail).await;
    assert_eq!((status, stays), if stays { (200, sent["isDraft"] == json!(false)) } else { (404, false) });
    let copy = graph.sent(draft["internetMessageId"].as_str().unwrap()).await;
    assert_eq!((copy.len(), &copy[0]["parentFolderId"]), (1, &json!("sentitems")));
    assert_eq!(graph.post(&format!("{tail}/send"), json!({})).await.0, 404, "it goes once");
    assert_eq!(graph.fixture.inspect("mail").await[0]["reached"], json!(["ayse@example.com"]));
}

#[tokio::test]
async fn a_draft_comes_as_mime_too_and_may_be_dropped() {
    let graph = Graph::start().await;
    let (status, draft) = json_of(mime(&graph, "me/messages", STANDARD.encode(LETTER)).await).await;
    assert_eq!((status, &draft["internetMessageId"]), (201, &json!("<1@example.com>")));
    let tail = format!("me/messages/{}", draft["id"].as_str().unwrap());
    assert_eq!(
        graph.get(&format!("{tail}?$select=subject")).await.1,
        json!({"id": draft["id"], "subject": "Teklifiniz hazır"})
    );
    assert_eq!(graph.request(Method::DELETE, &tail).send().await.unwrap().status(), 204);
    assert_eq!((graph.get(&tail).await.0, graph.fixture.inspect("mail").await), (404, json!([])));
}

#[tokio::test]
async fn a_copy_may_come_late() {
    let graph = Graph::with(Fixture::stopped().await, &["Mail.Send", "Mail.ReadWrite"]).await;
    graph.fixture.control("microsoft/settings", json!({"sent_lag_ms": 5000})).await;
    mime(&graph, "me/sendMail", STANDARD.encode(LETTER)).await;
    assert_eq!(graph.sent("<1@example.com>").await.len(), 0);
    graph.fixture.advance(5).await;
    assert_eq!(graph.sent("<1@example.com>").await.len(), 1);
}

#[rstest]
#[case::nobody(json!({"toRecipients": []}), 400, "ErrorInvalidRecipients")]
#[case::bad_address(json!({"toRecipients": [{"emailAddress": {"address": "a"}}]}), 400, "ErrorInvalidRecipients")]
#[case::bad_header(json!({"internetMessageHeaders": [{"name": "Received", "value": "a"}]}), 400, "InvalidInternetMessageHeader")]
#[case::bad_attachment(json!({"attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "contentBytes": "?"}]}), 400, "ErrorInvalidParameter")]
#[case::large(json!({"body": {"contentType": "Text", "content": "x".repeat(4 * 1024 * 1024)}}), 413, "RequestEntityTooLarge")]
#[tokio::test]
async fn refusals_have_graphs_shape(#[case] changed: Value, #[case] status: u16, #[case] code: &str) {
    let graph = Graph::start().await;
    let (answered, answer) = graph.post("me/sendMail", json!({"message": message(changed)})).await;
    assert_eq!((answered, &answer["error"]["code"]), (status, &json!(code)));
    assert!(answer["error"]["innerError"]["request-id"].is_string());
    assert_eq!(graph.fixture.inspect("mail").await, json!([]));
}

#[rstest]
#[case::send(&["Mail.Send"], [202, 403, 403, 403])]
#[case::write(&["Mail.ReadWrite"], [403, 201, 200, 403])]
#[case::read(&["https://graph.microsoft.com/Mail.Read"], [403, 403, 200, 403])]
#[case::profile(&["user.read"], [403, 403, 403, 200])]
#[tokio::test]
async fn each_call_asks_for_its_permission(#[case] scopes: &[&str], #[case] expected: [u16; 4]) {
    let graph = Graph::with(Fixture::start().await, scopes).await;
    let sent = graph.post("me/sendMail", json!({"message": message(json!({}))})).await;
    let draft = graph.post("me/messages", message(json!({}))).await;
    let (listed, me) = (graph.get("me/messages").await, graph.get("me").await);
    let all = [sent, draft, listed, me];
    assert_eq!(all.clone().map(|(status, _)| status), expected);
    assert!(all.iter().all(|(status, body)| *status != 403 || body["error"]["code"] == "ErrorAccessDenied"));
}

#[tokio::test]
async fn a_token_has_its_hour() {
    let graph = Graph::start().await;
    graph.fixture.control("microsoft/expire", json!({})).await;
    let answer = graph.request(Method::GET, "me").send().await.unwrap();
    assert!(answer.headers().contains_key("www-authenticate"));
    let (status, body) = json_of(answer).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));
}

#[tokio::test]
async fn a_mailbox_bears_four_calls_at_once() {
    let graph = Graph::start().await;
    graph.fixture.control("microsoft/settings", json!({"answer_ms": 300})).await;
    let calls = futures::future::join_all((0..5).map(|_| graph.request(Method::GET, "me").send())).await;
    let refused: Vec<_> = calls.into_iter().map(Result::unwrap).filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].headers()["retry-after"], "1");
    assert_eq!(graph.get("me").await.0, 200);
}

#[rstest]
#[case::requests("requests", 2, "me", 600)]
#[case::messages("messages", 2, "me/sendMail", 60)]
#[tokio::test]
async fn limits_tell_when_there_is_room_again(
    #[case] limit: &str,
    #[case] most: u32,
    #[case] tail: &str,
    #[case] span: u32,
) {
    let graph = Graph::with(Fixture::stopped().await, &["Mail.Send", "User.Read"]).await;
    graph.fixture.control("microsoft/settings", json!({limit: most})).await;
    let call = async || {
        let request = match tail {
            "me" => graph.request(Method::GET, tail),
            _ => graph.request(Method::POST, tail).json(&json!({"message": message(json!({}))})),
        };
        let answer = request.send().await.unwrap();
        (
            answer.status().is_success(),
            answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned()),
        )
    };
    assert_eq!((call().await.0, call().await.0), (true, true));
    let (is_taken, pause) = call().await;
    assert_eq!((is_taken, pause), (false, Some((span + 1).to_string())));
    graph.fixture.advance(span).await;
    assert!(call().await.0);
}

#[tokio::test]
async fn lists_are_paged_and_know_one_filter() {
    let graph = Graph::start().await;
    for id in 1..=3 {
        mime(&graph, "me/sendMail", STANDARD.encode(LETTER.replace("<1@", &format!("<{id}@")))).await;
    }
    let page = graph.get("me/messages?$top=2&$select=internetMessageId").await.1;
    let shown = |page: &Value| -> Vec<Value> {
        page["value"].as_array().unwrap().iter().map(|one| one["internetMessageId"].clone()).collect()
    };
    assert_eq!(shown(&page), ["<3@example.com>", "<2@example.com>"]);
    let next = page["@odata.nextLink"].as_str().unwrap().split_once("/v1.0/").unwrap().1;
    let last = graph.get(next).await.1;
    assert_eq!((shown(&last), &last["@odata.nextLink"]), (vec![json!("<1@example.com>")], &Value::Null));
    assert_eq!(graph.get("me/messages?$filter=subject%20eq%20'x'").await.0, 400);
    assert_eq!(graph.get("me/mailFolders/archive/messages").await.0, 404);
}

#[rstest]
#[case::error(json!({"kind": "error", "status": 503, "code": "serviceNotAvailable"}), 503, json!("serviceNotAvailable"), 0)]
#[case::expired(json!({"kind": "expired_token"}), 401, json!("InvalidAuthenticationToken"), 0)]
#[case::gateway(json!({"kind": "html"}), 502, Value::Null, 0)]
#[case::cut_answer(json!({"kind": "garbage"}), 200, Value::Null, 1)]
#[tokio::test]
async fn faults_come_in_its_own_envelope(
    #[case] mut fault: Value,
    #[case] status: u16,
    #[case] code: Value,
    #[case] messages: usize,
) {
    let graph = Graph::start().await;
    fault["vendor"] = json!("microsoft");
    fault["matching"] = json!("sendMail");
    graph.fixture.control("faults", fault).await;
    let (answered, body) = graph.post("me/sendMail", json!({"message": message(json!({}))})).await;
    assert_eq!((answered, &body["error"]["code"]), (status, &code));
    assert_eq!(graph.fixture.inspect("mail").await.as_array().unwrap().len(), messages);
}
