//! FEEL in the browser is FEEL on the server: the module that the screens load answers as the crate does.

use roxmltree::Document;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

/// What the kit does not have: mistakes, limits, and time.
const OURS: &[&str] = &[
    "amount > 1000 and department = \"HR\"",
    "1 +",
    "\"ä\" + upper case(\"ß\") > and",
    "for a in 1..10000, b in 1..10000 return a * b",
    "{f: function(n) f(n + 1), r: f(1)}.r",
    "now() + duration(\"P1M\")",
    "date and time(\"2026-10-25T02:30:00@Europe/Berlin\")",
    "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"(a+)+$\")",
    "0.1 + 0.2 = 0.3",
    "1 / 0",
];

struct Browser {
    store: Store<()>,
    memory: Memory,
    room: TypedFunc<u32, u32>,
    run: TypedFunc<(), u64>,
}

impl Browser {
    fn new(bytes: &[u8]) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).expect("the module of the screens");
        assert_eq!(module.imports().count(), 0, "it asks nothing of the browser");
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).expect("it starts");
        let memory = instance.get_memory(&mut store, "memory").expect("its memory");
        let room = instance.get_typed_func(&mut store, "room").expect("room");
        let run = instance.get_typed_func(&mut store, "try_expression").expect("try_expression");
        Self { store, memory, room, run }
    }

    fn trial(&mut self, request: &str) -> String {
        let length = u32::try_from(request.len()).expect("small");
        let at = self.room.call(&mut self.store, length).expect("room");
        self.memory.write(&mut self.store, at as usize, request.as_bytes()).expect("the room is in the memory");
        let answer = self.run.call(&mut self.store, ()).unwrap_or_else(|trap| panic!("{request}: {trap:?}"));
        let mut bytes = vec![0; (answer & 0xffff_ffff) as usize];
        self.memory.read(&self.store, (answer >> 32) as usize, &mut bytes).expect("the answer is in the memory");
        String::from_utf8(bytes).expect("text")
    }
}

/// The conformance kit of DMN, where it is there.
fn kit(root: &Path) -> Option<PathBuf> {
    root.ancestors().map(|above| above.join("shared/data/dmn-tck")).find(|folder| folder.is_dir())
}

/// Every text of every model of the kit, where it is there.
fn expressions(root: &Path) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = OURS.iter().map(|text| (*text).to_owned()).collect();
    let mut folders: Vec<_> = kit(root).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "dmn") {
                let text = std::fs::read_to_string(&path).expect("a model");
                let document = Document::parse(&text).expect("XML");
                let texts = document.descendants().filter(|node| node.has_tag_name((dmn(&document), "text")));
                found.extend(texts.filter_map(|node| node.text().map(str::to_owned)));
            }
        }
    }
    found
}

fn dmn<'a>(document: &'a Document<'_>) -> &'a str {
    document.root_element().tag_name().namespace().unwrap_or_default()
}

#[test]
fn the_browser_evaluates_as_the_server_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let file = root.join("host/web/src/shared/feel/feel.wasm");
    let bytes = std::fs::read(&file).expect("`cargo dev test` builds it, `cargo dev ui` alone too");
    let mut browser = Browser::new(&bytes);
    let expressions = expressions(root);
    let variables = json!({ "amount": 12000, "department": "HR", "n": [1, 2.5, null], "Person": { "Age": 30 } });
    for (index, text) in expressions.iter().enumerate() {
        for kind in ["expression", "unary-tests"] {
            let request = json!({
                "text": text, "kind": kind, "input": 5, "variables": variables,
                "now": "2026-03-29T00:30:00Z", "zone": "Europe/Berlin",
            });
            let request = request.to_string();
            let [here, there] = [browser.trial(&request), feel::trial(&request)].map(|answer| {
                // Members have no order; what they say has.
                serde_json::from_str::<Value>(&answer).expect("JSON")
            });
            assert_eq!(here, there, "{text}");
        }
        if index == 0 {
            let answer: Value = serde_json::from_str(&browser.trial("{}")).expect("JSON");
            assert!(answer["problems"].is_array(), "{answer}");
        }
    }
    let too_long = u32::try_from((1 << 20) + 1).expect("it fits");
    assert_eq!(browser.room.call(&mut browser.store, too_long).expect("an answer"), 0, "more than 1 MiB has no room");
    // Without the kit there are ours alone; with it, a walk that found nothing would go unseen.
    let with_kit = kit(root).is_some();
    assert!(expressions.len() > if with_kit { 1_000 } else { OURS.len() - 1 }, "{} expressions", expressions.len());
}
