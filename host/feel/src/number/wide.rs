//! Unsigned integers of 512 bits: room for the exact product or quotient of two coefficients, and for fixed-point fractions.
//!
//! Knows nothing of decimals. Every operation is exact or says so; what does not fit is a mistake of the caller.

use std::cmp::Ordering;

/// Little-endian limbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide(pub(super) [u64; 8]);

const POWER_MAX: usize = 38;
/// Powers of ten that fit into 128 bits.
pub(super) const TENS: [u128; POWER_MAX + 1] = {
    let mut tens = [1; POWER_MAX + 1];
    let mut at = 1;
    while at <= POWER_MAX {
        tens[at] = tens[at - 1] * 10;
        at += 1;
    }
    tens
};

#[expect(clippy::cast_possible_truncation, reason = "a limb is the low half of a double limb, on purpose")]
const fn low(value: u128) -> u64 {
    value as u64
}

impl Wide {
    pub(super) const ZERO: Self = Self([0; 8]);

    pub(super) fn from_u128(value: u128) -> Self {
        Self([low(value), low(value >> 64), 0, 0, 0, 0, 0, 0])
    }

    pub(super) fn to_u128(self) -> Option<u128> {
        self.0[2..].iter().all(|&limb| limb == 0).then(|| u128::from(self.0[1]) << 64 | u128::from(self.0[0]))
    }

    /// Ten to a power of at most 114.
    pub(super) fn ten_to(power: usize) -> Self {
        let mut result = Self::from_u128(TENS[power % (POWER_MAX + 1)]);
        for _ in 0..power / (POWER_MAX + 1) {
            result = result.times_u128(TENS[POWER_MAX]).times_u64(10);
        }
        result
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0 == [0; 8]
    }

    pub(super) fn is_odd(&self) -> bool {
        self.0[0] & 1 == 1
    }

    fn limbs(&self) -> usize {
        self.0.iter().rposition(|&limb| limb != 0).map_or(0, |last| last + 1)
    }

    pub(super) fn bits(&self) -> usize {
        match self.limbs() {
            0 => 0,
            count => count * 64 - self.0[count - 1].leading_zeros() as usize,
        }
    }

    /// How many decimal digits it has; 0 has none.
    pub(super) fn digits(&self) -> usize {
        // 1233 / 4096 is just above the logarithm of 2; the estimate is right or one too low.
        let estimate = (self.bits() * 1233) >> 12;
        estimate + usize::from(!self.is_zero() && self.compare(&Self::ten_to(estimate)) != Ordering::Less)
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut result = [0; 8];
        let mut carry = 0_u128;
        for (at, limb) in result.iter_mut().enumerate() {
            carry += u128::from(self.0[at]) + u128::from(other.0[at]);
            *limb = low(carry);
            carry >>= 64;
        }
        Self(result)
    }

