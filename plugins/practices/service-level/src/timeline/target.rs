//! What a target is: how long, counted how, and the six conditions of its clock (SLM-01).

use serde::{Deserialize, Serialize};

use super::Condition;

/// The agreement a target belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgreementKind {
    /// With the customer.
    #[default]
    Sla,
    /// Between internal teams.
    Ola,
    /// With a supplier.
    Uc,
}

/// What a target measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Until the first answer that reaches the customer; time to own.
    Response,
    /// Until the next answer after a customer wrote.
    Update,
    /// Until the ticket is solved.
    #[default]
    Resolution,
    /// Whatever its conditions say.
    Custom,
}

/// How long a target may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duration {
    /// Minutes that the calendar counts.
    WorkingMinutes(i64),
    /// Minutes of the clock on the wall.
    ElapsedMinutes(i64),
    /// Working dates, by the calendar's meaning of days. (GLPI, biz)
    WorkingDates(u32),
    /// The last closing of a working date; 0 is the day itself. (GLPI "end of working day")
    EndOfDay(u32),
    /// An instant of the ticket, moved to the next opening. (ServiceNow "breach on due date")
    DueAt(String),
}

/// Whose zone the calendar's hours are read in (SLM-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneSource {
    /// The calendar's own.
    #[default]
    Sla,
    /// The caller's.
    Caller,
    /// That of the configuration item's location.
    CiLocation,
    /// That of the ticket's location.
    TaskLocation,
    /// That of the caller's location.
    CallerLocation,
    /// That of the installation.
    System,
}

/// What a clock counts from (SLM-05).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartFrom {
    /// The change that attached it.
    #[default]
    Change,
    /// An instant of the ticket, such as `created`, `opened` or `assigned`: a retroactive start. (GLPI counts an SLA
    /// from the ticket's date, an OLA from the assignment)
    Instant(String),
}

/// Whether pauses before a target was attached count for a retroactive start (SLM-05).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetroactivePause {
    /// They count.
    #[default]
    Counted,
    /// Only pauses from the attachment on count.
    Ignored,
}

/// Whether a target may be measured more than once without a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Once for a ticket.
    #[default]
    Once,
    /// Whenever its start holds and no round runs.
    EachStart,
}

/// How exact the ends of a pause are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseRounding {
    /// To the microsecond.
    #[default]
    Exact,
    /// Both ends at the whole minute before. (Zammad turns pauses into breaks written HH:MM; "seconds are dropped")
    WholeMinutes,
}

/// How pauses enter the due time (SLM-04).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseCounting {
    /// Paused time is closed time: the budget is used up around it. (Zammad)
    #[default]
    Around,
    /// The working part of the pauses is added after the due time. (GLPI waiting duration)
    Appended,
}

/// Where a budget lands that is used up exactly when a pause begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DueAtPause {
    /// There, at the beginning of the pause.
    #[default]
    Begin,
    /// At the end of the pause, as a closing would be the next opening. (Zammad)
    End,
}

/// What a paused clock shows as due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DueWhilePaused {
    /// Nothing: nobody knows when it will be due. (Zammad)
    #[default]
    None,
    /// The due time before the pause. (GLPI)
    Kept,
}

/// A measurable promise, as an administrator defines it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Stable name, unique in its policy.
    pub key: String,
    /// What people read.
    pub title: String,
    /// SLA, OLA or UC.
    #[serde(rename = "type", default)]
    pub kind: AgreementKind,
    /// What it measures.
    pub metric: Metric,
    /// How long it may take.
    pub duration: Duration,
    /// Key of the calendar; without one every minute counts.
    #[serde(default)]
    pub calendar: Option<String>,
    /// What people read for the calendar.
    #[serde(default)]
    pub calendar_title: Option<String>,
    /// Whose zone the hours are in.
    #[serde(default)]
    pub zone_source: ZoneSource,
    /// What the clock counts from.
    #[serde(default)]
    pub start_from: StartFrom,
    /// Whether earlier pauses count.
    #[serde(default)]
    pub retroactive_pause: RetroactivePause,
    /// Whether it is measured again.
    #[serde(default)]
    pub repeat: Repeat,
    /// How exact pauses are.
    #[serde(default)]
    pub pause_rounding: PauseRounding,
    /// How pauses enter the due time.
    #[serde(default)]
    pub pause_counting: PauseCounting,
    /// A budget that ends as a pause begins.
    #[serde(default)]
    pub due_at_pause: DueAtPause,
    /// What a paused clock shows.
    #[serde(default)]
    pub due_while_paused: DueWhilePaused,
    /// Attach when it holds and neither stop nor cancel does.
    pub start: Condition,
    /// Pause while it holds.
    #[serde(default)]
    pub pause: Condition,
    /// Count although pause holds.
    #[serde(default)]
    pub resume: Condition,
    /// Complete.
    pub stop: Condition,
    /// With start: complete and attach again.
    #[serde(default)]
    pub reset: Condition,
    /// The measurement does not count.
    #[serde(default)]
    pub cancel: Condition,
}
