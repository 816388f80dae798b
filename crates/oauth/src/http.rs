//! [`oauth2`]'s HTTP port over Köprü's client.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use kopru_http_client::{HttpClient, HttpError, Reply};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

pub(crate) struct OAuthHttp(pub(crate) HttpClient);

#[derive(Debug, thiserror::Error)]
pub(crate) enum OAuthHttpError {
    #[error(transparent)]
    Call(#[from] HttpError),
    /// Refused for now, by the server's own word.
    #[error("the provider asks for a pause")]
    Busy(Option<Duration>),
    /// Failed on the server's side, nobody knows how far.
    #[error("the provider failed")]
    Broken,
}

impl<'c> AsyncHttpClient<'c> for OAuthHttp {
    type Error = OAuthHttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let outgoing = self.0.request(parts.method, &parts.uri.to_string()).headers(parts.headers).body(body);
            answer(self.0.send(outgoing).await?)
        })
    }
}

/// [`oauth2`] takes any answer but 200 for the provider's refusal; what a gateway says is none.
fn answer(reply: Reply) -> Result<HttpResponse, OAuthHttpError> {
    let status = match reply.status {
        429 | 503 => return Err(OAuthHttpError::Busy(reply.retry_after())),
        500.. => return Err(OAuthHttpError::Broken),
        status => http::StatusCode::from_u16(status).map_err(|_| OAuthHttpError::Broken)?,
    };
    let mut response = http::Response::new(reply.body);
    *response.status_mut() = status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}
