//! Settings. Each has one name as file key (`http.listen`), environment variable (`WEFT_HTTP_LISTEN`) and flag (`--http-listen`); the
//! later ones win in this order. A section is a file; everything that is wrong is told at once.

mod http;
mod jobs;
mod log;
mod mail;
mod migrate;
mod outbound;
mod overload;
mod plugins;
mod retention;
mod search;
mod store;

pub use http::Http;
pub use jobs::Jobs;
pub use log::Log;
pub use mail::Mail;
pub use migrate::Migrate;
pub use outbound::Outbound;
pub use overload::Overload;
pub use plugins::Plugins;
pub use retention::Retention;
pub use search::Search;
pub use store::Store;

use crate::failure::Failure;
use api::schema::ServerSetting;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A setting: its key, what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub help: &'static str,
}

impl Key {
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    #[must_use]
    pub fn flag(&self) -> String {
        format!("{}-{}", self.section, self.name.replace('_', "-"))
    }

    #[must_use]
    pub fn variable(&self) -> String {
        format!("WEFT_{}_{}", self.section, self.name).to_uppercase()
    }
}

/// Defines a section: a struct with defaults, its keys, and how it is read with every problem told.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident $section:literal { $($(#[doc = $help:literal])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize)]
        pub struct $name {
            $($(#[doc = $help])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            pub(crate) const KEYS: &[crate::config::Key] = &[
                $(crate::config::Key { section: $section, name: stringify!($field), help: concat!($($help),*) },)*
            ];

            pub(crate) fn read(figment: &figment::Figment, problems: &mut Vec<String>) -> Self {
                let default = Self::default();
                Self { $($field: crate::config::value(figment, concat!($section, ".", stringify!($field)), default.$field, problems),)* }
            }
        }
    };
}
use section;

/// All settings.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Settings {
    pub http: Http,
    pub overload: Overload,
    pub store: Store,
    pub plugins: Plugins,
    pub jobs: Jobs,
    pub outbound: Outbound,
    pub migrate: Migrate,
    pub retention: Retention,
    pub search: Search,
    pub mail: Mail,
    pub log: Log,
    /// Where each setting came from, by its key; what is absent has its default.
    #[serde(skip)]
    pub origins: BTreeMap<String, String>,
}

/// The settings and where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub values: Settings,
    pub figment: Figment,
}

/// Every setting there is.
#[must_use]
pub fn keys() -> Vec<Key> {
    [
        Http::KEYS,
        Overload::KEYS,
        Store::KEYS,
        Plugins::KEYS,
        Jobs::KEYS,
        Outbound::KEYS,
        Mail::KEYS,
        Migrate::KEYS,
        Retention::KEYS,
        Search::KEYS,
        Log::KEYS,
    ]
    .concat()
}

/// Variables that are no settings: for other parts of Weft.
const OTHER_VARIABLES: [&str; 5] =
    ["WEFT_CONFIG", "WEFT_URL", "WEFT_TOKEN", "WEFT_PLUGINS_PREBUILT", "WEFT_WASM_RUSTC"];

/// Read the settings from a file, the environment and flags.
///
/// # Errors
/// Everything that is wrong: unknown keys with the one that was probably meant, values of another type.
pub fn load(file: Option<&Path>, variables: &[(String, String)], flags: &[(Key, String)]) -> Result<Loaded, Failure> {
    let mut problems = Vec::new();
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    let path = file.map_or_else(|| PathBuf::from("weft.toml"), Path::to_path_buf);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            check_file(&path, &text, &mut problems);
            figment = figment.merge(Toml::file_exact(&path));
        }
        Err(error) if file.is_some() => problems.push(format!("{}: {error}", path.display())),
        Err(_) => {}
    }
    for (name, value) in variables {
        match keys().into_iter().find(|key| key.variable() == *name) {
            Some(key) => {
                figment =
                    figment.merge(Single { key, value: value.clone(), origin: format!("environment variable {name}") })
            }
            None if OTHER_VARIABLES.contains(&name.as_str()) => {}
            None => problems.push(format!(
                "environment variable {name} is no setting{}",
                suggest(name, keys().iter().map(Key::variable))
            )),
        }
    }
    for (key, value) in flags {
        figment = figment.merge(Single { key: *key, value: value.clone(), origin: format!("flag --{}", key.flag()) });
    }
    let values = Settings {
        http: Http::read(&figment, &mut problems),
        overload: Overload::read(&figment, &mut problems),
        store: Store::read(&figment, &mut problems),
        plugins: Plugins::read(&figment, &mut problems),
        jobs: Jobs::read(&figment, &mut problems),
        outbound: Outbound::read(&figment, &mut problems),
        migrate: Migrate::read(&figment, &mut problems),
        retention: Retention::read(&figment, &mut problems),
        search: Search::read(&figment, &mut problems),
        mail: Mail::read(&figment, &mut problems),
        log: Log::read(&figment, &mut problems),
        origins: origins(&figment),
    };
    if problems.is_empty() {
        return Ok(Loaded { values, figment });
    }
    Err(Failure::new(format!("the settings are not right:\n  {}", problems.join("\n  "))))
}

/// One setting of a section, or its default and a problem.
fn value<T: DeserializeOwned>(figment: &Figment, path: &str, default: T, problems: &mut Vec<String>) -> T {
    figment.extract_inner(path).unwrap_or_else(|error| {
        let origin = figment.find_metadata(path).map_or_else(String::new, origin);
        problems.extend(error.into_iter().map(|one| format!("{path} ({origin}): {}", one.kind)));
        default
    })
}

fn origins(figment: &Figment) -> BTreeMap<String, String> {
    let told = keys().into_iter().filter_map(|key| Some((key.path(), origin(figment.find_metadata(&key.path())?))));
    told.collect()
}

