//! What is found, for whom, and what survives; every condition is held against its meaning in memory.

use super::*;
use crate::has_operators;
use domain::filter::{Field, Set};
use domain::kind::StateCategory;
use domain::ticket::{AccessList, TicketBundle};
use domain::{PersonId, Ticket};
use jiff::Timestamp;
use serde_json::json;

fn ticket(number: usize, title: &str) -> Ticket {
    let at = Timestamp::from_second(1_700_000_000 + i64::try_from(number).unwrap()).unwrap();
    let pick = |values: &[&str]| values[number % values.len()].to_owned();
    Ticket {
        id: TicketId(format!("t{number}")),
        number: format!("INC{number:07}"),
        kind: "incident".into(),
        space: pick(&["it", "hr", "legal"]).as_str().into(),
        state: pick(&["new", "working"]),
        category: [StateCategory::New, StateCategory::Active][number % 2],
        title: title.to_owned(),
        requester: (!number.is_multiple_of(4)).then(|| PersonId(pick(&["ada", "erin", "max"]))),
        opened_by: None,
        group: None,
        assignee: number.is_multiple_of(5).then(|| "ada".into()),
        parent: None,
        restricted: number.is_multiple_of(3),
        version: 1,
        opened_at: at,
        updated_at: at,
        resolved_at: None,
        closed_at: None,
        due_at: None,
        fields: [("impact".to_owned(), json!(number % 3)), ("site".to_owned(), json!("north"))].into_iter().collect(),
    }
}

fn mark(seq: i64) -> Mark {
    Mark { org: "default".to_owned(), seq, hash: "h".to_owned() }
}

fn open(folder: &std::path::Path) -> (Index, Option<Mark>) {
    Index::open(Folder::take(folder).unwrap()).unwrap()
}

fn bundle(ticket: Ticket) -> TicketBundle {
    let number: usize = ticket.id.0[1..].parse().unwrap();
    let watchers = if number.is_multiple_of(2) { vec!["erin".into()] } else { Vec::new() };
    let groups = if number.is_multiple_of(7) { vec!["board".into()] } else { Vec::new() };
    let access = AccessList { people: Vec::new(), groups };
    TicketBundle { ticket, clocks: Vec::new(), watchers, access, links: Vec::new(), flows: Vec::new() }
}

fn put(index: &Index, bundle: &TicketBundle) {
    index.remove(&bundle.ticket.id);
    index.add(Entry { ticket: &bundle.ticket, watchers: &bundle.watchers, access: &bundle.access }).unwrap();
}

fn titled(titles: &[&str]) -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = open(folder.path());
    for (number, title) in titles.iter().enumerate() {
        put(&index, &bundle(ticket(number, title)));
    }
    index.commit(&mark(1)).unwrap();
    (folder, index)
}

fn found(index: &Index, text: &str, reading: Reading) -> Vec<String> {
    let hits = index.find(&Filter::True, text, reading, 10).unwrap().unwrap();
    assert_eq!(hits.total, hits.best.len() as u64);
    hits.best.into_iter().map(|id| id.0).collect()
}

#[test]
fn words_are_found_as_people_write_them() {
    let (_folder, index) = titled(&[
        "Printers on floor two are jammed",
        "Drucker im Büro druckt nicht",
        "The laserdrucker flickers",
        "Häuser und Straßen",
        "printer",
    ]);
    let written = |text: &str| found(&index, text, Reading::Exact);
    assert_eq!(written("printer"), ["t4", "t0"], "what is written so comes first");
    assert_eq!(written("jam printer"), ["t0"]);
    assert_eq!(written("buro"), ["t1"]);
    assert_eq!(written("druckers"), ["t1"]);
    assert_eq!(written("haus"), ["t3"]);
    assert_eq!(written("strasse"), ["t3"]);
    assert_eq!(written("flick"), ["t2"], "the last word may not be at its end yet");
    assert_eq!(written("jamm"), ["t0"]);
    assert_eq!(written("jamm "), Vec::<String>::new(), "this one is");
    assert_eq!(written("INC0000003"), ["t3"]);
    assert_eq!(written("INC0000003 haus"), ["t3"]);
    assert_eq!(written("INC0000002 haus"), Vec::<String>::new());
    assert_eq!(found(&index, "drucker", Reading::Within), ["t1", "t2"]);
    assert_eq!(found(&index, "pritner", Reading::Slips), ["t4", "t0"]);
    assert_eq!(index.find(&Filter::True, "!?", Reading::Exact, 10).unwrap(), None);
    assert_eq!(index.find(&Filter::True, "pri", Reading::Slips, 10).unwrap(), None);
}

