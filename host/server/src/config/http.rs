//! `[http]`: where the server listens and what it takes.

use std::net::{Ipv4Addr, SocketAddr};

super::section! {
    Http "http" {
        #[doc = "Address and port to listen on"]
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 7171)),
        #[doc = "The address that people use, for example https://weft.example.com; with https, cookies are secure ones"]
        public_url: String = String::new(),
        #[doc = "Bytes of a JSON body"]
        body_bytes_max: usize = 1 << 20,
        #[doc = "Bytes of a plugin that is uploaded"]
        plugin_bytes_max: usize = 32 << 20,
        #[doc = "Bytes of a file on a ticket"]
        attachment_bytes_max: u64 = 25 << 20,
        #[doc = "Seconds that a request may take"]
        request_timeout_seconds: u64 = 30,
        #[doc = "Connections at once, requests and live events; the system must grant as many files"]
        connections_max: usize = 4096,
        #[doc = "Seconds until the head of a request is there, from the connection or the answer before it; longer than a balancer keeps its own"]
        idle_seconds_max: u64 = 75,
        #[doc = "Streams of live events at once"]
        streams_max: usize = 2000,
        #[doc = "Seconds that running requests get to finish when the server stops"]
        drain_seconds: u64 = 10,
        #[doc = "Hours that a browser session lasts"]
        session_hours: u32 = 12,
    }
}
