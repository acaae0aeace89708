//! Reading item definitions: the types that a model defines.

use roxmltree::Node;

use super::reader::{Reader, shown, spaced};
use crate::dmn::model::{FunctionItem, Item, ItemShape, Text};

/// A type or a component of one. The depth of the document bounds the recursion.
pub(super) fn item(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Item {
    let name = spaced(node.attribute("name").unwrap_or_default());
    if name.is_empty() {
        reader.error(node, "missing-name", "an item definition and each of its components need a name");
    }
    let components: Vec<Item> = reader.all(node, "itemComponent").map(|part| item(part, reader)).collect();
    let function = reader.first(node, "functionItem").map(|part| function(part, reader));
    let type_ref = reader.type_ref(node);
    if type_ref.is_some() && !components.is_empty() {
        let message = format!("`{}` has a type and components; keep one of them", shown(&name));
        reader.error(node, "type-and-components", message);
    }
    let shape = match node.attribute("isCollection") {
        Some("true" | "1") => ItemShape::Collection,
        _ => ItemShape::Single,
    };
    Item {
        spot: reader.spot(node),
        allowed: tests(node, "allowedValues", reader),
        constraint: tests(node, "typeConstraint", reader),
        name,
        type_ref,
        components,
        shape,
        function,
    }
}

fn function(node: Node<'_, '_>, reader: &mut Reader<'_>) -> FunctionItem {
    let parameters = reader.all(node, "parameters").map(|part| reader.variable(part)).collect();
    let result = node.attribute("outputTypeRef").filter(|name| !name.trim().is_empty());
    FunctionItem { parameters, result: result.map(|name| reader.type_name(node, name.trim())) }
}

/// Unary tests in a child of that name, where there is one that says something.
pub(super) fn tests(node: Node<'_, '_>, name: &'static str, reader: &mut Reader<'_>) -> Option<Text> {
    let part = reader.first(node, name)?;
    Some(reader.text(part)).filter(|text| !text.text.is_empty())
}
