//! Guards that ask the host something and answer with what they heard: one effect, whose kind says what sort of answer it was and
//! whose data is the first text in it.

use super::module::{ANSWER, EFFECT, RETURN};
use super::{Data, Function, Guest};

/// One question to the host.
#[derive(Debug, Clone)]
pub struct Question {
    /// For example `weft:host/tickets@0.1.0`.
    pub interface: &'static str,
    pub function: &'static str,
    pub arguments: Vec<Argument>,
    pub shape: Shape,
}

/// An argument, as the canonical ABI flattens it.
#[derive(Debug, Clone)]
pub enum Argument {
    Text(String),
    Number(u32),
    OptionalText(Option<String>),
    /// Names and JSON values.
    Attributes(Vec<(&'static str, &'static str)>),
    /// A filter of tickets by kind, open ones only or not, and a limit: more than sixteen values travel through memory.
    Filter {
        kind: Option<String>,
        open_only: bool,
        limit: u32,
    },
}

/// What an answer looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `result<option<record>, fault>`: kind `some` or `none`, the record's first text.
    OptionalRecord,
    /// `result<list<record>, fault>`: kind `list` or `none`, the first record's first text.
    Records,
    /// `result<string, fault>`: kind `text`.
    Text,
    /// `result<u32, fault>`: kind `number`, one digit.
    Number,
    /// `result<bool, fault>`: kind `number`, 0 or 1.
    Flag,
    /// `option<string>`: kind `some` or `none`.
    OptionalText,
}

/// A guard that asks one question.
#[must_use]
pub fn asking(id: &str, question: &Question) -> Vec<u8> {
    asking_many(id, question, 1)
}

/// A guard that asks the same question several times and answers with the last answer.
#[must_use]
pub fn asking_many(id: &str, question: &Question, times: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    helpers(&mut guest);
    let (values, count) = arguments(&mut guest.module.data, &question.arguments);
    let import = format!(
        "(import \"{}\" \"{}\" (func $ask (param {}i32)))",
        question.interface,
        question.function,
        "i32 ".repeat(count)
    );
    guest.module.import(&import);
    let read = read(&mut guest.module.data, question.shape);
    let body = format!(
        "(local $n i32)
         (loop $again
           (call $ask {values} (i32.const {RETURN}))
           (local.set $n (i32.add (local.get $n) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))
         {read}"
    );
    guest.exporting(Function::Guard, &body).build()
}

fn arguments(data: &mut Data, arguments: &[Argument]) -> (String, usize) {
    let mut values: Vec<u32> = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Text(text) => values.extend(data.text(text)),
            Argument::Number(number) => values.push(*number),
            Argument::OptionalText(None) => values.extend([0, 0, 0]),
            Argument::OptionalText(Some(text)) => {
                values.push(1);
                values.extend(data.text(text));
            }
            Argument::Attributes(list) => {
                let words: Vec<u32> =
                    list.iter().flat_map(|(name, value)| [data.text(name), data.text(value)]).flatten().collect();
                values.push(data.words(&words));
                values.push(u32::try_from(list.len()).expect("a test's list is short"));
            }
            Argument::Filter { kind, open_only, limit } => {
                let kind = kind.as_ref().map_or([0, 0, 0], |kind| {
                    let [text, bytes] = data.text(kind);
                    [1, text, bytes]
                });
                let mut words = kind.to_vec();
                words.extend([0; 12]);
                words.push(u32::from(*open_only));
                words.extend([0, 0, 0, *limit]);
                values.push(data.words(&words));
            }
        }
    }
    let text: Vec<String> = values.iter().map(|value| format!("(i32.const {value})")).collect();
    (text.join(" "), values.len())
}

/// Functions that make an effect out of what lies in memory.
fn helpers(guest: &mut Guest) {
    let kinds = ["denied", "invalid", "retry", "permanent"].map(|kind| guest.module.data.text(kind));
    let [denied, invalid, retry, permanent] = kinds.map(constants);
    guest.module.function(&format!(
        "(func $reply (param $kind i32) (param $kind_bytes i32) (param $data i32) (param $data_bytes i32) (result i32)
           (i32.store (i32.const {EFFECT}) (local.get $kind))
           (i32.store offset=4 (i32.const {EFFECT}) (local.get $kind_bytes))
           (i32.store offset=8 (i32.const {EFFECT}) (local.get $data))
           (i32.store offset=12 (i32.const {EFFECT}) (local.get $data_bytes))
           (i32.store (i32.const {ANSWER}) (i32.const 0))
           (i32.store offset=4 (i32.const {ANSWER}) (i32.const {EFFECT}))
           (i32.store offset=8 (i32.const {ANSWER}) (i32.const 1))
           (i32.const {ANSWER}))"
    ));
    guest.module.function(&format!(
        "(func $fault (result i32)
           (local $case i32) (local $first i32)
           (local.set $case (i32.load8_u offset=4 (i32.const {RETURN})))
           (local.set $first (i32.load offset=8 (i32.const {RETURN})))
           (if (i32.eqz (local.get $case))
             (then (return (call $reply {denied} (local.get $first) (i32.load offset=12 (i32.const {RETURN}))))))
           (if (i32.eq (local.get $case) (i32.const 1))
             (then (return (call $reply {invalid}
               (i32.load offset=8 (local.get $first)) (i32.load offset=12 (local.get $first))))))
           (if (i32.eq (local.get $case) (i32.const 2))
             (then (return (call $reply {retry} (i32.const 0) (i32.const 0)))))
           (call $reply {permanent} (local.get $first) (i32.load offset=12 (i32.const {RETURN}))))"
    ));
}

/// The body that reads an answer.
fn read(data: &mut Data, shape: Shape) -> String {
    let [some, none, list, text, number] =
        ["some", "none", "list", "text", "number"].map(|kind| constants(data.text(kind)));
    let word = |offset: u32| format!("(i32.load offset={offset} (i32.const {RETURN}))");
    let nothing = format!("(call $reply {none} (i32.const 0) (i32.const 0))");
    let or_fault =
        |ok: String| format!("(if (result i32) (i32.load8_u (i32.const {RETURN})) (then (call $fault)) (else {ok}))");
    let digit = |load: &str| {
        format!(
            "(i32.store8 offset=64 (i32.const {EFFECT}) (i32.add (i32.const 48) ({load} offset=4 (i32.const {RETURN}))))
             (call $reply {number} (i32.const {}) (i32.const 1))",
            EFFECT + 64
        )
    };
    match shape {
        Shape::OptionalRecord => or_fault(format!(
            "(if (result i32) (i32.load8_u offset=4 (i32.const {RETURN}))
               (then (call $reply {some} {} {})) (else {nothing}))",
            word(8),
            word(12)
        )),
        Shape::Records => or_fault(format!(
            "(if (result i32) {} (then (call $reply {list} (i32.load {}) (i32.load offset=4 {}))) (else {nothing}))",
            word(8),
            word(4),
            word(4)
        )),
        Shape::Text => or_fault(format!("(call $reply {text} {} {})", word(4), word(8))),
        Shape::Number => or_fault(digit("i32.load")),
        Shape::Flag => or_fault(digit("i32.load8_u")),
        Shape::OptionalText => format!(
            "(if (result i32) (i32.load8_u (i32.const {RETURN})) (then (call $reply {some} {} {})) (else {nothing}))",
            word(4),
            word(8)
        ),
    }
}

fn constants([address, bytes]: [u32; 2]) -> String {
    format!("(i32.const {address}) (i32.const {bytes})")
}
