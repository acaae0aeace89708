//! Turns a built core module, its `plugin.toml` and its assets into the one `.wasm` file that is a plugin, and reads it back.
//!
//! Everything here is for build time and for install: it knows files and processes, and nothing of the host, the store or the
//! meaning of a manifest. The same input gives the same bytes, because the digest of the file is the plugin's identity.

#[cfg(feature = "read")]
mod component;
#[cfg(feature = "component")]
mod encode;
#[cfg(feature = "read")]
mod error;
#[cfg(feature = "component")]
mod prebuilt;
#[cfg(feature = "component")]
mod source;
pub mod toolchain;
#[cfg(feature = "component")]
mod workspace;

#[cfg(feature = "read")]
pub use self::{
    component::{ASSET_SECTION, Asset, Interfaces, MANIFEST_SECTION, Packed, digest, interfaces, limit, read},
    error::PackError,
};
#[cfg(feature = "component")]
pub use self::{
    encode::pack,
    prebuilt::{SUMS_FILE, write_sums},
    source::Source,
    workspace::{Built, GROUPS, Member, PREBUILT_VARIABLE, build, members},
};
