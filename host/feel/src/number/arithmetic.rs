//! The four operations, remainder, powers and roots. None where there is no result.

use super::{DIGITS, EXPONENT_MAX, Number, Rounding, TENS, Wide};

/// Behind this many digits the smaller of two numbers is only a hint for rounding.
const GUARD_DIGITS: i32 = 40;

impl Number {
    #[expect(clippy::should_implement_trait, reason = "a sum may not exist, and the operator could not say so")]
    #[must_use]
    pub fn add(self, other: Self) -> Option<Self> {
        if self.exponent == other.exponent {
            // Below 10^34 the sum fits easily.
            let (left, right) = (self.coefficient(), other.coefficient());
            let exponent = i32::from(self.exponent);
            return if self.negative == other.negative {
                Self::from_parts(self.negative, left + right, exponent)
            } else if left >= right {
                Self::from_parts(self.negative, left - right, exponent)
            } else {
                Self::from_parts(other.negative, right - left, exponent)
            };
        }
        self.add_aligned(other)
    }

    fn add_aligned(self, other: Self) -> Option<Self> {
        let (large, small) = if self.exponent > other.exponent { (self, other) } else { (other, self) };
        if large.is_zero() {
            return Some(small);
        }
        if small.is_zero() && large.exponent >= 0 && small.exponent >= 0 {
            return Some(large);
        }
        let gap = i32::from(large.exponent) - i32::from(small.exponent);
        let (shift, hint) = if gap <= GUARD_DIGITS + 35 {
            (gap, Wide::from_u128(small.coefficient()))
        } else {
            // So far below that any non-zero value rounds alike.
            (GUARD_DIGITS, Wide::from_u128(u128::from(!small.is_zero())))
        };
        let scaled = Wide::from_u128(large.coefficient()).times(&Wide::ten_to(usize::try_from(shift).ok()?));
        let exponent = i32::from(large.exponent) - shift;
        if large.negative == small.negative {
            Self::from_wide(large.negative, scaled.plus(&hint), exponent, false)
        } else if scaled.compare(&hint).is_ge() {
            Self::from_wide(large.negative, scaled.minus(&hint), exponent, false)
        } else {
            Self::from_wide(small.negative, hint.minus(&scaled), exponent, false)
        }
    }

    #[must_use]
    pub fn subtract(self, other: Self) -> Option<Self> {
        self.add(other.negate())
    }

    #[must_use]
    pub fn multiply(self, other: Self) -> Option<Self> {
        let negative = self.negative != other.negative;
        let exponent = i32::from(self.exponent) + i32::from(other.exponent);
        if self.high | other.high == 0 {
            return Self::from_parts(negative, u128::from(self.low) * u128::from(other.low), exponent);
        }
        let product = Wide::from_u128(self.coefficient()).times_u128(other.coefficient());
        Self::from_wide(negative, product, exponent, false)
    }

    #[must_use]
    pub fn divide(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let negative = self.negative != other.negative;
        let exponent = i32::from(self.exponent) - i32::from(other.exponent);
        let (left, right) = (self.coefficient(), other.coefficient());
        if left % right == 0 {
            return Self::from_parts(negative, left / right, exponent);
        }
        // Enough digits that 34 and a guard remain whatever the two coefficients are.
        let shift = 2 * DIGITS + 2;
        let scaled = Wide::from_u128(left).times(&Wide::ten_to(shift));
        let (quotient, rest) = scaled.divided_by(&Wide::from_u128(right));
        let result = Self::from_wide(negative, quotient, exponent - i32::try_from(shift).ok()?, !rest.is_zero())?;
        // An exact quotient is written without the zeros that the scaling brought.
        Some(if rest.is_zero() { result.with_exponent_towards(exponent.min(0)) } else { result })
    }

    /// Strips zeros at the end, but not beyond an exponent.
    fn with_exponent_towards(self, exponent: i32) -> Self {
        let stripped = self.stripped();
        let surplus = i32::from(stripped.exponent) - exponent.max(i32::from(self.exponent));
        match usize::try_from(surplus).ok().and_then(|surplus| TENS.get(surplus)) {
            Some(&ten) => stripped
                .coefficient()
                .checked_mul(ten)
                .filter(|&scaled| scaled <= super::COEFFICIENT_MAX)
                .map_or(stripped, |scaled| {
                    Self::from_exact(self.negative, scaled, i32::from(stripped.exponent) - surplus)
                }),
            None => stripped,
        }
    }

    /// The remainder with the sign of the divisor, as FEEL's `modulo` has it.
    #[must_use]
    pub fn modulo(self, divisor: Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let rest = self.remainder(divisor)?;
        if rest.is_zero() || rest.negative == divisor.negative { Some(rest) } else { rest.add(divisor) }
    }

