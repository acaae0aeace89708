//! How points and ranges lie to each other: before, meets, overlaps and the rest of the interval algebra.

use std::cmp::Ordering;

use super::{BuiltIn, Given, argument, fixed};
use crate::{Fault, RangeForm, Value};

const POINTS_OR_RANGES: &[&[&str]] =
    &[&["point1", "point2"], &["point", "range"], &["range", "point"], &["range1", "range2"]];
const RANGES: &[&[&str]] = &[&["range1", "range2"]];
const POINT_FIRST: &[&[&str]] = &[&["point", "range"], &["range1", "range2"]];
const RANGE_FIRST: &[&[&str]] = &[&["range", "point"], &["range1", "range2"]];

pub(super) const ALL: &[BuiltIn] = &[
    fixed("before", POINTS_OR_RANGES, |_, arguments| related(arguments, is_before)),
    fixed("after", POINTS_OR_RANGES, |_, arguments| related(arguments, |left, right| is_before(right, left))),
    fixed("meets", RANGES, |_, arguments| related(arguments, meets)),
    fixed("met by", RANGES, |_, arguments| related(arguments, |left, right| meets(right, left))),
    fixed("overlaps", RANGES, |_, arguments| {
        related(arguments, |left, right| Some(reaches(left, right)? && reaches(right, left)?))
    }),
    fixed("overlaps before", RANGES, |_, arguments| related(arguments, overlaps_before)),
    fixed("overlaps after", RANGES, |_, arguments| related(arguments, |left, right| overlaps_before(right, left))),
    fixed("finishes", POINT_FIRST, |_, arguments| related(arguments, finishes)),
    fixed("finished by", RANGE_FIRST, |_, arguments| related(arguments, |left, right| finishes(right, left))),
    fixed("includes", RANGE_FIRST, |_, arguments| related(arguments, |left, right| lies_within(right, left))),
    fixed("during", POINT_FIRST, |_, arguments| related(arguments, lies_within)),
    fixed("starts", POINT_FIRST, |_, arguments| related(arguments, starts)),
    fixed("started by", RANGE_FIRST, |_, arguments| related(arguments, |left, right| starts(right, left))),
    fixed("coincides", &[&["point1", "point2"], &["range1", "range2"]], |_, arguments| {
        related(arguments, |left, right| Some(starts_with(left, right)? && ends_with(left, right)?))
    }),
];

/// A range, or a point as the range from itself to itself.
struct Span<'a> {
    start: &'a Value,
    end: &'a Value,
    start_included: bool,
    end_included: bool,
}

impl<'a> Span<'a> {
    fn new(value: &'a Value) -> Option<Self> {
        match value {
            Value::Range(range) if range.form == RangeForm::Different => None,
            Value::Range(range) => Some(Self {
                start: &range.start,
                end: &range.end,
                start_included: range.start_included,
                end_included: range.end_included,
            }),
            point => {
                point.compare(point)?;
                Some(Self { start: point, end: point, start_included: true, end_included: true })
            }
        }
    }
}

fn related(arguments: &[Value], relation: fn(&Span<'_>, &Span<'_>) -> Option<bool>) -> Given {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    let result = Span::new(left).zip(Span::new(right)).and_then(|(left, right)| relation(&left, &right));
    result.map(Value::Boolean).ok_or_else(|| {
        Fault::null(format!(
            "{} and {} are not points or ranges that can be compared",
            left.described(),
            right.described()
        ))
    })
}

fn is_before(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    Some(match left.end.compare(right.start)? {
        Ordering::Less => true,
        Ordering::Equal => !(left.end_included && right.start_included),
        Ordering::Greater => false,
    })
}

fn meets(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    Some(left.end_included && right.start_included && left.end.compare(right.start)?.is_eq())
}

/// The left one goes at least as far as the right one begins.
fn reaches(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    is_before(left, right).map(|is_before| !is_before)
}

fn overlaps_before(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    let starts_earlier = match left.start.compare(right.start)? {
        Ordering::Less => true,
        Ordering::Equal => left.start_included && !right.start_included,
        Ordering::Greater => false,
    };
    Some(starts_earlier && reaches(left, right)? && ends_within(left, right)?)
}

/// Ends no later.
fn ends_within(inner: &Span<'_>, outer: &Span<'_>) -> Option<bool> {
    Some(match inner.end.compare(outer.end)? {
        Ordering::Less => true,
        Ordering::Equal => !inner.end_included || outer.end_included,
        Ordering::Greater => false,
    })
}

/// Starts no earlier.
fn starts_within(inner: &Span<'_>, outer: &Span<'_>) -> Option<bool> {
    Some(match inner.start.compare(outer.start)? {
        Ordering::Greater => true,
        Ordering::Equal => !inner.start_included || outer.start_included,
        Ordering::Less => false,
    })
}

fn starts_with(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    Some(left.start.compare(right.start)?.is_eq() && left.start_included == right.start_included)
}

fn ends_with(left: &Span<'_>, right: &Span<'_>) -> Option<bool> {
    Some(left.end.compare(right.end)?.is_eq() && left.end_included == right.end_included)
}

fn lies_within(inner: &Span<'_>, outer: &Span<'_>) -> Option<bool> {
    Some(starts_within(inner, outer)? && ends_within(inner, outer)?)
}

fn starts(inner: &Span<'_>, outer: &Span<'_>) -> Option<bool> {
    Some(starts_with(inner, outer)? && ends_within(inner, outer)?)
}

fn finishes(inner: &Span<'_>, outer: &Span<'_>) -> Option<bool> {
    Some(ends_with(inner, outer)? && starts_within(inner, outer)?)
}
