//! A file written in one way: attributes sorted, white space normalised, two spaces per level. Tools that reorder what they save then
//! change nothing that a reviewer has to read.

use crate::{svg::escape, xml};
use domain::Problem;
use std::collections::BTreeSet;

/// The file in its canonical form. The order of elements stays, since that of mappings and flows means something; comments stay too.
///
/// # Errors
/// What keeps the file from being read as XML.
pub fn canonical_xml(file: &str, text: &str) -> Result<String, Vec<Problem>> {
    let document = xml::open(file, text)?;
    let mut out = String::with_capacity(text.len());
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    for node in document.root().children() {
        write(node, 0, &mut out);
    }
    Ok(out)
}

/// Recursion is as deep as the file, which is limited when it is opened.
fn write(node: roxmltree::Node<'_, '_>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    if node.is_comment() {
        out.push_str(&format!("{indent}<!--{}-->\n", node.text().unwrap_or_default()));
        return;
    }
    if node.is_pi() {
        let value = node.pi().and_then(|pi| pi.value).map(|value| format!(" {value}")).unwrap_or_default();
        out.push_str(&format!("{indent}<?{}{value}?>\n", node.pi().map_or("", |pi| pi.target)));
        return;
    }
    if !node.is_element() {
        return;
    }
    let name = qualified(node, node.tag_name().namespace(), node.tag_name().name(), Default::Applies);
    out.push_str(&format!("{indent}<{name}"));
    for declaration in declarations(node) {
        out.push_str(&format!(" {declaration}"));
    }
    let mut attributes: Vec<(String, &str)> = node
        .attributes()
        .map(|attribute| (qualified(node, attribute.namespace(), attribute.name(), Default::IsNone), attribute.value()))
        .collect();
    // The id first: it is what people look for.
    attributes.sort_by(|a, b| (a.0 != "id", &a.0).cmp(&(b.0 != "id", &b.0)));
    for (name, value) in attributes {
        out.push_str(&format!(" {name}=\"{}\"", escape_attribute(value)));
    }
    let has_elements = node.children().any(|child| child.is_element() || child.is_comment() || child.is_pi());
    let text: String = node.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text()).collect();
    if has_elements && text.trim().is_empty() {
        out.push_str(">\n");
        for child in node.children() {
            write(child, depth + 1, out);
        }
        out.push_str(&format!("{indent}</{name}>\n"));
    } else if has_elements {
        // Mixed content, as in documentation: white space may mean something, so it stays.
        out.push('>');
        for child in node.children() {
            if child.is_text() {
                out.push_str(&escape_text(child.text().unwrap_or_default()));
            } else {
                let mut inner = String::new();
                write(child, 0, &mut inner);
                out.push_str(inner.trim_end());
            }
        }
        out.push_str(&format!("</{name}>\n"));
    } else if text.trim().is_empty() {
        out.push_str("/>\n");
    } else {
        out.push_str(&format!(">{}</{name}>\n", escape_text(text.trim())));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Default {
    Applies,
    /// The default namespace does not apply to attributes.
    IsNone,
}

fn qualified(node: roxmltree::Node<'_, '_>, namespace: Option<&str>, name: &str, default: Default) -> String {
    let Some(uri) = namespace else { return name.to_owned() };
    if uri == "http://www.w3.org/XML/1998/namespace" {
        return format!("xml:{name}");
    }
    if default == Default::Applies && node.default_namespace() == Some(uri) {
        return name.to_owned();
    }
    let prefix = node.namespaces().filter(|space| space.uri() == uri).find_map(|space| space.name());
    prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}:{name}"))
}

/// Namespaces that this element declares and its parent does not.
fn declarations(node: roxmltree::Node<'_, '_>) -> BTreeSet<String> {
    let inherited = |space: &roxmltree::Namespace<'_>| {
        node.parent_element().is_some_and(|parent| {
            parent.namespaces().any(|other| other.name() == space.name() && other.uri() == space.uri())
        })
    };
    node.namespaces()
        .filter(|space| !inherited(space) && space.name() != Some("xml"))
        .map(|space| match space.name() {
            Some(prefix) => format!("xmlns:{prefix}=\"{}\"", escape(space.uri())),
            None => format!("xmlns=\"{}\"", escape(space.uri())),
        })
        .collect()
}

/// Line ends of an attribute are kept, or a reader would turn them into spaces.
fn escape_attribute(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    escaped.replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}

fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}
