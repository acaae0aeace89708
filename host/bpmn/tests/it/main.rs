//! Tests of the model at its boundary: files in, problems and graphs out. One binary, since linking is what takes the time.

mod conformance;
mod hostile;
mod rules;
mod tools;
