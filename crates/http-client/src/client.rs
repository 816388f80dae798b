use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};

use crate::error::{Failure, HttpError};
use crate::guard::{PublicOnly, fault, is_public};
use crate::reply::Reply;

/// More than this is no answer of an API.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Whether calls may go to private addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// No, and to their scheme's own port alone: for addresses that people type.
    #[default]
    Deny,
    /// Yes: for stand-ins, and vendors in one's own network.
    Allow,
}

impl PrivateAddresses {
    /// Whether `ip` may be called, by whatever protocol: a name's addresses are to be looked at, not the name.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        self == Self::Allow || is_public(ip)
    }
}

/// How a client calls.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// The time for a whole call, answer included.
    pub timeout: Duration,
    /// The time for a connection.
    pub connect_timeout: Duration,
    /// Whether calls may go to private addresses.
    pub private_addresses: PrivateAddresses,
}

/// Makes calls. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    client: Client,
    private_addresses: PrivateAddresses,
}

impl HttpClient {
    /// A client. One per set of options is enough for a process: it keeps connections.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        // The first caller wins; a provider that an embedding program chose stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .redirect(Policy::none())
            // A proxy would resolve names by itself, and cannot reach a stand-in on this machine.
            .no_proxy()
            .user_agent(concat!("Kopru/", env!("CARGO_PKG_VERSION")));
        if options.private_addresses == PrivateAddresses::Deny {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { client: builder.build()?, private_addresses: options.private_addresses })
    }

    /// A request to be completed and given to [`HttpClient::send`].
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Makes one call and reads its answer to the end. An answer of any status is an answer.
    ///
    /// # Errors
    /// [`HttpError`], which says whether the call may have happened.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply, HttpError> {
        let request = request.build()?;
        self.check(request.url())?;
        let mut response = self.client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| broken())? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(HttpError::new(Failure::Unreadable, "the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }

    /// Whether `url` leads into a private network or to another port than its scheme's, and the client's options forbid that: a call would fail
    /// without saying why.
    pub async fn bars(&self, url: &str) -> bool {
        if self.private_addresses == PrivateAddresses::Allow {
            return false;
        }
        let Ok(url) = reqwest::Url::parse(url.trim()) else { return false };
        if self.check(&url).is_err() {
            return true;
        }
        let Some(url::Host::Domain(name)) = url.host() else { return false };
        let found: Vec<_> = tokio::net::lookup_host((name, 0)).await.into_iter().flatten().collect();
        !found.is_empty() && !found.iter().any(|address| is_public(address.ip()))
    }

    /// A resolver is not asked about addresses in numbers, nor told of ports: they are looked at here.
    fn check(&self, url: &reqwest::Url) -> Result<(), HttpError> {
        let fault = if self.private_addresses == PrivateAddresses::Deny { fault(url) } else { None };
        fault.map_or(Ok(()), |why| Err(HttpError::new(Failure::NotSent, why)))
    }
}

fn broken() -> HttpError {
    HttpError::new(Failure::Unknown, "the answer broke off")
}
