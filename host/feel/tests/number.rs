//! Numbers against an oracle: exact arithmetic on strings of digits, rounded once. Slow, simple, and nothing like the real thing.

use std::cmp::Ordering;

use weft_feel::{Number, Rounding};

/// Digits, the most significant first, times a power of ten.
#[derive(Debug, Clone)]
struct Exact {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
    /// Something smaller than the last digit was cut off.
    sticky: bool,
}

impl Exact {
    fn padded(&self, exponent: i64) -> Vec<u8> {
        let zeros = usize::try_from(self.exponent - exponent).expect("the lower exponent");
        self.digits.iter().copied().chain(std::iter::repeat_n(0, zeros)).collect()
    }

    fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let (left, right) = (self.padded(exponent), other.padded(exponent));
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, add(&left, &right))
        } else if compare(&left, &right) == Ordering::Less {
            (other.negative, subtract(&right, &left))
        } else {
            (self.negative, subtract(&left, &right))
        };
        Self { negative, digits, exponent, sticky: false }
    }

    fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0_u32; self.digits.len() + other.digits.len()];
        for (at, left) in self.digits.iter().rev().enumerate() {
            for (offset, right) in other.digits.iter().rev().enumerate() {
                digits[at + offset] += u32::from(*left) * u32::from(*right);
            }
        }
        let mut carry = 0;
        for digit in &mut digits {
            carry += *digit;
            *digit = carry % 10;
            carry /= 10;
        }
        let digits = digits.into_iter().rev().map(|digit| u8::try_from(digit).expect("a digit")).collect();
        let negative = self.negative != other.negative;
        Self { negative, digits, exponent: self.exponent + other.exponent, sticky: false }
    }

    /// To 80 digits by repeated subtraction.
    fn over(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut digits = Vec::new();
        let places = 80;
        for at in 0..self.digits.len() + places {
            rest.push(self.digits.get(at).copied().unwrap_or(0));
            let mut digit = 0;
            while compare(&rest, &other.digits) != Ordering::Less {
                rest = subtract(&rest, &other.digits);
                digit += 1;
            }
            digits.push(digit);
        }
        let sticky = rest.iter().any(|digit| *digit != 0);
        let exponent = self.exponent - other.exponent - i64::try_from(places).expect("a small number");
        Self { negative: self.negative != other.negative, digits, exponent, sticky }
    }

    /// 34 digits, half to even, without zeros at the end.
    fn rounded(&self) -> String {
        let mut digits = trimmed(&self.digits).to_vec();
        let mut exponent = self.exponent;
        if digits.len() > 34 {
            let cut = digits.split_off(34);
            exponent += i64::try_from(cut.len()).expect("short");
            let rest_is_zero = cut[1..].iter().all(|digit| *digit == 0) && !self.sticky;
            let is_odd = digits[33] % 2 == 1;
            if cut[0] > 5 || cut[0] == 5 && (!rest_is_zero || is_odd) {
                digits = add(&digits, &[1]);
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
            exponent += 1;
        }
        if digits.is_empty() {
            return "0".to_owned();
        }
        let text = digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
        format!("{}{text}e{exponent}", if self.negative { "-" } else { "" })
    }

    fn number(&self) -> Number {
        let text = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
        format!("{}{text}e{}", if self.negative { "-" } else { "" }, self.exponent).parse().expect("a number")
    }
}

