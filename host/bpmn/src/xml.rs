//! Opening XML that nobody vouches for: the limits that hold before anything looks inside.
//!
//! A linear scan comes first, since depth, the attributes of one element and namespaces cost the parser more than linear time or stack.
//!
//! *Architecture Invariant:* a document type is refused, so no entity is ever expanded.

use crate::rule::Rule;
use domain::Problem;

/// Bytes of a model.
pub const MODEL_MAX: usize = 5 << 20;
/// Elements and texts of a model.
const NODES_MAX: u32 = 200_000;
/// Elements inside one another.
const DEPTH_MAX: usize = 100;
/// Attributes of one element; the parser compares each with each.
const ATTRIBUTES_MAX: usize = 64;
/// Namespace declarations of a model; the parser searches them for every element.
const NAMESPACES_MAX: usize = 200;

pub(crate) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub(crate) const BPMN_DIAGRAM: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
pub(crate) const DIAGRAM_COMMON: &str = "http://www.omg.org/spec/DD/20100524/DC";
pub(crate) const DIAGRAM_INTERCHANGE: &str = "http://www.omg.org/spec/DD/20100524/DI";
pub(crate) const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
pub(crate) const CAMUNDA_7: &str = "http://camunda.org/schema/1.0/bpmn";
pub(crate) const ACTIVITI: &str = "http://activiti.org/bpmn";
pub(crate) const FLOWABLE: &str = "http://flowable.org/bpmn";
pub(crate) const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Read a text as XML within the limits.
///
/// # Errors
/// One problem: too large, too deep, a document type, not well-formed.
pub(crate) fn open<'x>(file: &str, xml: &'x str) -> Result<roxmltree::Document<'x>, Vec<Problem>> {
    let refuse = |line: u32, rule: Rule, message: String| vec![Problem::new("", rule.id(), message).at(file, line)];
    if xml.len() > MODEL_MAX {
        let message = format!("a model has at most {MODEL_MAX} bytes, this one has {}; split it", xml.len());
        return Err(refuse(1, Rule::TooLarge, message));
    }
    scan(xml).map_err(|found| refuse(found.line, found.rule, found.message))?;
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..roxmltree::ParsingOptions::default() };
    roxmltree::Document::parse_with_options(xml, options).map_err(|error| {
        let line = error.pos().row;
        match &error {
            roxmltree::Error::DtdDetected => refuse(line, Rule::DocumentType, DOCUMENT_TYPE.to_owned()),
            roxmltree::Error::NodesLimitReached => {
                refuse(1, Rule::TooLarge, format!("a model has at most {NODES_MAX} elements and texts; split it"))
            }
            other => refuse(line, Rule::NotXml, format!("this is not well-formed XML: {other}")),
        }
    })
}

const DOCUMENT_TYPE: &str = "a model must not have a document type; remove the DOCTYPE";

struct Found {
    line: u32,
    rule: Rule,
    message: String,
}

/// Walk the tags without reading them. Whatever is not well-formed is left to the parser to say.
fn scan(xml: &str) -> Result<(), Found> {
    let bytes = xml.as_bytes();
    let found = |at: usize, rule: Rule, message: String| Found {
        line: u32::try_from(bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX),
        rule,
        message,
    };
    let mut depth = 0_usize;
    let mut namespaces = 0_usize;
    let mut at = 0_usize;
    while let Some(next) = xml[at..].find('<') {
        at += next;
        let rest = &xml[at..];
        if let Some(skipped) =
            past(rest, "<!--", "-->").or_else(|| past(rest, "<![CDATA[", "]]>")).or_else(|| past(rest, "<?", "?>"))
        {
            at += skipped;
            continue;
        }
        if rest.starts_with("<!") {
            return Err(found(at, Rule::DocumentType, DOCUMENT_TYPE.to_owned()));
        }
        let tag = tag(rest);
        if rest.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else {
            namespaces += tag.namespaces;
            let name = shown(&rest[1..]);
            if tag.attributes > ATTRIBUTES_MAX {
                let message = format!("`{name}` has {} attributes, the limit is {ATTRIBUTES_MAX}", tag.attributes);
                return Err(found(at, Rule::TooLarge, message));
            }
            if namespaces > NAMESPACES_MAX {
                let message = format!("`{name}` declares one namespace too many, the limit is {NAMESPACES_MAX}");
                return Err(found(at, Rule::TooLarge, message));
            }
            if !tag.closed {
                depth += 1;
            }
            if depth > DEPTH_MAX {
                let message = format!("`{name}` stands too deep: elements are at most {DEPTH_MAX} deep");
                return Err(found(at, Rule::TooDeep, message));
            }
        }
        at += tag.length.max(1);
    }
    Ok(())
}

