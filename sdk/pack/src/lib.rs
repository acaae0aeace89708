//! weft-pack.
