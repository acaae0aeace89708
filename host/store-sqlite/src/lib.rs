//! weft-store-sqlite.
