//! What a new version of a plugin asks for beyond what was accepted: the reason why an upgrade waits for consent.

use super::{Grant, Permission};

/// The part of `new` that `old` does not cover, each with the new reason; empty if the upgrade needs no consent.
/// With the arguments swapped: what is given up.
#[must_use]
pub fn newly_asked(old: &[Grant], new: &[Grant]) -> Vec<Grant> {
    new.iter()
        .filter_map(|grant| Some(Grant { permission: beyond(old, &grant.permission)?, reason: grant.reason.clone() }))
        .collect()
}

fn beyond(old: &[Grant], asked: &Permission) -> Option<Permission> {
    let accepted = |matches: &dyn Fn(&Permission) -> bool| old.iter().any(|grant| matches(&grant.permission));
    match asked {
        Permission::Read(target) => (!accepted(&|permission| permission.allows_read(target))).then(|| asked.clone()),
        Permission::Effect { names, on } => {
            let is_new = |name: &&String| !accepted(&|permission| permission.allows_effect(name, on));
            let names: Vec<_> = names.iter().filter(is_new).cloned().collect();
            (!names.is_empty()).then(|| Permission::Effect { names, on: on.clone() })
        }
        Permission::Http { host, methods, path } => {
            let is_new = |method: &&String| {
                !accepted(&|permission| {
                    matches!(permission, Permission::Http { host: old_host, methods: old_methods, path: old_path }
                        if old_host == host && old_methods.contains(method) && below(old_path, path))
                })
            };
            let methods: Vec<_> = methods.iter().filter(is_new).cloned().collect();
            (!methods.is_empty()).then(|| Permission::Http { host: host.clone(), methods, path: path.clone() })
        }
    }
}

/// A path that ends with `/` covers everything below it, any other path only itself.
fn below(granted: &str, path: &str) -> bool {
    granted == path || (granted.ends_with('/') && path.starts_with(granted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(permission: Permission) -> Grant {
        Grant { permission, reason: "new".to_owned() }
    }

    fn read(target: &str) -> Permission {
        Permission::Read(target.to_owned())
    }

    fn effect(names: &[&str], on: &str) -> Permission {
        Permission::Effect { names: names.iter().map(|&name| name.to_owned()).collect(), on: on.to_owned() }
    }

    fn http(methods: &[&str], path: &str) -> Permission {
        let methods = methods.iter().map(|&method| method.to_owned()).collect();
        Permission::Http { host: "x.example".to_owned(), methods, path: path.to_owned() }
    }

    #[track_caller]
    fn check(old: &[Permission], new: Permission, expected: Option<Permission>) {
        let old: Vec<_> = old.iter().cloned().map(|p| Grant { permission: p, reason: "old".to_owned() }).collect();
        assert_eq!(newly_asked(&old, &[grant(new)]), expected.map(grant).into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn only_what_is_wider_needs_consent() {
        check(&[], read("ci"), Some(read("ci")));
        check(&[read("ticket:*")], read("ticket:incident"), None);
        check(&[read("ticket:incident")], read("ticket:*"), Some(read("ticket:*")));
        check(&[read("ticket:*")], read("record:*"), Some(read("record:*")));
        let old = [effect(&["assign"], "ticket:a"), effect(&["comment"], "ticket:*")];
        check(&old, effect(&["assign", "comment", "notify"], "ticket:a"), Some(effect(&["notify"], "ticket:a")));
        check(&old, effect(&["assign", "comment"], "ticket:*"), Some(effect(&["assign"], "ticket:*")));
        check(&[http(&["GET"], "/a/")], http(&["GET"], "/a/b"), None);
        check(&[http(&["GET"], "/a/")], http(&["GET", "POST"], "/a/b"), Some(http(&["POST"], "/a/b")));
        check(&[http(&["GET"], "/a")], http(&["GET"], "/ab"), Some(http(&["GET"], "/ab")));
    }
}
