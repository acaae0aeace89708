//! Tests of the model at its boundary: files in, problems and graphs out. One binary, since linking is what takes the time.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tools;