/// Every setting as people may see it: its value without the password of an address, what it is for, and where it came from.
#[must_use]
pub fn described(settings: &Settings) -> Vec<ServerSetting> {
    let values = serde_json::to_value(settings).unwrap_or_default();
    keys()
        .into_iter()
        .map(|key| ServerSetting {
            value: match &values[key.section][key.name] {
                serde_json::Value::String(text) => without_password(text).into(),
                other => other.clone(),
            },
            origin: settings.origins.get(&key.path()).cloned().unwrap_or_else(|| "default".to_owned()),
            key: key.path(),
            help: key.help.trim().to_owned(),
        })
        .collect()
}

/// `scheme://user:password@host` with the password left out.
fn without_password(text: &str) -> String {
    let parts = text.split_once("://").and_then(|(scheme, rest)| {
        let (login, place) = rest.split_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:…@{place}"))
    });
    parts.unwrap_or_else(|| text.to_owned())
}

/// Where a setting came from, for people.
#[must_use]
pub fn origin(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("Settings") => "default".to_owned(),
        _ => metadata.name.to_string(),
    }
}

fn check_file(path: &Path, text: &str, problems: &mut Vec<String>) {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return problems.push(format!("{}: {}", path.display(), error.to_string().trim())),
    };
    let sections: Vec<&str> = keys().iter().map(|key| key.section).collect();
    for (section, values) in &table {
        if !sections.contains(&section.as_str()) {
            problems.push(format!(
                "{}: there is no section [{section}]{}",
                path.display(),
                suggest(section, sections.iter().map(|section| (*section).to_owned()))
            ));
            continue;
        }
        let Some(values) = values.as_table() else {
            problems.push(format!("{}: {section} is a section: write [{section}]", path.display()));
            continue;
        };
        for name in values.keys() {
            let full = format!("{section}.{name}");
            if !keys().iter().any(|key| key.path() == full) {
                problems.push(format!(
                    "{}: there is no setting {full}{}",
                    path.display(),
                    suggest(&full, keys().iter().map(Key::path))
                ));
            }
        }
    }
}

/// The known word that was probably meant.
fn suggest(given: &str, known: impl Iterator<Item = String>) -> String {
    let best = known.map(|word| (distance(given, &word), word)).min();
    best.filter(|(distance, word)| *distance <= word.len() / 3 + 1)
        .map_or_else(String::new, |(_, word)| format!("; did you mean {word}?"))
}

/// Edits between two words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut previous = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let change = previous + usize::from(a != *b);
            previous = row[j + 1];
            row[j + 1] = change.min(previous + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

/// One setting given by hand.
struct Single {
    key: Key,
    value: String,
    origin: String,
}

impl Provider for Single {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        // A text where the default is one stays as it is; anything else is read as a number or a flag.
        let is_text = serde_json::to_value(Settings::default())
            .is_ok_and(|defaults| defaults[self.key.section][self.key.name].is_string());
        let value = if is_text {
            Value::from(self.value.clone())
        } else {
            self.value.parse().unwrap_or_else(|_| Value::from(self.value.clone()))
        };
        let section = Dict::from([(self.key.name.to_owned(), value)]);
        let data = Dict::from([(self.key.section.to_owned(), Value::from(section))]);
        Ok(Map::from([(Profile::Default, data)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weft.toml");
        std::fs::write(
            &file,
            "[http]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://a.example\"\n[jobs]\nconcurrency = 3\n",
        )
        .unwrap();
        let listen = keys().into_iter().find(|key| key.path() == "http.listen").unwrap();

        let loaded = load(
            Some(&file),
            &variables(&[("WEFT_HTTP_LISTEN", "127.0.0.1:2"), ("WEFT_JOBS_CONCURRENCY", "5")]),
            &[(listen, "127.0.0.1:3".to_owned())],
        )
        .unwrap();

        assert_eq!(loaded.values.http.listen.to_string(), "127.0.0.1:3");
        assert_eq!(loaded.values.http.public_url, "https://a.example");
        assert_eq!(loaded.values.jobs.concurrency, 5);
        let from = |path| origin(loaded.figment.find_metadata(path).unwrap());
        assert_eq!(from("http.listen"), "flag --http-listen");
        assert_eq!(from("jobs.concurrency"), "environment variable WEFT_JOBS_CONCURRENCY");
        assert!(from("http.public_url").ends_with("weft.toml"));
        assert_eq!(from("log.format"), "default");
        let described = described(&Settings {
            store: Store { url: "postgres://weft:hunter2@db.example/weft".to_owned(), ..Store::default() },
            ..loaded.values
        });
        let shown =
            |key: &str| described.iter().find(|one| one.key == key).map(|one| (one.value.clone(), one.origin.clone()));
        assert_eq!(shown("jobs.concurrency").unwrap().1, "environment variable WEFT_JOBS_CONCURRENCY");
        assert_eq!(shown("store.url").unwrap().0, "postgres://weft:…@db.example/weft");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weft.toml");
        std::fs::write(&file, "[http]\nlissen = \"x\"\n[jobs]\nconcurrency = \"many\"\n[stor]\npath = \"x\"\n")
            .unwrap();

        let failure = load(Some(&file), &variables(&[("WEFT_HTTP_LISTN", "x"), ("WEFT_TOKEN", "secret")]), &[])
            .unwrap_err()
            .to_string();

        for part in
            ["did you mean http.listen?", "jobs.concurrency", "did you mean store?", "did you mean WEFT_HTTP_LISTEN?"]
        {
            assert!(failure.contains(part), "{part} in {failure}");
        }
        assert!(!failure.contains("secret"));
    }
}
