//! Authorization in one place.
