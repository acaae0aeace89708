//! A form's rules, the same component in the browser and on the server.

use crate::bindings::form::exports::weft::form::form as wire;

/// A value that can be chosen in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

impl From<Choice> for wire::Choice {
    fn from(choice: Choice) -> Self {
        Self { value: choice.value, label: choice.label }
    }
}

/// For the export macro: the values that the host sends.
#[doc(hidden)]
#[must_use]
pub fn values(text: &str) -> crate::Object {
    crate::convert::object(text)
}
