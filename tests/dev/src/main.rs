//! weft-dev.
fn main() {}
