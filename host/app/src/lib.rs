//! weft-app.
