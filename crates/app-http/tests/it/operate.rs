//! What operators and people in a browser meet.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::harness::{Service, kopru};
use rstest::rstest;
use serde_json::{Value, json};

fn refused(folder: &Path, args: &[&str]) -> String {
    let output = kopru(folder).args(args).output().unwrap();
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn companies_and_keys_are_made_beside_a_running_server() {
    let service = Service::start_unset().await;
    assert_eq!(service.operate(&["company", "add", "beta", "--name", "Beta Ltd."]), "company beta");
    assert!(service.operate(&["company", "add", "beta"]).contains("there already"));
    assert_eq!(service.operate(&["company", "list"]), "acme\nbeta  Beta Ltd.");
    let key = service.operate(&["api-key", "create", "--company", "beta", "--name", "host"]);
    let bearer = format!("Bearer {key}");
    let status = async || {
        let headers = [("Authorization", bearer.as_str())];
        service.raw("GET".parse().unwrap(), "/api/v1/sheet-sync/configs", None, &headers).await.status
    };
    assert_eq!(status().await, 200);
    let list = service.operate(&["api-key", "list", "--company", "beta"]);
    let (id, _) = list.split_once(' ').unwrap();
    service.operate(&["api-key", "revoke", id, "--company", "beta"]);
    assert_eq!(status().await, 401);
    let error = refused(service.folder(), &["api-key", "create", "--company", "nope"]);
    assert!(error.contains("no such company"), "{error}");
}

#[tokio::test]
async fn only_who_can_read_the_operators_file_is_served() {
    let service = Service::start_unset().await;
    let file = service.folder().join("kopru.db.operator");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let place: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let wish = json!({ "wish": "companies" }).to_string();
    for headers in [&[][..], &[("Authorization", "Bearer guessed")]] {
        let address = place["address"].as_str().unwrap();
        let answer = service.raw("POST".parse().unwrap(), address, Some(wish.clone()), headers).await;
        assert_eq!(answer.status, 401);
    }
}

#[rstest]
#[case(&["serve", "--public-url", "foo"], "https://name")]
#[case(&["serve", "--google-url", "notaurl"], "https://name")]
#[case(&["serve", "--lease", "0"], "1..=3600")]
#[case(&["serve", "--database-url", "sqlite:///no/such/folder/x.db"], "/no/such/folder/x.db")]
#[case(&["company", "add", "a b"], "no blanks")]
fn settings_that_cannot_be_are_named(#[case] args: &[&str], #[case] why: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), args);
    assert!(error.contains(why), "{error}");
}

#[test]
fn a_taken_port_and_another_key_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = refused(folder.path(), &["serve", "--port", &port]);
    assert!(error.contains("KOPRU_PORT") && error.contains(&port), "{error}");
    let other = kopru(folder.path()).args(["vault", "generate-key", "--id", "t"]).output().unwrap().stdout;
    let other = String::from_utf8(other).unwrap();
    let error = refused(folder.path(), &["serve", "--vault-keys", other.trim()]);
    assert!(error.contains("another key"), "{error}");
}

#[tokio::test]
async fn a_companys_id_may_hold_signs_that_addresses_write_otherwise() {
    let service = Service::start_unset().await;
    assert!(service.operate(&["company", "add", "a/b"]).ends_with("written a%2Fb"));
    let bearer = format!("Bearer {}", service.operate(&["api-key", "create", "--company", "a/b"]));
    let body = json!({ "webhook": "none" }).to_string();
    let path = "/api/v1/companies/a%2Fb/integrations/bitrix24";
    let answer = service.raw("PUT".parse().unwrap(), path, Some(body), &[("Authorization", &bearer)]).await;
    assert_eq!(answer.json["code"], "bad_portal_address");
}

/// Ways to write an address of our own network, and public ones at ports that are not for everybody.
const PRIVATE: [&str; 23] = [
    "8.8.8.8:22",
    "acme.bitrix24.com:80",
    "acme.bitrix24.com:8443",
    "127.0.0.1:9",
    "127.1",
    "127.0.0.1.",
    "0177.0.0.1",
    "0x7f.1",
    "2130706433",
    "１２７.0.0.1",
    "0.0.0.0",
    "192.168.0.5",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.192",
    "[::1]",
    "[::]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[fe80::1]",
    "[fd00::1]",
    "localhost",
    "LOCALHOST",
];

