//! Time and randomness as arguments: the wall clock in production, a simulated one in tests, demos and planning.

use jiff::Timestamp;
use std::pin::Pin;
use std::time::Duration;

/// A wait.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where `now` comes from, and what it is to wait.
pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now(&self) -> Timestamp;

    /// Wait for so long. Real time, unless time itself is simulated: a clock that only shows another time still lets real time pass.
    fn sleep(&self, duration: Duration) -> Sleep {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
        Box::pin(tokio::time::sleep(duration))
    }
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
