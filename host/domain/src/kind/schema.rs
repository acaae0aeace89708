//! JSON Schemas that plugins bring: compiled without network, without references and with linear-time patterns, so that
//! a schema can cost neither a hang nor a stack. One place, used when a manifest is read and when a value is checked.

use serde_json::Value;

/// Bytes of one schema, written as compact JSON.
pub const SCHEMA_BYTES_MAX: usize = 16 * 1024;
/// Compiled size of one `pattern`, bytes.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Compiles a schema (draft 2020-12). Formats such as `date` and `email` are checked, not only noted.
///
/// # Errors
/// A sentence that says what is wrong with the schema.
pub fn compile(schema: &Value) -> Result<jsonschema::Validator, String> {
    let bytes = serde_json::to_vec(schema).map_or(usize::MAX, |json| json.len());
    if bytes > SCHEMA_BYTES_MAX {
        return Err(format!("it has {bytes} bytes as JSON; at most {SCHEMA_BYTES_MAX} are allowed"));
    }
    if let Some(keyword) = reference(schema) {
        return Err(format!("`{keyword}` is not allowed: a schema stands on its own, so write out what it refers to"));
    }
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
        .build(schema)
        .map_err(|error| match error.instance_path().to_string() {
            path if path.is_empty() => short(&error.to_string()),
            path if path.ends_with("/type") => {
                let types = "string, integer, number, boolean, object, array or null, or a list of these";
                format!("at {path}: {} is not a type; write {types}", short(&error.instance().to_string()))
            }
            path => format!("at {path}: {}", short(&error.to_string())),
        })
}

/// Why `value` does not fit, one sentence for each reason; at most 20.
#[must_use]
pub fn mismatches(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let sentence = |error: jsonschema::ValidationError<'_>| match error.instance_path().to_string() {
        path if path.is_empty() => short(&error.to_string()),
        path => format!("at {path}: {}", short(&error.to_string())),
    };
    validator.iter_errors(value).take(20).map(sentence).collect()
}

/// A keyword that is surely a slip for another one: JSON Schema would ignore it and accept everything.
#[must_use]
pub fn misspelt(schema: &Value) -> Option<(String, &'static str)> {
    let Value::Object(keywords) = schema else { return None };
    for (keyword, value) in keywords {
        if !KEYWORDS.contains(&keyword.as_str())
            && let Some(meant) = KEYWORDS.into_iter().find(|known| squeezed(known) == squeezed(keyword))
        {
            return Some((keyword.clone(), meant));
        }
        let found = match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(named)) => named.values().find_map(misspelt),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => list.iter().find_map(misspelt),
            ("items" | "additionalProperties" | "not" | "if" | "then" | "else" | "contains", value) => misspelt(value),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

const KEYWORDS: [&str; 40] = [
    "type",
    "enum",
    "const",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "readOnly",
];

/// `max-length`, `max_length` and `maxlength` are all `maxLength`.
fn squeezed(keyword: &str) -> String {
    keyword.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The first reference keyword that is used as one; a property or an enum value may be called so.
fn reference(schema: &Value) -> Option<&'static str> {
    const REFERENCES: [&str; 7] =
        ["$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema", "$anchor", "$dynamicAnchor"];
    match schema {
        Value::Object(keywords) => keywords.iter().find_map(|(keyword, value)| {
            match REFERENCES.into_iter().find(|reference| reference == keyword) {
                Some(found) if value.is_string() => Some(found),
                _ if matches!(keyword.as_str(), "const" | "enum" | "default" | "examples") => None,
                _ => reference(value),
            }
        }),
        Value::Array(list) => list.iter().find_map(reference),
        _ => None,
    }
}

/// The library quotes the whole value or schema in some messages.
fn short(message: &str) -> String {
    const CHARS_MAX: usize = 300;
    if message.chars().count() <= CHARS_MAX {
        return message.to_owned();
    }
    message.chars().take(CHARS_MAX).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_refers_elsewhere_is_refused() {
        for (schema, word) in [
            (json!({ "$ref": "https://example.com/x" }), "$ref"),
            (json!({ "items": { "$ref": "#" } }), "$ref"),
            (json!({ "allOf": [{ "$dynamicRef": "#x" }] }), "$dynamicRef"),
            (json!({ "$schema": "http://json-schema.org/draft-04/schema#" }), "$schema"),
        ] {
            assert!(compile(&schema).expect_err("references are refused").contains(word), "{schema}");
        }
        assert!(compile(&json!({ "properties": { "$ref": { "type": "string" } }, "enum": [{ "$ref": "x" }] })).is_ok());
    }

    #[test]
    fn a_pattern_that_would_backtrack_is_linear() {
        let validator = compile(&json!({ "pattern": "^(a+)+$" })).expect("compiles");
        assert!(!validator.is_valid(&json!(format!("{}!", "a".repeat(5000)))));
        assert!(compile(&json!({ "pattern": "(a{1000}){1000}" })).is_err());
        assert!(compile(&json!({ "pattern": "(" })).is_err());
    }

    #[test]
    fn a_slip_in_a_keyword_is_found_at_any_depth() {
        assert_eq!(misspelt(&json!({ "items": { "maxlength": 3 } })), Some(("maxlength".to_owned(), "maxLength")));
        assert_eq!(misspelt(&json!({ "properties": { "maxlength": {} }, "x-widget": 1 })), None);
    }

    #[test]
    fn formats_count() {
        let validator = compile(&json!({ "type": "string", "format": "date" })).expect("compiles");
        assert!(!validator.is_valid(&json!("2026-13-40")));
    }
}