fn trimmed(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    &digits[start..]
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (trimmed(left), trimmed(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn add(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sum = Vec::new();
    let mut carry = 0;
    for at in 0..=left.len().max(right.len()) {
        let digit = |digits: &[u8]| {
            at.checked_add(1).and_then(|back| digits.len().checked_sub(back)).map_or(0, |at| digits[at])
        };
        carry += digit(left) + digit(right);
        sum.push(carry % 10);
        carry /= 10;
    }
    sum.reverse();
    trimmed(&sum).to_vec()
}

/// The left one is not smaller.
fn subtract(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut difference = Vec::new();
    let mut borrow = 0;
    for at in 0..left.len() {
        let digit = |digits: &[u8]| digits.len().checked_sub(at + 1).map_or(0, |at| i16::from(digits[at]));
        let value = digit(left) - digit(right) - borrow;
        borrow = i16::from(value < 0);
        difference.push(u8::try_from(value.rem_euclid(10)).expect("a digit"));
    }
    difference.reverse();
    trimmed(&difference).to_vec()
}

/// A sequence that looks random; the seed is in every message.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn exact(&mut self) -> Exact {
        let length = 1 + self.below(34);
        let kind = self.below(4);
        let digits = (0..length).map(|_| match kind {
            // Runs of nines, zeros and fives find the mistakes of rounding.
            0 => [0, 9, 5][usize::try_from(self.below(3)).expect("small")],
            1 => 9 * u8::try_from(self.below(2)).expect("small"),
            _ => u8::try_from(self.below(10)).expect("a digit"),
        });
        let digits = digits.collect::<Vec<_>>();
        let spread = [3, 20, 45, 120][usize::try_from(self.below(4)).expect("small")];
        let exponent = i64::try_from(self.below(spread)).expect("small") - i64::try_from(spread / 2).expect("small");
        Exact { negative: self.below(2) == 1, digits, exponent, sticky: false }
    }
}

fn canonical(number: Number) -> String {
    let plain = number.stripped().to_string();
    let (mantissa, exponent) = plain.split_once('E').map_or((plain.as_str(), 0), |(mantissa, exponent)| {
        (mantissa, exponent.trim_start_matches('+').parse::<i64>().expect("an exponent"))
    });
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    let exponent = exponent - i64::try_from(fraction.len()).expect("short");
    Exact { negative, digits, exponent, sticky: false }.rounded()
}

#[test]
fn operations_are_those_of_the_oracle() {
    for seed in [0x5eed_0001_u64, 0x5eed_0002, 0x5eed_0003] {
        let mut sequence = Sequence(seed);
        for round in 0..4_000 {
            let (left, right) = (sequence.exact(), sequence.exact());
            let (a, b) = (left.number(), right.number());
            let at = |operation: &str| format!("seed {seed:#x}, round {round}: {a} {operation} {b}");
            let text = |number: Option<Number>| number.map_or_else(|| "none".to_owned(), canonical);
            assert_eq!(text(a.add(b)), left.plus(&right).rounded(), "{}", at("+"));
            let minus = Exact { negative: !right.negative, ..right.clone() };
            assert_eq!(text(a.subtract(b)), left.plus(&minus).rounded(), "{}", at("-"));
            assert_eq!(text(a.multiply(b)), left.times(&right).rounded(), "{}", at("*"));
            if b.is_zero() {
                assert!(a.divide(b).is_none());
            } else {
                assert_eq!(text(a.divide(b)), left.over(&right).rounded(), "{}", at("/"));
            }
            let difference = left.plus(&minus).rounded();
            let order = match difference.as_str() {
                "0" => Ordering::Equal,
                text if text.starts_with('-') => Ordering::Less,
                _ => Ordering::Greater,
            };
            assert_eq!(a.cmp(&b), order, "{}", at("compared with"));
        }
    }
}

#[test]
fn roots_and_powers_go_back() {
    let mut sequence = Sequence(0x5eed_0004);
    let near = |left: Number, right: Number| {
        let distance = left.subtract(right).expect("small").abs();
        let limit = right.abs().multiply("1e-31".parse().expect("a number")).expect("small");
        distance <= limit
    };
    for round in 0..300 {
        let value = sequence.exact().number().abs();
        if value.is_zero() {
            continue;
        }
        let root = value.sqrt().expect("it is positive");
        assert!(near(root.multiply(root).expect("small"), value), "seed 0x5eed0004, round {round}: root of {value}");
        let back = value.ln().expect("it is positive").exp().expect("it was a number");
        assert!(near(back, value), "seed 0x5eed0004, round {round}: e to the logarithm of {value} is {back}");
    }
}

#[test]
fn known_values() {
    let number = |text: &str| text.parse::<Number>().expect("a number");
    let check = |found: Option<Number>, expected: &str| {
        assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(expected));
    };
    check(number("1").exp(), "2.718281828459045235360287471352662");
    check(number("4").exp(), "54.59815003314423907811026120286088");
    check(number("-1").exp(), "0.3678794411714423215955237701614609");
    check(number("2").ln(), "0.6931471805599453094172321214581766");
    check(number("10").ln(), "2.302585092994045684017991454684364");
    check(number("2").sqrt(), "1.414213562373095048801688724209698");
    check(number("16").sqrt(), "4");
    check(number("2").power(number("0.5")), "1.414213562373095048801688724209698");
    check(number("1.1").power(number("200")), "189905276.4604618242121820463954116");
    check(number("2").power(number("-2")), "0.25");
    check(number("1").divide(number("3")), "0.3333333333333333333333333333333333");
    check(number("10").divide(number("4")), "2.5");
    check(number("-10").modulo(number("4")), "2");
    check(number("1e30").modulo(number("7")), "1");
    check(number("2.5").round(0, Rounding::HalfEven), "2");
    check(number("-2.5").round(0, Rounding::HalfUp), "-3");
    check(number("-2.51").round(0, Rounding::HalfDown), "-3");
    check(number("1234.5").round(-2, Rounding::Up), "1300");
    check(number("1e-6176").divide(number("2")), "0");
    assert_eq!(number("1e6144").multiply(number("10")), None);
    assert_eq!(number("1.10").to_string(), "1.1");
    assert_eq!(number("1.10"), number("1.1"));
    assert_eq!(
        number("9.999999999999999999999999999999999e6144").to_string(),
        "9.999999999999999999999999999999999E+6144"
    );
    for wrong in ["", "-", ".", "1.", "1e", "e1", "1,5", "0x1", "NaN", "Infinity", "1 "] {
        assert!(wrong.parse::<Number>().is_err(), "{wrong}");
    }
}
