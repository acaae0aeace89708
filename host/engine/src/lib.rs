//! weft-engine.
