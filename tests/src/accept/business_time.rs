//! Business time and service level clocks against facts of other products (`data/business-time-cases.json`, and any file
//! of its shape).
//!
//! Each case runs under the preset of its source. A case that cannot be read is counted as not understood, by id and
//! with the reason, never as passed. *Architecture Invariant*: nothing here knows a case by its id.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

mod calendars;
mod clocks;
mod counting;
mod due;
mod moment;
mod relative;
mod ticket;

use calendars::Calendars;

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every expected value was read and agrees.
    Passed,
    /// Expected and got, one line for each value that differs.
    Failed(Vec<String>),
    /// Why it could not be run.
    NotUnderstood(String),
}

/// One case and what came of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The case's id.
    pub id: String,
    /// Where its facts come from.
    pub source: String,
    /// Its kind.
    pub kind: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a whole file.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the file.
    pub lines: Vec<Line>,
}

impl Report {
    /// How many passed.
    pub fn passed(&self) -> usize {
        self.lines.iter().filter(|line| line.outcome == Outcome::Passed).count()
    }

    /// Whether the file had cases and all of them passed.
    pub fn pass(&self) -> bool {
        !self.lines.is_empty() && self.passed() == self.lines.len()
    }

    /// `{id, figure, limit, pass}`: cases passed, of how many.
    pub fn summary(&self) -> Value {
        json!({"id": "business-time", "figure": self.passed(), "limit": self.lines.len(), "pass": self.pass()})
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
        for line in &self.lines {
            let column = match line.outcome {
                Outcome::Passed => 0,
                Outcome::Failed(_) => 1,
                Outcome::NotUnderstood(_) => 2,
            };
            table.entry((&line.source, &line.kind)).or_default()[column] += 1;
        }
        writeln!(out, "{:<12} {:<22} {:>6} {:>6} {:>14}", "source", "kind", "passed", "failed", "not understood")?;
        for ((source, kind), [passed, failed, unread]) in table {
            writeln!(out, "{source:<12} {kind:<22} {passed:>6} {failed:>6} {unread:>14}")?;
        }
        for line in &self.lines {
            match &line.outcome {
                Outcome::Passed => {}
                Outcome::Failed(differences) => {
                    for difference in differences {
                        writeln!(out, "FAILED {}: {difference}", line.id)?;
                    }
                }
                Outcome::NotUnderstood(reason) => writeln!(out, "NOT UNDERSTOOD {}: {reason}", line.id)?,
            }
        }
        writeln!(out, "{}", self.summary())
    }
}

/// Runs every case of a file, prints the table and the summary line.
///
/// A file that cannot be read is a report without cases, which does not pass.
#[expect(clippy::print_stdout, reason = "the report is what a person or a script runs this for")]
pub fn run(file: &Path) -> Report {
    let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let parsed = read.and_then(|text| serde_json::from_str::<Value>(&text).map_err(|e| e.to_string()));
    let report = match parsed {
        Ok(cases) => run_cases(&cases),
        Err(error) => {
            println!("{} cannot be read: {error}", file.display());
            Report::default()
        }
    };
    println!("{report}");
    report
}

/// Runs the cases of a parsed file.
pub fn run_cases(file: &Value) -> Report {
    let calendars = Calendars::new(&file["calendars"]);
    let cases = file["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = cases.iter().map(|case| {
        let text = |name: &str| case[name].as_str().unwrap_or("(none)").to_owned();
        let (id, kind) = (text("id"), text("kind"));
        let source = id.split('-').next().unwrap_or_default().to_owned();
        let outcome = match run_case(&Case { value: case, calendars: &calendars }) {
            Ok(checks) => checks.outcome(),
            Err(reason) => Outcome::NotUnderstood(reason),
        };
        Line { id, source, kind, outcome }
    });
    Report { lines: lines.collect() }
}

fn run_case(case: &Case<'_>) -> Result<Checks, String> {
    match case.value["kind"].as_str().unwrap_or_default() {
        "due" => due::due(case, due::Way::Forward),
        "due-backward" => due::due(case, due::Way::Backward),
        "elapsed" => counting::elapsed(case),
        "windows" => counting::windows(case),
        kind if kind.starts_with("is-") => counting::membership(case),
        "local-to-instant" => counting::local_to_instant(case),
        "calendar-validation" => counting::validation(case),
        "pause-to-break" => relative::pause_to_break(case),
        "elapsed-relative" | "due-relative" => relative::relative(case),
        "breach" => ticket::breach(case),
        "ticket-sla" => ticket::ticket(case),
        "sla-definition-edit" | "sla-replaced" => ticket::replaced(case),
        kind => by_shape(case).unwrap_or_else(|| Err(format!("the kind \"{kind}\" is not known"))),
    }
}

