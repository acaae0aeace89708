//! Why a decision is refused or cannot be made.

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON Pointer into what was refused, for example `/fields/impact`; empty for the whole.
    pub pointer: String,
    /// Stable word for programs, for example `required`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

impl Issue {
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

/// A guard's no, with everything that is wrong at once.
///
/// ```
/// use weft_sdk::Rejection;
///
/// let mut wrong = Rejection::none();
/// wrong.add("/fields/close-code", "required", "say what kind of solution it was");
/// wrong.add("/fields/close-notes", "required", "say how it was resolved");
/// assert_eq!(wrong.or_ok(()).unwrap_err().issues.len(), 2);
/// assert!(Rejection::none().or_ok("fine").is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejection {
    pub issues: Vec<Issue>,
}

impl Rejection {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { issues: vec![Issue::new(pointer, code, message)] }
    }

    pub fn add(&mut self, pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) {
        self.issues.push(Issue::new(pointer, code, message));
    }

    /// For tests: the codes, in order.
    #[must_use]
    pub fn codes(&self) -> Vec<&str> {
        self.issues.iter().map(|issue| issue.code.as_str()).collect()
    }

    /// `value`, unless something is wrong.
    ///
    /// # Errors
    /// Itself, if it has issues.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.issues.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Why a decision could not be made. The host retries `Retry`, and quarantines a plugin that keeps failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not granted to the plugin, or not allowed to the person it acts for.
    Denied(String),
    Invalid(Vec<Issue>),
    /// Seconds to wait.
    Retry(u32),
    Permanent(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied(reason) => write!(f, "denied: {reason}"),
            Self::Invalid(issues) => {
                f.write_str("invalid")?;
                issues.iter().try_for_each(|issue| write!(f, "; {}: {}", issue.pointer, issue.message))
            }
            Self::Retry(seconds) => write!(f, "try again in {seconds} s"),
            Self::Permanent(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Issue> for Fault {
    fn from(issue: Issue) -> Self {
        Self::Invalid(vec![issue])
    }
}

impl From<Issue> for Rejection {
    fn from(issue: Issue) -> Self {
        Self { issues: vec![issue] }
    }
}

/// A guard that cannot ask what it must know refuses: it never lets a change pass unchecked.
impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        let code = match &fault {
            Fault::Invalid(_) => "invalid",
            Fault::Denied(_) => "denied",
            Fault::Retry(_) => "retry",
            Fault::Permanent(_) => "failed",
        };
        match fault {
            Fault::Invalid(issues) => Self { issues },
            other => Self::new("", code, other.to_string()),
        }
    }
}
