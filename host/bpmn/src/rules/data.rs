//! Data inputs and outputs. They move no data here, but a declaration that contradicts itself is told, since other tools act on it.

use crate::{report::Findings, rule::Rule, source::Source, xml};
use roxmltree::Node;

pub(super) fn check(source: &Source<'_, '_>, findings: &mut Findings<'_>) {
    for process in &source.processes {
        let specifications =
            process.node.descendants().filter(|node| node.has_tag_name((xml::BPMN, "ioSpecification")));
        for specification in specifications {
            let owner = specification.parent().unwrap_or(specification);
            side(source, owner, specification, &INPUT, findings);
            side(source, owner, specification, &OUTPUT, findings);
        }
    }
}

struct Side {
    data: &'static str,
    set: &'static str,
    references: &'static str,
    subsets: [&'static str; 2],
}

const INPUT: Side = Side {
    data: "dataInput",
    set: "inputSet",
    references: "dataInputRefs",
    subsets: ["optionalInputRefs", "whileExecutingInputRefs"],
};
const OUTPUT: Side = Side {
    data: "dataOutput",
    set: "outputSet",
    references: "dataOutputRefs",
    subsets: ["optionalOutputRefs", "whileExecutingOutputRefs"],
};

fn side(
    source: &Source<'_, '_>,
    owner: Node<'_, '_>,
    specification: Node<'_, '_>,
    side: &Side,
    findings: &mut Findings<'_>,
) {
    let subject = source.subject(owner);
    let declared: Vec<&str> = xml::children(specification, side.data).filter_map(|data| data.attribute("id")).collect();
    let sets: Vec<Node<'_, '_>> = xml::children(specification, side.set).collect();
    if sets.is_empty() {
        let message = format!("its data declares no {}; the standard asks for at least one", side.set);
        findings.error(Rule::DataReference, &subject, message);
    }
    let mut used: Vec<String> = Vec::new();
    for set in sets {
        let referred: Vec<String> = xml::children(set, side.references).map(xml::text).collect();
        for name in referred.iter().filter(|name| !declared.contains(&name.as_str())) {
            let message = format!("{} names `{name}`, which is not a {} declared there", side.references, side.data);
            findings.error(Rule::DataReference, &subject, message);
        }
        for subset in side.subsets {
            for name in xml::children(set, subset).map(xml::text).filter(|name| !referred.contains(name)) {
                let message = format!(
                    "{subset} names `{name}`, which the same {} does not list in {}",
                    side.set, side.references
                );
                findings.error(Rule::DataReference, &subject, message);
            }
        }
        used.extend(referred);
    }
    for name in declared.iter().filter(|name| !used.iter().any(|used| used == *name)) {
        let message = format!("the {} `{name}` is in no {}", side.data, side.set);
        findings.error(Rule::DataReference, &subject, message);
    }
}
