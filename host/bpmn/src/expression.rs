//! An expression of a model: FEEL, parsed once. Compared, printed and stored by its text, without the `=` that marks it in XML.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, sync::Arc};

/// Bytes of one expression. People write hundreds; generators that need more should call a decision.
pub const EXPRESSION_MAX_BYTES: usize = 32 << 10;

/// A FEEL expression that parses.
#[derive(Clone)]
pub struct Expression(Arc<feel::Expression>);

/// A text that is not FEEL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a FEEL expression: {reason}")]
pub struct ExpressionError {
    /// The beginning of the text.
    pub text: String,
    /// What was found, what was expected, what to do.
    pub reason: String,
}

impl Expression {
    /// Parse a text without the leading `=`.
    ///
    /// # Errors
    /// [`ExpressionError`] when the text is empty, too long or not FEEL.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let text = text.trim();
        let refuse = |reason: String| ExpressionError { text: shortened(text), reason };
        if text.is_empty() {
            return Err(refuse("it is empty; write a value, a name or a comparison".to_owned()));
        }
        if text.len() > EXPRESSION_MAX_BYTES {
            return Err(refuse(format!("it has {} bytes, the limit is {EXPRESSION_MAX_BYTES}", text.len())));
        }
        match feel::Expression::parse(text, &feel::Names::default()) {
            Ok(expression) => Ok(Self(Arc::new(expression))),
            Err(problems) => {
                let all: Vec<String> = problems.iter().take(3).map(ToString::to_string).collect();
                Err(refuse(all.join("; ")))
            }
        }
    }

    /// The text without the leading `=`.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// What can be evaluated.
    #[must_use]
    pub fn feel(&self) -> &feel::Expression {
        &self.0
    }
}

/// Enough of a text to find it again.
fn shortened(text: &str) -> String {
    const SHOWN_CHARACTERS: usize = 80;
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl std::ops::Deref for Expression {
    type Target = feel::Expression;

    fn deref(&self) -> &feel::Expression {
        &self.0
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Expression({:?})", self.text())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