    /// The exact remainder with the sign of the dividend.
    fn remainder(self, divisor: Self) -> Option<Self> {
        let exponent = i32::from(self.exponent).min(i32::from(divisor.exponent));
        let modulus = divisor.coefficient();
        let up = i32::from(divisor.exponent) - exponent;
        // A divisor whose last digit lies far above the whole dividend leaves it as it is.
        if up > 0 && self.abs() < divisor.abs() {
            return Some(self);
        }
        let modulus = Wide::from_u128(modulus).times(&Wide::ten_to(usize::try_from(up).ok().filter(|&up| up <= 70)?));
        // coefficient * 10^shift mod modulus, ten to the power by repeated squaring.
        let mut shift = u32::try_from(i32::from(self.exponent) - exponent).ok()?;
        let reduce = |wide: Wide| wide.divided_by(&modulus).1;
        let mut result = reduce(Wide::from_u128(self.coefficient()));
        if shift > 0 {
            let mut power = reduce(Wide::from_u128(10));
            while shift > 0 {
                if shift & 1 == 1 {
                    result = reduce(result.times(&power));
                }
                power = reduce(power.times(&power));
                shift >>= 1;
            }
        }
        Self::from_wide(self.negative, result, exponent, false)
    }

    /// The square root; none of a negative number.
    #[must_use]
    pub fn sqrt(self) -> Option<Self> {
        if self.is_zero() {
            return Some(self);
        }
        if self.negative {
            return None;
        }
        // An even exponent, and so many digits that the root has more than 34.
        let exponent = i32::from(self.exponent);
        let shift = 72 + exponent.rem_euclid(2);
        let scaled = Wide::from_u128(self.coefficient()).times(&Wide::ten_to(usize::try_from(shift).ok()?));
        let mut root = Wide::from_u128(1).shifted_left(scaled.bits().div_ceil(2));
        // Newton from above; it doubles the right digits each time and stops where it no longer falls.
        for _ in 0..600 {
            let next = root.plus(&scaled.divided_by(&root).0).shifted_right(1);
            if next.compare(&root).is_ge() {
                break;
            }
            root = next;
        }
        let is_exact = root.times(&root) == scaled;
        let result = Self::from_wide(false, root, (exponent - shift) / 2, !is_exact)?;
        Some(if is_exact { result.with_exponent_towards((exponent / 2).min(0)) } else { result })
    }

    /// Whole powers are exact where 34 digits can hold them, and within the last digit otherwise.
    #[must_use]
    pub fn power(self, exponent: Self) -> Option<Self> {
        if exponent.is_zero() {
            return Some(Self::ONE);
        }
        if self.is_zero() {
            return (!exponent.negative).then_some(Self::ZERO);
        }
        if exponent.is_integer() {
            let is_odd = exponent.modulo(Self::from(2_i64)).is_some_and(|rest| !rest.is_zero());
            let magnitude = self.abs();
            let negative = self.negative && is_odd;
            if magnitude == Self::ONE {
                return Some(if negative { Self::ONE.negate() } else { Self::ONE });
            }
            let result = match exponent.to_i64() {
                Some(small) if small.unsigned_abs() <= 64 => magnitude.small_power(small)?,
                _ => magnitude.ln_exp(exponent)?,
            };
            return Some(if negative { result.negate() } else { result });
        }
        if self.negative { None } else { self.ln_exp(exponent) }
    }

    /// Repeated squaring while that is exact; the logarithm otherwise.
    fn small_power(self, exponent: i64) -> Option<Self> {
        let base = self.stripped();
        let mut remaining = exponent.unsigned_abs();
        let (mut power, mut result) = (Some(base), Some(Self::ONE));
        let exact = |left: Option<Self>, right: Option<Self>| {
            let (left, right) = (left?, right?);
            let product = left.coefficient().checked_mul(right.coefficient())?;
            let exponent = i32::from(left.exponent) + i32::from(right.exponent);
            (product <= super::COEFFICIENT_MAX && (super::EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent))
                .then(|| Self::from_exact(false, product, exponent))
        };
        while remaining > 0 {
            if remaining & 1 == 1 {
                result = exact(result, power);
            }
            remaining >>= 1;
            if remaining > 0 {
                power = exact(power, power);
            }
        }
        match result {
            Some(result) if exponent < 0 => Self::ONE.divide(result),
            Some(result) => Some(result.with_exponent_towards(0)),
            None => self.ln_exp(Self::from(exponent)),
        }
    }

    /// Rounded to a whole number for counting and indexing; none if it is too large.
    #[must_use]
    pub fn to_index(self) -> Option<i64> {
        self.round(0, Rounding::Down)?.to_i64()
    }
}
