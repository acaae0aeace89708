//! Clocks against a toy calendar: 09:00 to 17:00 UTC every day, in plain arithmetic.

use super::presets::{Recontact, TargetPreset, target};
use super::*;

const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;

/// 09:00 to 17:00 UTC every day.
struct NineToFive;

impl BusinessTime for NineToFive {
    fn add(&self, _: &CalendarUse, start: Micros, amount: Micros) -> Result<Micros, Fault> {
        let (mut day, mut left) = (start.div_euclid(DAY), amount);
        let mut from = start;
        loop {
            let (open, close) = (day * DAY + 9 * HOUR, day * DAY + 17 * HOUR);
            let begin = from.max(open);
            if begin < close && left <= close - begin {
                return Ok(if left == 0 { from } else { begin + left });
            }
            left -= (close - begin).max(0);
            day += 1;
            from = day * DAY;
        }
    }

    fn between(&self, _: &CalendarUse, from: Micros, to: Micros) -> Result<Micros, Fault> {
        let days = from.div_euclid(DAY)..=to.div_euclid(DAY);
        Ok(days.map(|day| (to.min(day * DAY + 17 * HOUR) - from.max(day * DAY + 9 * HOUR)).max(0)).sum())
    }
}

/// Day and time of day, from 2013-03-21.
fn at(day: i64, hour: i64, minute: i64) -> Micros {
    (15_785 + day) * DAY + hour * HOUR + minute * MINUTE
}

fn change(at: Micros, event: &str, state: &str) -> Change {
    let fields = [("state".to_owned(), Value::from(state))].into_iter().collect();
    Change {
        at,
        event: event.to_owned(),
        fields,
        instants: [("created".to_owned(), self::at(0, 9, 30))].into(),
        ..Change::default()
    }
}

fn agreed(preset: TargetPreset) -> Vec<Target> {
    let make = |metric, minutes| {
        target(preset, metric, Duration::WorkingMinutes(minutes), Some("office"), Recontact::FirstCounts)
    };
    vec![make(Metric::Response, 60), make(Metric::Update, 120), make(Metric::Resolution, 480)]
}

fn run(targets: &[Target], changes: &[Change]) -> Vec<TargetState> {
    replay(targets, changes, &Zones::default(), &NineToFive).expect("the toy calendar counts")
}

fn state<'a>(states: &'a [TargetState], key: &str) -> &'a TargetState {
    states.iter().rfind(|state| state.target == key).expect("the clock is attached")
}

#[test]
fn slm_04_overlapping_pauses_count_once() {
    let pauses = [(at(0, 10, 0), at(0, 11, 0)), (at(0, 10, 30), at(0, 11, 30)), (at(0, 10, 45), at(0, 10, 50))];

    let merged = merge_pauses(&pauses);

    assert_eq!(merged, [(at(0, 10, 0), at(0, 11, 30))]);
}

#[test]
fn slm_04_only_the_working_part_of_a_pause_moves_the_due_time() {
    let changes = [
        change(at(0, 9, 30), "created", "open"),
        change(at(0, 16, 30), "updated", "on-hold"),
        change(at(1, 10, 0), "updated", "open"),
    ];

    let states = run(&agreed(TargetPreset::Weft), &changes);

    // 30 minutes on the first day and 60 on the second were paused; the response goes on.
    let resolution = state(&states, "resolution");
    assert_eq!(resolution.due_at, Some(at(1, 11, 0)));
    assert_eq!(
        resolution.reason,
        "Resolution within 480 working minutes (calendar office) from 2013-03-21T09:30Z, paused 90 working minutes: \
         due 2013-03-22T11:00Z"
    );
    assert_eq!(state(&states, "response").due_at, Some(at(0, 10, 30)));
    assert!(state(&states, "response").is_breached(at(0, 10, 31)));
}

#[test]
fn slm_04_presets_differ_in_what_pauses() {
    let paused_response = |preset, status| {
        let changes = [change(at(0, 9, 30), "created", "open"), change(at(0, 9, 40), "updated", status)];
        let states = run(&agreed(preset), &changes);
        (state(&states, "response").running, state(&states, "resolution").running)
    };

    let (counting, paused) = (Running::Counting, Running::Paused);
    assert_eq!(paused_response(TargetPreset::Zammad, "pending reminder"), (paused, paused));
    assert_eq!(paused_response(TargetPreset::Glpi, "waiting"), (counting, paused));
    assert_eq!(paused_response(TargetPreset::Weft, "on-hold"), (counting, paused));
}

