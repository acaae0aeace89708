//! The state of one clock: enough to go on from, and to explain the due time to a person.

use serde::{Deserialize, Serialize};

use super::reason::Explained;
use super::target::{DueWhilePaused, PauseCounting, PauseRounding};
use super::working::{add, between, due_after, merge_pauses, working_between};
use super::{
    AgreementKind, BusinessTime, CalendarUse, Change, DayClock, Duration, Fault, MINUTE, Metric, Micros, Target,
};

/// Finished pauses kept one by one; older ones are summed up.
const PAUSES_KEPT: usize = 200;

/// Whether a clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Running {
    /// Time passes.
    Counting,
    /// Time stands still.
    Paused,
    /// The target was reached, in time or not.
    Completed,
    /// The measurement does not count.
    Cancelled,
}

/// A stretch in which a clock stood still; without an end it still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub from: Micros,
    /// When it ended.
    pub until: Option<Micros>,
}

/// One round of one target on one ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetState {
    /// Key of the target.
    pub target: String,
    /// Counted from 0: a target that is reset or repeats has a state for each round.
    pub round: u32,
    /// What people read.
    pub title: String,
    /// SLA, OLA or UC.
    #[serde(rename = "type")]
    pub kind: AgreementKind,
    /// What it measures.
    pub metric: Metric,
    /// The promise in force when it was last computed.
    pub duration: Duration,
    /// The instant a [`Duration::DueAt`] names, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_due: Option<Micros>,
    /// The calendar and zone it counts in.
    pub calendar: CalendarUse,
    /// What people read for the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_title: Option<String>,
    /// Whether it counts.
    pub running: Running,
    /// What it counts from.
    pub started_at: Micros,
    /// The pauses, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// Where the kept pauses begin to matter; the start unless there were very many.
    pub counting_from: Micros,
    /// Working time used up before `counting_from`.
    pub banked: Micros,
    /// Working time paused before `counting_from`.
    pub banked_pause: Micros,
    /// When it is due; absent while nobody can know.
    pub due_at: Option<Micros>,
    /// When it was completed or cancelled.
    pub stopped_at: Option<Micros>,
    /// Working time it took, once completed.
    pub elapsed: Option<Micros>,
    /// The due time that passed while it counted: decided on exact time, never on a percentage (SLM-08).
    pub breached_at: Option<Micros>,
    /// Why it is due when it is, for people.
    pub reason: String,
}

impl TargetState {
    pub(crate) fn new(
        target: &Target,
        calendar: CalendarUse,
        round: u32,
        started_at: Micros,
        change: &Change,
    ) -> TargetState {
        let mut state = TargetState {
            target: target.key.clone(),
            round,
            title: target.title.clone(),
            kind: target.kind,
            metric: target.metric,
            duration: target.duration.clone(),
            named_due: None,
            calendar,
            calendar_title: target.calendar_title.clone(),
            running: Running::Counting,
            started_at,
            pauses: Vec::new(),
            counting_from: started_at,
            banked: 0,
            banked_pause: 0,
            due_at: None,
            stopped_at: None,
            elapsed: None,
            breached_at: None,
            reason: String::new(),
        };
        state.read_named_due(change);
        state
    }

    /// Whether changes still matter to it.
    pub fn is_active(&self) -> bool {
        matches!(self.running, Running::Counting | Running::Paused)
    }

    /// Whether it is late at an instant, by exact time.
    pub fn is_breached(&self, at: Micros) -> bool {
        let late = self.running == Running::Counting && self.due_at.is_some_and(|due| due < at);
        self.breached_at.is_some() || late
    }

    /// The promised amount, where it is an amount and not a date.
    pub fn promised(&self) -> Option<Micros> {
        match self.duration {
            Duration::WorkingMinutes(minutes) | Duration::ElapsedMinutes(minutes) => Some(minutes * MINUTE),
            Duration::WorkingDates(_) | Duration::EndOfDay(_) | Duration::DueAt(_) => None,
        }
    }

