//! weft-api.
