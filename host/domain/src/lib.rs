//! weft-domain.