    /// Working time used up until an instant, without pauses.
    ///
    /// # Errors
    /// When the calendar cannot count.
    pub fn used(&self, until: Micros, time: &dyn BusinessTime) -> Result<Micros, Fault> {
        let pauses = self.closed_pauses(until);
        let worked = working_between(time, &self.measure(), self.counting_from, until, &pauses)?;
        Ok(self.banked + worked)
    }

    /// Takes over the pauses of the clock that this one replaces, because a change tells nothing of those before it (SLM-05).
    ///
    /// # Errors
    /// When the calendar cannot count.
    pub fn inherit_pauses(
        &mut self,
        earlier: &TargetState,
        at: Micros,
        target: &Target,
        time: &dyn BusinessTime,
    ) -> Result<(), Fault> {
        self.pauses.clone_from(&earlier.pauses);
        let at = round(at, target.pause_rounding);
        match (self.running, self.pauses.last_mut()) {
            (Running::Counting, Some(last)) if last.until.is_none() => {
                last.until = Some(at.max(last.from));
            }
            (Running::Paused, last) if last.as_ref().is_none_or(|last| last.until.is_some()) => {
                self.pauses.push(Pause { from: at, until: None });
            }
            _ => {}
        }
        self.settle(target, time)
    }

    /// When it would be due if it counted from an instant on.
    ///
    /// # Errors
    /// When the calendar cannot count.
    pub fn due_if_resumed(&self, at: Micros, target: &Target, time: &dyn BusinessTime) -> Result<Micros, Fault> {
        let mut state = self.clone();
        state.resume(at, target, time)?;
        state.due(target, time)
    }

    pub(crate) fn pause(&mut self, at: Micros, target: &Target) {
        self.note_breach(at);
        self.running = Running::Paused;
        self.pauses.push(Pause { from: round(at, target.pause_rounding), until: None });
    }

    pub(crate) fn resume(&mut self, at: Micros, target: &Target, time: &dyn BusinessTime) -> Result<(), Fault> {
        self.running = Running::Counting;
        let at = round(at, target.pause_rounding);
        if let Some(pause) = self.pauses.last_mut() {
            pause.until = Some(at.max(pause.from));
        }
        self.bank_old_pauses(time)
    }

    /// Takes over a changed definition; whether anything that matters did change.
    pub(crate) fn redefine(&mut self, target: &Target, calendar: CalendarUse, change: &Change) -> bool {
        let before = (self.duration.clone(), self.calendar.clone(), self.named_due);
        self.duration = target.duration.clone();
        self.calendar = calendar;
        self.title.clone_from(&target.title);
        self.calendar_title.clone_from(&target.calendar_title);
        self.read_named_due(change);
        let redefined = before != (self.duration.clone(), self.calendar.clone(), self.named_due);
        if redefined {
            // Late under another promise is not late under this one.
            self.breached_at = None;
        }
        redefined
    }

    /// The state once it is over at an instant.
    pub(crate) fn finish(&self, at: Micros, running: Running, time: &dyn BusinessTime) -> Result<TargetState, Fault> {
        let mut state = self.clone();
        // What does not count is not counted: a clock can be cancelled when its calendar is gone.
        let elapsed = match running {
            Running::Completed => state.used(at, time)?,
            _ => 0,
        };
        if running == Running::Completed && state.breached_at.is_none() {
            // Amounts are compared as amounts: between a closing and the next opening nothing is late.
            let late = match (state.running, state.promised()) {
                (_, Some(promised)) => elapsed > promised,
                (Running::Counting, None) => state.due_at.is_some_and(|due| due < at),
                (_, None) => false,
            };
            state.breached_at = if late { state.due_at.or(Some(at)) } else { None };
        }
        if let Some(pause) = state.pauses.last_mut().filter(|pause| pause.until.is_none()) {
            pause.until = Some(at.max(pause.from));
        }
        state.running = running;
        state.stopped_at = Some(at);
        state.elapsed = (running == Running::Completed).then_some(elapsed);
        state.reason = Explained { state: &state, paused: 0 }.finished();
        Ok(state)
    }

