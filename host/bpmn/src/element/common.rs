//! What every element may have: name, documentation, mappings and headers.

use crate::{context::Context, graph::Mapping, rule::Rule, xml};
use roxmltree::Node;
use std::collections::BTreeMap;

/// Fixed texts by key.
pub(super) type Headers = BTreeMap<String, String>;

pub(super) fn name(node: Node<'_, '_>) -> String {
    node.attribute("name").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn documentation(node: Node<'_, '_>) -> String {
    let texts: Vec<String> =
        xml::children(node, "documentation").map(xml::text).filter(|text| !text.is_empty()).collect();
    texts.join("\n")
}

/// `zeebe:input` or `zeebe:output`, in the order of the file.
pub(super) fn mappings<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    tag: &'static str,
) -> Vec<Mapping> {
    let mut found = Vec::new();
    for mapping in
        xml::extensions(node).filter(|child| child.tag_name().name() == "ioMapping").flat_map(|io| io.children())
    {
        if !mapping.has_tag_name((xml::ZEEBE, tag)) {
            continue;
        }
        let (source, target) = (mapping.attribute("source").map(str::trim), mapping.attribute("target").map(str::trim));
        let (Some(source), Some(target)) = (source.filter(|s| !s.is_empty()), target.filter(|t| !t.is_empty())) else {
            context.error(mapping, Rule::Mapping, format!("an {tag} needs a source and a target"));
            continue;
        };
        let what = format!("{tag} `{target}`");
        let expression = match source.starts_with('=') {
            true => context.feel(mapping, &what, source),
            // A source without `=` is that text.
            false => context.feel(mapping, &what, &quoted(source)),
        };
        found.extend(expression.map(|source| Mapping { source, target: target.to_owned() }));
    }
    found
}

/// A text as a FEEL literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for letter in text.chars() {
        match letter {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// `zeebe:header` and `zeebe:property` by key.
pub(super) fn headers<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Headers {
    let mut found = Headers::new();
    for group in xml::extensions(node) {
        let (child, key) = match group.tag_name().name() {
            "taskHeaders" => ("header", "key"),
            "properties" => ("property", "name"),
            _ => continue,
        };
        for entry in group.children().filter(|entry| entry.has_tag_name((xml::ZEEBE, child))) {
            let Some(key) = entry.attribute(key).map(str::trim).filter(|key| !key.is_empty()) else {
                context.error(entry, Rule::Header, format!("a {child} needs a `{key}`"));
                continue;
            };
            let value = entry.attribute("value").unwrap_or_default();
            if found.insert(key.to_owned(), value.to_owned()).is_some() {
                context.error(entry, Rule::Header, format!("the {child} `{key}` stands there twice; keep one"));
            }
        }
    }
    found
}
