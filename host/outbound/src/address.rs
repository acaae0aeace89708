//! Which addresses may be connected to. Knows no names: a name is resolved first, and every address that it has is asked about here.
//!
//! The lists are the special-purpose registries of IANA (RFC 6890 and its updates). For IPv6 it is the other way round: only what is
//! handed out as global unicast is good, so that a range that is reserved tomorrow is refused today.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Addresses of the public internet only.
    #[default]
    Public,
    /// Also this machine and private networks. A setting of the administrator, shown with a warning: whoever may send requests can then
    /// ask machines that trust their network. Link-local and metadata addresses, and translations of addresses, stay closed.
    PrivateToo,
}

/// Why an address is not connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// This machine, or a network that only insiders reach.
    Private(&'static str),
    /// Nothing that a request should ever go to.
    Never(&'static str),
}

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Private(what) | Self::Never(what)) = self;
        f.write_str(what)
    }
}

use Forbidden::{Never, Private};

/// Single addresses at which cloud machines are told their secrets, where they lie in a range that is otherwise good or private.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254)),
];

const V4: [([u8; 4], u32, Forbidden); 17] = [
    ([0, 0, 0, 0], 8, Never("an unspecified address")),
    ([10, 0, 0, 0], 8, Private("a private network")),
    ([100, 64, 0, 0], 10, Private("a network behind a carrier's translation")),
    ([127, 0, 0, 0], 8, Private("this machine")),
    ([169, 254, 0, 0], 16, Never("a link-local or metadata address")),
    ([172, 16, 0, 0], 12, Private("a private network")),
    ([192, 0, 0, 0], 24, Never("an address of the protocols themselves")),
    ([192, 0, 2, 0], 24, Never("an address for documentation")),
    ([192, 31, 196, 0], 24, Never("an address of a sink")),
    ([192, 52, 193, 0], 24, Never("a relay of multicast")),
    ([192, 88, 99, 0], 24, Never("a relay of 6to4")),
    ([192, 168, 0, 0], 16, Private("a private network")),
    ([192, 175, 48, 0], 24, Never("an address of a sink")),
    ([198, 18, 0, 0], 15, Never("an address for benchmarks")),
    ([198, 51, 100, 0], 24, Never("an address for documentation")),
    ([203, 0, 113, 0], 24, Never("an address for documentation")),
    // Multicast, reserved, and the broadcast address at the end.
    ([224, 0, 0, 0], 3, Never("a multicast, reserved or broadcast address")),
];

/// Inside 2000::/3, the part of IPv6 that is handed out.
const V6_INSIDE: [([u16; 3], u32, Forbidden); 5] = [
    ([0x2001, 0, 0], 23, Never("an address of the protocols themselves, such as Teredo")),
    ([0x2001, 0x0db8, 0], 32, Never("an address for documentation")),
    ([0x2002, 0, 0], 16, Never("an IPv4 address inside 6to4")),
    ([0x2620, 0x004f, 0x8000], 48, Never("an address of a sink")),
    ([0x3fff, 0, 0], 20, Never("an address for documentation")),
];

/// Whether an address may be connected to.
///
/// # Errors
/// Why not.
pub fn check(address: IpAddr, reach: Reach) -> Result<(), Forbidden> {
    let forbidden = if METADATA.contains(&address) {
        Some(Never("a metadata address"))
    } else {
        match address {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        }
    };
    match forbidden {
        Some(Private(_)) if reach == Reach::PrivateToo => Ok(()),
        Some(why) => Err(why),
        None => Ok(()),
    }
}

fn v4(address: Ipv4Addr) -> Option<Forbidden> {
    let address = u32::from(address);
    let inside = |(start, length, _): &&([u8; 4], u32, Forbidden)| {
        let differs = address ^ u32::from_be_bytes(*start);
        differs >> (32 - length) == 0
    };
    V4.iter().find(inside).map(|(_, _, why)| *why)
}

fn v6(address: Ipv6Addr) -> Option<Forbidden> {
    let segments = address.segments();
    let bits = u128::from(address);
    if address == Ipv6Addr::LOCALHOST {
        return Some(Private("this machine"));
    }
    if segments[0] & 0xfe00 == 0xfc00 {
        return Some(Private("a private network"));
    }
    if bits >> 125 != 0b001 {
        return Some(Never(match segments {
            [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified address",
            [0, 0, 0, 0, 0, 0xffff, ..] => "an IPv4 address mapped into IPv6",
            [0, 0, 0, 0, 0xffff, 0, ..] => "a translated IPv4 address",
            [0, 0, 0, 0, 0, 0, ..] => "an IPv4 address inside IPv6",
            [0x64, 0xff9b, ..] => "an IPv4 address behind NAT64",
            [0xfe80..=0xfebf, ..] => "a link-local address",
            [0xff00..=0xffff, ..] => "a multicast address",
            _ => "a reserved address",
        }));
    }
    let inside = |(start, length, _): &&([u16; 3], u32, Forbidden)| {
        let start = Ipv6Addr::new(start[0], start[1], start[2], 0, 0, 0, 0, 0);
        (bits ^ u128::from(start)) >> (128 - length) == 0
    };
    V6_INSIDE.iter().find(inside).map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_all(addresses: &[&str], public: bool, private: bool) {
        for text in addresses {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(check(address, Reach::Public).is_ok(), public, "{text} for everybody");
            assert_eq!(check(address, Reach::PrivateToo).is_ok(), private, "{text} with private networks");
        }
    }

    #[test]
    fn public_addresses_are_good() {
        let v4 =
            ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"];
        check_all(&v4, true, true);
        let v4 = [
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.20.0.0",
            "223.255.255.255",
        ];
        check_all(&v4, true, true);
        check_all(
            &["2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1", "2003::1", "2400:cb00::1"],
            true,
            true,
        );
    }

    #[test]
    fn private_addresses_need_the_administrator() {
        check_all(
            &["127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255"],
            false,
            true,
        );
        check_all(&["192.168.0.1", "100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fdff::1"], false, true);
    }

    #[test]
    fn some_addresses_are_never_good() {
        check_all(&["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.192", "192.0.2.1"], false, false);
        check_all(&["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "192.88.99.1"], false, false);
        check_all(&["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"], false, false);
        check_all(&["168.63.129.16", "100.100.100.200", "fd00:ec2::254"], false, false);
        check_all(
            &["::", "::2", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8"],
            false,
            false,
        );
        check_all(
            &["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1"],
            false,
            false,
        );
        check_all(
            &["2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff::1", "fe80::1", "febf::1"],
            false,
            false,
        );
        check_all(&["fec0::1", "ff02::1", "ffff::1", "5f00::1", "4000::1", "2620:4f:8000::1"], false, false);
    }
}
