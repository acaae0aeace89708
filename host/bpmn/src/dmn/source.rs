//! The other models that a model may import: given by the caller, never fetched.

use super::read;

/// Files of one set of models.
const SOURCES_MAX: usize = 64;

/// Models that may be imported, by their namespace or by their file name.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    name: String,
    /// Of the model inside, empty where the file could not be read: the reason comes when it is imported by its name.
    namespace: String,
    xml: String,
}

impl Sources {
    /// No other models: whatever a model imports is a problem.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with one more file. Past 64 files the rest is left out, so that an import of one of them is refused.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, xml: impl Into<String>) -> Self {
        if self.files.len() < SOURCES_MAX {
            let (name, xml) = (name.into(), xml.into());
            let namespace = read::namespace_of(&xml).unwrap_or_default();
            self.files.push(Source { name, namespace, xml });
        }
        self
    }

    /// File name and text of a model.
    pub(crate) fn find(&self, namespace: &str, location: Option<&str>) -> Option<(&str, &str)> {
        let file_name = |location: &str| location.rsplit(['/', '\\']).next().unwrap_or(location).to_owned();
        self.files
            .iter()
            .find(|source| source.namespace == namespace)
            .or_else(|| {
                let wanted = file_name(location?);
                self.files.iter().find(|source| file_name(&source.name) == wanted)
            })
            .map(|source| (source.name.as_str(), source.xml.as_str()))
    }
}
