//! The binary `weft`. Everything is in the library, so that tests start the same thing.

/// Values of JSON are many small pieces, made on one thread and freed on another: that is where the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    weft_server::main()
}
