//! Addresses that a person typed must not lead into our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names to public addresses only.
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.filter(|address| is_public(address.ip())).collect();
            if found.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why `url` is not called, as far as it can be seen before its name is looked up.
pub(crate) fn fault(url: &Url) -> Option<&'static str> {
    let number = match url.host() {
        Some(url::Host::Ipv4(ip)) => Some(ip.into()),
        Some(url::Host::Ipv6(ip)) => Some(ip.into()),
        _ => None,
    };
    match () {
        () if number.is_some_and(|ip| !is_public(ip)) => Some("the address is not a public one"),
        // What listens at other ports is not meant for everybody.
        () if url.port().is_some() => Some("the port is not the scheme's own"),
        () => None,
    }
}

/// Whether an address is reachable by everybody: not this machine, not a private network, not reserved.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4() {
            Some(mapped) => public_v4(mapped),
            None => public_v6(ip),
        },
    }
}

fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    // For protocols' own use (RFC 6890); some clouds tell their machines' secrets there.
    let protocols = (a, b, c) == (192, 0, 0);
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (18..20).contains(&b);
    let own = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified();
    !(own
        || protocols
        || shared
        || benchmark
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240)
}

fn public_v6(ip: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3 (RFC 4291); 2001:db8::/32 and 3fff::/20 are for documentation, 2001::/23 is for
    // protocols, and it, 2002::/16 and 64:ff9b::/96 wrap IPv4 addresses that could be private.
    let [a, b, ..] = ip.segments();
    let documentation = (a == 0x2001 && b == 0xdb8) || (a == 0x3fff && b < 0x1000);
    let protocols = a == 0x2001 && b < 0x200;
    a & 0xe000 == 0x2000 && !documentation && !protocols && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_called_at_their_schemes_own_port() {
        for (url, passes) in [
            ("https://acme.bitrix24.com/rest/1/s/", true),
            ("https://acme.bitrix24.com:443/rest/1/s/", true),
            ("https://8.8.8.8/rest/1/s/", true),
            ("https://acme.bitrix24.com:80/rest/1/s/", false),
            ("https://acme.bitrix24.com:22/rest/1/s/", false),
            ("https://acme.bitrix24.com:8443/rest/1/s/", false),
            ("https://8.8.8.8:6379/", false),
            ("https://[2a00:1450:4001:81b::200e]:5432/", false),
            ("https://127.0.0.1/", false),
            ("https://127.0.0.1:443/", false),
        ] {
            assert_eq!(fault(&url.parse().unwrap()).is_none(), passes, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        assert!(PublicOnly.resolve("localhost".parse().unwrap()).await.is_err());
    }

    #[test]
    fn only_public_addresses_pass() {
        for ip in ["8.8.8.8", "93.184.216.34", "2a00:1450:4001:81b::200e"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let own = [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "192.0.0.192",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fd00::1",
            "64:ff9b::7f00:1",
            "2001:0:7f00:1::",
            "2002:7f00:1::",
            "3fff::1",
        ];
        for ip in own {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
