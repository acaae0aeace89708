//! The binary `weft`. Everything is in the library, so that tests start the same thing.

fn main() -> std::process::ExitCode {
    weft_server::main()
}
