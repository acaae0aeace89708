//! Reading a URL into the one thing that it can mean. Whatever two readers could understand differently is refused, not repaired.
//!
//! The `url` crate reads as browsers do and repairs a lot: `HTTP:\\127.1` becomes `http://127.0.0.1/`. So a text is good only if reading it
//! and writing it again gives the same text.

use std::fmt::Write as _;
use url::{Host, Url};

use crate::error::Refusal;

pub(crate) const URL_BYTES_MAX: usize = 4_096;
/// How often a path is decoded to see what a careless server behind could make of it.
const DECODINGS_MAX: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A URL that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) scheme: Scheme,
    /// A lower-case name, or an address, of IPv6 without brackets.
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// Begins with `/`.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is not `http` or `https`, or is written in a way that others may read differently.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refusal::Url(format!("it is longer than {URL_BYTES_MAX} characters")));
        }
        if let Some(odd) = text.chars().find(|&c| !c.is_ascii_graphic()) {
            return Err(Refusal::Url(format!(
                "it contains {}; encode it as `%..`, and write names of other scripts in their `xn--` form",
                odd.escape_unicode()
            )));
        }
        if let Some(odd) = text.chars().find(|c| "\\#<>\"{}|^`".contains(*c)) {
            return Err(Refusal::Url(format!("it contains `{odd}`, which has no place in a request")));
        }
        let (scheme, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return Err(Refusal::Url("it does not begin with `https://`".to_owned()));
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains(['@', '%']) {
            return Err(Refusal::Url(
                "there is a name, password or code before the host; send credentials in a header".to_owned(),
            ));
        }
        let url = Url::parse(text).map_err(|error| Refusal::Url(error.to_string()))?;
        check_same(text, &url, rest, authority)?;
        let host = url.host().ok_or_else(|| Refusal::Url("it has no host".to_owned()))?.to_owned();
        if let Host::Domain(name) = &host {
            check_name(name)?;
        }
        check_path(url.path())?;
        let port = url.port().unwrap_or(scheme.default_port());
        if port == 0 {
            return Err(Refusal::Url("there is no port 0".to_owned()));
        }
        Ok(Self { scheme, host, port, path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// Where a redirect leads, by the rules of a first URL.
    pub(crate) fn join(&self, location: &str) -> Result<Self, Refusal> {
        if let Some(rest) = location.strip_prefix('/')
            && !rest.starts_with('/')
        {
            return Self::parse(&format!("{}{location}", self.origin()));
        }
        Self::parse(location)
    }

    /// Scheme, host and port, as a URL begins.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// The `Host` header: the port only where it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        let mut authority = self.host.to_string();
        if self.port != self.scheme.default_port() {
            let _ = write!(authority, ":{}", self.port);
        }
        authority
    }

    /// Path and query, as the first line of a request has them.
    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// Reading and writing again must give the same, but for the path `/` that may be left out and the usual port that may be written.
fn check_same(text: &str, url: &Url, rest: &str, authority: &str) -> Result<(), Refusal> {
    let written = url.as_str();
    let with_slash = if rest.len() == authority.len() { format!("{text}/") } else { text.to_owned() };
    if written == with_slash {
        return Ok(());
    }
    let port = if text.starts_with("https") { ":443" } else { ":80" };
    if let Some(plain) = authority.strip_suffix(port)
        && written == with_slash.replacen(authority, plain, 1)
    {
        return Ok(());
    }
    Err(Refusal::Url(format!("it can be read in more than one way; if `{written}` is meant, write that")))
}

/// A name as it stands in the domain name system: the reader also lets pass what only browsers understand.
fn check_name(name: &str) -> Result<(), Refusal> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    if name.len() <= 253 && name.split('.').all(label) && last.bytes().any(|c| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(Refusal::Url(format!("`{name}` is not the name of a host")))
}

/// A path must not lead out of its beginning, however often a server behind decodes it: grants are for the beginning of a path.
fn check_path(path: &str) -> Result<(), Refusal> {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..=DECODINGS_MAX {
        let is_odd = bytes.iter().any(|c| c.is_ascii_control() || *c == b'\\');
        // Some servers cut a segment at its first semicolon.
        let leads_up = bytes.split(|c| *c == b'/').any(|segment| {
            let name = segment.split(|c| *c == b';').next().unwrap_or_default();
            name == b"." || name == b".."
        });
        if is_odd || leads_up {
            return Err(Refusal::Url(
                "its path leads upwards or contains a control character or `\\`, perhaps encoded".to_owned(),
            ));
        }
        let decoded = decode(&bytes);
        if decoded == bytes {
            return Ok(());
        }
        bytes = decoded;
    }
    Err(Refusal::Url(format!("its path is encoded more than {DECODINGS_MAX} times")))
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let hex = |at: usize| bytes.get(at).and_then(|c| char::from(*c).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_are_read() {
        let check = |text: &str, host: &str, port: u16, path: &str| {
            let target = Target::parse(text).expect(text);
            assert_eq!(
                (target.host.to_string().as_str(), target.port, target.path_and_query().as_str()),
                (host, port, path)
            );
        };
        check("https://api.example.com", "api.example.com", 443, "/");
        check("https://api.example.com:443/", "api.example.com", 443, "/");
        check("https://api.example.com:443", "api.example.com", 443, "/");
        check("https://api.example.com:8443/a/b?x=%20y&z=1", "api.example.com", 8443, "/a/b?x=%20y&z=1");
        check("http://api.example.com:80/", "api.example.com", 80, "/");
        check("https://xn--bcher-kva.example/group%2Fproject", "xn--bcher-kva.example", 443, "/group%2Fproject");
        check("https://192.0.2.1/", "192.0.2.1", 443, "/");
        check("https://[2001:db8::1]:8443/", "[2001:db8::1]", 8443, "/");
    }
}
