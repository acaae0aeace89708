//! What is inside the binary besides code: the first-party plugins and the built screens, as bytes.
//!
//! Knows nothing of what a plugin or a screen means. The server hands the plugins to the same install as everybody else's:
//! being bundled gives no right that a manifest does not ask for.

pub mod ui;

/// A packed plugin, ready to install.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    pub id: &'static str,
    pub version: &'static str,
    /// SHA-256 of `bytes` in lower-case hexadecimal.
    pub digest: &'static str,
    pub bytes: &'static [u8],
}

// Every plugin below `plugins/`, sorted by id: `pub const PLUGINS: &[Bundled]`.
include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

/// The bundled plugin with this id.
#[must_use]
pub fn plugin(id: &str) -> Option<&'static Bundled> {
    PLUGINS.iter().find(|plugin| plugin.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_sorted_and_each_is_once() {
        assert!(PLUGINS.is_sorted_by(|left, right| left.id < right.id));
        for bundled in PLUGINS {
            assert!(plugin(bundled.id).is_some_and(|found| found.digest == bundled.digest));
            assert!(bundled.bytes.starts_with(b"\0asm") && bundled.digest.len() == 64);
        }
    }
}
