//! Service level management: agreements, their clocks on tickets, and why each is due when it is.

pub use timeline;