/// A kind that is not known by name may be one that is known by what it gives.
fn by_shape(case: &Case<'_>) -> Option<Result<Checks, String>> {
    let has = |names: &[&str]| names.iter().any(|name| !case.input()[*name].is_null());
    if has(&["sla_minutes_before", "sla_minutes_after", "sla_before", "sla_after", "calendar_after"]) {
        Some(ticket::replaced(case))
    } else if has(&["sla_minutes", "sla", "targets"]) {
        Some(ticket::ticket(case))
    } else if has(&["amount"]) {
        Some(due::due(case, due::Way::Forward))
    } else if has(&["from"]) && has(&["to"]) {
        Some(counting::elapsed(case))
    } else {
        None
    }
}

/// One case of the file.
struct Case<'a> {
    value: &'a Value,
    calendars: &'a Calendars<'a>,
}

impl Case<'_> {
    fn input(&self) -> &Value {
        &self.value["input"]
    }

    fn expected(&self) -> &Value {
        &self.value["expected"]
    }

    /// The title of the test the facts come from: some say there what the input leaves out.
    fn test_title(&self) -> &str {
        self.value["source"]["test"].as_str().unwrap_or_default()
    }

    /// The first input of these names that is a text.
    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.input()[*name].as_str())
    }
}

/// Compared values of one case.
#[derive(Default)]
struct Checks {
    compared: usize,
    differences: Vec<String>,
}

impl Checks {
    fn same<T: PartialEq + fmt::Display>(&mut self, name: &str, expected: T, got: T) {
        self.compared += 1;
        if expected != got {
            self.differences.push(format!("{name}: expected {expected}, got {got}"));
        }
    }

    fn same_text(&mut self, name: &str, expected: impl Into<String>, got: impl Into<String>) {
        self.same(name, expected.into(), got.into());
    }

