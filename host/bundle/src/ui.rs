//! The built screens: read from the disk by a debug build while it runs, inside the binary of a release.
//!
//! Whether a path is public, how long it may be cached and which encoding the browser takes is decided by who serves it; the
//! build leaves `<file>.br` beside what is worth compressing, and that is a file like any other.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Files;

/// One file of the screens.
#[derive(Debug, Clone)]
pub struct File {
    pub bytes: Cow<'static, [u8]>,
    /// A strong validator with its quotes, made from the content.
    pub etag: String,
    /// By the name of the file, without the `.br` of a compressed one.
    pub media_type: String,
}

/// What to serve for a page while no screens are built.
pub const MISSING_PAGE: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Weft: screens not built</title>
<body style=\"font-family: system-ui; max-width: 40rem; margin: 4rem auto; line-height: 1.5\">
<h1>The screens are not built yet</h1>
<p>Weft runs, and its API answers. To build the screens, run <code>cargo dev ui</code> in the source folder and load this
page again; a release has to be built again afterwards.</p>
</body></html>
";

/// The file with this path, for example `assets/app.js`; nothing for a folder, a path outside, or if nothing was built.
#[must_use]
pub fn get(path: &str) -> Option<File> {
    let file = Files::get(path)?;
    let hash = file.metadata.sha256_hash();
    let etag = hash[..16].iter().fold(String::from("\""), |text, byte| text + &format!("{byte:02x}")) + "\"";
    let media_type = match path.strip_suffix(".br") {
        Some(plain) => Files::get(plain)
            .map_or_else(|| file.metadata.mimetype().to_owned(), |plain| plain.metadata.mimetype().to_owned()),
        None => file.metadata.mimetype().to_owned(),
    };
    Some(File { bytes: file.data, etag, media_type })
}

/// True if the screens were built.
#[must_use]
pub fn is_built() -> bool {
    get("index.html").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in ["../package.json", "/etc/hostname", "..", "", "assets/../../package.json"] {
            assert!(get(path).is_none(), "{path}");
        }
    }

    #[test]
    fn what_is_built_can_be_fetched() {
        assert_eq!(is_built(), Files::iter().any(|path| path == "index.html"));
        for path in Files::iter().take(20) {
            let file = get(&path).unwrap();
            assert!(!file.media_type.is_empty() && file.etag.len() == 34, "{path}");
        }
    }
}
