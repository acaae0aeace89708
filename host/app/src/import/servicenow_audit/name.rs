//! People and groups of the log, which names them and nothing more.
//!
//! An id follows from the name alone, so that another file or another run gives the same people the same ids. Two spellings
//! are one name if only case and spaces differ. A name that has anything but letters, digits and spaces, or is very long, gets a
//! piece of its hash behind the id: two names never share one.

use domain::{GroupId, PersonId, Role};
use serde::Serialize;
use sha2::{Digest, Sha256};

const SLUG_CHARS_MAX: usize = 48;

/// Somebody to create before the rows that name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedPerson {
    pub id: PersonId,
    /// The same text as the id.
    pub login: String,
    /// As the log writes it first.
    pub name: String,
    /// Agent if work was ever assigned to them.
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedGroup {
    pub id: GroupId,
    pub title: String,
    /// Those to whom work of the group was assigned.
    pub members: Vec<PersonId>,
}

/// `Caller 2403` is `caller-2403`.
#[must_use]
pub fn person_id(name: &str) -> PersonId {
    PersonId(slug(name))
}

/// `Group 56` is `group-56`.
#[must_use]
pub fn group_id(name: &str) -> GroupId {
    GroupId(slug(name))
}

pub(super) fn slug(name: &str) -> String {
    let folded = name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    let mut slug = String::new();
    let mut is_plain = true;
    for c in folded.chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            ' ' => slug.push('-'),
            _ => {
                is_plain = false;
                if !slug.is_empty() && !slug.ends_with('-') {
                    slug.push('-');
                }
            }
        }
    }
    if is_plain && !slug.is_empty() && slug.len() <= SLUG_CHARS_MAX {
        return slug;
    }
    slug.truncate(SLUG_CHARS_MAX);
    let stem = slug.trim_matches('-');
    format!("{}-{}", if stem.is_empty() { "name" } else { stem }, hash(folded.as_bytes(), 5))
}

/// The first `bytes` of the SHA-256, hexadecimal.
pub(super) fn hash(input: &[u8], bytes: usize) -> String {
    Sha256::digest(input).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_a_readable_id() {
        for (name, id) in [
            ("Caller 2403", "caller-2403"),
            ("Group 56", "group-56"),
            ("Opened by  8", "opened-by-8"),
            ("  resolver 149 ", "resolver-149"),
            ("Network", "network"),
        ] {
            assert_eq!(slug(name), id);
        }
    }

    #[test]
    fn different_names_never_share_an_id() {
        let long = "x".repeat(60);
        let longer = "x".repeat(61);
        let names = [
            "Group 56",
            "Group-56",
            "Group_56",
            "group.56",
            "Gröup 56",
            "Группа",
            "工具",
            "?!",
            "-",
            "56",
            &long,
            &longer,
        ];
        let slugs: std::collections::BTreeSet<_> = names.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), names.len(), "{slugs:?}");
        assert!(
            slugs.iter().all(|slug| slug.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-'))
        );
        assert_eq!(slug("GRÖUP 56"), slug("gröup  56"));
    }
}
