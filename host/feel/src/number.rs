//! Decimal numbers as IEEE 754 decimal128 computes them: 34 significant digits, rounded half to even, from 1E-6176 to 9.99E+6144.
//!
//! There is no infinity and no not-a-number: an operation that has no result gives none, and FEEL makes that null with a note.

mod arithmetic;
mod elementary;
mod rounding;
mod text;
mod wide;

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

pub use rounding::Rounding;
pub use text::NumberError;
use wide::{TENS, Wide};

/// How many digits a number keeps.
pub(crate) const DIGITS: usize = 34;
const COEFFICIENT_MAX: u128 = TENS[DIGITS] - 1;
pub(crate) const EXPONENT_MIN: i32 = -6176;
pub(crate) const EXPONENT_MAX: i32 = 6111;

/// A decimal number: a coefficient of up to 34 digits times a power of ten.
///
/// The coefficient is kept in two halves so that a value of FEEL stays small.
#[derive(Debug, Clone, Copy, Default)]
pub struct Number {
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

impl Number {
    pub const ZERO: Self = Self { high: 0, low: 0, exponent: 0, negative: false };
    pub const ONE: Self = Self { high: 0, low: 1, exponent: 0, negative: false };

    const fn coefficient(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Both already within their limits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the coefficient; the exponent is within its limits"
    )]
    const fn from_exact(negative: bool, coefficient: u128, exponent: i32) -> Self {
        let negative = negative && coefficient != 0;
        Self { high: (coefficient >> 64) as u64, low: coefficient as u64, exponent: exponent as i16, negative }
    }

    /// Rounds to 34 digits and to the range of exponents; none if it is too large.
    fn from_parts(negative: bool, coefficient: u128, exponent: i32) -> Option<Self> {
        if coefficient <= COEFFICIENT_MAX && (EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent) {
            return Some(Self::from_exact(negative, coefficient, exponent));
        }
        Self::from_wide(negative, Wide::from_u128(coefficient), exponent, false)
    }

    /// The same for a wide coefficient. `sticky` says that something smaller than its last digit was cut off before.
    fn from_wide(negative: bool, coefficient: Wide, exponent: i32, sticky: bool) -> Option<Self> {
        if coefficient.is_zero() {
            return Some(Self::from_exact(false, 0, exponent.clamp(EXPONENT_MIN, EXPONENT_MAX)));
        }
        let surplus = i32::try_from(coefficient.digits()).ok()? - i32::try_from(DIGITS).ok()?;
        let cut = surplus.max(EXPONENT_MIN.saturating_sub(exponent)).max(0);
        let (mut kept, mut exponent) = (coefficient, exponent.checked_add(cut)?);
        if cut > 0 || sticky {
            kept = rounding::half_even(coefficient, usize::try_from(cut).ok()?, sticky);
        }
        let mut kept = kept.to_u128()?;
        if kept > COEFFICIENT_MAX {
            // Rounding up 99…9 gives a one with zeros.
            kept /= 10;
            exponent += 1;
        }
        while exponent > EXPONENT_MAX && kept * 10 <= COEFFICIENT_MAX {
            kept *= 10;
            exponent -= 1;
        }
        (exponent <= EXPONENT_MAX).then(|| Self::from_exact(negative, kept, exponent))
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.high | self.low == 0
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self { negative: false, ..self }
    }

    #[must_use]
    pub fn negate(self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self }
    }

    /// The number as an integer, if it is one and fits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        let magnitude = if self.exponent == 0 {
            self.coefficient()
        } else {
            let stripped = self.stripped();
            let power = usize::try_from(stripped.exponent).ok()?;
            stripped.coefficient().checked_mul(*TENS.get(power)?)?
        };
        let magnitude = i128::try_from(magnitude).ok()?;
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    #[must_use]
    pub fn is_integer(self) -> bool {
        self.exponent >= 0 || self.is_zero() || self.stripped().exponent >= 0
    }

    /// The integer part, towards zero, if it fits.
    #[must_use]
    pub fn truncated_i64(self) -> Option<i64> {
        self.round(0, Rounding::Down)?.to_i64()
    }

    /// The nearest binary number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.coefficient(), self.exponent).parse().unwrap_or(0.0)
    }

    /// The shortest decimal that means this binary number; none if it is not finite.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_finite() { format!("{value:e}").parse().ok() } else { None }
    }

    /// Without zeros at the end: the form that two equal numbers share.
    #[must_use]
    pub fn stripped(self) -> Self {
        let (mut coefficient, mut exponent) = (self.coefficient(), i32::from(self.exponent));
        if coefficient == 0 {
            return Self::ZERO;
        }
        for (step, ten) in [(16, TENS[16]), (8, TENS[8]), (4, TENS[4]), (2, TENS[2]), (1, TENS[1])] {
            while coefficient % ten == 0 && exponent + step <= EXPONENT_MAX {
                coefficient /= ten;
                exponent += step;
            }
        }
        Self::from_exact(self.negative, coefficient, exponent)
    }

    fn compare_magnitude(self, other: Self) -> Ordering {
        if self.exponent == other.exponent {
            return self.coefficient().cmp(&other.coefficient());
        }
        let digits = |number: Self| {
            i32::try_from(Wide::from_u128(number.coefficient()).digits()).unwrap_or(0) + i32::from(number.exponent)
        };
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        digits(self).cmp(&digits(other)).then_with(|| {
            // The same order of magnitude: the exponents differ by less than 34.
            let gap = usize::from(self.exponent.abs_diff(other.exponent));
            let scaled = |number: Self| Wide::from_u128(number.coefficient()).times_u128(TENS[gap]);
            if self.exponent > other.exponent {
                scaled(self).compare(&Wide::from_u128(other.coefficient()))
            } else {
                Wide::from_u128(self.coefficient()).compare(&scaled(other))
            }
        })
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { high: 0, low: value.unsigned_abs(), exponent: 0, negative: value < 0 }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self { high: 0, low: value, exponent: 0, negative: false }
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_magnitude(*other),
            (true, true) => other.compare_magnitude(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let stripped = self.stripped();
        (stripped.negative, stripped.high, stripped.low, stripped.exponent).hash(state);
    }
}
