//! [`oauth2`]'s HTTP port over Köprü's client.

use std::future::Future;
use std::pin::Pin;

use kopru_http_client::{HttpClient, HttpError};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

pub(crate) struct OAuthHttp(pub(crate) HttpClient);

#[derive(Debug, thiserror::Error)]
pub(crate) enum OAuthHttpError {
    #[error(transparent)]
    Call(#[from] HttpError),
    #[error("the answer's headers cannot be read")]
    Headers,
}

impl<'c> AsyncHttpClient<'c> for OAuthHttp {
    type Error = OAuthHttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let outgoing = self.0.request(parts.method, &parts.uri.to_string()).headers(parts.headers).body(body);
            let reply = self.0.send(outgoing).await?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = http::StatusCode::from_u16(reply.status).map_err(|_| OAuthHttpError::Headers)?;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}
