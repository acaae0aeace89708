//! Compiled code on disk, by the digest of the component and the settings of the engine.
//!
//! What is loaded from here is executed outside of the sandbox, so a file is trusted only if it is bit for bit what was written:
//! each begins with a hash over its name and its code, and the bytes that were hashed are the bytes that are loaded. That
//! finds torn writes, bad disks and mixed-up files. Against somebody who can write to the folder stands its mode, 0700.

use crate::config::RuntimeConfig;
use domain::Digest;
use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;

const HASH_BYTES: usize = 32;

#[derive(Debug)]
pub(crate) struct Cache {
    dir: Option<PathBuf>,
    /// Digest of everything of the engine that compiled code depends on.
    compatibility: String,
    next_temporary: AtomicU64,
}

impl Cache {
    /// # Errors
    /// The folder cannot be created, or is open to others and cannot be closed.
    pub(crate) fn open(config: &RuntimeConfig, engine: &Engine) -> io::Result<Self> {
        if let Some(dir) = &config.cache_dir {
            create_private(dir)?;
        }
        let mut hasher = Fingerprint(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = format!("{:016x}", hasher.finish());
        Ok(Self { dir: config.cache_dir.clone(), compatibility, next_temporary: AtomicU64::new(0) })
    }

    /// The compiled component, if it is there and whole.
    pub(crate) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(digest)?;
        let file = std::fs::read(&path).ok()?;
        let code = file.get(HASH_BYTES..)?;
        if file[..HASH_BYTES] != self.hash(digest, code)[..] {
            tracing::warn!(path = %path.display(), "compiled code is damaged, it will be compiled again");
            return None;
        }
        match deserialize(engine, code) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code does not load, it will be compiled again");
                None
            }
        }
    }

    /// Keep compiled code. That it cannot be kept is no reason to refuse a component.
    pub(crate) fn store(&self, digest: &Digest, code: &[u8]) {
        let Some(path) = self.path(digest) else {
            return;
        };
        if let Err(error) = self.write(&path, digest, code) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept");
        }
    }

    fn write(&self, path: &Path, digest: &Digest, code: &[u8]) -> io::Result<()> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let mut file = std::fs::File::create(&temporary)?;
        let written = file
            .write_all(&self.hash(digest, code))
            .and_then(|()| file.write_all(code))
            .and_then(|()| std::fs::rename(&temporary, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        let dir = self.dir.as_ref()?;
        Some(dir.join(format!("{digest}-{}.cwasm", self.compatibility)))
    }

    fn hash(&self, digest: &Digest, code: &[u8]) -> [u8; HASH_BYTES] {
        let mut hash = Sha256::new();
        hash.update(b"weft compiled code 1\0");
        hash.update(digest.as_str());
        hash.update(b"\0");
        hash.update(&self.compatibility);
        hash.update(b"\0");
        hash.update(code);
        hash.finalize().into()
    }
}

/// Code that this process compiled, or that [`Cache::load`] checked.
pub(crate) fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "loading compiled code trusts its bytes; both callers know where they are from")]
    // SAFETY: the bytes are the output of `precompile_component`, straight from it or with their hash checked just now, and
    // they are copied, so nobody can change them afterwards. The engine itself checks version and settings.
    unsafe {
        Component::deserialize(engine, code)
    }
}

#[cfg(unix)]
fn create_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn create_private(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)
}

/// A hasher that is the same in every process and release of the standard library.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.clone().finalize();
        hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}
