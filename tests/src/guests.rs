//! Components for tests, built from a few lines of WAT: good ones with fixed answers, and every hostile one we could think of.
//!
//! They import and export exactly what they say, carry a manifest like a packed plugin, and need no Wasm toolchain.

mod asking;
mod hostile;
mod module;
mod snapshot;

pub use asking::{Argument, Question, Shape, asking, asking_many};
pub use hostile::*;
pub use module::{Data, Module};
pub use snapshot::{FakeSnapshot, sample_call, sample_context, sample_ticket};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a guest exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Guard,
    React,
    Decide,
    Run,
}

impl Function {
    fn interface(self) -> &'static str {
        match self {
            Self::Guard => "weft:practice/guard@0.1.0",
            Self::React => "weft:practice/react@0.1.0",
            Self::Decide => "weft:approval/rule@0.1.0",
            Self::Run => "weft:automation/step@0.1.0",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::React => "react",
            Self::Decide => "decide",
            Self::Run => "run",
        }
    }
}

/// A component in the making.
#[derive(Debug, Clone)]
pub struct Guest {
    manifest: Option<String>,
    assets: Vec<(String, Vec<u8>)>,
    /// WIT packages that the guest brings, and items of its world.
    packages: Vec<String>,
    items: Vec<String>,
    /// It knows nothing of our contract but what it brings itself.
    is_foreign: bool,
    pub module: Module,
}

impl Guest {
    /// A guest with a manifest that says no more than it must.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let manifest = format!(
            "id = \"{id}\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"{id}\"\nsummary = \"A guest of the tests.\"\n"
        );
        Self {
            manifest: Some(manifest),
            assets: Vec::new(),
            packages: Vec::new(),
            is_foreign: false,
            items: vec!["include weft:sdk/imports@0.1.2;".to_owned()],
            module: Module::default(),
        }
    }

    /// Replace the manifest's text; `None` leaves the section out.
    #[must_use]
    pub fn manifest(mut self, text: Option<&str>) -> Self {
        self.manifest = text.map(str::to_owned);
        self
    }

    #[must_use]
    pub fn asset(mut self, path: &str, content: &[u8]) -> Self {
        self.assets.push((path.to_owned(), content.to_vec()));
        self
    }

    /// Export a function with this body. It takes a pointer `$input` and leaves a pointer to its answer.
    #[must_use]
    pub fn exporting(mut self, function: Function, body: &str) -> Self {
        let (interface, name) = (function.interface(), function.name());
        self.items.push(format!("export {interface};"));
        self.module.function(&format!("(func (export \"{interface}#{name}\") (param $input i32) (result i32) {body})"));
        self
    }

    /// Bring a WIT package and an item that uses it.
    #[must_use]
    pub fn with_wit(mut self, package: &str, item: &str) -> Self {
        self.packages.push(package.to_owned());
        self.items.push(item.to_owned());
        self
    }

    /// Forget our contract: the guest brings packages of the same names, and lies about what is in them.
    #[must_use]
    pub fn foreign(mut self) -> Self {
        self.items.clear();
        self.is_foreign = true;
        self
    }

    /// The bytes of the component.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut component = self.encode();
        if let Some(manifest) = &self.manifest {
            push_section(&mut component, "weft:manifest", manifest.as_bytes());
        }
        for (path, content) in &self.assets {
            let data = [path.as_bytes(), &[0], content].concat();
            push_section(&mut component, "weft:asset", &data);
        }
        component
    }

    /// Turn the core module into a component of its world.
    fn encode(&self) -> Vec<u8> {
        let wat = self.module.wat();
        let mut core = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        let mut resolve = if self.is_foreign { Resolve::default() } else { contract() };
        for package in &self.packages {
            resolve.push_str("brought.wit", package).expect("the package of a test is valid");
        }
        let world = format!("package test:guest@1.0.0; world guest {{ {} }}", self.items.join(" "));
        let package = resolve.push_str("guest.wit", &world).expect("the world of a guest is valid");
        let world = resolve.select_world(&[package], Some("guest")).expect("the world is there");
        embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).expect("the world can be embedded");
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(&core).expect("the module fits its world");
        encoder.encode().unwrap_or_else(|error| panic!("{error:#}\n{wat}"))
    }
}

