use core::net::{IpAddr, SocketAddr};

/// The IP address in an address as Envoy writes it: `192.0.2.1:443`, or
/// `[2001:db8::1]:443`. None if it is another kind of address, such as the path
/// of a Unix socket.
pub(super) fn ip(address: &[u8]) -> Option<IpAddr> {
    let address: SocketAddr = str::from_utf8(address).ok()?.parse().ok()?;
    Some(address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_address_loses_its_port() {
        for (address, expected) in [
            (&b"127.0.0.1:43210"[..], "127.0.0.1"),
            (b"203.0.113.7:0", "203.0.113.7"),
            (b"[::1]:65535", "::1"),
            (b"[2001:db8::7]:443", "2001:db8::7"),
            (b"[::ffff:192.0.2.1]:443", "::ffff:192.0.2.1"),
            (b"[fe80::1%2]:443", "fe80::1"),
        ] {
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(ip(address), Some(expected), "{}", address.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_ip_address_is_none() {
        for address in [
            &b""[..],
            b"/run/envoy.sock",
            b"@abstract",
            b"envoy://internal/1",
            b"127.0.0.1",
            b"127.0.0.1:",
            b"127.0.0.1:65536",
            b"127.0.0.256:80",
            b"::1:80",
            b"[::1]",
            b"[::1:80",
            b"127.0.0.1:80\0",
            b"\xff\xfe:80",
        ] {
            assert_eq!(ip(address), None, "{}", address.escape_ascii());
        }
    }
}