#[test]
fn of_two_that_fit_equally_the_newer_comes_first() {
    let (_folder, index) = titled(&["toner is red", "toner is low", "toner is wet"]);
    assert_eq!(found(&index, "toner", Reading::Exact), ["t2", "t1", "t0"]);
}

#[test]
fn a_condition_means_what_it_means_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = open(folder.path());
    let all: Vec<TicketBundle> = (0..200).map(|number| bundle(ticket(number, "a word"))).collect();
    all.iter().for_each(|one| put(&index, one));
    index.commit(&mark(1)).unwrap();
    let is = |field, value: &str| Filter::eq(field, value);
    let not = |filter| Filter::Not(Box::new(filter));
    let many: Vec<String> = (0..40).map(|number| format!("t{number}")).collect();
    for filter in [
        Filter::True,
        Filter::False,
        is(Field::Space, "hr"),
        Filter::In(Field::Id, many),
        Filter::In(Field::Space, Vec::new()),
        Filter::Empty(Field::Requester),
        not(Filter::Empty(Field::Requester)),
        Filter::Any(Set::Watchers, vec!["erin".to_owned(), "max".to_owned()]),
        Filter::Any(Set::AccessGroups, vec!["board".to_owned()]),
        Filter::FieldEquals("impact".to_owned(), json!(2)),
        Filter::FieldEquals("impact".to_owned(), json!("2")),
        Filter::FieldEquals("site".to_owned(), json!("north")),
        is(Field::Restricted, "true"),
        Filter::And(vec![not(is(Field::Space, "it")), not(is(Field::Requester, "ada"))]),
        Filter::And(Vec::new()),
        Filter::Or(Vec::new()),
        Filter::Or(vec![
            Filter::And(vec![is(Field::Space, "it"), is(Field::Restricted, "false")]),
            is(Field::Requester, "erin"),
            Filter::And(vec![is(Field::Restricted, "true"), Filter::Any(Set::AccessGroups, vec!["board".to_owned()])]),
            not(Filter::Or(vec![is(Field::Category, "new"), not(is(Field::Assignee, "ada"))])),
        ]),
    ] {
        let expected = all.iter().filter(|one| filter.matches(one)).count();
        let hits = index.find(&filter, "word", Reading::Exact, 5).unwrap().unwrap();
        assert_eq!(hits.total, expected as u64, "{filter:?}");
        assert_eq!(hits.best.len(), expected.min(5));
    }
    let long = Filter::eq(Field::State, "x".repeat(400));
    for unknown in [Filter::Any(Set::Links, vec!["t1".to_owned()]), Filter::Text("word".to_owned()), long] {
        let inside = not(Filter::Or(vec![unknown, Filter::True]));
        assert_eq!(index.find(&inside, "word", Reading::Exact, 5).unwrap(), None, "{inside:?}");
    }
}

