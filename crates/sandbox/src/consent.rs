//! What the vendors' consent pages share.

use url::{Host, Url};

pub(crate) fn is_loopback(uri: &Url) -> bool {
    uri.scheme() == "http"
        && match uri.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What was asked, for the page's form to send along.
pub(crate) fn hidden<'a>(asked: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let field = |(name, value)| format!(r#"<input type="hidden" name="{}" value="{}">"#, escaped(name), escaped(value));
    asked.map(field).collect()
}
