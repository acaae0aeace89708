//! Free days: one-off, ranges, and those that return every year.

use super::date;

/// A month and day, ordered within the year.
pub(crate) type MonthDay = (i8, i8);

#[derive(Clone, Debug)]
pub(crate) enum Holiday {
    /// First to last day, both free.
    Once { first: i64, last: i64, title: String },
    /// First to last month-day, both free; when the first is after the last the range spans New Year. (GLPI
    /// "recurs yearly" ranges, Znuny vacation days)
    Yearly { first: MonthDay, last: MonthDay, title: String },
}

/// Active holidays, ready to be asked about a day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holidays {
    /// Sorted by first day.
    once: Vec<(i64, i64, String)>,
    yearly: Vec<(MonthDay, MonthDay, String)>,
    /// One bit for each month-day covered by `yearly`, so that the common question costs no search.
    yearly_days: [u32; 13],
    /// The longest one-off range, in days: how far back a search must look.
    longest: i64,
}

impl Holidays {
    pub(crate) fn new(list: Vec<Holiday>) -> Holidays {
        let mut holidays = Holidays::default();
        for holiday in list {
            match holiday {
                Holiday::Once { first, last, title } => {
                    holidays.longest = holidays.longest.max(last - first);
                    holidays.once.push((first, last, title));
                }
                Holiday::Yearly { first, last, title } => {
                    for month in 1..=12_i8 {
                        for day in 1..=31_i8 {
                            if covers(first, last, (month, day)) {
                                holidays.yearly_days[month as usize] |= 1 << day;
                            }
                        }
                    }
                    holidays.yearly.push((first, last, title));
                }
            }
        }
        holidays.once.sort();
        holidays
    }

    /// Whether the day is free.
    pub(crate) fn covers(&self, day: i64) -> bool {
        if self.once_on(day).is_some() {
            return true;
        }
        if self.yearly.is_empty() {
            return false;
        }
        let (_, month, day_of_month) = date::year_month_day(day);
        self.yearly_days[month as usize] & (1 << day_of_month) != 0
    }

    /// The title of the holiday on a day.
    pub(crate) fn title(&self, day: i64) -> Option<&str> {
        let (_, month, day_of_month) = date::year_month_day(day);
        let yearly = || {
            let on = |(first, last, _): &&(MonthDay, MonthDay, String)| covers(*first, *last, (month, day_of_month));
            self.yearly.iter().find(on).map(|(_, _, title)| title.as_str())
        };
        self.once_on(day).or_else(yearly)
    }

    /// The last day any one-off holiday speaks about.
    pub(crate) fn last_once(&self) -> Option<i64> {
        self.once.iter().map(|(_, last, _)| *last).max()
    }

    /// Everything, to build another calendar from.
    pub(crate) fn list(&self) -> Vec<Holiday> {
        let once = self.once.iter().map(|(first, last, title)| Holiday::Once {
            first: *first,
            last: *last,
            title: title.clone(),
        });
        let yearly = self.yearly.iter().map(|(first, last, title)| Holiday::Yearly {
            first: *first,
            last: *last,
            title: title.clone(),
        });
        once.chain(yearly).collect()
    }

    fn once_on(&self, day: i64) -> Option<&str> {
        let after = self.once.partition_point(|(first, _, _)| *first <= day);
        self.once[..after]
            .iter()
            .rev()
            .take_while(|(first, _, _)| *first >= day - self.longest)
            .find(|(_, last, _)| *last >= day)
            .map(|(_, _, title)| title.as_str())
    }
}

fn covers(first: MonthDay, last: MonthDay, day: MonthDay) -> bool {
    if first <= last { first <= day && day <= last } else { day >= first || day <= last }
}
