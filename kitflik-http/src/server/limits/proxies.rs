//! Whose word is taken for where a request comes from.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

/// The proxies that are trusted: addresses and networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            let network = part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| format!("{part:?} is neither an address nor a network such as 10.0.0.0/8"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl Proxies {
    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The peer, unless that is a trusted proxy: then the right-most address that no trusted one has.
    ///
    /// What stands left of it may be anybody's invention. Where both headers are there and do not say the same, one of
    /// them came from the client, and the proxy itself is taken.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let by_list = self.last_untrusted(peer, list(headers, "x-forwarded-for").rev().map(address));
        let forwarded = list(headers, header::FORWARDED.as_str()).rev().map(|hop| address(for_of(hop)));
        let by_standard = self.last_untrusted(peer, forwarded);
        match (by_list, by_standard) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// Goes from the nearest hop outwards, as far as the word of trusted ones goes.
    fn last_untrusted(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut last = None;
        for hop in hops {
            let Some(hop) = hop else { return Some(last.unwrap_or(peer)) };
            last = Some(hop);
            if !self.trusts(hop) {
                break;
            }
        }
        last
    }
}

/// The parts of a header that may come more than once. What is not ASCII is one part, which is no address.
fn list<'a>(headers: &'a HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines.into_iter().flat_map(|line| line.split(','))
}

/// What a hop of `Forwarded` has as `for`.
fn for_of(hop: &str) -> &str {
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    found.next().map_or("", |(_, value)| value.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies: Proxies = trusted.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        let told = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        assert_eq!(client("", "203.0.113.9", &told), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &told), "203.0.113.9");
        assert_eq!(client("", "::ffff:203.0.113.9", &told), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_hop_is_the_client() {
        let trusted = "10.0.0.0/8, 2001:db8:1::/48";
        let list = |value: &'static str| client(trusted, "10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(list("192.0.2.7"), "192.0.2.7");
        // The left part is what the client sent itself.
        assert_eq!(list("198.51.100.1, 192.0.2.7, 10.2.3.4"), "192.0.2.7");
        assert_eq!(list("10.9.9.9,10.2.3.4"), "10.9.9.9");
        assert_eq!(list("192.0.2.7:4711"), "192.0.2.7");
        assert_eq!(list("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(list("192.0.2.7, unknown"), "10.0.0.1");
        assert_eq!(list("192.0.2.7, unknown, 10.2.3.4"), "10.2.3.4");
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(client(trusted, "10.0.0.1", &lines), "192.0.2.7");
        assert_eq!(client(trusted, "10.0.0.1", &[]), "10.0.0.1");
        let forwarded =
            [("forwarded", r#"for=198.51.100.1, For="[2001:db8::7]:4711";proto=https, for=10.2.3.4"#)];
        assert_eq!(client(trusted, "2001:db8:1::1", &forwarded), "2001:db8::7");
        assert_eq!(client(trusted, "10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn a_second_header_of_the_clients_own_does_not_choose_its_address() {
        let both = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &both), "10.0.0.1");
        let same = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &same), "192.0.2.7");
    }

    #[test]
    fn what_is_no_network_is_named() {
        assert!("10.0.0.1, ::1".parse::<Proxies>().unwrap().any());
        assert_eq!(
            "10.0.0.1, nginx".parse::<Proxies>(),
            Err("\"nginx\" is neither an address nor a network such as 10.0.0.0/8".to_owned())
        );
    }
}
