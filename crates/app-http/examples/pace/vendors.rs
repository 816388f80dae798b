//! The simulated vendors, in a process of their own: what is measured here is the engine's.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses, RequestBuilder};
use kopru_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

/// Real time: what the simulated machine needs for a batch, with room.
pub const CALL: Duration = Duration::from_mins(1);

pub struct Vendors {
    pub base: String,
    pub http: HttpClient,
    process: Child,
}

impl Vendors {
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut command = Command::new(program);
        let mut process =
            command.arg("vendors").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let mut base = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut base).expect("an address");
        let options = HttpOptions { timeout: CALL, connect_timeout: CALL, private_addresses: PrivateAddresses::Allow };
        Self { base: base.trim().to_owned(), http: HttpClient::new(&options).expect("a client"), process }
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.base);
        self.send(self.http.request(method, &url).json(&body), path).await
    }

    /// Reads from a vendor's own interface.
    pub async fn get(&self, path: &str, token: &str) -> Value {
        let url = format!("{}{path}", self.base);
        self.send(self.http.request(Method::GET, &url).bearer_auth(token), path).await
    }

    async fn send(&self, request: RequestBuilder, path: &str) -> Value {
        let reply = self.http.send(request).await.expect("an answer");
        assert_eq!(reply.status, 200, "{path}");
        reply.json().expect("JSON")
    }
}

impl Drop for Vendors {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What the other process does, until its standard input ends.
pub async fn serve() -> bool {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
    writeln!(std::io::stdout(), "{}", sandbox.base_url()).expect("a reader");
    let ended = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended.await.is_ok_and(|copied| copied.is_ok())
}
