//! Ready targets: which statuses pause which metric, and when each begins and ends, by product.
//!
//! Sources: `meta.known_disagreements` of the acceptance cases ("GLPI keeps TTO running during pauses and lets pauses
//! extend TTR only; Zammad pauses every target"), the Zammad and GLPI test suites they name, and SLM-11.

use serde::{Deserialize, Serialize};

use super::target::{
    DueAtPause, DueWhilePaused, Duration, Metric, PauseCounting, PauseRounding, Repeat, RetroactivePause, StartFrom,
    Target, ZoneSource,
};
use super::{AgreementKind, Condition};

/// Whose rules a set of targets follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetPreset {
    /// Weft's own: on hold pauses update and resolution, nothing pauses the response.
    #[default]
    Weft,
    /// Zammad: pending, closed, merged and removed pause every target; a customer's next contact starts the update.
    Zammad,
    /// GLPI: waiting pauses the resolution only, and is added after the due time.
    Glpi,
    /// ServiceNow: on hold pauses the resolution only.
    ServiceNow,
    /// Request Tracker: nothing pauses; a ticket's creation asks for an answer as every further contact does.
    Rt,
}

/// What a further contact of a customer who was not answered yet does to the update target (SLM-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recontact {
    /// The first unanswered contact counts. (Zammad "check if agent already replied")
    #[default]
    FirstCounts,
    /// Each contact starts it again. (Zammad "based on customer reaction")
    EachRestarts,
}

const ZAMMAD_PAUSED: [&str; 5] = ["pending reminder", "pending close", "closed", "merged", "removed"];
const GLPI_PAUSED: [&str; 2] = ["waiting", "pending"];
const ON_HOLD: [&str; 3] = ["on-hold", "on hold", "pending"];

/// The statuses that pause a metric.
pub fn pausing_statuses(preset: TargetPreset, metric: Metric) -> &'static [&'static str] {
    match (preset, metric) {
        (TargetPreset::Zammad, _) => &ZAMMAD_PAUSED,
        (TargetPreset::Glpi, Metric::Resolution) => &GLPI_PAUSED,
        (TargetPreset::ServiceNow, Metric::Resolution) => &ON_HOLD,
        (TargetPreset::Weft, Metric::Update | Metric::Resolution) => &ON_HOLD,
        (TargetPreset::Glpi | TargetPreset::ServiceNow | TargetPreset::Weft | TargetPreset::Rt, _) => &[],
    }
}

/// A target of a metric with the conditions of a preset.
///
/// The events it understands: `customer-contact`, `agent-contact` (an answer that reaches the customer),
/// `first-response`, `closed`; and the field `state`.
pub fn target(
    preset: TargetPreset,
    metric: Metric,
    duration: Duration,
    calendar: Option<&str>,
    recontact: Recontact,
) -> Target {
    let zammad = preset == TargetPreset::Zammad;
    let glpi = preset == TargetPreset::Glpi;
    let paused = pausing_statuses(preset, metric);
    let contact = || Condition::event(&["customer-contact"]);
    let (key, title, start, stop) = begin_and_end(preset, metric);
    let restart = metric == Metric::Update && recontact == Recontact::EachRestarts;
    let retroactive = metric != Metric::Update;
    Target {
        key: key.to_owned(),
        title: title.to_owned(),
        kind: AgreementKind::Sla,
        metric,
        duration,
        calendar: calendar.map(str::to_owned),
        calendar_title: None,
        zone_source: ZoneSource::Sla,
        start_from: if retroactive { StartFrom::Instant("created".to_owned()) } else { StartFrom::Change },
        retroactive_pause: if retroactive { RetroactivePause::Counted } else { RetroactivePause::Ignored },
        repeat: if metric == Metric::Update { Repeat::EachStart } else { Repeat::Once },
        pause_rounding: if zammad { PauseRounding::WholeMinutes } else { PauseRounding::Exact },
        pause_counting: if glpi { PauseCounting::Appended } else { PauseCounting::Around },
        due_at_pause: if zammad { DueAtPause::End } else { DueAtPause::Begin },
        due_while_paused: if glpi { DueWhilePaused::Kept } else { DueWhilePaused::None },
        start,
        pause: if paused.is_empty() { Condition::Never } else { Condition::state(paused) },
        resume: Condition::Never,
        stop,
        reset: if restart { contact() } else { Condition::Never },
        cancel: Condition::Never,
    }
}

/// Key, title, and what begins and ends a metric.
fn begin_and_end(preset: TargetPreset, metric: Metric) -> (&'static str, &'static str, Condition, Condition) {
    let contact = || Condition::event(&["customer-contact"]);
    match metric {
        Metric::Response => {
            ("response", "First response", Condition::Always, Condition::event(&["first-response", "agent-contact"]))
        }
        Metric::Update if preset == TargetPreset::Rt => (
            "update",
            "Update",
            Condition::event(&["created", "customer-contact"]),
            Condition::event(&["agent-contact", "closed"]),
        ),
        Metric::Update => ("update", "Update", contact(), Condition::event(&["agent-contact"])),
        Metric::Resolution => ("resolution", "Resolution", Condition::Always, Condition::event(&["closed"])),
        Metric::Custom => ("custom", "Target", Condition::Never, Condition::Never),
    }
}

/// A promise to write again while a customer waits: it starts at each answer and ends when the customer writes. (RT "keep
/// in loop")
pub fn keep_in_loop(preset: TargetPreset, duration: Duration, calendar: Option<&str>) -> Target {
    Target {
        key: "keep-in-loop".to_owned(),
        title: "Keep in the loop".to_owned(),
        start: Condition::event(&["agent-contact"]),
        stop: Condition::event(&["customer-contact", "closed"]),
        reset: Condition::event(&["agent-contact"]),
        ..target(preset, Metric::Update, duration, calendar, Recontact::FirstCounts)
    }
}
