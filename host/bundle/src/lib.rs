//! weft-bundle.