#[tokio::test]
async fn what_is_not_set_or_not_allowed_is_named() {
    let service = Service::start_unset().await;
    let consent = service.call("GET", "/sheet-sync/oauth/authorize", None).await;
    assert_eq!(consent.json["code"], "not_set");
    assert!(consent.json["title"].as_str().unwrap().contains("GOOGLE_CLIENT_ID"));
    for host in PRIVATE {
        let body = json!({ "webhook": format!("https://{host}/rest/1/abcdef/") });
        let answer = service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(body)).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (422, Some("private_portal")), "{host}");
        assert!(answer.json["title"].as_str().unwrap().contains("KOPRU_PRIVATE_PORTALS"));
    }
    let apps = PRIVATE
        .map(|host| [(format!("https://{host}"), None), ("8.8.8.8".to_owned(), Some(format!("https://{host}")))]);
    for (portal, server) in apps.into_iter().flatten() {
        let body = json!({ "portal": portal, "client_id": "app.1", "client_secret": "s", "server": server });
        let answer = service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(body.clone())).await;
        let named = (answer.status, answer.json["code"].as_str(), answer.json["field"].as_str());
        assert_eq!(named, (422, Some("private_portal"), Some("portal")), "{body}");
    }
    let sheets = service.call("GET", "/api/v1/sheet-sync/spreadsheets", None).await;
    assert_eq!(sheets.json["title"], "Google hesabı bağlı değil; önce hesabı bağlayın.");
}

#[tokio::test]
async fn a_browser_is_shown_pages() {
    let service = Service::start_unset().await;
    let page = async |path: &str, language: &str| {
        let answer = service.raw("GET".parse().unwrap(), path, None, &[("Accept-Language", language)]).await;
        assert!(answer.content_type.starts_with("text/html"), "{path}");
        (answer.status, answer.text)
    };
    let cancelled = "/sheet-sync/oauth/callback?error=access_denied&state=x";
    for (path, status, turkish, english) in [
        ("/", 200, "/docs", "/docs"),
        ("/sheet-sync", 200, "hesabınız bağlandı", "is connected"),
        (cancelled, 200, "Bağlantı kurulmadı", "did not agree"),
        ("/sheet-sync/oauth/callback?code=c&state=x", 401, "geçerli değil", "not valid any more"),
        ("/sheet-sync/oauth/callback", 400, "geçerli değil", "not valid any more"),
        ("/integrations/bitrix24", 200, "portalınız bağlandı", "portal is connected"),
        ("/integrations/google-calendar", 200, "Takviminiz bağlandı", "Calendar is connected"),
        ("/api/integrations/oauth/bitrix24/callback?code=c&state=x", 401, "geçerli değil", "not valid any more"),
        ("/api/integrations/oauth/bitrix24/callback?state=x", 200, "Bağlantı kurulmadı", "did not agree"),
    ] {
        for (language, text) in [("tr-TR", turkish), ("en-US,en", english)] {
            let (found, body) = page(path, language).await;
            assert_eq!(found, status, "{path}");
            assert!(body.contains(text), "{path}: {body}");
        }
    }
}

#[tokio::test]
async fn the_description_says_what_calls_need() {
    let service = Service::start_unset().await;
    let api = service.open("GET", "/openapi.json", None).await.json;
    assert_eq!(api["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    assert_eq!(api["security"], json!([{ "api_key": [] }]));
    for (path, method) in [
        ("/api/v1/sheet-sync/detect", "post"),
        ("/api/v1/sheet-sync/configs", "post"),
        ("/api/v1/sheet-sync/spreadsheets", "get"),
        ("/sheet-sync/oauth/authorize", "get"),
    ] {
        let parameters = api["paths"][path][method]["parameters"].as_array().unwrap();
        let header = parameters.iter().find(|parameter| parameter["name"] == "Kopru-User").unwrap();
        assert_eq!(
            (&header["in"], &header["required"]),
            (&json!("header"), &json!(false)),
            "{path}: a session's own person is known"
        );
    }
    let schemas = &api["components"]["schemas"];
    assert_eq!(schemas["ConfigView"]["properties"]["mapping"]["$ref"], "#/components/schemas/Mapping");
    assert_eq!(schemas["MappedColumn"]["properties"]["target"]["type"], "string");
    assert_eq!(schemas["SummaryView"]["properties"]["pending"]["type"], "integer");
}
