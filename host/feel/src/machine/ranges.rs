//! Ranges as values.

use std::sync::Arc;

use super::{Answer, Machine};
use crate::{
    Range, RangeForm, Value,
    node::{At, Node},
};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn range(
        &mut self,
        ends: &[Node; 2],
        start_included: bool,
        end_included: bool,
        form: RangeForm,
        at: At,
    ) -> Answer {
        let start = self.evaluate(&ends[0])?;
        let mut end = self.evaluate(&ends[1])?;
        if form == RangeForm::Comparison && start_included && end_included {
            end = start.clone();
        }
        Ok(match checked(start, end, start_included, end_included, form) {
            Ok(range) => Value::Range(Arc::new(range)),
            Err(reason) => self.null("range", at, || reason),
        })
    }
}

/// A range of two ends that have an order and the same type.
pub(crate) fn checked(
    start: Value,
    end: Value,
    start_included: bool,
    end_included: bool,
    form: RangeForm,
) -> Result<Range, String> {
    if form != RangeForm::Different {
        for value in [&start, &end] {
            let is_ordered = value.is_null() || form == RangeForm::Comparison || value.compare(value).is_some();
            if !is_ordered {
                return Err(format!("{} has no order and cannot be the end of a range", value.described()));
            }
        }
        let is_pair = !start.is_null() && !end.is_null();
        if is_pair && std::mem::discriminant(&start) != std::mem::discriminant(&end) {
            return Err(format!("{} and {} cannot be the ends of one range", start.described(), end.described()));
        }
    }
    Ok(Range { start, end, start_included, end_included, form })
}