    fn outcome(self) -> Outcome {
        match (self.compared, self.differences.is_empty()) {
            (0, _) => Outcome::NotUnderstood("nothing of what it expects could be read".to_owned()),
            (_, true) => Outcome::Passed,
            (_, false) => Outcome::Failed(self.differences),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shared cases stay outside the repository; a clone without them says so.
    #[test]
    fn the_shared_cases_pass_under_their_sources_preset() {
        let named = option_env!("WEFT_SHARED_DATA").map(|folder| Path::new(folder).to_path_buf());
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/data"));
        let found = named.into_iter().chain(above).map(|folder| folder.join("business-time-cases.json"));
        let Some(file) = found.into_iter().find(|file| file.exists()) else {
            eprintln!("SKIPPED: no shared/data/business-time-cases.json above; WEFT_SHARED_DATA names its folder");
            return;
        };

        let report = run(&file);

        assert!(report.pass(), "{report}");
    }

    #[test]
    fn what_is_not_understood_never_passes() {
        let report = run_cases(&json!({"calendars": {}, "cases": [
            {"id": "x-1", "kind": "horoscope", "input": {}, "expected": {}},
            {"id": "x-2", "kind": "due", "input": {"start": "2015-01-01 10:30", "amount": 1, "unit": "hours"},
             "expected": {"mood": "good"}},
            {"id": "x-3", "kind": "due", "input": {"start": "some day", "amount": 1, "unit": "hours"},
             "expected": {"due": "2015-01-01 20:30"}}
        ]}));

        assert_eq!(report.passed(), 0);
        let unread = |line: &Line| matches!(line.outcome, Outcome::NotUnderstood(_));
        assert!(report.lines.iter().all(unread), "{report}");
        assert!(!report.pass());
    }

    /// Facts worked out by hand, in shapes that the shared half of the cases does not use.
    #[test]
    fn the_same_kinds_are_read_in_other_shapes() {
        let working_week = json!({"mon": [["08:00", "20:00"]], "tue": [["08:00", "20:00"]], "wed": [["08:00", "20:00"]],
            "thu": [["08:00", "20:00"]], "fri": [["08:00", "20:00"]]});
        let case = |id: &str, kind: &str, calendar: &str, source: &str, input: Value, expected: Value| {
            json!({"id": id, "kind": kind, "calendar": calendar, "input": input, "expected": expected,
                "source": {"ref": source, "test": ""}})
        };
        let (glpi, znuny, rt, zammad) = ("glpi-project/glpi", "znuny/Znuny", "bestpractical/rt", "zammad/zammad");
        let cases = [
            // Monday 19 November 2018, seven working dates on.
            case(
                "glpi-1",
                "due",
                "day",
                glpi,
                json!({"start": "2018-11-19 10:00:00", "amount": 7, "unit": "days"}),
                json!({"due": "2018-11-28 10:00:00"}),
            ),
            case(
                "glpi-2",
                "due",
                "day",
                glpi,
                json!({"start": "2018-11-24 10:00:00", "amount": 86400, "unit": "seconds", "end_of_working_day": true}),
                json!({"due": "2018-11-27 20:00:00"}),
            ),
            case(
                "glpi-3",
                "due",
                "day",
                glpi,
                json!({"start": "2018-11-19 10:00:00", "amount": 10, "unit": "hours",
                "additional_delay": 3600}),
                json!({"due": "2018-11-20 09:00:00"}),
            ),
            case(
                "glpi-4",
                "due",
                "day",
                glpi,
                json!({"start": "2018-11-20 10:00:00", "amount": -3, "unit": "hours"}),
                json!({"due": "2018-11-19 19:00:00"}),
            ),
            case("glpi-5", "is-working-day", "day", glpi, json!({"date": "2018-11-24"}), json!({"value": false})),
            case(
                "glpi-6",
                "ticket-sla",
                "day",
                glpi,
                json!({"created": "2018-11-19 10:00:00", "sla": {"tto": {"amount": 2, "unit": "hours"},
                    "ttr": {"amount": 4, "unit": "hours"}}, "pauses": [["2018-11-19 11:00:00", "2018-11-19 12:30:00"]]}),
                json!({"time_to_own": "2018-11-19 12:00:00", "time_to_resolve": "2018-11-19 15:30:00"}),
            ),
            case(
                "glpi-7",
                "sla-replaced",
                "day",
                glpi,
                json!({"created": "2018-11-19 19:00:00", "sla_hours": {"ttr": 2}, "calendar_after": "short"}),
                json!({"before": {"ttr_due": "2018-11-20 09:00:00"}, "after": {"ttr_due": "2018-11-20 10:00:00"}}),
            ),
            case(
                "zn-1",
                "due",
                "zone-of-case",
                znuny,
                json!({"timezone": "Europe/Berlin",
                "start": "2013-03-29T19:00:00", "amount": {"days": 1, "minutes": 30}}),
                json!({"due": "2013-04-02T19:30:00"}),
            ),
            case(
                "zn-2",
                "elapsed",
                "zone-of-case",
                znuny,
                json!({"timezone": "Europe/Berlin",
                "from": "2013-03-29T19:15:00", "to": "2013-04-01T09:00:10"}),
                json!({"hours": 1, "minutes": 45, "seconds": 10, "absolute_seconds": 6310}),
            ),
            case(
                "rt-1",
                "due",
                "library",
                rt,
                json!({"start": "2007-01-05T17:30:00Z", "amount": 60, "unit": "minutes"}),
                json!({"starts": "2007-01-05T17:30:00Z", "due": "2007-01-08T09:30:00Z"}),
            ),
            case(
                "rt-2",
                "due",
                "library",
                rt,
                json!({"start": "2007-01-06T12:00:00Z", "amount": 90,
                "unit": "real minutes"}),
                json!({"due": "2007-01-06T13:30:00Z"}),
            ),
            case(
                "rt-3",
                "sla-replaced",
                "real",
                rt,
                json!({"sla_minutes_before": 120, "sla_minutes_after": 240}),
                json!({"before": {"due_minutes_after_created": 120}, "after": {"due_minutes_after_created": 240}}),
            ),
            case(
                "zam-1",
                "pause-to-break",
                "day",
                zammad,
                json!({"timezone": "Europe/Berlin",
                "pause_utc": ["22:45", "23:15"]}),
                json!({"first_day": [["23:45", "24:00"]], "second_day": [["00:00", "00:15"]]}),
            ),
            case(
                "zam-2",
                "ticket-sla",
                "day",
                zammad,
                json!({"created": "2018-11-19T10:00:00Z", "sla_minutes": null,
                "events": []}),
                json!({"first_response_due": null, "next_escalation": null}),
            ),
            case(
                "zam-3",
                "calendar-validation",
                "day",
                zammad,
                json!({"hours": {"mon": {"active": false, "timeframes": [["09:00", "17:00"]]}}}),
                json!({"accepted": false, "message_contains": "There are no business hours configured."}),
            ),
        ];
        let report = run_cases(&json!({"cases": cases, "calendars": {
            "day": {"timezone": "naive", "hours": working_week},
            "short": {"timezone": "naive", "hours": {"mon": [["08:00", "19:00"]], "tue": [["08:00", "19:00"]]}},
            "zone-of-case": {"timezone": "per-case", "hours": working_week},
            "library": {"timezone": "UTC", "hours": null, "source": "bestpractical/rt"},
            "real": {"timezone": "UTC", "hours": null}
        }}));

        assert!(report.pass(), "{report}");
    }
}
