//! Reading `plugin.toml` and its kind files: every problem at once, each with file and line.
