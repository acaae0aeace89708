//! Installing, consenting to, switching and watching plugins.

pub mod health;
pub mod install;
