//! Names in braces, replaced once: what is filled in is text and is never read again, so nobody's title can name anything.

use weft_sdk::{Fault, Issue};

/// Replaces `{name}` by what it is known as; `{{` is a brace. `what` is the input that the text came from.
pub(crate) fn fill(
    text: &str,
    what: &str,
    known: impl Fn(&str) -> Result<Option<String>, Fault>,
) -> Result<String, Fault> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            filled.push('{');
            rest = after;
            continue;
        }
        let Some((name, after)) = rest.split_once('}').filter(|(name, _)| is_name(name)) else {
            filled.push('{');
            continue;
        };
        let Some(value) = known(name)? else {
            let message = format!(
                "{{{name}}} is neither of the ticket nor among the values; add it to `values` or write {{{{ for a brace"
            );
            return Err(Issue::new(format!("/inputs/{what}"), "unknown-name", message).into());
        };
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let known = |name: &str| {
            Ok(match name {
                "a" => Some("{b}".to_owned()),
                "b" => Some("two".to_owned()),
                _ => None,
            })
        };
        assert_eq!(fill(text, "body", known), Ok(expected.to_owned()), "{text}");
    }

    #[test]
    fn names_are_filled_once_and_other_braces_stay() {
        check("{a} and {b}", "{b} and two");
        check("{{b} stays", "{b} stays");
        check("a { b } and {", "a { b } and {");
        check("{1} of {}", "{1} of {}");
        check("größer {b}…", "größer two…");
        check("", "");
    }
}
