//! The shapes of single words in a manifest. Each check returns what is wrong as a sentence that goes behind the name of
//! the key; nothing here knows of files or lines.

/// Characters of an id, a key or a name.
pub(super) const WORD_CHARS_MAX: usize = 64;

/// `incident`, `acme.hr-case`.
pub(super) fn id(text: &str) -> Result<(), String> {
    if text.len() <= WORD_CHARS_MAX && text.split('.').enumerate().all(|(i, part)| is_part(part, i == 0)) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not an id; use up to {WORD_CHARS_MAX} lower-case letters, digits and hyphens, beginning with a letter, \
         with dots between parts, for example `{}`",
        quoted(text),
        suggestion(text, true)
    ))
}

/// An id without dots: states, fields, steps, settings.
pub(super) fn word(text: &str) -> Result<(), String> {
    if text.len() <= WORD_CHARS_MAX && is_part(text, true) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not a word; use up to {WORD_CHARS_MAX} lower-case letters, digits and hyphens, beginning with a letter, \
         for example `{}`",
        quoted(text),
        suggestion(text, false)
    ))
}

/// The name of a field: a word whose parts may be joined by underscores too, so that an expression reads it as one name.
pub(super) fn field(text: &str) -> Result<(), String> {
    word(text).or_else(|why| {
        let joined = text.split('_').all(|part| !part.is_empty()) && !text.contains("-_") && !text.contains("_-");
        if joined { word(&text.replace('_', "-")).map_err(|_| why) } else { Err(why) }
    })
}

fn is_part(part: &str, first: bool) -> bool {
    let start = |c: u8| c.is_ascii_lowercase() || (!first && c.is_ascii_digit());
    part.bytes().next().is_some_and(start)
        && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        && !part.ends_with('-')
}

/// The text as it could be written: `Awaiting User` as `awaiting-user`.
fn suggestion(text: &str, dots: bool) -> String {
    let mut word = String::new();
    for c in text.chars().take(WORD_CHARS_MAX) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || (c.is_ascii_digit() && !word.is_empty()) => word.push(c),
            '.' if dots && !word.is_empty() && !word.ends_with(['.', '-']) => word.push('.'),
            _ if !word.is_empty() && !word.ends_with(['-', '.']) => word.push('-'),
            _ => {}
        }
    }
    let word = word.trim_end_matches(['-', '.']);
    if word.is_empty() { "my-name".to_owned() } else { word.to_owned() }
}

/// Text of the author as it may stand in a message: one line, not too long.
pub(super) fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let mut shown: String = text.chars().take(CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > CHARS_MAX {
        shown.push('…');
    }
    shown
}

/// Semantic Versioning 2.0.0.
pub(super) fn version(text: &str) -> Result<(), String> {
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| {
        (1..=9).contains(&part.len())
            && part.bytes().all(|c| c.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let label = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    let parts: Vec<_> = core.split('.').collect();
    let good = text.len() <= WORD_CHARS_MAX
        && parts.len() == 3
        && parts.iter().all(|part| number(part))
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| label(part) && (number(part) || part.bytes().any(|c| !c.is_ascii_digit())))
        })
        && build.is_none_or(|build| build.split('.').all(label));
    if good {
        return Ok(());
    }
    Err(format!("`{}` is not a semantic version; use three numbers such as `1.0.0`, or `1.1.0-rc.1`", quoted(text)))
}

/// The letters before a ticket's number.
pub(super) fn prefix(text: &str) -> Result<(), String> {
    if (1..=8).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(format!("`{}` is not a prefix; use 1 to 8 capital letters A to Z such as `INC`", quoted(text)))
}

/// A path among the assets: relative, with `/`, going nowhere else.
pub(super) fn path(text: &str) -> Result<(), String> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if text.len() <= 200 && !text.contains(['\\', ':', '\0']) && text.split('/').all(plain) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not a path inside the plugin; write it relative to plugin.toml with `/`, for example `kinds/incident.toml`",
        quoted(text)
    ))
}

/// A host name, with a port if it is not the usual one.
pub(super) fn host(text: &str) -> Result<(), String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let port_ok = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if name.len() <= 253 && name.split('.').all(label) && port_ok {
        return Ok(());
    }
    let why = if text.contains("://") {
        "leave out the scheme; requests always use https"
    } else if text.contains('*') {
        "name each host; there is no `*` for hosts"
    } else {
        "write a lower-case name such as `idp.example.com`, with `:8443` behind it if the port is not 443"
    };
    Err(format!("`{}` is not a host; {why}", quoted(text)))
}

/// The beginning of the paths that may be requested.
pub(super) fn url_path(text: &str) -> Result<(), String> {
    let safe = |c: u8| c.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&c);
    let good = text.len() <= 500
        && text.starts_with('/')
        && text.bytes().all(safe)
        && !text.split('/').any(|part| part == "." || part == "..");
    if good {
        return Ok(());
    }
    Err(format!(
        "`{}` is not a path; begin with `/`, without `..`, query or encoded characters, for example `/scim/v2/`; \
         a path that ends with `/` covers everything below it",
        quoted(text)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Result<(), String>;

    #[track_caller]
    fn check(check: Check, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(text), Ok(()), "{text:?} must pass");
        }
        for text in bad {
            assert!(check(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn words_have_their_shapes() {
        check(id, &["incident", "acme.hr", "a1-b.2c"], &["", "Incident", "1a", "a..b", "a.", ".a", "a b", "ä", "a-"]);
        check(word, &["incident", "in-progress"], &["", "a.b", "A", "-a", "a_b"]);
        check(field, &["urgency", "start-date", "planned_start"], &["", "_a", "a_", "a__b", "a-_b", "A_b", "a.b"]);
        check(
            version,
            &["0.1.0", "1.0.0-rc.1+b.7", "1.0.0-0a"],
            &["", "1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "v1.0.0"],
        );
        check(prefix, &["I", "INC"], &["", "inc", "INC1", "ABCDEFGHI", "ÄB"]);
        check(path, &["a.toml", "kinds/a.toml"], &["", "/a", "../a", "a/../b", "a//b", "a\\b", "c:/a"]);
        check(
            host,
            &["idp.example.com", "localhost:8080"],
            &["", "https://x", "*.x", "X.com", "a:0", "a:x", "a..b", "-a"],
        );
        check(url_path, &["/", "/scim/v2/"], &["", "scim", "/a/../b", "/a?b", "/%2e"]);
    }

    #[test]
    fn a_refused_word_comes_with_one_that_would_do() {
        assert!(word("Awaiting User").expect_err("it is refused").contains("`awaiting-user`"));
        assert!(id("Acme.HR Case!").expect_err("it is refused").contains("`acme.hr-case`"));
    }
}