/// How many bytes a comment or the like takes.
fn past(rest: &str, start: &str, end: &str) -> Option<usize> {
    let body = rest.strip_prefix(start)?;
    Some(body.find(end).map_or(rest.len(), |length| start.len() + length + end.len()))
}

#[derive(Default)]
struct Tag {
    length: usize,
    attributes: usize,
    namespaces: usize,
    closed: bool,
}

fn tag(rest: &str) -> Tag {
    let mut quote = None;
    let mut tag = Tag::default();
    let bytes = rest.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'=') => tag.attributes += 1,
            (None, b'x') if rest[at..].starts_with("xmlns") => tag.namespaces += 1,
            (None, b'>') => {
                tag.closed = at > 0 && bytes[at - 1] == b'/';
                tag.length = at + 1;
                return tag;
            }
            _ => {}
        }
    }
    Tag { length: rest.len(), ..tag }
}

/// What stands between the tags of an element, in the text of the file. Nodes do not tell: text and CDATA become one.
pub(crate) fn inner_range(node: roxmltree::Node<'_, '_>) -> Option<std::ops::Range<usize>> {
    let range = node.range();
    let source = &node.document().input_text()[range.clone()];
    let open = tag(source);
    let end = source.rfind("</").filter(|end| !open.closed && *end >= open.length)?;
    Some(range.start + open.length..range.start + end)
}

/// Name of a tag, and its id where it has one nearby, for a message.
fn shown(tag: &str) -> String {
    const SHOWN_BYTES: usize = 200;
    let name: String = tag.chars().take_while(|c| !c.is_whitespace() && !"/>".contains(*c)).take(60).collect();
    let mut end = tag.len().min(SHOWN_BYTES).min(tag.find('>').unwrap_or(tag.len()));
    while !tag.is_char_boundary(end) {
        end -= 1;
    }
    let id = tag[..end].split_once(" id=\"").and_then(|(_, rest)| rest.split_once('"'));
    id.map_or(name.clone(), |(id, _)| format!("{name} {id}"))
}

/// Where lines begin, so that the line of a node is found without walking the text again.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub fn new(xml: &str) -> Self {
        Self(xml.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// Line of a node, counted from 1.
    pub fn of(&self, node: roxmltree::Node<'_, '_>) -> u32 {
        let start = node.range().start;
        u32::try_from(self.0.partition_point(|newline| *newline < start) + 1).unwrap_or(u32::MAX)
    }
}

/// Child elements of BPMN with this local name.
pub(crate) fn children<'a, 'x: 'a>(
    node: roxmltree::Node<'a, 'x>,
    name: &'static str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'x>> {
    node.children().filter(move |child| child.has_tag_name((BPMN, name)))
}

pub(crate) fn child<'a, 'x>(node: roxmltree::Node<'a, 'x>, name: &'static str) -> Option<roxmltree::Node<'a, 'x>> {
    children(node, name).next()
}

/// Elements of the Zeebe namespace in `extensionElements`.
pub(crate) fn extensions<'a, 'x: 'a>(node: roxmltree::Node<'a, 'x>) -> impl Iterator<Item = roxmltree::Node<'a, 'x>> {
    children(node, "extensionElements")
        .flat_map(|extensions| extensions.children())
        .filter(|child| child.is_element() && child.tag_name().namespace() == Some(ZEEBE))
}

pub(crate) fn extension<'a, 'x: 'a>(
    node: roxmltree::Node<'a, 'x>,
    name: &'static str,
) -> Option<roxmltree::Node<'a, 'x>> {
    extensions(node).find(|child| child.tag_name().name() == name)
}

/// All text directly inside, trimmed.
pub(crate) fn text(node: roxmltree::Node<'_, '_>) -> String {
    let all: String = node.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text()).collect();
    all.trim().to_owned()
}
