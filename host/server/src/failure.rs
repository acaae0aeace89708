//! Why a command failed, as a person reads it on the terminal: the same words as the API's problems.

use app::AppError;
use domain::Problem;
use std::error::Error;
use std::fmt::Write;

#[derive(Debug)]
pub struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// An error with its causes.
    #[must_use]
    pub fn of(what: &str, error: &dyn Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            let _ = write!(text, ": {error}");
            source = error.source();
        }
        Self { text, code: 1 }
    }

    /// The same with another exit code than 1.
    #[must_use]
    pub fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// What the process ends with.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.code
    }

    #[must_use]
    pub fn problems(what: &str, problems: &[Problem]) -> Self {
        let mut text = what.to_owned();
        for problem in problems {
            let _ = write!(text, "\n  {problem}");
        }
        Self { text, code: 1 }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match &error {
            AppError::Invalid(problems) => Self::problems(&error.to_string(), problems),
            AppError::Rejected { problems, .. } => Self::problems(&error.to_string(), problems),
            AppError::Plugin(fault) => Self::new(fault.to_string()),
            AppError::Store(cause) => Self::of("the store failed", cause),
            _ => Self::new(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::of("reading or writing failed", &error)
    }
}
