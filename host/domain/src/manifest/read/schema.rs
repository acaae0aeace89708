//! Schemas and defaults in a manifest. What a schema may be is `kind::schema`; this only places it in a file.

use super::source::{Node, Reader};
use crate::kind::schema;
use serde_json::{Value, json};

/// A schema that compiled, with what checks values against it.
pub(super) struct Schema {
    pub(super) value: Value,
    pub(super) validator: jsonschema::Validator,
}

/// The schema that stands at `node`.
pub(super) fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Schema> {
    let value = node.json(reader)?;
    if !value.is_object() {
        let message = "a schema is a table, for example `schema = { type = \"string\", maxLength = 100 }`";
        reader.add(&node.place, "wrong-type", message);
        return None;
    }
    if let Some((keyword, meant)) = schema::misspelt(&value) {
        let message = format!("`{keyword}` is no keyword of JSON Schema and would be ignored; did you mean `{meant}`?");
        reader.add(&node.place, "bad-schema", message);
        return None;
    }
    match schema::compile(&value) {
        Ok(validator) => Some(Schema { value, validator }),
        Err(why) => {
            reader.add(&node.place, "bad-schema", format!("this is not a usable JSON Schema (draft 2020-12): {why}"));
            None
        }
    }
}

/// A schema that describes an object; absent means one without properties.
pub(super) fn read_object(node: Option<&Node<'_>>, reader: &mut Reader<'_>) -> Option<Value> {
    let Some(node) = node else { return Some(json!({ "type": "object", "properties": {} })) };
    let schema = read(node, reader)?;
    if schema.value.get("type") != Some(&Value::from("object")) {
        let message =
            "the schema must describe an object: give it `type = \"object\"` and name the values in `properties`";
        reader.add(&node.place, "bad-schema", message);
        return None;
    }
    Some(schema.value)
}

/// Reports a default that its own schema would refuse.
pub(super) fn check_default(schema: &Schema, default: &Value, node: &Node<'_>, reader: &mut Reader<'_>) {
    for why in schema::mismatches(&schema.validator, default) {
        reader.add(
            &node.place,
            "bad-default",
            format!("the default does not fit the schema: {why}; change one of the two"),
        );
    }
}
