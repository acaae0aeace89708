//! Items and bundles of the catalogue: what is offered, to whom, for how much, and what is asked of whoever orders it. All of it is in the
//! record of the item, so that nothing about it is a list somewhere else.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use weft_sdk::Record;
use weft_sdk::prelude::*;

pub(crate) const ITEM: &str = "catalogue-item";
pub(crate) const BUNDLE: &str = "catalogue-bundle";
pub(crate) const PUBLISHED: &str = "published";

/// What an edition is about: a change of these makes another one.
const CONTENT: [&str; 12] = [
    "title",
    "process",
    "price",
    "recurring_price",
    "price_by",
    "form",
    "entitled_groups",
    "finance_limit",
    "groups",
    "parts",
    "summary",
    "category",
];

/// Something that is asked of whoever orders.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Variable {
    pub name: String,
    pub title: String,
    #[serde(rename = "type")]
    pub shape: Shape,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub choices: Vec<String>,
    #[serde(default)]
    pub default: Value,
    /// Only asked for when another one has one of these values.
    #[serde(default)]
    pub when: Option<When>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    Text,
    Number,
    Choice,
    Flag,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct When {
    pub name: String,
    pub is: Vec<Value>,
}

/// A value that makes it dearer, or cheaper.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PriceBy {
    pub name: String,
    pub is: Value,
    #[serde(default)]
    pub price: f64,
    #[serde(default)]
    pub recurring: f64,
}

/// One line of a bundle.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Part {
    pub item: String,
    #[serde(default = "one")]
    pub quantity: u32,
    /// By variable of the item: a value, or `{ "from": "…" }` for what a variable of the bundle says.
    #[serde(default)]
    pub variables: Object,
    #[serde(default)]
    pub when: Option<When>,
}

pub(crate) fn one() -> u32 {
    1
}

impl When {
    pub(crate) fn holds(&self, variables: &Object) -> bool {
        variables.get(&self.name).is_some_and(|value| self.is.contains(value))
    }
}

impl Shape {
    fn fits(self, value: &Value, choices: &[String]) -> bool {
        match self {
            Self::Text => value.as_str().is_some_and(|text| !text.trim().is_empty() && text.len() <= 2000),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Choice => value.as_str().is_some_and(|chosen| choices.iter().any(|choice| choice == chosen)),
        }
    }
}

/// A list of a record in its type; none when it has no value.
pub(crate) fn list<T: DeserializeOwned>(record: &Record, field: &str) -> Result<Vec<T>, Fault> {
    match record.field(field) {
        Value::Null => Ok(Vec::new()),
        value => Vec::deserialize(value)
            .map_err(|error| Fault::Permanent(format!("`{field}` of {}: {error}", record.number))),
    }
}

/// What is published under a key.
pub(crate) fn published(host: &impl Host, kind: &str, key: &str) -> Result<Option<Record>, Fault> {
    Ok(host.records(kind, Some(PUBLISHED))?.into_iter().find(|record| record.text("key") == Some(key)))
}

/// What was answered, with defaults filled in and what is not asked for left out. Everything that is wrong is in `refused`.
pub(crate) fn answers(form: &[Variable], given: &Object, pointer: &str, refused: &mut Rejection) -> Object {
    for name in given.keys().filter(|name| !form.iter().any(|variable| variable.name == **name)) {
        refused.add(format!("{pointer}/{name}"), "unknown-variable", format!("nobody asks for `{name}`"));
    }
    let mut all = Object::new();
    for variable in form {
        // A condition is about a variable further up, which is answered by now.
        if variable.when.as_ref().is_some_and(|when| !when.holds(&all)) {
            continue;
        }
        let value = given.get(&variable.name).filter(|value| !value.is_null()).unwrap_or(&variable.default);
        let at = format!("{pointer}/{}", variable.name);
        if value.is_null() {
            if variable.required {
                refused.add(at, "required", format!("{} is needed", variable.title));
            }
        } else if variable.shape.fits(value, &variable.choices) {
            all.insert(variable.name.clone(), value.clone());
        } else {
            let choices = variable.choices.join(", ");
            let hint = if choices.is_empty() { String::new() } else { format!(": one of {choices}") };
            refused.add(at, "invalid-value", format!("{} has another form{hint}", variable.title));
        }
    }
    all
}

/// Before an item or a bundle is offered, everything about it fits together; each change of what is offered is another edition.
pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&change.after, Rejection::none());
    if after.state != PUBLISHED {
        return Ok(Effects::new());
    }
    let key = after.text("key").unwrap_or_default();
    let known = |kind: &str| -> Result<bool, Fault> {
        Ok(published(host, kind, key)?.is_some_and(|other| other.id != after.id))
    };
    if known(ITEM)? || known(BUNDLE)? || key == super::order::CART {
        refused.add(
            "/fields/key",
            "taken",
            format!("`{key}` is offered already: retire that one, or choose another key"),
        );
    }
    let form: Vec<Variable> = after.read("form")?.unwrap_or_default();
    check_form(&form, &mut refused);
    let asked: BTreeSet<&str> = form.iter().map(|variable| variable.name.as_str()).collect();
    for by in after.read::<Vec<PriceBy>>("price_by")?.unwrap_or_default() {
        if !asked.contains(by.name.as_str()) {
            refused.add("/fields/price_by", "unknown-variable", format!("the form does not ask for `{}`", by.name));
        }
    }
    if after.kind == BUNDLE {
        let parts: Vec<Part> = after.read("parts")?.unwrap_or_default();
        if parts.is_empty() {
            refused.add("/fields/parts", "empty", "a bundle has at least one part");
        }
        for part in &parts {
            if published(host, ITEM, &part.item)?.is_none() {
                refused.add("/fields/parts", "unknown-item", format!("no item `{}` is offered", part.item));
            }
            let from = part.variables.values().filter_map(|value| value["from"].as_str());
            for name in
                from.chain(part.when.as_ref().map(|when| when.name.as_str())).filter(|name| !asked.contains(name))
            {
                refused.add("/fields/parts", "unknown-variable", format!("the bundle does not ask for `{name}`"));
            }
        }
    }
    let another = change.entered(PUBLISHED) || CONTENT.into_iter().any(|field| change.changed(field));
    let edition = after.integer("edition").unwrap_or(0) + 1;
    refused.or_ok(Effects::new().when(another, |effects| effects.set_field("edition", edition)))
}

fn check_form(form: &[Variable], refused: &mut Rejection) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (index, variable) in form.iter().enumerate() {
        let at = format!("/fields/form/{index}");
        if !known.insert(&variable.name) {
            refused.add(&at, "duplicate", format!("`{}` is asked for twice", variable.name));
        }
        if (variable.shape == Shape::Choice) == variable.choices.is_empty() {
            refused.add(&at, "choices", format!("`{}` has choices if and only if it is a choice", variable.name));
        }
        if !variable.default.is_null() && !variable.shape.fits(&variable.default, &variable.choices) {
            refused.add(&at, "bad-default", format!("the default of `{}` does not fit it", variable.name));
        }
        if let Some(when) =
            variable.when.as_ref().filter(|when| when.name == variable.name || !known.contains(when.name.as_str()))
        {
            refused.add(&at, "bad-condition", format!("`{}` is not asked for before `{}`", when.name, variable.name));
        }
    }
}
