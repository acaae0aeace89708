//! What may be asked for: the grants of a plugin or the setting of an administrator, in front of every request and every redirect.

use domain::manifest::Permission;

use crate::address::Reach;
use crate::error::Refusal;
use crate::target::{Scheme, Target};

/// What one sender may ask for. Without a rule, nothing.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub rules: Vec<Rule>,
    pub reach: Reach,
    pub transport: Transport,
    pub redirects: Redirects,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub host: HostRule,
    pub methods: Vec<String>,
    /// A path that ends with `/` covers everything below it, any other only itself.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// `idp.example.com` or `idp.example.com:8443`, as a grant has it; without a port, the usual one of the scheme.
    Exactly(String),
    /// Any host, for addresses that people enter, such as that of a webhook. What is checked about addresses holds all the same.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    #[default]
    HttpsOnly,
    /// A setting of the administrator: bodies and credentials can be read on the way.
    HttpToo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// The answer that redirects is the answer.
    #[default]
    Stay,
    /// At most [`crate::http::REDIRECTS_MAX`], for GET and HEAD, each checked like the first request; headers of the caller are not taken
    /// to another origin.
    Follow,
}

impl Policy {
    /// What the grants of a plugin allow; grants of other kinds are passed over.
    pub fn of_grants<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Self {
        let rules = permissions.into_iter().filter_map(|permission| match permission {
            Permission::Http { host, methods, path } => {
                Some(Rule { host: HostRule::Exactly(host.clone()), methods: methods.clone(), path: path.clone() })
            }
            _ => None,
        });
        Self { rules: rules.collect(), ..Self::default() }
    }

    /// Any public host by these methods: for URLs that somebody with the right to do so entered.
    #[must_use]
    pub fn any_host(methods: &[&str]) -> Self {
        let methods = methods.iter().map(|&method| method.to_owned()).collect();
        Self { rules: vec![Rule { host: HostRule::Any, methods, path: "/".to_owned() }], ..Self::default() }
    }

    /// Whether a request may be made, as far as that can be said before the name is resolved.
    ///
    /// # Errors
    /// What is not allowed.
    pub fn check(&self, method: &str, target: &Target) -> Result<(), Refusal> {
        if target.scheme == Scheme::Http && self.transport == Transport::HttpsOnly {
            return Err(Refusal::Transport);
        }
        let covers = |rule: &Rule| {
            rule.host.covers(target)
                && rule.methods.iter().any(|granted| granted == method)
                && below(&rule.path, &target.path)
        };
        if self.rules.iter().any(covers) {
            return Ok(());
        }
        Err(Refusal::NotGranted { method: method.to_owned(), host: target.authority(), path: target.path.clone() })
    }
}

impl HostRule {
    fn covers(&self, target: &Target) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(host) => {
                let default_port = target.scheme.default_port();
                // Of IPv6 the brackets hold the other colons, so the last one outside of them is before the port.
                let (name, port) = match host.rsplit_once(':') {
                    Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
                    _ => (host.as_str(), Some(default_port)),
                };
                name == target.host.to_string() && port == Some(target.port)
            }
        }
    }
}

fn below(granted: &str, path: &str) -> bool {
    granted == path || (granted.ends_with('/') && path.starts_with(granted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(grant: (&str, &[&str], &str), method: &str, url: &str, expected: Result<(), &str>) {
        let (host, methods, path) = grant;
        let methods = methods.iter().map(|&method| method.to_owned()).collect();
        let permission = Permission::Http { host: host.to_owned(), methods, path: path.to_owned() };
        let answer = Target::parse(url).and_then(|target| Policy::of_grants([&permission]).check(method, &target));
        assert_eq!(answer.map_err(|refusal| refusal.to_string()), expected.map_err(str::to_owned), "{method} {url}");
    }

    #[test]
    fn a_grant_covers_its_host_methods_and_paths() {
        let grant = ("idp.example.com", &["POST"] as &[&str], "/scim/v2/");
        check(grant, "POST", "https://idp.example.com/scim/v2/Users", Ok(()));
        check(grant, "POST", "https://idp.example.com:443/scim/v2/", Ok(()));
        check(
            grant,
            "GET",
            "https://idp.example.com/scim/v2/Users",
            Err("GET idp.example.com/scim/v2/Users is not granted"),
        );
        check(grant, "post", "https://idp.example.com/scim/v2/", Err("post idp.example.com/scim/v2/ is not granted"));
        check(grant, "POST", "https://idp.example.com/scim/v2", Err("POST idp.example.com/scim/v2 is not granted"));
        check(
            grant,
            "POST",
            "https://idp.example.com:8443/scim/v2/",
            Err("POST idp.example.com:8443/scim/v2/ is not granted"),
        );
        check(grant, "POST", "https://example.com/scim/v2/", Err("POST example.com/scim/v2/ is not granted"));
        check(
            grant,
            "POST",
            "https://x.idp.example.com/scim/v2/",
            Err("POST x.idp.example.com/scim/v2/ is not granted"),
        );
        check(
            grant,
            "POST",
            "http://idp.example.com/scim/v2/",
            Err("the request is not encrypted; write `https://`, or let an administrator allow plain HTTP"),
        );
        let grant = ("idp.example.com:8443", &["GET", "POST"] as &[&str], "/one");
        check(grant, "GET", "https://idp.example.com:8443/one?x=/two", Ok(()));
        check(
            grant,
            "GET",
            "https://idp.example.com:8443/one/two",
            Err("GET idp.example.com:8443/one/two is not granted"),
        );
        check(grant, "GET", "https://idp.example.com/one", Err("GET idp.example.com/one is not granted"));
    }
}
