//! HTTPS on a second port, for clients that take nothing else.

use kopru_sandbox::{Sandbox, SandboxConfig, Tls};
use reqwest::{Certificate, Client};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::tempdir;

#[rstest]
#[case::by_address("127.0.0.1")]
#[case::by_name("localhost")]
#[tokio::test]
async fn who_trusts_the_written_certificate_sees_the_same_state(#[case] host: &str) {
    let folder = tempdir().unwrap();
    let certificate = folder.path().join("sandbox.pem");
    let tls = Some(Tls { port: 0, certificate: certificate.clone() });
    let sandbox = Sandbox::start(SandboxConfig { tls, ..SandboxConfig::default() }).await.unwrap();
    let pem = Certificate::from_pem(&std::fs::read(certificate).unwrap()).unwrap();
    let http = Client::builder().no_proxy().tls_certs_only([pem]).build().unwrap();
    let https = sandbox.tls_base_url().unwrap().replace("127.0.0.1", host);

    let add = format!("{https}/bitrix24/rest/1/abcdef/crm.lead.add");
    let added: Value =
        http.post(add).json(&json!({"fields": {"TITLE": "a"}})).send().await.unwrap().json().await.unwrap();
    let leads = format!("{}/_control/bitrix24/records/lead", sandbox.base_url());
    let leads: Value = http.get(leads).send().await.unwrap().json().await.unwrap();
    assert_eq!((&added["result"], &leads[0]["fields"]["TITLE"]), (&json!(1), &json!("a")));

    let stranger = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    assert!(stranger.get(https).send().await.unwrap_err().is_connect());
    sandbox.stop().await;
}