/// The contract of `wit/`.
#[must_use]
pub fn contract() -> Resolve {
    let mut resolve = Resolve::default();
    for package in ["types", "host", "search", "practice", "approval", "automation", "form", "sdk"] {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        resolve.push_dir(format!("{dir}/{package}@0.1.0")).expect("the contract is valid");
    }
    for newer in ["sdk@0.1.1", "inventory@0.1.0", "sdk@0.1.2"] {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        resolve.push_dir(format!("{dir}/{newer}")).expect("the contract is valid");
    }
    resolve
}

/// A guard that adds these effects (kind and JSON data) to every change.
#[must_use]
pub fn guard_returning(id: &str, effects: &[(&str, &str)]) -> Vec<u8> {
    returning_effects(id, Function::Guard, effects)
}

/// A guard that rejects every change for these reasons (pointer, code, message).
#[must_use]
pub fn guard_rejecting(id: &str, issues: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let mut words = Vec::new();
    for (pointer, code, message) in issues {
        words.extend(data.text(pointer));
        words.extend(data.text(code));
        words.extend(data.text(message));
    }
    let list = data.words(&words);
    let answer = data.words(&[1, list, length(issues)]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// A reaction that answers every event with these effects.
#[must_use]
pub fn react_returning(id: &str, effects: &[(&str, &str)]) -> Vec<u8> {
    returning_effects(id, Function::React, effects)
}

/// A reaction that asks to be tried again.
#[must_use]
pub fn react_retrying(id: &str, seconds: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let answer = guest.module.data.words(&[1, 2, seconds, 0]);
    guest.exporting(Function::React, &pointer(answer)).build()
}

/// An approval rule that always approves.
#[must_use]
pub fn rule_approving(id: &str, reason: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let [text, bytes] = data.text(reason);
    let answer = data.words(&[0, 0, text, bytes, 0, 0]);
    guest.exporting(Function::Decide, &pointer(answer)).build()
}

/// An approval rule that always waits for one more person.
#[must_use]
pub fn rule_pending(id: &str, person: &str, reason: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let person = data.text(person);
    let people = data.words(&person);
    let [text, bytes] = data.text(reason);
    let answer = data.words(&[0, 2, people, 1, text, bytes]);
    guest.exporting(Function::Decide, &pointer(answer)).build()
}

/// A step that is done at once, with these outputs (JSON) and effects.
#[must_use]
pub fn step_returning(id: &str, outputs: &str, effects: &[(&str, &str)]) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let [text, bytes] = data.text(outputs);
    let list = effect_list(data, effects);
    let answer = data.words(&[0, 0, text, bytes, list, length(effects), 0, 0]);
    guest.exporting(Function::Run, &pointer(answer)).build()
}

/// A step that waits for a message, without end.
#[must_use]
pub fn step_waiting(id: &str, message: &str, correlation_key: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let [name, name_bytes] = data.text(message);
    let [key, key_bytes] = data.text(correlation_key);
    let answer = data.words(&[0, 3, name, name_bytes, key, key_bytes, 0, 0]);
    guest.exporting(Function::Run, &pointer(answer)).build()
}

/// A form whose every rule traps: there to be found.
#[must_use]
pub fn form_stub(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.items.push("export weft:form/form@0.1.0;".to_owned());
    for name in ["validate", "compute", "options"] {
        guest
            .module
            .function(&format!("(func (export \"weft:form/form@0.1.0#{name}\") (param i32) (result i32) unreachable)"));
    }
    guest.build()
}

fn returning_effects(id: &str, function: Function, effects: &[(&str, &str)]) -> Vec<u8> {
    returning(Guest::new(id), function, effects)
}

/// A guest that answers with these effects (kind and JSON data), with whatever manifest it was given.
#[must_use]
pub fn returning(mut guest: Guest, function: Function, effects: &[(&str, &str)]) -> Vec<u8> {
    let data = &mut guest.module.data;
    let list = effect_list(data, effects);
    let answer = data.words(&[0, list, length(effects), 0]);
    guest.exporting(function, &pointer(answer)).build()
}

fn effect_list(data: &mut Data, effects: &[(&str, &str)]) -> u32 {
    let words: Vec<u32> = effects.iter().flat_map(|(kind, json)| [data.text(kind), data.text(json)].concat()).collect();
    data.words(&words)
}

fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("a test's list is short")
}

fn pointer(address: u32) -> String {
    format!("(i32.const {address})")
}

/// Append a custom section.
pub fn push_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = leb128(name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    component.push(0);
    component.extend(leb128(body.len()));
    component.extend(body);
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}