#[test]
fn order_tells_nothing_of_what_is_hidden() {
    let orders = [0, 300].map(|hidden| {
        let (_folder, index) = titled(&["beamer broken broken", "beamer beamer broken today again", "broken beamer"]);
        for number in 1..=hidden {
            put(&index, &bundle(ticket(300 + 3 * number, "beamer")));
        }
        index.commit(&mark(2)).unwrap();
        let mine = Filter::In(Field::Id, ["t0", "t1", "t2"].map(str::to_owned).to_vec());
        index.find(&mine, "broken beamer", Reading::Exact, 10).unwrap()
    });
    assert_eq!(orders[0], orders[1]);
}

#[test]
fn a_change_replaces_and_a_removal_removes() {
    let (_folder, index) = titled(&["before", "other"]);
    put(&index, &bundle(ticket(0, "after")));
    assert_eq!(found(&index, "before", Reading::Exact), ["t0"], "it is not kept yet");
    index.commit(&mark(2)).unwrap();
    assert_eq!((found(&index, "before", Reading::Exact).len(), found(&index, "after", Reading::Exact).len()), (0, 1));
    index.remove(&"t0".into());
    index.commit(&mark(3)).unwrap();
    assert_eq!((found(&index, "after", Reading::Exact).len(), index.len()), (0, 1));
}

#[test]
fn it_is_as_it_was_after_a_restart_and_empty_after_damage() {
    let (folder, index) = titled(&["one", "two"]);
    put(&index, &bundle(ticket(2, "three")));
    drop(index);
    let (index, known) = open(folder.path());
    assert_eq!((known, index.len()), (Some(mark(1)), 2), "what was not kept is lost");
    drop(index);
    let file = |end: &str| {
        let files = std::fs::read_dir(folder.path().join("0/index")).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.to_string_lossy().ends_with(end));
        // What was not kept may have left an empty one.
        let size = |path: &std::path::PathBuf| std::fs::metadata(path).unwrap().len();
        files.max_by_key(size).unwrap_or_else(|| panic!("there is a file *{end}"))
    };
    for end in [".idx", ".term", "meta.json", ".store"] {
        let file = file(end);
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x55;
        std::fs::write(&file, bytes).unwrap();
        let (index, known) = open(folder.path());
        assert_eq!((known, index.len()), (None, 0), "{end}");
        put(&index, &bundle(ticket(0, "one")));
        put(&index, &bundle(ticket(1, "two")));
        index.commit(&mark(1)).unwrap();
        assert_eq!(found(&index, "two", Reading::Exact), ["t1"]);
    }
    std::fs::remove_file(file(".term")).unwrap();
    assert_eq!(open(folder.path()).1, None, "a file is gone");
}

#[test]
fn servers_that_share_a_folder_have_a_place_each() {
    let (folder, index) = titled(&["one"]);
    let (other, known) = open(folder.path());
    assert_eq!((known, other.len(), index.len()), (None, 0, 1));
}

fn article(id: &str, space: &str, state: &str, audience: &str, body: &str) -> domain::Record {
    let fields = json!({ "body": body, "notes": "ask the vendor for a zeppelin", "keywords": ["plotter", "large paper"], "audience": audience });
    domain::Record {
        id: id.into(),
        number: format!("KB{id}"),
        kind: "article".into(),
        space: space.into(),
        state: state.to_owned(),
        category: StateCategory::Active,
        title: format!("Answer {id}"),
        version: 1,
        updated_at: Timestamp::UNIX_EPOCH,
        fields: fields.as_object().cloned().unwrap(),
    }
}

fn readers() -> domain::RecordScope {
    let when = domain::kind::When { field: "audience".to_owned(), is: vec![json!("public")] };
    let shown = domain::ShownRecords {
        kind: "article".into(),
        spaces: vec!["it".to_owned()],
        states: vec!["published".to_owned()],
        when: vec![when],
        fields: vec!["body".to_owned(), "keywords".to_owned()],
    };
    domain::RecordScope { spaces: Some(vec!["hr".to_owned()]), shown: vec![shown] }
}

