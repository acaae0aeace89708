//! Exponential and logarithm in binary fixed point with 192 bits behind the point, about 57 digits, then rounded once to 34.

use std::sync::OnceLock;

use super::{Number, Wide};

const FRACTION_BITS: usize = 192;
/// Digits of a fixed-point number that are brought back into decimal.
const DIGITS_OUT: usize = 56;
/// The largest exponential is below e to this.
const EXPONENT_LIMIT: i64 = 14_200;
/// Terms of a series until they vanish behind 192 bits.
const TERMS_MAX: u64 = 120;

/// A fixed-point number with a sign.
#[derive(Clone, Copy)]
struct Fixed {
    negative: bool,
    magnitude: Wide,
}

impl Fixed {
    fn whole(value: u64) -> Self {
        Self { negative: false, magnitude: Wide::from_u128(u128::from(value)).shifted_left(FRACTION_BITS) }
    }

    fn times(self, other: Self) -> Self {
        let magnitude = self.magnitude.times(&other.magnitude).shifted_right(FRACTION_BITS);
        Self { negative: self.negative != other.negative, magnitude }
    }

    fn over(self, other: Self) -> Self {
        let magnitude = self.magnitude.shifted_left(FRACTION_BITS).divided_by(&other.magnitude).0;
        Self { negative: self.negative != other.negative, magnitude }
    }

    fn over_small(self, divisor: u64) -> Self {
        let magnitude = self.magnitude.divided_by(&Wide::from_u128(u128::from(divisor))).0;
        Self { magnitude, ..self }
    }

    fn plus(self, other: Self) -> Self {
        if self.negative == other.negative {
            return Self { magnitude: self.magnitude.plus(&other.magnitude), ..self };
        }
        if self.magnitude.compare(&other.magnitude).is_ge() {
            Self { magnitude: self.magnitude.minus(&other.magnitude), ..self }
        } else {
            Self { magnitude: other.magnitude.minus(&self.magnitude), ..other }
        }
    }

    fn minus(self, other: Self) -> Self {
        self.plus(Self { negative: !other.negative, ..other })
    }

    /// The artanh series; quick for small arguments.
    fn artanh(self) -> Self {
        let square = self.times(self);
        let (mut power, mut sum) = (self, self);
        for term in 1..TERMS_MAX {
            power = power.times(square);
            if power.magnitude.is_zero() {
                break;
            }
            sum = sum.plus(power.over_small(2 * term + 1));
        }
        sum
    }

    /// e to a number of at most a few units: halved eight times, a series, squared eight times.
    fn exp(self) -> Self {
        const HALVINGS: usize = 8;
        let argument = Self { magnitude: self.magnitude.shifted_right(HALVINGS), ..self };
        let (mut term, mut sum) = (Self::whole(1), Self::whole(1));
        for count in 1..TERMS_MAX {
            term = term.times(argument).over_small(count);
            if term.magnitude.is_zero() {
                break;
            }
            sum = sum.plus(term);
        }
        for _ in 0..HALVINGS {
            sum = sum.times(sum);
        }
        sum
    }

    /// The natural logarithm of a number from 1 to 10: the halves are taken out first.
    fn ln(self) -> Self {
        let one = Self::whole(1);
        let mut reduced = self;
        let mut halvings = 0;
        while reduced.magnitude.bits() > FRACTION_BITS + 1 {
            reduced.magnitude = reduced.magnitude.shifted_right(1);
            halvings += 1;
        }
        // 1 <= reduced < 2. Above 4/3 halve once more, so that the series argument stays below a fifth.
        if reduced.magnitude.compare(&Self::whole(4).over_small(3).magnitude).is_gt() {
            reduced.magnitude = reduced.magnitude.shifted_right(1);
            halvings += 1;
        }
        let twice = |fixed: Self| Self { magnitude: fixed.magnitude.shifted_left(1), ..fixed };
        let series = twice(reduced.minus(one).over(reduced.plus(one)).artanh());
        let ln_two = Self { magnitude: ln_two().magnitude.times_u64(halvings), negative: false };
        series.plus(ln_two)
    }
}

fn ln_two() -> Fixed {
    static LN_TWO: OnceLock<Fixed> = OnceLock::new();
    *LN_TWO.get_or_init(|| {
        let third = Fixed::whole(1).over_small(3).artanh();
        Fixed { magnitude: third.magnitude.shifted_left(1), ..third }
    })
}

fn ln_ten() -> Fixed {
    static LN_TEN: OnceLock<Fixed> = OnceLock::new();
    *LN_TEN.get_or_init(|| Fixed::whole(10).ln())
}

