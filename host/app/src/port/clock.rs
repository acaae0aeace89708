//! Time and randomness as arguments: the wall clock in production, a simulated one in tests, demos and planning.

use jiff::Timestamp;

/// Where `now` comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now(&self) -> Timestamp;
}

/// Where secrets and ids come from.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fill with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A new id: UUID version 7 for the given instant, so that ids sort by age.
    fn new_id(&self, now: Timestamp) -> String {
        let mut random = [0_u8; 10];
        self.fill(&mut random);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
