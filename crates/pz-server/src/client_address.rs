//! Where a request comes from: the address of its client, not that of a proxy in between.
//!
//! Headers that name an address are believed only from peers that the setting `trusted_proxies` names; from anybody
//! else they are what anybody may write. Whatever limits, counts or records by address asks here.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, web};
use ipnet::IpNet;

use crate::state::AppState;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The address of the client: of the peer, or as a trusted proxy tells it. IPv4 addresses never come in their
/// IPv6 form.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = peer_address(request)?;
    let trusted = trusted_proxies(request);
    if !is_within(trusted, peer) {
        return Some(peer);
    }
    let headers: Vec<&HeaderValue> = request.headers().get_all(FORWARDED_FOR).collect();
    let parts = headers
        .iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','))
        // Bytes that are no text make only their own part nonsense.
        .map(|part| std::str::from_utf8(part).unwrap_or_default());
    Some(rightmost_client(trusted, peer, parts))
}

/// Whether the request comes from a peer whose headers are believed.
pub(crate) fn is_from_trusted_proxy(request: &HttpRequest) -> bool {
    let trusted = trusted_proxies(request);
    !trusted.is_empty() && peer_address(request).is_some_and(|peer| is_within(trusted, peer))
}

/// `http` or `https`, as the client spoke to a trusted proxy; none when no such proxy says it.
pub(crate) fn client_scheme(request: &HttpRequest) -> Option<&'static str> {
    if !is_from_trusted_proxy(request) {
        return None;
    }
    let last = request.headers().get_all(FORWARDED_PROTO).last()?;
    let scheme = last.to_str().ok()?.rsplit(',').next()?.trim();
    ["https", "http"]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known))
}

/// An address, or a network such as `10.0.0.0/8`, as the setting gives it.
///
/// # Errors
/// Says what would be right.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("'{text}' is no address or network; give such as 127.0.0.1 or 10.0.0.0/8"))?;
    Ok(network.trunc())
}

fn trusted_proxies(request: &HttpRequest) -> &[IpNet] {
    request
        .app_data::<web::Data<AppState>>()
        .map_or(&[], |state| &state.settings.proxy.trusted_proxies)
}

fn peer_address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Each proxy appends whom it heard: read from the right, the first that is no proxy of ours is the client. What
/// stands left of it, the client wrote itself.
fn rightmost_client<'a>(
    trusted: &[IpNet],
    peer: IpAddr,
    from_right: impl Iterator<Item = &'a str>,
) -> IpAddr {
    let mut nearest = peer;
    for part in from_right {
        let Some(address) = address_in(part) else {
            return nearest;
        };
        nearest = address;
        if !is_within(trusted, address) {
            return nearest;
        }
    }
    nearest
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:443`.
fn address_in(part: &str) -> Option<IpAddr> {
    let part = part.trim();
    let bare = part
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(part);
    let address = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| part.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], header: &str) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| parse_network(net).unwrap()).collect();
        let peer = "127.0.0.1".parse().unwrap();
        rightmost_client(&trusted, peer, header.rsplit(',')).to_string()
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_client() {
        let one = ["127.0.0.1"];
        assert_eq!(client(&one, "203.0.113.7"), "203.0.113.7");
        assert_eq!(client(&one, "198.51.100.1, 203.0.113.7"), "203.0.113.7");
        assert_eq!(client(&one, "203.0.113.7:1234"), "203.0.113.7");
        assert_eq!(client(&one, "[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(client(&one, "::ffff:203.0.113.7"), "203.0.113.7");
        let chain = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(client(&chain, "evil, 203.0.113.7, 10.1.2.3"), "203.0.113.7");
        // Nothing but proxies: the one farthest away.
        assert_eq!(client(&chain, "10.9.9.9, 10.1.2.3"), "10.9.9.9");
    }

    #[test]
    fn nonsense_ends_the_chain() {
        for nonsense in ["", "unknown", "203.0.113.7,", "127.0.0.1/8", "_hidden"] {
            assert_eq!(client(&["127.0.0.1"], nonsense), "127.0.0.1", "{nonsense}");
        }
        assert_eq!(
            client(&["127.0.0.1", "10.0.0.0/8"], "203.0.113.7, x, 10.1.2.3"),
            "10.1.2.3"
        );
    }

    #[test]
    fn networks_are_addresses_or_cidr() {
        assert_eq!(parse_network(" 10.1.2.3/8 ").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse_network("::1").unwrap().to_string(), "::1/128");
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0"] {
            assert!(parse_network(wrong).is_err(), "{wrong}");
        }
    }
}
