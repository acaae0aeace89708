//! Decimal numbers as IEEE 754 decimal128 computes them: 34 significant digits, half to even.

use std::fmt;

/// A decimal number of up to 34 digits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Number {
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { high: 0, low: value.unsigned_abs(), exponent: 0, negative: value < 0 }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coefficient = u128::from(self.high) << 64 | u128::from(self.low);
        write!(formatter, "{}{coefficient}e{}", if self.negative { "-" } else { "" }, self.exponent)
    }
}
