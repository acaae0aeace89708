//! A core module as text: memory with an allocator, constant data at known addresses, imports and functions.

use std::fmt::Write as _;

/// Where host calls leave their answers, 1 kB.
pub(super) const RETURN: u32 = 1024;
/// Where guests put an effect they made, and the answer that holds it.
pub(super) const EFFECT: u32 = 2048;
pub(super) const ANSWER: u32 = 2080;
/// Constant data begins here.
const DATA: u32 = 4096;
/// The allocator begins here; constant data must end before.
const HEAP: u32 = 1 << 20;

/// Constant data.
#[derive(Debug, Clone, Default)]
pub struct Data {
    bytes: Vec<u8>,
}

impl Data {
    /// Place bytes. Returns their address and length.
    pub fn bytes(&mut self, bytes: &[u8]) -> [u32; 2] {
        let address = DATA + u32::try_from(self.bytes.len()).expect("a test's data is small");
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        assert!(self.bytes.len() < (HEAP - DATA) as usize, "the data of a test guest ends below its heap");
        [address, u32::try_from(bytes.len()).expect("a test's data is small")]
    }

    /// Place text. Returns its address and length, as the canonical ABI wants a string.
    pub fn text(&mut self, text: &str) -> [u32; 2] {
        self.bytes(text.as_bytes())
    }

    /// Place words. Returns their address.
    pub fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.bytes(&bytes)[0]
    }
}

/// A core module in the making.
#[derive(Debug, Clone)]
pub struct Module {
    pub data: Data,
    /// Pages of 64 kB that the memory has from the start.
    pub pages: u32,
    imports: Vec<String>,
    items: Vec<String>,
}

impl Default for Module {
    fn default() -> Self {
        Self { data: Data::default(), pages: 32, imports: Vec::new(), items: Vec::new() }
    }
}

impl Module {
    /// Import a function: `(import "interface" "name" (func $x (param …)))`. The same line twice is one import.
    pub fn import(&mut self, line: &str) {
        if !self.imports.iter().any(|other| other == line) {
            self.imports.push(line.to_owned());
        }
    }

    /// Add a function, a table, a start …
    pub fn function(&mut self, item: &str) {
        self.items.push(item.to_owned());
    }

    pub(crate) fn wat(&self) -> String {
        let data = self.data.bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").expect("writing to a string cannot fail");
            text
        });
        format!(
            r#"(module
  {imports}
  (memory (export "memory") {pages})
  (data (i32.const {DATA}) "{data}")
  (global $heap (mut i32) (i32.const {HEAP}))
  ;; A bump allocator: a call is short and its instance is thrown away.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get $size) (i32.const 65536)))))))
    (if (i32.and (i32.ne (local.get $old) (i32.const 0)) (i32.ne (local.get $old_size) (i32.const 0)))
      (then (memory.copy (local.get $at) (local.get $old) (local.get $old_size))))
    (local.get $at))
  {items}
)"#,
            pages = self.pages,
            imports = self.imports.join("\n  "),
            items = self.items.join("\n  "),
        )
    }
}
