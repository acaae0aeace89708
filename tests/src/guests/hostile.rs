//! Guests that misbehave. Each exports a guard and is valid until it is called or, where the name says so, started.

use super::{Function, Guest, length, pointer};

fn guard(id: &str, body: &str) -> Vec<u8> {
    Guest::new(id).exporting(Function::Guard, body).build()
}

/// Traps in every call.
#[must_use]
pub fn trap(id: &str) -> Vec<u8> {
    guard(id, "unreachable")
}

/// Logs an error line, as the panic hook of an SDK does, and traps.
#[must_use]
pub fn panicking(id: &str, message: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let [text, bytes] = guest.module.data.text(message);
    guest.module.import(LOG);
    guest
        .exporting(
            Function::Guard,
            &format!("(call $log (i32.const 3) (i32.const {text}) (i32.const {bytes})) unreachable"),
        )
        .build()
}

/// Never answers.
#[must_use]
pub fn endless_loop(id: &str) -> Vec<u8> {
    guard(id, "(loop $again (br $again)) unreachable")
}

/// Never answers, and never starts either.
#[must_use]
pub fn endless_start(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.function("(func $start (loop $again (br $again)))");
    guest.module.function("(start $start)");
    guest.exporting(Function::Guard, "unreachable").build()
}

/// Traps while it is instantiated.
#[must_use]
pub fn trap_on_start(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.function("(func $start unreachable)");
    guest.module.function("(start $start)");
    guest.exporting(Function::Guard, "unreachable").build()
}

/// Calls itself until the stack ends.
#[must_use]
pub fn recursion(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.function(
        "(func $down (param $n i32) (result i32)
           (i32.add (call $down (i32.add (local.get $n) (i32.const 1))) (local.get $n)))",
    );
    guest.exporting(Function::Guard, "(call $down (i32.const 0))").build()
}

/// Takes memory until there is none.
#[must_use]
pub fn memory_bomb(id: &str) -> Vec<u8> {
    guard(id, "(loop $again (drop (memory.grow (i32.const 64))) (br $again)) unreachable")
}

/// Wants this many pages of memory before it starts.
#[must_use]
pub fn memory_from_the_start(id: &str, pages: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.pages = pages;
    guest.exporting(Function::Guard, "unreachable").build()
}

/// Grows a table by ten million elements.
#[must_use]
pub fn table_bomb(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.function("(table $table 1 funcref)");
    guest
        .exporting(Function::Guard, "(drop (table.grow $table (ref.null func) (i32.const 10000000))) unreachable")
        .build()
}

/// Answers with one effect whose data has this many bytes, all of them really there (and zero).
#[must_use]
pub fn huge_result(id: &str, bytes: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let start = 2 << 20;
    let pages = (start + bytes).div_ceil(65536);
    let data = &mut guest.module.data;
    let [kind, kind_bytes] = data.text("comment");
    let effect = data.words(&[kind, kind_bytes, start, bytes]);
    let answer = data.words(&[0, effect, 1]);
    let grow = format!("(drop (memory.grow (i32.const {pages})))");
    guest.exporting(Function::Guard, &format!("{grow} {}", pointer(answer))).build()
}

