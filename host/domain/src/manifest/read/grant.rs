//! The `[[grant]]` tables: what a plugin asks for, and for what reason.

use super::source::{Node, Place, Reader, Table};
use super::words::quoted;
use super::{near, words};
use crate::effect::RESERVED;
use crate::manifest::{EFFECTS, Grant, Permission};

const GRANTS_MAX: usize = 100;
const REASON_CHARS_MAX: usize = 500;
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const READ_TARGETS: &str = "`ticket:<kind>`, `record:<kind>`, `ci`, `person` or `calendar`, with `*` for every kind";
const EFFECT_TARGETS: &str = "`ticket:<kind>`, `record:<kind>` or `ci`, with `*` for every kind";

/// The grants that are right; what is wrong is reported.
pub(super) fn read(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Vec<Grant> {
    let mut grants: Vec<(Grant, Place)> = Vec::new();
    for mut entry in table.tables(reader, "grant", GRANTS_MAX, "a grant") {
        let place = entry.place.clone();
        let permission = permission(&mut entry, reader);
        let why = "write the sentence that an administrator reads before consenting";
        let reason = entry.need_for("reason", why).and_then(|node| node.text(reader, REASON_CHARS_MAX));
        entry.finish(reader);
        let Some(permission) = permission else { continue };
        if let Some((_, first)) = grants.iter().find(|(grant, _)| grant.permission == permission) {
            let message = format!("the same is asked for in line {}; keep one", reader.line(first.at));
            reader.add(&place, "duplicate-grant", message);
        }
        // Without a reason it still covers what it covers: one problem, not two.
        let reason = reason.unwrap_or_default().to_owned();
        grants.push((Grant { permission, reason }, place));
    }
    grants.into_iter().map(|(grant, _)| grant).collect()
}

fn permission(entry: &mut Table<'_>, reader: &mut Reader<'_>) -> Option<Permission> {
    let given: Vec<_> = ["read", "effect", "http"].into_iter().filter(|key| entry.is_given(key)).collect();
    let (read, effect, http) = (entry.get("read"), entry.get("effect"), entry.get("http"));
    let on = if effect.is_some() { entry.need("on") } else { entry.get("on") };
    if given.len() != 1 {
        let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        let message =
            format!("a grant asks for one of `read`, `effect` and `http`; here is {found}; write one grant for each");
        reader.add(&entry.place, "bad-grant", message);
        return None;
    }
    if let (None, Some(on)) = (&effect, &on) {
        reader.add(&on.place, "bad-grant", "`on` belongs to a grant of effects; remove it");
    }
    if let Some(node) = read {
        return target(&node, &["ticket", "record"], &["ci", "person", "calendar"], READ_TARGETS, reader)
            .map(|target| Permission::Read(target.to_owned()));
    }
    if let Some(node) = effect {
        return effects(&node, on.as_ref(), reader);
    }
    http?.table(reader, "`http`").and_then(|table| self::http(table, reader))
}

/// `noun:kind` for one of `nouns`, or one of `words`.
fn target<'t>(
    node: &Node<'t>,
    nouns: &[&str],
    alone: &[&str],
    expected: &str,
    reader: &mut Reader<'_>,
) -> Option<&'t str> {
    let text = node.text(reader, 2 * words::WORD_CHARS_MAX)?;
    let why = match text.split_once(':') {
        None if alone.contains(&text) => return Some(text),
        None if nouns.contains(&text) => format!("; for every kind write `{text}:*`"),
        None => near::hint(text, nouns.iter().chain(alone).copied()),
        Some((noun, "*")) if nouns.contains(&noun) => return Some(text),
        Some((noun, kind)) if nouns.contains(&noun) => match words::id(kind) {
            Ok(()) => return Some(text),
            Err(why) => format!("; the kind {why}"),
        },
        Some((noun, _)) if alone.contains(&noun) => format!("; write `{noun}` alone"),
        Some((noun, _)) => near::hint(noun, nouns.iter().copied()),
    };
    reader.add(&node.place, "bad-target", format!("`{}` is not a target; write {expected}{why}", quoted(text)));
    None
}

fn effects(node: &Node<'_>, on: Option<&Node<'_>>, reader: &mut Reader<'_>) -> Option<Permission> {
    let on = on.and_then(|on| target(on, &["ticket", "record"], &["ci"], EFFECT_TARGETS, reader));
    let listed = node.list(reader, EFFECTS.len());
    if listed.is_empty() {
        reader.add(
            &node.place,
            "empty-list",
            "`effect` names nothing; name the effects, for example `[\"set-field\"]`",
        );
    }
    let mut names: Vec<String> = Vec::new();
    for entry in &listed {
        let Some(name) = entry.text(reader, words::WORD_CHARS_MAX) else { continue };
        if let Some((_, noun)) = EFFECTS.iter().find(|(known, _)| *known == name) {
            check_noun(name, noun, on, entry, reader);
            if names.iter().any(|known| known == name) {
                reader.add(&entry.place, "duplicate-effect", format!("`{name}` is in the list twice; remove one"));
            } else {
                names.push(name.to_owned());
            }
        } else if RESERVED.contains(&name) {
            let message =
                format!("the effect `{name}` is reserved: this version of Weft does not carry it out; remove it");
            reader.add(&entry.place, "reserved-effect", message);
        } else {
            let hint = near::hint(name, EFFECTS.map(|(name, _)| name));
            reader.add(&entry.place, "unknown-effect", format!("there is no effect `{}`{hint}", quoted(name)));
        }
    }
    let on = on?.to_owned();
    (!names.is_empty() && names.len() == listed.len()).then_some(Permission::Effect { names, on })
}

/// A grant that could never be used is a mistake that would show only when the plugin is refused.
fn check_noun(name: &str, noun: &str, on: Option<&str>, entry: &Node<'_>, reader: &mut Reader<'_>) {
    let Some(on) = on else { return };
    if on.split(':').next() != Some(noun) {
        let right = if noun == "ci" { "ci".to_owned() } else { format!("{noun}:<kind>") };
        let message =
            format!("`{name}` happens to a {noun}, so it cannot be granted on `{on}`; write a grant on `{right}`");
        reader.add(&entry.place, "bad-target", message);
    }
}

fn http(mut table: Table<'_>, reader: &mut Reader<'_>) -> Option<Permission> {
    let host = table.need("host").and_then(|node| node.shaped(reader, "bad-host", words::host));
    let path = table.need("path").and_then(|node| node.shaped(reader, "bad-path", words::url_path));
    let methods = table.need("methods").map(|node| {
        let listed = node.list(reader, METHODS.len());
        if listed.is_empty() {
            reader.add(&node.place, "empty-list", "`methods` is empty; name the methods, for example `[\"POST\"]`");
        }
        let mut methods = Vec::new();
        for entry in listed {
            let Some(method) = entry.text(reader, words::WORD_CHARS_MAX) else { continue };
            if METHODS.contains(&method) {
                methods.push(method.to_owned());
            } else {
                let near = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method));
                let hint = near.map_or(near::hint(method, METHODS), |near| format!("; did you mean `{near}`?"));
                reader.add(&entry.place, "unknown-method", format!("there is no method `{}`{hint}", quoted(method)));
            }
        }
        methods
    });
    table.finish(reader);
    Some(Permission::Http { host: host?.to_owned(), methods: methods?, path: path?.to_owned() })
}
