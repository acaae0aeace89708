//! What the flows of this repository ask for is there: steps with their inputs, approval rules, forms, decisions, processes.
//!
//! Reading a model properly is the host's; here it is enough to find attributes, because these files are written in one way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use weft_sdk::Value;

struct Plugin {
    folder: PathBuf,
    manifest: Value,
}

impl Plugin {
    fn files(&self, folder: &str, ending: &str) -> BTreeMap<String, String> {
        let listed = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let paths =
            listed.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|found| found == ending));
        let name = |path: &Path| path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        paths.map(|path| (name(&path), fs::read_to_string(&path).expect("it can be read"))).collect()
    }

    fn step(&self, id: &str) -> Option<&Value> {
        self.manifest["step"].as_array()?.iter().find(|step| step["id"] == id)
    }
}

fn plugins() -> BTreeMap<String, Plugin> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut plugins = BTreeMap::new();
    for folder in folders(&root).flat_map(|group| folders(&group).collect::<Vec<_>>()) {
        let Ok(text) = fs::read_to_string(folder.join("plugin.toml")) else { continue };
        let mut manifest: Value = toml::from_str(&text).expect("plugin.toml is TOML");
        for list in ["step", "setting"] {
            if manifest.get(list).is_none() {
                manifest[list] = Value::Array(Vec::new());
            }
        }
        plugins.insert(manifest["id"].as_str().expect("it has an id").to_owned(), Plugin { folder, manifest });
    }
    assert!(plugins.len() > 5, "the plugins are beside the SDK");
    plugins
}

/// The values that stand between `before` and the next quote.
fn values<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn elements<'t>(text: &'t str, tag: &str) -> Vec<&'t str> {
    let (open, close) = (format!("<bpmn:{tag} "), format!("</bpmn:{tag}>"));
    text.split(open.as_str()).skip(1).filter_map(|rest| rest.split(close.as_str()).next()).collect()
}

#[test]
fn every_flow_asks_for_what_is_there() {
    let plugins = plugins();
    let (mut missing, mut flows) = (Vec::new(), 0);
    for (id, plugin) in &plugins {
        let (models, forms) = (plugin.files("flows", "bpmn"), plugin.files("forms", "json"));
        let decisions = plugin.files("decisions", "dmn");
        for (name, model) in &models {
            flows += 1;
            let mut lacks = |what: &str, which: &str| missing.push(format!("{id}/flows/{name}: no {what} `{which}`"));
            for task in elements(model, "serviceTask") {
                let task_type = values(task, "<zeebe:taskDefinition type=\"").first().copied().unwrap_or_default();
                let (owner, step) = task_type.split_once('/').unwrap_or_default();
                let Some(step) = plugins.get(owner).and_then(|plugin| plugin.step(step)) else {
                    lacks("step", task_type);
                    continue;
                };
                let given: Vec<_> = task
                    .split("<zeebe:input ")
                    .skip(1)
                    .flat_map(|input| values(input, "target=\"").into_iter().next())
                    .collect();
                let known = |name: &str| step["inputs"]["properties"].get(name).is_some();
                given.iter().filter(|name| !known(name)).for_each(|name| lacks(&format!("input of {task_type}"), name));
                let required = step["inputs"]["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                required
                    .filter(|name| !given.contains(name))
                    .for_each(|name| lacks(&format!("value for {task_type}"), name));
            }
            for rule in values(model, "<zeebe:header key=\"approval\" value=\"") {
                if plugins.get(rule).is_none_or(|plugin| plugin.manifest.get("approval").is_none()) {
                    lacks("approval rule", rule);
                }
            }
            values(model, "formId=\"")
                .into_iter()
                .filter(|form| !forms.contains_key(*form))
                .for_each(|form| lacks("form", form));
            let decided =
                |wanted: &str| decisions.values().any(|table| table.contains(&format!("<decision id=\"{wanted}\"")));
            values(model, "decisionId=\"")
                .into_iter()
                .filter(|wanted| !decided(wanted))
                .for_each(|wanted| lacks("decision", wanted));
            let process =
                |wanted: &str| models.values().any(|model| model.contains(&format!("<bpmn:process id=\"{wanted}\"")));
            let called = values(model, "<zeebe:calledElement processId=\"");
            called.into_iter().filter(|wanted| !process(wanted)).for_each(|wanted| lacks("process", wanted));
        }
        let asked = |form: &str| models.values().any(|model| values(model, "formId=\"").contains(&form));
        missing.extend(
            forms.keys().filter(|form| !asked(form)).map(|form| format!("{id}: nobody asks for the form `{form}`")),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(flows >= 8, "{flows} flows were looked at");
}

/// A form is a JSON Schema that a person can fill: everything has a title, and the order names every field once.
#[test]
fn every_form_can_be_filled_by_a_person() {
    let mut seen = 0;
    for (id, plugin) in plugins() {
        for (name, text) in plugin.files("forms", "json") {
            let at = format!("{id}/forms/{name}");
            let form: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{at}: {error}"));
            let fields = form["properties"].as_object().unwrap_or_else(|| panic!("{at} has no properties"));
            assert_eq!((&form["type"], form["title"].is_string()), (&Value::from("object"), true), "{at}");
            for (field, schema) in fields {
                assert!(schema["title"].is_string(), "{at}: `{field}` has no title");
            }
            let mut order: Vec<&str> =
                form["x-order"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            order.sort_unstable();
            // In the order of the file or of the alphabet, whichever way JSON objects are kept here.
            let mut named: Vec<&str> = fields.keys().map(String::as_str).collect();
            named.sort_unstable();
            assert_eq!(order, named, "{at}: x-order");
            let required = form["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.for_each(|field| assert!(fields.contains_key(field), "{at}: `{field}` is required and not there"));
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen} forms were looked at");
}
