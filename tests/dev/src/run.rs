//! Runs other programs, loudly.

use std::{
    error::Error,
    fmt, io,
    process::{Command, Output, Stdio},
};

/// Why a command of `cargo dev` stopped, and the code it ends with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) text: String,
    pub(crate) code: u8,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

#[expect(clippy::print_stderr, reason = "the one place where this tool talks to its terminal")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Runs to the end with the terminal's own input and output.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let shown = show(&command);
    say(&format!("$ {shown}"));
    let status = command.status().map_err(|error| Failure::new(format!("`{shown}` did not start: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).unwrap_or(1);
    Err(Failure { text: format!("`{shown}` ended with {status}"), code })
}

/// Becomes the other program, so that it gets the signals of the terminal itself.
pub(crate) fn replace(mut command: Command) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        let shown = show(&command);
        say(&format!("$ {shown}"));
        let error = std::os::unix::process::CommandExt::exec(&mut command);
        Err(Failure::new(format!("`{shown}` did not start: {error}")))
    }
    #[cfg(not(unix))]
    run(command)
}

/// What a program prints, its errors shown as they come.
pub(crate) fn read(mut command: Command) -> Result<String, Failure> {
    let shown = show(&command);
    let Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::new(format!("`{shown}` did not start: {error}")))?;
    if !status.success() {
        return Err(Failure::new(format!("`{shown}` ended with {status}")));
    }
    String::from_utf8(stdout).map_err(|_| Failure::new(format!("`{shown}` printed what is not text")))
}

/// True if the program starts and ends well; its output is of no interest.
pub(crate) fn works(mut command: Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn show(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}