#[test]
fn one_change_at_a_time_equals_the_whole_history() {
    let targets = agreed(TargetPreset::Zammad);
    let changes = [
        change(at(0, 9, 30), "created", "open"),
        change(at(0, 9, 30), "customer-contact", "open"),
        change(at(0, 9, 50), "updated", "pending reminder"),
        change(at(0, 10, 5), "updated", "open"),
        change(at(0, 10, 10), "agent-contact", "open"),
        change(at(0, 10, 20), "customer-contact", "open"),
        change(at(0, 15, 0), "closed", "closed"),
    ];

    let mut verbs = Vec::new();
    let mut states: Vec<TargetState> = Vec::new();
    for change in &changes {
        // The state travels as JSON between two changes, as it does in a component.
        let text = serde_json::to_string(&states).expect("states are data");
        states = serde_json::from_str(&text).expect("states are data");
        let transitions = advance(&targets, &states, change, &[], &Zones::default(), &NineToFive);
        let transitions = transitions.expect("the toy calendar counts");
        verbs.extend(transitions.iter().map(|t| format!("{:?} {}", t.verb, t.state.target)));
        apply(&mut states, transitions);
    }

    assert_eq!(states, run(&targets, &changes));
    assert_eq!(
        verbs,
        [
            "Start response",
            "Start resolution",
            "Start update",
            "Pause response",
            "Pause update",
            "Pause resolution",
            "Resume response",
            "Resume update",
            "Resume resolution",
            "Stop response",
            "Stop update",
            "Start update",
            "Pause update",
            "Stop resolution"
        ]
    );
    assert_eq!(state(&states, "response").elapsed, Some(25 * MINUTE));
    assert_eq!(state(&states, "resolution").elapsed, Some(315 * MINUTE));
}

#[test]
fn slm_05_a_higher_priority_counts_from_creation() {
    let resolution = |key: &str, minutes| Target {
        key: key.to_owned(),
        ..target(
            TargetPreset::Weft,
            Metric::Resolution,
            Duration::WorkingMinutes(minutes),
            Some("office"),
            Recontact::FirstCounts,
        )
    };
    let created = change(at(0, 9, 30), "created", "open");
    let held = [change(at(0, 10, 0), "updated", "on-hold"), change(at(0, 10, 30), "updated", "open")];
    let history = [vec![created], held.to_vec()].concat();
    let mut states = run(&[resolution("p3", 960)], &history);

    let raised = change(at(0, 12, 30), "updated", "open");
    let replaced = advance(&[resolution("p1", 240)], &states, &raised, &history, &Zones::default(), &NineToFive)
        .expect("the toy calendar counts");

    assert_eq!(replaced.iter().map(|t| t.verb).collect::<Vec<_>>(), [Verb::Cancel, Verb::Start]);
    // Four hours from 09:30 and the half hour on hold.
    assert_eq!(replaced[1].state.due_at, Some(at(0, 14, 0)));
    apply(&mut states, replaced);
    assert_eq!(state(&states, "p3").running, Running::Cancelled);
}

#[test]
fn slm_05_retroactive_start_and_pause_are_choices() {
    let mut late = agreed(TargetPreset::Weft).remove(2);
    let history = [
        change(at(0, 9, 30), "created", "open"),
        change(at(0, 10, 0), "updated", "on-hold"),
        change(at(0, 11, 0), "updated", "open"),
    ];
    let now = change(at(0, 12, 0), "updated", "open");
    let due = |target: &Target| {
        let started = advance(std::slice::from_ref(target), &[], &now, &history, &Zones::default(), &NineToFive);
        started.expect("the toy calendar counts")[0].state.due_at
    };

    assert_eq!(due(&late), Some(at(1, 10, 30)));
    late.retroactive_pause = RetroactivePause::Ignored;
    assert_eq!(due(&late), Some(at(1, 9, 30)));
    late.start_from = StartFrom::Change;
    assert_eq!(due(&late), Some(at(1, 12, 0)));
}

