//! From a host to a connection: resolve once, check every address, connect to one that was checked. There is no second look-up, so a
//! name that answers differently the next time gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Host;

use crate::address::{self, Reach};
use crate::error::{NotSent, Refusal};

pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A name with more addresses is cut; each of them is checked.
const ADDRESSES_MAX: usize = 32;
/// As many addresses are tried within the time.
const TRIES_MAX: usize = 4;

/// Names to addresses. The production one is [`SystemResolver`].
#[async_trait::async_trait]
pub trait Resolve: Send + Sync + std::fmt::Debug {
    /// All addresses of a name.
    ///
    /// # Errors
    /// When there are none, or nobody answers.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the operating system knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((name, 0)).await?;
        Ok(addresses.map(|address| address.ip()).take(ADDRESSES_MAX).collect())
    }
}

/// Connects to a host within [`CONNECT_TIMEOUT`].
pub(crate) async fn connect(
    resolver: &dyn Resolve,
    host: &Host<String>,
    port: u16,
    reach: Reach,
) -> Result<TcpStream, NotSent> {
    match timeout(CONNECT_TIMEOUT, connect_untimed(resolver, host, port, reach)).await {
        Ok(result) => result,
        Err(_) => Err(NotSent::Connect {
            host: host.to_string(),
            why: format!("nobody answered within {} seconds", CONNECT_TIMEOUT.as_secs()),
        }),
    }
}

async fn connect_untimed(
    resolver: &dyn Resolve,
    host: &Host<String>,
    port: u16,
    reach: Reach,
) -> Result<TcpStream, NotSent> {
    let addresses = match host {
        // What is written as an address is checked like one; a resolver is never asked about it.
        Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        Host::Domain(name) => {
            let resolved = resolver.resolve(name).await;
            resolved.map_err(|error| NotSent::Resolve { host: name.clone(), why: error.to_string() })?
        }
    };
    if addresses.is_empty() {
        return Err(NotSent::Resolve { host: host.to_string(), why: "it has no address".to_owned() });
    }
    // One bad address is enough: a name that mixes public and private addresses is a trick or a mistake.
    for &address in &addresses {
        address::check(address, reach).map_err(|why| Refusal::Address { host: host.to_string(), address, why })?;
    }
    let mut why = String::new();
    for &address in addresses.iter().take(TRIES_MAX) {
        match TcpStream::connect(SocketAddr::new(address, port)).await {
            Ok(stream) => {
                // Requests are small and written at once; waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => why = error.to_string(),
        }
    }
    Err(NotSent::Connect { host: host.to_string(), why })
}
