//! Numbers as text.

use std::{fmt, str::FromStr};

use super::{DIGITS, EXPONENT_MAX, EXPONENT_MIN, Number, Wide};

/// Numbers up to this many places are written without an exponent.
const PLACES_MAX: i32 = 40;
/// More digits than this are no number that anybody meant.
const TEXT_BYTES_MAX: usize = 10_000;

/// A text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("is not written as a number: digits, a point with digits after it, and an exponent such as e3")]
    Form,
    #[error("is too large for a number of 34 digits and an exponent up to 6144")]
    Range,
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_form = is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
        if !is_form || mantissa.ends_with('.') || text.len() > TEXT_BYTES_MAX {
            return Err(NumberError::Form);
        }
        let digits = whole.bytes().chain(fraction.bytes()).skip_while(|&byte| byte == b'0').map(|byte| byte - b'0');
        let mut coefficient = Wide::ZERO;
        let (mut count, mut dropped, mut sticky) = (0_usize, 0_i64, false);
        for digit in digits {
            if count < DIGITS + 4 {
                coefficient = coefficient.times_u64(10).plus(&Wide::from_u128(u128::from(digit)));
                count += 1;
            } else {
                dropped += 1;
                sticky |= digit != 0;
            }
        }
        if sticky {
            // One digit that is neither zero nor a half keeps the rounding right.
            coefficient = coefficient.times_u64(10).plus(&Wide::from_u128(1));
            dropped -= 1;
        }
        let fraction = i64::try_from(fraction.len()).expect("the text is short");
        let exponent = exponent - fraction + dropped;
        let limit = i64::from(EXPONENT_MAX) * 4;
        let exponent = i32::try_from(exponent.clamp(-limit, limit)).expect("clamped");
        if coefficient.is_zero() {
            return Ok(Self::from_exact(false, 0, exponent.clamp(EXPONENT_MIN, 0)));
        }
        Self::from_wide(negative, coefficient, exponent, false).ok_or(NumberError::Range)
    }
}

/// An exponent; one that is absurdly long is simply huge.
fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Form);
    }
    let huge = 1_000_000_000;
    let value = digits.parse::<i64>().unwrap_or(huge).min(huge);
    Ok(if negative { -value } else { value })
}

/// Plain digits where that is readable, an exponent otherwise; zeros at the end of a fraction are not written.
impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = if self.exponent < 0 { self.stripped() } else { *self };
        let exponent = i32::from(number.exponent);
        let digits = number.coefficient().to_string();
        let length = i32::try_from(digits.len()).expect("at most 34 digits");
        let sign = if number.negative { "-" } else { "" };
        if exponent >= 0 && (length + exponent <= PLACES_MAX || number.is_zero()) {
            let zeros = if number.is_zero() { 0 } else { usize::try_from(exponent).unwrap_or(0) };
            return write!(formatter, "{sign}{digits}{}", "0".repeat(zeros));
        }
        if exponent < 0 && -exponent <= PLACES_MAX {
            let places = usize::try_from(-exponent).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            return write!(formatter, "{sign}{whole}.{fraction}");
        }
        let stripped = digits.trim_end_matches('0');
        let (first, rest) = stripped.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{first}{point}{rest}E{:+}", exponent + length - 1)
    }
}