    /// The difference; the caller knows that it is not negative.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut result = [0; 8];
        let mut borrow = false;
        for (at, limb) in result.iter_mut().enumerate() {
            let (difference, first) = self.0[at].overflowing_sub(other.0[at]);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            *limb = difference;
            borrow = first || second;
        }
        Self(result)
    }

    pub(super) fn times_u64(&self, factor: u64) -> Self {
        let mut result = [0; 8];
        let mut carry = 0_u128;
        for (at, limb) in result.iter_mut().enumerate() {
            carry += u128::from(self.0[at]) * u128::from(factor);
            *limb = low(carry);
            carry >>= 64;
        }
        Self(result)
    }

    pub(super) fn times_u128(&self, factor: u128) -> Self {
        self.times(&Self::from_u128(factor))
    }

    /// The product, whose bits fit.
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut result = [0_u64; 8];
        for (left, &factor) in self.0[..self.limbs()].iter().enumerate() {
            let mut carry = 0_u128;
            for right in 0..8 - left {
                if right >= other.limbs() && carry == 0 {
                    break;
                }
                carry += u128::from(factor) * u128::from(other.0[right]) + u128::from(result[left + right]);
                result[left + right] = low(carry);
                carry >>= 64;
            }
        }
        Self(result)
    }

    pub(super) fn shifted_left(&self, bits: usize) -> Self {
        let (limbs, bits) = (bits / 64, bits % 64);
        let mut result = [0; 8];
        for at in (limbs..8).rev() {
            let mut limb = self.0[at - limbs] << bits;
            if bits > 0 && at > limbs {
                limb |= self.0[at - limbs - 1] >> (64 - bits);
            }
            result[at] = limb;
        }
        Self(result)
    }

    pub(super) fn shifted_right(&self, bits: usize) -> Self {
        let (limbs, bits) = (bits / 64, bits % 64);
        let mut result = [0; 8];
        for (at, limb) in result.iter_mut().enumerate().take(8_usize.saturating_sub(limbs)) {
            *limb = self.0[at + limbs] >> bits;
            if bits > 0 && at + limbs + 1 < 8 {
                *limb |= self.0[at + limbs + 1] << (64 - bits);
            }
        }
        Self(result)
    }

    /// Quotient and remainder by long division with a limb as the digit (Knuth's algorithm D).
    pub(super) fn divided_by(&self, divisor: &Self) -> (Self, Self) {
        let length = divisor.limbs();
        assert!(length > 0, "callers refuse to divide by zero");
        if self.compare(divisor) == Ordering::Less {
            return (Self::ZERO, *self);
        }
        if length == 1 {
            return self.divided_by_limb(divisor.0[0]);
        }
        let shift = divisor.0[length - 1].leading_zeros() as usize;
        let divisor = divisor.shifted_left(shift);
        // One limb more than the number: normalising may carry into it.
        let mut rest = [0_u64; 9];
        rest[..8].copy_from_slice(&self.shifted_left(shift).0);
        rest[8] = if shift == 0 { 0 } else { self.0[7] >> (64 - shift) };
        let mut quotient = [0_u64; 8];
        for at in (0..=8 - length).rev() {
            quotient[at] = quotient_digit(&mut rest, at, &divisor.0[..length]);
        }
        let remainder = Self(rest[..8].try_into().expect("a slice of eight limbs"));
        (Self(quotient), remainder.shifted_right(shift))
    }

    fn divided_by_limb(&self, divisor: u64) -> (Self, Self) {
        let mut quotient = [0; 8];
        let mut rest = 0_u128;
        for at in (0..8).rev() {
            rest = rest << 64 | u128::from(self.0[at]);
            quotient[at] = low(rest / u128::from(divisor));
            rest %= u128::from(divisor);
        }
        (Self(quotient), Self::from_u128(rest))
    }
}

/// Estimates one digit from the leading limbs, subtracts, and corrects the estimate, which is at most two too high.
fn quotient_digit(rest: &mut [u64; 9], at: usize, divisor: &[u64]) -> u64 {
    let length = divisor.len();
    let top = u128::from(rest[at + length]) << 64 | u128::from(rest[at + length - 1]);
    let lead = u128::from(divisor[length - 1]);
    let mut digit = (top / lead).min(u128::from(u64::MAX));
    let mut left = top - digit * lead;
    while left >> 64 == 0 && digit * u128::from(divisor[length - 2]) > (left << 64 | u128::from(rest[at + length - 2]))
    {
        digit -= 1;
        left += lead;
    }
    let mut carry = 0_u128;
    let mut borrow = false;
    for index in 0..=length {
        carry += digit * u128::from(divisor.get(index).copied().unwrap_or(0));
        let (difference, first) = rest[at + index].overflowing_sub(low(carry));
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        rest[at + index] = difference;
        borrow = first || second;
        carry >>= 64;
    }
    if borrow {
        digit -= 1;
        let mut carry = 0_u128;
        for index in 0..=length {
            carry += u128::from(rest[at + index]) + u128::from(divisor.get(index).copied().unwrap_or(0));
            rest[at + index] = low(carry);
            carry >>= 64;
        }
    }
    low(digit)
}
