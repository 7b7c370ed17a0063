//! Which addresses deliveries may go to: those of the public internet, and those the operator allows.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

/// Everything in IPv4 that is not of the public internet (the special-purpose registry of IANA), and the address at
/// which Azure answers its machines.
const NOT_PUBLIC: [&str; 17] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// The part of IPv6 that is of the public internet; what else there is (loopback, link-local, private, multicast, mapped
/// and translated addresses) is not in it.
const PUBLIC_6: &str = "2000::/3";

/// What of it is not: tunnels that carry addresses of IPv4 (Teredo, 6to4), documentation, special purposes.
const NOT_PUBLIC_6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

static REFUSED: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| NOT_PUBLIC.iter().chain(&NOT_PUBLIC_6).filter_map(|text| text.parse().ok()).collect());
static GLOBAL: LazyLock<Option<IpNet>> = LazyLock::new(|| PUBLIC_6.parse().ok());

/// The networks that an operator allows beside the public internet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<IpNet>);

impl Allowed {
    /// Reads networks with commas between, such as `10.0.0.0/8, fd00::/8`; a single address stands for itself.
    pub fn parse(text: &str) -> Option<Allowed> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let net = |part: &str| part.parse::<IpNet>().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
        parts.map(net).collect::<Option<Vec<_>>>().map(Allowed)
    }

    /// Whether a delivery may be sent to this address. An address of IPv4 that is written as one of IPv6 is what it is.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.0.iter().any(|network| network.contains(&address)) {
            return true;
        }
        let is_global = match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(_) => GLOBAL.as_ref().is_some_and(|global| global.contains(&address)),
        };
        is_global && !REFUSED.iter().any(|network| network.contains(&address))
    }
}

/// The address a host names by itself, if it is one; in an address of the web IPv6 stands in brackets.
pub fn literal(host: &str) -> Option<IpAddr> {
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.map_or_else(|| host.parse().ok(), |text| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
}

/// Whether two networks of IPv4 and IPv6 were all understood; a test holds this.
#[cfg(test)]
fn is_complete() -> bool {
    REFUSED.len() == NOT_PUBLIC.len() + NOT_PUBLIC_6.len() && GLOBAL.is_some()
}

#[cfg(test)]
mod tests {
    use ipnet::Ipv4Net;

    use super::*;

    fn permits(allowed: &str, address: &str) -> bool {
        Allowed::parse(allowed).unwrap().permits(address.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet_is_called_unless_the_operator_allows_more() {
        assert!(is_complete());
        assert!(NOT_PUBLIC.iter().all(|text| text.parse::<Ipv4Net>().is_ok()));
        for public in ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(permits("", public), "{public}");
        }
        for refused in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "100::1",
        ] {
            assert!(!permits("", refused), "{refused}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_called_and_nothing_beside_it() {
        assert!(permits("10.0.0.0/8, ::1", "10.9.9.9"));
        assert!(permits("10.0.0.0/8, ::1", "::ffff:10.9.9.9"));
        assert!(permits("10.0.0.0/8, ::1", "::1"));
        assert!(!permits("10.0.0.0/8, ::1", "127.0.0.1"));
        assert!(!permits("127.0.0.1", "127.0.0.2"));
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0.0/8 127.0.0.1"] {
            assert_eq!(Allowed::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_host_that_is_an_address_is_known_as_one() {
        assert_eq!(literal("127.0.0.1"), "127.0.0.1".parse().ok());
        assert_eq!(literal("[::1]"), "::1".parse().ok());
        assert_eq!(literal("::1"), "::1".parse().ok());
        assert_eq!((literal("[127.0.0.1]"), literal("example.com")), (None, None));
    }
}