/// The ids of the records that are found, in order of ids; the total is held against them.
fn records(index: &Index, scope: &domain::RecordScope, text: &str, reading: Reading) -> Vec<String> {
    let Some(hits) = index.find_records(scope, text, reading, 10).unwrap() else { return Vec::new() };
    assert_eq!(hits.total, hits.best.len() as u64, "{text}");
    let mut ids: Vec<String> = hits.best.into_iter().map(|id| id.0).collect();
    ids.sort();
    ids
}

fn with_articles() -> (tempfile::TempDir, Index) {
    let (folder, index) = titled(&["A flickering screen", "Answer at the phone"]);
    let texts = ["body", "notes", "keywords"].map(str::to_owned);
    for record in [
        article("1", "it", "published", "public", "Open the hatch and pull the flickering lamp."),
        article("2", "it", "draft", "public", "Open the hatch, says the draft."),
        article("3", "it", "published", "internal", "Open the hatch, among us."),
        article("4", "hr", "draft", "internal", "Hatches of people."),
        article("5", "legal", "published", "public", "A hatch in a contract."),
    ] {
        index.add_record(RecordEntry { record: &record, texts: &texts }).unwrap();
    }
    index.commit(&mark(2)).unwrap();
    (folder, index)
}

#[test]
fn records_are_found_by_what_the_asker_may_read_of_them() {
    let (_folder, index) = with_articles();
    let everything = domain::RecordScope::everything();
    let scope = readers();
    for (text, reading, all, read) in [
        ("hatch", Reading::Exact, "1 2 3 4 5", "1 4"),
        ("hatches", Reading::Exact, "1 2 3 4 5", "1 4"),
        ("plotters", Reading::Exact, "1 2 3 4 5", "1 4"),
        ("zeppelin", Reading::Exact, "1 2 3 4 5", "4"),
        ("zep", Reading::Exact, "1 2 3 4 5", "4"),
        ("eppeli", Reading::Within, "1 2 3 4 5", "4"),
        ("zepelin", Reading::Slips, "1 2 3 4 5", "4"),
        ("ickerin", Reading::Within, "1", "1"),
        ("flickerng", Reading::Slips, "1", "1"),
        ("flickers hatch", Reading::Exact, "1", "1"),
        ("answer hatch", Reading::Exact, "1 2 3 4 5", "1 4"),
        ("hatch NOT zeppelin", Reading::Exact, "", "1"),
        ("contract", Reading::Exact, "5", ""),
    ] {
        assert_eq!(records(&index, &everything, text, reading).join(" "), all, "{text} for all");
        assert_eq!(records(&index, &scope, text, reading).join(" "), read, "{text} for readers");
    }
    assert_eq!(found(&index, "flickering", Reading::Exact), ["t0"], "records are no tickets");
    assert_eq!(found(&index, "hatch", Reading::Exact).len(), 0);
    index.remove_record(&"1".into());
    index.commit(&mark(3)).unwrap();
    assert_eq!(records(&index, &scope, "hatch", Reading::Exact), ["4"]);
}

#[test]
fn phrases_and_operators_are_understood() {
    let (_folder, index) = titled(&["blue screen at night", "screen is blue", "red screen", "a printer"]);
    for (text, expected) in [
        ("\"blue screen\"", vec!["t0"]),
        ("blue screen", vec!["t0", "t1"]),
        ("screen -blue", vec!["t2"]),
        ("screen NOT blue", vec!["t2"]),
        ("red OR printer", vec!["t2", "t3"]),
        ("screen red OR night", vec!["t0", "t2"]),
        ("red AND screen", vec!["t2"]),
    ] {
        let mut ids = found(&index, text, Reading::Exact);
        ids.sort();
        assert_eq!(ids, expected, "{text}");
    }
    assert!(index.find(&Filter::True, "-blue", Reading::Exact, 10).unwrap().is_none(), "there is nothing to look for");
    assert!(has_operators("a -b") && has_operators("a OR b") && has_operators("\"a b\"") && !has_operators("e-mail a"));
}