#[test]
fn slm_12_an_edited_definition_recomputes_and_keeps_the_start() {
    let mut targets = agreed(TargetPreset::Weft);
    let created = change(at(0, 9, 30), "created", "open");
    let states = run(&targets, std::slice::from_ref(&created));

    targets[0].duration = Duration::WorkingMinutes(120);
    let later = change(at(0, 10, 0), "updated", "open");
    let edited = advance(&targets, &states, &later, &[], &Zones::default(), &NineToFive);

    let edited = edited.expect("the toy calendar counts");
    assert_eq!(edited.len(), 1);
    assert_eq!((edited[0].verb, edited[0].state.due_at), (Verb::Recompute, Some(at(0, 11, 30))));
}

#[test]
fn slm_08_a_target_met_on_the_dot_is_met() {
    let stop = |stop_at: Micros| {
        let changes = [change(at(0, 9, 30), "created", "open"), change(stop_at, "agent-contact", "open")];
        state(&run(&agreed(TargetPreset::Weft), &changes), "response").breached_at
    };

    assert_eq!(stop(at(0, 10, 30)), None);
    assert_eq!(stop(at(0, 10, 30) + 1), Some(at(0, 10, 30)));
}

#[test]
fn slm_11_a_second_contact_restarts_the_update_only_in_one_mode() {
    let due = |recontact| {
        let update =
            target(TargetPreset::Weft, Metric::Update, Duration::WorkingMinutes(120), Some("office"), recontact);
        let changes =
            [change(at(0, 9, 30), "customer-contact", "open"), change(at(0, 10, 0), "customer-contact", "open")];
        state(&run(&[update], &changes), "update").due_at
    };

    assert_eq!(due(Recontact::FirstCounts), Some(at(0, 11, 30)));
    assert_eq!(due(Recontact::EachRestarts), Some(at(0, 12, 0)));
}

#[test]
fn slm_07_both_orders_of_policies() {
    let policy = |key: &str, scope, applies| Policy {
        key: key.to_owned(),
        title: String::new(),
        scope,
        applies,
        targets: Vec::new(),
    };
    let policies = [
        policy("fallback", Scope::Default, Condition::Always),
        policy("everyone", Scope::Global, Condition::Always),
        policy("acme", Scope::Workspace, Condition::state(&["open"])),
    ];
    let ticket = change(at(0, 9, 30), "created", "open");
    let key = |order| choose_policy(&policies, &ticket, order).map(|policy| policy.key.as_str());

    assert_eq!(key(PolicyOrder::NarrowestFirst), Some("acme"));
    assert_eq!(key(PolicyOrder::AsListed), Some("fallback"));
}

#[test]
fn a_clock_with_very_many_pauses_stays_small_and_exact() {
    let targets = vec![agreed(TargetPreset::Weft).remove(2)];
    let mut changes = vec![change(at(0, 9, 30), "created", "open")];
    for day in 0..300 {
        changes.push(change(at(day, 10, 0), "updated", "on-hold"));
        changes.push(change(at(day + 1, 9, 59), "updated", "open"));
    }

    let states = run(&targets, &changes);

    // 30 minutes of the first day and one minute before each of the 299 further pauses.
    let clock = state(&states, "resolution");
    assert!(clock.pauses.len() <= 200);
    assert_eq!(clock.used(at(300, 9, 59), &NineToFive), Ok((30 + 299) * MINUTE));
    assert_eq!(clock.due_at, Some(at(300, 9, 59) + (480 - 329) * MINUTE));
}

#[test]
fn targets_are_data() {
    let text = serde_json::json!({
        "key": "own", "title": "Time to own", "type": "OLA".to_lowercase(), "metric": "response",
        "duration": {"working-minutes": 240}, "calendar": "office", "zone_source": "caller-location",
        "start": "always", "start_from": {"instant": "assigned"}, "stop": {"event": ["agent-contact"]},
        "pause": {"is": {"field": "state", "in": ["on-hold"]}}, "cancel": {"changed": "group"}
    });

    let target: Target = serde_json::from_value(text).expect("a target");

    assert_eq!(target.kind, AgreementKind::Ola);
    let zones = Zones { caller_location: Some("Asia/Tokyo".to_owned()), ..Zones::default() };
    let mut assigned = change(at(0, 9, 30), "created", "open");
    assigned.instants.insert("assigned".to_owned(), at(0, 10, 0));
    let states = replay(&[target], &[assigned], &zones, &NineToFive).expect("the toy calendar counts");
    assert_eq!(states[0].started_at, at(0, 10, 0));
    assert_eq!(states[0].calendar.zone.as_deref(), Some("Asia/Tokyo"));
}