    /// Computes the due time and its reason anew.
    pub(crate) fn settle(&mut self, target: &Target, time: &dyn BusinessTime) -> Result<(), Fault> {
        if self.running == Running::Paused && target.due_while_paused == DueWhilePaused::None {
            self.due_at = None;
        } else {
            self.due_at = Some(self.due(target, time)?);
        }
        let mut paused = self.banked_pause;
        for (from, until) in self.closed_pauses(Micros::MIN) {
            paused += between(time, &self.measure(), from.max(self.counting_from), until)?;
        }
        self.reason = Explained { state: self, paused }.running();
        Ok(())
    }

    fn due(&self, target: &Target, time: &dyn BusinessTime) -> Result<Micros, Fault> {
        let pauses = self.closed_pauses(Micros::MIN);
        let measure = self.measure();
        if let Some(promised) = self.promised().filter(|_| target.pause_counting == PauseCounting::Around) {
            let left = (promised - self.banked).max(0);
            return due_after(time, &measure, self.counting_from, left, &pauses, target.due_at_pause);
        }
        let base = match &self.duration {
            Duration::WorkingMinutes(_) | Duration::ElapsedMinutes(_) => {
                add(time, &measure, self.started_at, self.promised().unwrap_or(0))?
            }
            Duration::WorkingDates(days) => self.dates(*days, DayClock::SameTime, time)?,
            Duration::EndOfDay(days) => self.dates(*days, DayClock::EndOfDay, time)?,
            Duration::DueAt(name) => {
                let named = self.named_due.ok_or_else(|| {
                    Fault(format!("the ticket has no \"{name}\" to be due at; set it or use a duration"))
                })?;
                return if measure.key.is_some() { time.next_open(&measure, named) } else { Ok(named) };
            }
        };
        let mut paused = self.banked_pause;
        for (from, until) in &pauses {
            paused += between(time, &measure, (*from).max(self.counting_from), *until)?;
        }
        if paused == 0 { Ok(base) } else { add(time, &measure, base, paused) }
    }

    fn dates(&self, days: u32, clock: DayClock, time: &dyn BusinessTime) -> Result<Micros, Fault> {
        if self.calendar.key.is_none() {
            return Err(Fault("a target in working dates needs a calendar; add one or use minutes".to_owned()));
        }
        time.add_days(&self.calendar, self.started_at, days, clock)
    }

    /// What time is measured with: an elapsed duration ignores the calendar.
    fn measure(&self) -> CalendarUse {
        match self.duration {
            Duration::ElapsedMinutes(_) => CalendarUse::default(),
            _ => self.calendar.clone(),
        }
    }

    /// Pauses joined, the open one ending at `until`, or left out when that is not after its start.
    fn closed_pauses(&self, until: Micros) -> Vec<(Micros, Micros)> {
        let closed = self.pauses.iter().map(|pause| (pause.from, pause.until.unwrap_or(until)));
        merge_pauses(&closed.collect::<Vec<_>>())
    }

    fn note_breach(&mut self, at: Micros) {
        if self.breached_at.is_none() && self.is_breached(at) {
            self.breached_at = self.due_at;
        }
    }

    fn read_named_due(&mut self, change: &Change) {
        if let Duration::DueAt(name) = &self.duration {
            self.named_due = change.instants.get(name).copied().or(self.named_due);
        }
    }

    fn bank_old_pauses(&mut self, time: &dyn BusinessTime) -> Result<(), Fault> {
        while self.pauses.len() > PAUSES_KEPT {
            let pause = self.pauses.remove(0);
            let until = pause.until.unwrap_or(pause.from).max(self.counting_from);
            let from = pause.from.max(self.counting_from);
            self.banked += between(time, &self.measure(), self.counting_from, from)?;
            self.banked_pause += between(time, &self.measure(), from, until)?;
            self.counting_from = until;
        }
        Ok(())
    }
}

fn round(at: Micros, rounding: PauseRounding) -> Micros {
    match rounding {
        PauseRounding::Exact => at,
        // Every zone in use today is a whole number of minutes from UTC.
        PauseRounding::WholeMinutes => at.div_euclid(MINUTE) * MINUTE,
    }
}