/// `ln` of a positive decimal, as a fixed-point number: that of its digits and that of its power of ten.
fn ln_of(number: Number) -> Fixed {
    let digits = Wide::from_u128(number.coefficient()).digits();
    let scale = Wide::ten_to(digits - 1);
    let mantissa = Wide::from_u128(number.coefficient()).shifted_left(FRACTION_BITS).divided_by(&scale).0;
    let power = i64::from(number.exponent) + i64::try_from(digits - 1).expect("at most 34 digits");
    let tens = Fixed { magnitude: ln_ten().magnitude.times_u64(power.unsigned_abs()), negative: power < 0 };
    Fixed { negative: false, magnitude: mantissa }.ln().plus(tens)
}

/// A fixed-point number as a decimal.
fn to_number(fixed: Fixed, exponent: i32) -> Option<Number> {
    let whole_digits = fixed.magnitude.shifted_right(FRACTION_BITS).digits();
    let places = DIGITS_OUT - whole_digits.min(DIGITS_OUT);
    let scaled = fixed.magnitude.times(&Wide::ten_to(places)).shifted_right(FRACTION_BITS);
    // The series are right to about 54 digits; a number that is whole to 52 is whole.
    let (tidy, cut) = tidied(scaled);
    let exponent = exponent.checked_sub(i32::try_from(places).ok()?)?.checked_add(cut)?;
    let result = Number::from_wide(fixed.negative, tidy, exponent, false)?;
    Some(result.tidy_zeros())
}

/// Cuts digits that the series does not know, so that their noise cannot turn a half into more or less than a half.
fn tidied(scaled: Wide) -> (Wide, i32) {
    const UNKNOWN: usize = 6;
    if scaled.digits() <= super::DIGITS + UNKNOWN {
        return (scaled, 0);
    }
    (super::rounding::half_even(scaled, UNKNOWN, false), 6)
}

impl Number {
    /// Whole results have no zeros behind the point.
    fn tidy_zeros(self) -> Self {
        if self.exponent >= 0 {
            return self;
        }
        let stripped = self.stripped();
        match usize::try_from(stripped.exponent).ok().and_then(|power| super::TENS.get(power)) {
            Some(&ten) => match stripped.coefficient().checked_mul(ten) {
                Some(whole) if whole <= super::COEFFICIENT_MAX => Self::from_exact(self.negative, whole, 0),
                _ => stripped,
            },
            None => stripped,
        }
    }

    /// e to this number; zero where it is too small to be written, none where it is too large.
    #[must_use]
    pub fn exp(self) -> Option<Self> {
        if self.is_zero() {
            return Some(Self::ONE);
        }
        if self.abs() >= Self::from(EXPONENT_LIMIT) {
            return self.negative.then_some(Self::ZERO);
        }
        let scaled = self.to_fixed()?;
        exp_of(scaled)
    }

    /// The natural logarithm; none unless positive.
    #[must_use]
    pub fn ln(self) -> Option<Self> {
        if self.is_zero() || self.negative {
            return None;
        }
        to_number(ln_of(self), 0)
    }

    /// This positive number to any power, by way of the logarithm.
    pub(super) fn ln_exp(self, exponent: Self) -> Option<Self> {
        let logarithm = ln_of(self);
        if logarithm.magnitude.is_zero() {
            return Some(Self::ONE);
        }
        // A glance at the size first: the fixed-point numbers have room for 64 bits before the point.
        let estimate = to_number(logarithm, 0)?.multiply(exponent)?;
        if estimate.abs() >= Self::from(EXPONENT_LIMIT) {
            return estimate.negative.then_some(Self::ZERO);
        }
        let product = scaled_product(logarithm, exponent)?;
        exp_of(product)
    }

    fn to_fixed(self) -> Option<Fixed> {
        scaled_product(Fixed::whole(1), self)
    }
}

/// A fixed-point number times a decimal; the product is known to be small.
fn scaled_product(fixed: Fixed, number: Number) -> Option<Fixed> {
    let negative = fixed.negative != number.negative;
    let exponent = i32::from(number.exponent);
    let product = fixed.magnitude.times_u128(number.coefficient());
    let magnitude = if exponent >= 0 {
        product.times(&Wide::ten_to(usize::try_from(exponent).ok().filter(|&power| power <= 40)?))
    } else {
        match usize::try_from(-exponent).ok().filter(|&power| power <= 114) {
            Some(power) => product.divided_by(&Wide::ten_to(power)).0,
            None => Wide::ZERO,
        }
    };
    Some(Fixed { negative, magnitude })
}

/// e to a fixed-point number, as a power of ten times e to what is left.
fn exp_of(argument: Fixed) -> Option<Number> {
    let ln_ten = ln_ten();
    let (tens, rest) = argument.magnitude.divided_by(&ln_ten.magnitude);
    let tens = i32::try_from(tens.to_u128()?).ok()?;
    let mut rest = Fixed { negative: false, magnitude: rest };
    let mut exponent = tens;
    if argument.negative {
        // e^-x = 10^-(n+1) * e^(ln 10 - rest): the factor stays from 1 to 10.
        rest = ln_ten.minus(rest);
        exponent = -tens - 1;
    }
    to_number(rest.exp(), exponent)
}
