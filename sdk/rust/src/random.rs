//! The only randomness of a plugin: a sequence that follows from the seed of the decision, the same on every retry and replay.

/// Not for secrets: whoever knows the seed knows the sequence.
///
/// ```
/// use weft_sdk::Rng;
///
/// let mut rng = Rng::new("0123456789abcdef0123456789abcdef");
/// let first = rng.below(6);
/// assert!(first < 6);
/// assert_eq!(Rng::new("0123456789abcdef0123456789abcdef").below(6), first);
/// assert!(["ana", "bo"].contains(rng.pick(&["ana", "bo"]).unwrap()));
/// ```
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// `seed` is `context.seed`; every character of it counts.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        // FNV-1a over the text: 32 hexadecimal digits in, 64 bits out.
        Self(
            seed.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
        )
    }

    /// The next 64 bits (SplitMix64).
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 for a limit of 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u32
    }

    /// One of the items, or none of nothing.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(u32::try_from(items.len()).ok()?) as usize)
    }
}