/// Answers with many effects that all share one text of 512 kB: little memory in the guest, much in the host.
#[must_use]
pub fn amplified_result(id: &str, effects: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let text = vec![b' '; 512 << 10];
    let data = &mut guest.module.data;
    let [address, bytes] = data.bytes(&text);
    let words: Vec<u32> = (0..effects).flat_map(|_| [address, 7, address, bytes]).collect();
    let list = data.words(&words);
    let answer = data.words(&[0, list, effects]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Answers with this many empty effects.
#[must_use]
pub fn many_effects(id: &str, effects: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let [kind, kind_bytes] = data.text("comment");
    let words: Vec<u32> = (0..effects).flat_map(|_| [kind, kind_bytes, kind, 0]).collect();
    let list = data.words(&words);
    let answer = data.words(&[0, list, effects]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Answers with a list that ends behind the end of memory.
#[must_use]
pub fn lying_list(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let answer = guest.module.data.words(&[0, 4096, 0x0fff_ffff]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Answers with a text that begins behind the end of memory.
#[must_use]
pub fn lying_text(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let effect = guest.module.data.words(&[0xffff_0000, 16, 4096, 1]);
    let answer = guest.module.data.words(&[0, effect, 1]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Answers with a pointer behind the end of memory.
#[must_use]
pub fn lying_answer(id: &str) -> Vec<u8> {
    guard(id, "(i32.const 0x7ffffff0)")
}

/// Answers with a result that is neither ok nor an error.
#[must_use]
pub fn bad_discriminant(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let answer = guest.module.data.words(&[7, 4096, 0]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Answers with text that is not UTF-8.
#[must_use]
pub fn invalid_utf8(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let data = &mut guest.module.data;
    let [text, bytes] = data.bytes(&[0xff, 0xfe, 0x80, 0xc0]);
    let effect = data.words(&[text, bytes, text, bytes]);
    let answer = data.words(&[0, effect, 1]);
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Allocates where there is no memory when the host hands over arguments.
#[must_use]
pub fn lying_allocator(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    let answer = guest.module.data.words(&[0, 4096, 0]);
    guest.module.function("(func $start (global.set $heap (i32.const 0x7fff0000)))");
    guest.module.function("(start $start)");
    guest.exporting(Function::Guard, &pointer(answer)).build()
}

/// Logs this many lines, then answers with no effects.
#[must_use]
pub fn log_flood(id: &str, lines: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.import(LOG);
    let data = &mut guest.module.data;
    let [text, bytes] = data.text(&"flood ".repeat(1000));
    let answer = data.words(&[0, 4096, 0]);
    let body = format!(
        "(local $n i32)
         (loop $again
           (call $log (i32.const 1) (i32.const {text}) (i32.const {bytes}))
           (local.set $n (i32.add (local.get $n) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $n) (i32.const {lines}))))
         {}",
        pointer(answer)
    );
    guest.exporting(Function::Guard, &body).build()
}

/// Sends a text of this many bytes to the host in one call.
#[must_use]
pub fn long_text_to_host(id: &str, bytes: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.import(LOG);
    let start = 2 << 20;
    let pages = (start + bytes).div_ceil(65536);
    let body = format!(
        "(drop (memory.grow (i32.const {pages})))
         (call $log (i32.const 1) (i32.const {start}) (i32.const {bytes})) unreachable"
    );
    guest.exporting(Function::Guard, &body).build()
}

/// Sends text that is not UTF-8 to the host.
#[must_use]
pub fn invalid_utf8_to_host(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.import(LOG);
    let [text, bytes] = guest.module.data.bytes(&[0xff, 0xfe, 0x80, 0xc0]);
    guest
        .exporting(
            Function::Guard,
            &format!("(call $log (i32.const 1) (i32.const {text}) (i32.const {bytes})) unreachable"),
        )
        .build()
}

/// Imports an interface that no host of ours has.
#[must_use]
pub fn importing_unoffered(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id)
        .with_wit("package evil:net@1.0.0; interface sockets { open: func(); }", "import evil:net/sockets@1.0.0;");
    guest.module.import("(import \"evil:net/sockets@1.0.0\" \"open\" (func $open))");
    guest.exporting(Function::Guard, "(call $open) unreachable").build()
}

/// Imports one of our interfaces at a version that does not exist yet, and a WASI interface.
#[must_use]
pub fn importing_another_version(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id)
        .with_wit("package weft:host@9.0.0; interface log { shout: func(); }", "import weft:host/log@9.0.0;")
        .with_wit(
            "package wasi:random@0.2.6; interface random { dice: func() -> u32; }",
            "import wasi:random/random@0.2.6;",
        );
    guest.module.import("(import \"weft:host/log@9.0.0\" \"shout\" (func $shout))");
    guest.module.import("(import \"wasi:random/random@0.2.6\" \"dice\" (func $dice (result i32)))");
    guest.exporting(Function::Guard, "(call $shout) (call $dice)").build()
}

/// Exports a guard of a version that does not exist yet.
#[must_use]
pub fn exporting_another_version(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id).with_wit(
        "package weft:practice@9.0.0; interface guard { guard: func() -> u32; }",
        "export weft:practice/guard@9.0.0;",
    );
    guest.module.function("(func (export \"weft:practice/guard@9.0.0#guard\") (result i32) (i32.const 0))");
    guest.build()
}

/// Exports a guard of the right name and version with another type.
#[must_use]
pub fn guard_of_another_type(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id).foreign().with_wit(
        "package weft:practice@0.1.0; interface guard { guard: func(change: string) -> u32; }",
        "export weft:practice/guard@0.1.0;",
    );
    guest
        .module
        .function("(func (export \"weft:practice/guard@0.1.0#guard\") (param i32 i32) (result i32) (i32.const 0))");
    guest.build()
}

/// Exports an interface of the right name and version without its function.
#[must_use]
pub fn guard_without_a_function(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id).foreign().with_wit(
        "package weft:practice@0.1.0; interface guard { look: func() -> u32; }",
        "export weft:practice/guard@0.1.0;",
    );
    guest.module.function("(func (export \"weft:practice/guard@0.1.0#look\") (result i32) (i32.const 0))");
    guest.build()
}

/// Imports a function of the right name and version with another type.
#[must_use]
pub fn import_of_another_type(id: &str) -> Vec<u8> {
    let mut guest = Guest::new(id).foreign().with_wit(
        "package weft:host@0.1.0; interface log { write: func(level: u32) -> u32; }",
        "import weft:host/log@0.1.0; export run: func() -> u32;",
    );
    guest.module.import("(import \"weft:host/log@0.1.0\" \"write\" (func $write (param i32) (result i32)))");
    guest.module.function("(func (export \"run\") (result i32) (call $write (i32.const 1)))");
    guest.build()
}

/// Answers at once, after asking the host for a setting this many times.
#[must_use]
pub fn chatty(id: &str, calls: u32) -> Vec<u8> {
    let mut guest = Guest::new(id);
    guest.module.import("(import \"weft:host/settings@0.1.0\" \"get\" (func $get (param i32 i32 i32)))");
    let data = &mut guest.module.data;
    let [text, bytes] = data.text("key");
    let answer = data.words(&[0, 4096, length::<()>(&[])]);
    let body = format!(
        "(local $n i32)
         (loop $again
           (call $get (i32.const {text}) (i32.const {bytes}) (i32.const 1024))
           (local.set $n (i32.add (local.get $n) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $n) (i32.const {calls}))))
         {}",
        pointer(answer)
    );
    guest.exporting(Function::Guard, &body).build()
}

/// The import that a guest needs to log.
pub const LOG: &str = "(import \"weft:host/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))";
