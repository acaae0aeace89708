//! Version numbers of articles: whole ones are published, the hundredths after them are drafts of the next.

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    published: u32,
    draft: u32,
}

impl Version {
    pub(crate) const FIRST: Self = Self { published: 0, draft: 1 };
    /// Two digits are shown; a hundredth step stays what it is.
    const DRAFT_MAX: u32 = 99;

    pub(crate) fn next(self) -> Self {
        Self { draft: (self.draft + 1).min(Self::DRAFT_MAX), ..self }
    }

    pub(crate) fn published(self) -> Self {
        Self { published: self.published + 1, draft: 0 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.draft {
            0 => write!(f, "{}.0", self.published),
            draft => write!(f, "{}.{draft:02}", self.published),
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || -> Option<Self> {
            let (published, draft) = text.split_once('.')?;
            Some(Self { published: published.parse().ok()?, draft: draft.parse().ok()? })
        };
        read().ok_or_else(|| format!("`{text}` is not a version such as 1.0 or 1.01"))
    }
}
