//! The log through the front door: bytes in, rows, effects and reports out.

use super::*;
use domain::effect::{Assign, CreateTicket, Patch};
use domain::{Effect, PersonId, Role};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

const HEADER: &str = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,\
    opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,\
    cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,\
    caused_by,closed_code,resolved_by,resolved_at,closed_at";
const NEW: &str = "INC0000045,New,true,0,0,0,true,Caller 2403,Opened by  8,29/2/2016 01:16,Created by 6,29/2/2016 01:23,\
    Updated by 21,29/2/2016 01:23,Phone,Location 143,Category 55,Subcategory 170,Symptom 72,?,2 - Medium,2 - Medium,3 - Moderate,\
    Group 56,?,true,false,Do Not Notify,?,?,?,?,code 5,Resolved by 149,29/2/2016 11:29,5/3/2016 12:00";

fn rows_of(bytes: impl Into<Vec<u8>>) -> Vec<Result<Item, FileProblem>> {
    match Rows::open(Cursor::new(bytes.into()), TimeZone::UTC) {
        Ok(rows) => rows.collect(),
        Err(problem) => vec![Err(problem)],
    }
}

fn csv(rows: &[&str]) -> String {
    rows.iter().fold(HEADER.to_owned() + "\n", |text, row| text + row + "\n")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

/// The good row with some of its columns replaced.
fn row_with(changes: &[(&str, &str)]) -> String {
    let names: Vec<_> = HEADER.split(',').collect();
    let mut cells: Vec<_> = NEW.split(',').map(str::to_owned).collect();
    for (column, value) in changes {
        let at = names.iter().position(|name| name == column).expect("the column is there");
        cells[at] = (*value).to_owned();
    }
    cells.join(",")
}

#[track_caller]
fn read_row(changes: &[(&str, &str)]) -> Row {
    let row = rows_of(csv(&[&row_with(changes)])).remove(0).expect("the file is right");
    row.expect("the row is right")
}

/// `3 impact` for each problem of a row, or the message of what is wrong with the file.
fn shown(items: &[Result<Item, FileProblem>]) -> Vec<String> {
    let problem = |problem: &RowProblem| format!("{} {}", problem.line, problem.column);
    let item = |item: &Result<Item, FileProblem>| match item {
        Ok(Ok(row)) => vec![format!("{} {}", row.line, row.number)],
        Ok(Err(problems)) => problems.iter().map(problem).collect(),
        Err(problem) => vec![problem.to_string()],
    };
    items.iter().flat_map(item).collect()
}

#[track_caller]
fn check(bytes: impl Into<Vec<u8>>, expected: &[&str]) {
    assert_eq!(shown(&rows_of(bytes)), expected);
}

#[track_caller]
fn check_row(changes: &[(&str, &str)], expected: &[&str]) {
    check(csv(&[NEW, &row_with(changes)]), &[&["2 INC0000045"], expected].concat());
}

#[test]
fn a_row_becomes_typed_values() {
    let row = read_row(&[]);

    assert_eq!((row.line, row.number.as_str(), row.mod_count), (2, "INC0000045", 0));
    assert_eq!(row.state, SourceState { state: "new", pending_reason: None });
    assert_eq!(row.opened_at.to_string(), "2016-02-29T01:16:00Z");
    assert_eq!(row.updated_at.to_string(), "2016-02-29T01:23:00Z");
    assert_eq!((row.impact, row.urgency, row.priority), (Some(2), Some(2), Some(3)));
    assert_eq!((row.ci, row.assignee, row.problem), (None, None, None));
    assert_eq!(row.updated_by.as_deref(), Some("Updated by 21"));
}

#[test]
fn the_zone_of_the_instance_counts() {
    let zone = TimeZone::get("America/Sao_Paulo").expect("the zone is known");
    let mut rows = Rows::open(Cursor::new(csv(&[NEW]).into_bytes()), zone).expect("the header is right");
    let row = rows.next().expect("a row").expect("the file is right").expect("the row is right");
    assert_eq!(row.opened_at.to_string(), "2016-02-29T04:16:00Z");
}

#[test]
fn every_shape_of_the_same_file_reads_the_same() {
    let text = csv(&[NEW, &row_with(&[("sys_mod_count", "1")])]);
    let expected = rows_of(text.clone());
    let quoted: String = text.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect();
    let two_members = [gzip(&text[..500]), gzip(&text[500..])].concat();
    for bytes in [
        gzip(&text),
        two_members,
        format!("\u{feff}{text}").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        text.trim_end().as_bytes().to_vec(),
        quoted.into_bytes(),
        gzip(&format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        text.replace("number,", "Number ,").into_bytes(),
        text.replace("Caller 2403", " Caller 2403 ").into_bytes(),
    ] {
        assert_eq!(rows_of(bytes), expected);
    }
}

#[test]
fn a_row_keeps_its_key_in_another_export() {
    let plain = read_row(&[]);
    let names: Vec<_> = HEADER.split(',').collect();
    let cells: Vec<_> = NEW.split(',').collect();
    let reversed = |cells: &[&str]| cells.iter().rev().copied().collect::<Vec<_>>().join(",");
    let other =
        rows_of(format!("extra,{}\nx,{}\n", reversed(&names), reversed(&cells))).remove(0).expect("the file is right");

    assert_eq!(other.expect("the row is right").key, plain.key);
    assert!(plain.key.starts_with("INC0000045:0:"));
    assert_ne!(read_row(&[("location", "Location 1")]).key, plain.key);
}

#[test]
fn columns_that_are_missing_are_named_at_once_with_those_that_are_there() {
    check(
        "number,opened_at,colour\nINC1,1/1/2016 00:00,red\n",
        &[
            "the header lacks incident_state, reassignment_count, reopen_count, sys_mod_count, made_sla, caller_id, sys_updated_by, \
           sys_updated_at, contact_type, location, category, subcategory, u_symptom, cmdb_ci, impact, urgency, priority, \
           assignment_group, assigned_to, problem_id, rfc, vendor, caused_by, closed_code; it has number, opened_at, colour",
        ],
    );
    let with_semicolons = shown(&rows_of(csv(&[NEW]).replace(',', ";")));
    assert!(with_semicolons[0].ends_with("the columns are separated by `;`, export them separated by commas"));
    check(
        csv(&[]).replace("made_sla", "number"),
        &["the header names number more than once; each column may come once"],
    );
}

#[test]
fn a_file_of_another_kind_is_named() {
    check("", &["the file is empty; export the incident audit log with its header"]);
    check(gzip(""), &["the file is empty; export the incident audit log with its header"]);
    for (start, what) in [
        (&b"PK\x03\x04xyz"[..], "Excel"),
        (b"\xff\xfen\0u\0", "UTF-16"),
        (b"<html>", "web page"),
        (b"{\"a\":1}", "JSON"),
        (b"a\0b\n", "binary"),
    ] {
        let found = shown(&rows_of(start));
        assert!(found.len() == 1 && found[0].contains(what), "{found:?}");
    }
    check(csv(&[]), &[]);
}

#[test]
fn a_file_that_was_cut_says_after_which_line() {
    let second = row_with(&[("sys_mod_count", "1")]);
    let text = csv(&[NEW, &second]);

    check(
        &text.as_bytes()[..text.len() - 60],
        &[
            "2 INC0000045",
            "the file ends in the middle after line 2: it is truncated; fetch it again, rows that are imported stay",
        ],
    );
    let packed = gzip(&csv(&vec![NEW; 3000]));
    let found = shown(&rows_of(&packed[..packed.len() - 9]));
    assert!(
        found.last().expect("an end").starts_with("the file ends in the middle after line 3001: it is truncated"),
        "{:?}",
        found.last()
    );
    let mut damaged = gzip(&text);
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    let found = shown(&rows_of(damaged));
    assert!(found.last().expect("an end").starts_with("the gzip data is damaged after line 3:"), "{found:?}");
    let found = shown(&rows_of([gzip(&text), b"garbage".to_vec()].concat()));
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn a_row_of_another_width_is_one_bad_row() {
    check(
        csv(&[NEW, "INC1,New", NEW, &format!("{NEW},x"), NEW]),
        &["2 INC0000045", "3 number", "4 INC0000045", "5 number", "6 INC0000045"],
    );
    check(csv(&["", NEW, "", "x", NEW]), &["3 INC0000045", "5 number", "6 INC0000045"]);
}

#[test]
fn a_quote_that_is_never_closed_ends_reading_within_a_limit() {
    let text = csv(&[NEW, &row_with(&[("location", "\"Location")])]) + &csv(&vec![NEW; 10_000]);
    check(
        text,
        &["2 INC0000045", "the row after line 2 is longer than 1048576 bytes; look for a quote that is not closed"],
    );
    let header = "x".repeat(3_000_000);
    check(header, &["the row after line 0 is longer than 1048576 bytes; look for a quote that is not closed"]);
}

#[test]
fn a_value_that_cannot_be_used_is_said_with_its_column() {
    check_row(&[("number", "?")], &["3 number"]);
    check_row(&[("number", "INC 1")], &["3 number"]);
    check_row(&[("incident_state", "-100")], &["3 incident_state"]);
    check_row(&[("incident_state", "Done")], &["3 incident_state"]);
    check_row(&[("opened_at", "2016-02-29")], &["3 opened_at"]);
    check_row(&[("opened_at", "?")], &["3 opened_at"]);
    check_row(&[("sys_updated_at", "31/4/2016 10:00")], &["3 sys_updated_at"]);
    check_row(&[("sys_mod_count", "-1")], &["3 sys_mod_count"]);
    check_row(&[("impact", "High")], &["3 impact"]);
    check_row(&[("urgency", "0 - None")], &["3 urgency"]);
    check_row(&[("made_sla", "maybe")], &["3 made_sla"]);
    check_row(&[("category", &"x".repeat(201))], &["3 category"]);
    check_row(&[("impact", "?"), ("made_sla", "?"), ("caller_id", "?")], &["3 INC0000045"]);
    check_row(&[("number", ""), ("impact", "x"), ("opened_at", "y")], &["3 number", "3 opened_at", "3 impact"]);

    let mut bytes = csv(&[NEW]).into_bytes();
    let at = bytes.windows(8).position(|window| window == b"Category").expect("it is there");
    bytes[at] = 0xff;
    check(bytes, &["2 category"]);

    let items = rows_of(csv(&[&row_with(&[("incident_state", "-100")])]));
    let Some(Ok(Err(problems))) = items.first() else { panic!("the state is no state") };
    assert_eq!(
        problems[0].to_string(),
        "line 2 (INC0000045): incident_state `-100`: a number that the source wrote where it lost the state"
    );
}

fn target() -> Target {
    Target { space: "it".into(), kind: "incident".into() }
}

fn wire(effects: &[Effect]) -> Value {
    serde_json::to_value(effects).expect("effects are data")
}

#[test]
fn the_first_row_creates_the_incident_where_it_stood() {
    let row =
        read_row(&[("incident_state", "Awaiting Vendor"), ("assigned_to", "Resolver 149"), ("vendor", "code 8s")]);

    assert_eq!(
        wire(&plan(&target(), None, &row)),
        json!([{ "kind": "create-ticket", "data": {
            "kind": "incident",
            "space": "it",
            "title": "Symptom 72 (Category 55, Subcategory 170)",
            "requester": "caller-2403",
            "group": "group-56",
            "assignee": "resolver-149",
            "restricted": false,
            "fields": {
                "category": "Category 55", "subcategory": "Subcategory 170", "symptom": "Symptom 72", "channel": "phone",
                "location": "Location 143", "impact": 2, "urgency": 2, "vendor": "code 8s", "pending-reason": "awaiting-vendor",
            },
            "imported": { "number": "INC0000045", "state": "on-hold", "opened_at": "2016-02-29T01:16:00Z" },
        }}])
    );
}

#[test]
fn what_is_known_only_at_the_end_is_not_said_before() {
    let create = |changes: &[(&str, &str)]| match plan(&target(), None, &read_row(changes)).remove(0) {
        Effect::CreateTicket(create) => *create,
        other => panic!("{other:?}"),
    };
    let code = |create: &CreateTicket| create.fields.get("close-code").cloned();

    assert_eq!(code(&create(&[])), None);
    assert_eq!(code(&create(&[("incident_state", "Closed")])), Some(json!("code 5")));
    assert_eq!(code(&create(&[("incident_state", "Resolved"), ("closed_code", "?")])), Some(json!("unknown")));
    assert!(create(&[("incident_state", "Resolved")]).fields.contains_key("close-notes"));
    assert_eq!(create(&[("u_symptom", "?")]).title, "Category 55, Subcategory 170");
    assert_eq!(create(&[("category", "?"), ("subcategory", "?")]).title, "Symptom 72");
    assert_eq!(create(&[("u_symptom", "?"), ("category", "?"), ("subcategory", "?")]).title, "Incident INC0000045");
}

#[track_caller]
fn check_plan(before: &[(&str, &str)], after: &[(&str, &str)], expected: Value) {
    let before = ImportedState::of(&read_row(before));
    assert_eq!(wire(&plan(&target(), Some(&before), &read_row(after))), expected);
}

#[test]
fn a_later_row_says_only_what_is_new() {
    let set = |field: &str, value: Value| json!({ "kind": "set-field", "data": { "field": field, "value": value } });
    let go = |to: &str| json!({ "kind": "transition", "data": { "to": to } });
    let assign = |data: Value| json!({ "kind": "assign", "data": data });

    check_plan(&[], &[("sys_mod_count", "1"), ("sys_updated_by", "?"), ("priority", "1 - Critical")], json!([]));
    check_plan(&[], &[("incident_state", "Active")], json!([go("in-progress")]));
    check_plan(
        &[],
        &[("incident_state", "Awaiting User Info")],
        json!([set("pending-reason", json!("awaiting-caller")), go("on-hold")]),
    );
    check_plan(
        &[("incident_state", "Awaiting User Info")],
        &[("incident_state", "Awaiting Problem"), ("problem_id", "Problem ID  14")],
        json!([set("pending-reason", json!("awaiting-problem")), set("problem", json!("Problem ID  14"))]),
    );
    check_plan(
        &[("incident_state", "Awaiting Evidence")],
        &[("incident_state", "Active")],
        json!([set("pending-reason", Value::Null), go("in-progress")]),
    );
    check_plan(
        &[("incident_state", "Active")],
        &[("incident_state", "Resolved")],
        json!([
            set("close-code", json!("code 5")),
            set("close-notes", json!("Imported; the log has no resolution notes.")),
            go("resolved")
        ]),
    );
    check_plan(
        &[("incident_state", "Closed")],
        &[("incident_state", "Active"), ("reopen_count", "1")],
        json!([
            set("reopen-count", json!(1)),
            set("close-code", Value::Null),
            set("close-notes", Value::Null),
            go("in-progress")
        ]),
    );
    check_plan(
        &[],
        &[("impact", "1 - High"), ("rfc", "CHG1")],
        json!([set("change", json!("CHG1")), set("impact", json!(1))]),
    );
    check_plan(&[], &[("caller_id", "Caller 7")], json!([set("requester", json!("caller-7"))]));
    check_plan(&[], &[("caller_id", "?")], json!([set("requester", Value::Null)]));
    check_plan(&[], &[("assigned_to", "Resolver 1")], json!([assign(json!({ "assignee": "resolver-1" }))]));
    check_plan(
        &[("assigned_to", "Resolver 1")],
        &[("assignment_group", "?")],
        json!([assign(json!({ "group": null, "assignee": null }))]),
    );
    let effects =
        plan(&target(), Some(&ImportedState::of(&read_row(&[]))), &read_row(&[("assignment_group", "Group 7")]));
    assert_eq!(
        effects,
        [Effect::Assign(Assign { ticket: None, group: Patch::Set("group-7".into()), assignee: Patch::Keep })]
    );
}

#[test]
fn incidents_may_be_mixed_and_rows_may_come_twice() {
    let rows = [
        row_with(&[]),
        row_with(&[("number", "INC2"), ("caller_id", "Resolver 3"), ("assigned_to", "Resolver 3")]),
        row_with(&[("incident_state", "Active"), ("sys_mod_count", "1"), ("assigned_to", "Resolver 3")]),
        row_with(&[]),
        row_with(&[("incident_state", "Active"), ("sys_mod_count", "2"), ("assigned_to", "Resolver 3")]),
        row_with(&[("number", "INC2"), ("incident_state", "Closed"), ("sys_mod_count", "1")]),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut tracker = Tracker::new(target());
    let steps: Vec<_> =
        rows_of(csv(&rows)).into_iter().map(|row| tracker.step(&row.expect("the file").expect("the row"))).collect();

    let count = |step: &Step| match step {
        Step::Apply { effects, people, groups } => format!("{} {} {}", effects.len(), people.len(), groups.len()),
        other => format!("{other:?}"),
    };
    assert_eq!(
        steps.iter().map(count).collect::<Vec<_>>(),
        ["1 1 1", "1 2 1", "2 0 0", "Duplicate", "Unchanged", "5 0 0"]
    );
    let mut finals: Vec<_> = tracker.finals().map(|(number, state)| (number, state.state)).collect();
    finals.sort_unstable();
    assert_eq!(finals, [("INC0000045", "in-progress"), ("INC2", "closed")]);
    let people: Vec<_> = tracker.people().into_iter().map(|person| (person.login, person.role)).collect();
    assert_eq!(people, [("caller-2403".to_owned(), Role::Requester), ("resolver-3".to_owned(), Role::Agent)]);
    assert_eq!(tracker.groups()[0].members, [PersonId::from("resolver-3")]);
}

#[test]
fn a_report_counts_everything_and_keeps_the_first() {
    let mut report = Report { rows_read: 300, applied: 20, already_imported: 5, ..Report::default() };
    let bad = row_with(&[("incident_state", "-100")]);
    for item in rows_of(csv(&vec![bad.as_str(); 150])) {
        report.unreadable(item.expect("the file is right").expect_err("the row is wrong"));
    }
    let row = read_row(&[]);
    report.refused(&row, "there is no such transition");
    report.compare_priority(&row, Some(3));
    report.compare_priority(&row, Some(4));
    report.compare_priority(&row, None);
    report.compare_final("INC1", "closed", Some("closed"));
    report.compare_final("INC2", "closed", None);

    assert_eq!((report.unusable, report.unusable_rows.len()), (151, 100));
    assert_eq!((report.priorities_compared, report.priority_mismatch_count), (3, 2));
    let text = report.text();
    for line in [
        "300 rows read",
        "  151 unusable",
        "    150 × incident_state: a number that the source wrote where it lost the state",
        "    1 × refused: there is no such transition",
        "2 of 3 priorities differ",
        "1 of 2 final states differ",
        "Unusable rows (and 51 more):",
        "  line 2 (INC0000045): impact 2, urgency 2: 3 there, 4 here",
        "  INC2: closed there, none here",
    ] {
        assert!(text.lines().any(|found| found == line), "missing {line:?} in\n{text}");
    }
    let json = report.json();
    assert_eq!(json["unusable_by_reason"]["refused: there is no such transition"], 1);
    assert_eq!(json["final_mismatches"][0], json!({ "number": "INC2", "source": "closed", "here": null }));
}

/// Cut and garbled files never panic and always end.
#[test]
fn random_damage_never_panics() {
    let seed: u64 = 498;
    let mut state = seed;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits fit") % below
    };
    let text = csv(&vec![NEW; 20]);
    let packed = gzip(&text);
    for round in 0..500 {
        for whole in [text.as_bytes(), packed.as_slice()] {
            let mut bytes = whole.to_vec();
            for _ in 0..next(4) {
                let at = next(bytes.len());
                bytes[at] = u8::try_from(next(256)).expect("it is a byte");
            }
            bytes.truncate(next(bytes.len() + 1));
            assert!(rows_of(bytes).len() <= 60, "seed {seed}, round {round}");
        }
    }
}
