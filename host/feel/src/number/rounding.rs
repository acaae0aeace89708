//! Rounding to a number of places, in the ways FEEL names.

use super::{EXPONENT_MAX, EXPONENT_MIN, Number, TENS, Wide};

/// What happens to the digits that are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    HalfEven,
    HalfUp,
    HalfDown,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    Floor,
    Ceiling,
}

impl Number {
    /// Rounds to `scale` digits after the point, before it where the scale is negative. None if the result is too large.
    #[must_use]
    pub fn round(self, scale: i32, rounding: Rounding) -> Option<Self> {
        let target = scale.checked_neg()?;
        let exponent = i32::from(self.exponent);
        if exponent >= target || self.is_zero() {
            return Some(self);
        }
        let cut = usize::try_from(target - exponent).ok()?;
        let coefficient = self.coefficient();
        // Beyond 38 digits nothing of 34 is left but that something was there.
        let (kept, rest, half) = match TENS.get(cut) {
            Some(&ten) => (coefficient / ten, coefficient % ten, ten / 2),
            None => (0, 1, 2),
        };
        let is_up = rest != 0
            && match rounding {
                Rounding::HalfEven => rest > half || rest == half && kept % 2 == 1,
                Rounding::HalfUp => rest >= half,
                Rounding::HalfDown => rest > half,
                Rounding::Up => true,
                Rounding::Down => false,
                Rounding::Floor => self.negative,
                Rounding::Ceiling => !self.negative,
            };
        let kept = kept + u128::from(is_up);
        if kept == 0 {
            return Some(Self::from_exact(false, 0, target.clamp(EXPONENT_MIN, EXPONENT_MAX)));
        }
        Self::from_parts(self.negative, kept, target)
    }
}

/// Cuts digits off a coefficient, half to even. `sticky` says that something non-zero was already lost behind its last digit.
pub(super) fn half_even(coefficient: Wide, cut: usize, sticky: bool) -> Wide {
    let digits = coefficient.digits();
    if cut > digits {
        return Wide::ZERO;
    }
    if cut == 0 {
        return coefficient;
    }
    let (kept, rest) = coefficient.divided_by(&Wide::ten_to(cut));
    let half = Wide::ten_to(cut - 1).times_u64(5);
    let is_up = match rest.compare(&half) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => sticky || kept.is_odd(),
        std::cmp::Ordering::Greater => true,
    };
    if is_up { kept.plus(&Wide::from_u128(1)) } else { kept }
}
