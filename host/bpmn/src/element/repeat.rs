//! Activities that run several times: the standard loop and multi-instance.

use super::common;
use crate::{
    context::{Context, is_true},
    expression::Expression,
    graph::Repeat,
    rule::Rule,
    xml,
};
use roxmltree::Node;

pub(super) fn repeat<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<Repeat> {
    let loops: Vec<Node<'a, 'x>> = xml::children(node, "standardLoopCharacteristics").collect();
    let multiple: Vec<Node<'a, 'x>> = xml::children(node, "multiInstanceLoopCharacteristics").collect();
    match (&loops[..], &multiple[..]) {
        ([], []) => None,
        ([standard], []) => standard_loop(context, *standard),
        ([], [multiple]) => multi_instance(context, node, *multiple),
        _ => {
            let message =
                "an activity is repeated in one way: keep either the standard loop or the multi-instance marker";
            context.error(node, Rule::LoopMarkers, message);
            None
        }
    }
}

fn standard_loop<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<Repeat> {
    let maximum = match node.attribute("loopMaximum").map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match text.parse::<u32>() {
            Ok(maximum) => Some(maximum),
            Err(_) => {
                let message = format!("loopMaximum is `{text}`; write a number from 0 to {}", u32::MAX);
                context.error(node, Rule::LoopMarkers, message);
                None
            }
        },
    };
    let condition = match xml::child(node, "loopCondition") {
        Some(condition) => Some(context.formal(condition, "loop condition")?),
        None => None,
    };
    Some(Repeat::Loop { condition, test_before: is_true(node, "testBefore"), maximum })
}

fn multi_instance<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    activity: Node<'a, 'x>,
    node: Node<'a, 'x>,
) -> Option<Repeat> {
    if let Some(behavior) = node.attribute("behavior").filter(|behavior| behavior.trim() != "All") {
        let message = format!("behavior `{behavior}` is not executed; only All is, which throws no events");
        context.error(node, Rule::Unsupported, message);
    }
    for tag in ["complexBehaviorDefinition"] {
        if xml::child(node, tag).is_some() {
            context.error(node, Rule::Unsupported, format!("`{tag}` is not executed; remove it"));
        }
    }
    let cardinality = xml::child(node, "loopCardinality").map(|cardinality| {
        context.language(cardinality, "loop cardinality");
        context.feel(cardinality, "loop cardinality", &xml::text(cardinality))
    });
    let completion =
        xml::child(node, "completionCondition").map(|condition| context.formal(condition, "completion condition"));
    let mut repeat = Multiple { cardinality: cardinality.clone().flatten(), ..Multiple::default() };
    match xml::extension(node, "loopCharacteristics") {
        Some(extension) => repeat.read_extension(context, extension),
        None => repeat.read_standard(context, activity, node),
    }
    // What does not parse was told; that it is missing would be told on top.
    if cardinality == Some(None) || completion == Some(None) {
        return None;
    }
    Some(Repeat::MultiInstance {
        sequential: is_true(node, "isSequential"),
        collection: repeat.collection,
        cardinality: repeat.cardinality,
        element_variable: repeat.element_variable,
        output_collection: repeat.output_collection,
        output_element: repeat.output_element,
        completion: completion.flatten(),
    })
}

#[derive(Default)]
struct Multiple {
    collection: Option<Expression>,
    cardinality: Option<Expression>,
    element_variable: Option<String>,
    output_collection: Option<String>,
    output_element: Option<Expression>,
}

impl Multiple {
    fn read_extension<'a, 'x: 'a>(&mut self, context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) {
        let text = |name: &str| node.attribute(name).map(str::trim).filter(|text| !text.is_empty());
        if let Some(collection) = text("inputCollection") {
            self.collection = context.feel(node, "inputCollection", collection);
        }
        if let Some(element) = text("outputElement") {
            self.output_element = context.feel(node, "outputElement", element);
        }
        self.element_variable = text("inputElement").map(ToOwned::to_owned);
        self.output_collection = text("outputCollection").map(ToOwned::to_owned);
    }

    /// The standard's own way: data inputs of the activity, filled from data objects.
    fn read_standard<'a, 'x: 'a>(
        &mut self,
        context: &mut Context<'_, 'a, 'x, '_>,
        activity: Node<'a, 'x>,
        node: Node<'a, 'x>,
    ) {
        if let Some(input) = xml::child(node, "loopDataInputRef") {
            let name = data_name(context, activity, input, "dataInput", "dataInputAssociation");
            self.collection = name.and_then(|name| context.feel(input, "loopDataInputRef", &name));
        }
        if let Some(output) = xml::child(node, "loopDataOutputRef") {
            self.output_collection = data_name(context, activity, output, "dataOutput", "dataOutputAssociation");
        }
        self.element_variable = xml::child(node, "inputDataItem").and_then(item_name);
        if self.output_collection.is_some()
            && let Some(item) = xml::child(node, "outputDataItem").and_then(item_name)
        {
            self.output_element = context.feel(node, "outputDataItem", &item);
        }
    }
}

fn item_name(item: Node<'_, '_>) -> Option<String> {
    let name = item.attribute("name").filter(|name| is_name(name)).or_else(|| item.attribute("id"))?;
    Some(name.to_owned())
}

/// The variable behind a data input or output: the data object that is associated with it, or itself.
fn data_name<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    activity: Node<'a, 'x>,
    reference: Node<'a, 'x>,
    tag: &'static str,
    association: &'static str,
) -> Option<String> {
    let id = xml::text(reference);
    let declared = xml::children(activity, "ioSpecification").flat_map(|io| xml::children(io, tag));
    let inside = declared.into_iter().find(|data| data.attribute("id") == Some(&id));
    // Sub-processes have no data inputs of their own; there a data object of the process is named.
    let allowed = ["dataObject", "dataObjectReference", "property", "dataStoreReference"];
    let data = inside.or_else(|| {
        let is_container = crate::source::is_container(activity.tag_name().name());
        context.source.resolve(&id).filter(|found| is_container && allowed.contains(&found.tag_name().name()))
    });
    let Some(data) = data else {
        let message =
            format!("{} `{id}` is not a {tag} of this activity; declare it there", reference.tag_name().name());
        context.error(reference, Rule::MultiInstance, message);
        return None;
    };
    let (own, other) = if tag == "dataInput" { ("targetRef", "sourceRef") } else { ("sourceRef", "targetRef") };
    let associated = xml::children(activity, association)
        .filter(|link| xml::children(*link, own).any(|end| xml::text(end) == id))
        .find_map(|link| context.source.resolve(&xml::text(xml::child(link, other)?)));
    let object = associated.unwrap_or(data);
    let object = object.attribute("dataObjectRef").and_then(|id| context.source.resolve(id)).unwrap_or(object);
    let name = common::name(object);
    Some(if is_name(&name) { name } else { object.attribute("id").unwrap_or(&id).to_owned() })
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}
