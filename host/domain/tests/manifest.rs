//! Reading manifests: text in, problems out, each with its file, line and code.

use domain::manifest::read::read;
use domain::{Manifest, Problem};
use std::collections::BTreeMap;
use weft_domain as domain;

const GOOD: &str = include_str!("manifest/good.toml");
const GOOD_KIND: &str = include_str!("manifest/good_kind.toml");
const BROKEN: &str = include_str!("manifest/broken.toml");
const BROKEN_KIND: &str = include_str!("manifest/broken_kind.toml");
const KIND: &str = "kinds/incident.toml";

fn read_with(manifest: &str, kind: &str) -> Result<Manifest, Vec<Problem>> {
    read(manifest, &BTreeMap::from([(KIND.to_owned(), kind.as_bytes().to_vec())]))
}

/// `5 empty-text` for the manifest, `kind 5 bad-prefix` for the kind file.
fn lines(result: &Result<Manifest, Vec<Problem>>) -> Vec<String> {
    let line = |problem: &Problem| {
        let file = if problem.file.as_deref() == Some(KIND) { "kind " } else { "" };
        format!("{file}{} {}", problem.line.unwrap_or(0), problem.code)
    };
    result.as_ref().err().map_or(Vec::new(), |problems| problems.iter().map(line).collect())
}

#[track_caller]
fn check_files(manifest: &str, kind: &str, expected: &[&str]) {
    let result = read_with(manifest, kind);
    let found = lines(&result);
    let shown: Vec<_> = result.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
    assert_eq!(found, expected, "\n{}", shown.join("\n"));
}

/// The good manifest with one text replaced.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert!(GOOD.contains(old), "the good manifest has no {old:?}");
    check_files(&GOOD.replacen(old, new, 1), GOOD_KIND, expected);
}

/// The good kind file with one text replaced.
#[track_caller]
fn check_kind(old: &str, new: &str, expected: &[&str]) {
    assert!(GOOD_KIND.contains(old), "the good kind has no {old:?}");
    check_files(GOOD, &GOOD_KIND.replacen(old, new, 1), expected);
}

#[track_caller]
fn message(manifest: &str, kind: &str, code: &str) -> String {
    let problems = read_with(manifest, kind).expect_err("something is wrong");
    problems.into_iter().find(|problem| problem.code == code).expect("the problem is there").message
}

#[test]
fn a_good_manifest_is_read_completely() {
    let manifest = read_with(GOOD, GOOD_KIND).expect("nothing is wrong");

    assert_eq!(manifest.id.as_str(), "incident");
    assert_eq!(manifest.kinds[0].plugin, manifest.id);
    assert_eq!(manifest.kinds[0].number(12), "INC0000012");
    assert_eq!(manifest.kinds[0].transition("new", "resolved").expect("it is legal").required, ["close-code"]);
    assert_eq!(
        manifest.kinds[0].fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["urgency", "close-code"]
    );
    assert!(manifest.guard.as_ref().is_some_and(|rule| rule.covers(&"incident".into())));
    assert_eq!(manifest.settings[1].default, serde_json::Value::Null);
    let sentences: Vec<_> = manifest.requested().map(|(sentence, _)| sentence).collect();
    assert_eq!(
        sentences,
        [
            "May read incident tickets",
            "May do this to incident tickets: set fields and change the state",
            "May do this to configuration items: create and change them",
            "May ask for POST requests to idp.example.com/scim/v2/",
        ]
    );
}

/// What this repository ships is read with the same strictness.
#[test]
fn every_plugin_of_this_repository_has_a_right_manifest() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let folders = |path: &std::path::Path| -> Vec<_> {
        std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    for plugin in folders(&root).iter().flat_map(|group| folders(group)) {
        let Ok(text) = std::fs::read_to_string(plugin.join("plugin.toml")) else { continue };
        let mut assets = BTreeMap::new();
        for path in folders(&plugin.join("kinds")) {
            let name = format!("kinds/{}", path.file_name().expect("it was listed").to_string_lossy());
            assets.insert(name, std::fs::read(&path).expect("it was listed"));
        }
        if let Err(problems) = read(&text, &assets) {
            let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("{}:\n{}", plugin.display(), shown.join("\n"));
        }
    }
}

#[test]
fn an_approval_rule_says_its_parameters() {
    let with = |text: &str| read_with(&format!("{GOOD}\n[approval]\n{text}\n"), GOOD_KIND);
    let percent = with("parameters = { type = \"object\", properties = { percent = { type = \"number\" } } }");
    let approval = percent.expect("nothing is wrong").approval.expect("it has one");
    assert_eq!(approval.parameters["properties"]["percent"]["type"], "number");
    assert!(with("").expect("without parameters").approval.is_some());
    assert!(lines(&with("parameters = { type = \"array\" }"))[0].ends_with("bad-schema"));
    assert!(lines(&with("parameter = { type = \"object\" }"))[0].ends_with("unknown-key"));
}

#[test]
fn a_manifest_survives_json() {
    let manifest = read_with(GOOD, GOOD_KIND).expect("nothing is wrong");

    let json = serde_json::to_string(&manifest).expect("it is data");

    assert_eq!(serde_json::from_str::<Manifest>(&json).expect("what was written can be read"), manifest);
}

#[test]
fn crlf_and_a_byte_order_mark_change_nothing() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));

    assert_eq!(read_with(&windows(GOOD), &windows(GOOD_KIND)), read_with(GOOD, GOOD_KIND));
    check_files(&windows(&GOOD.replace("1.0.0", "1")), GOOD_KIND, &["2 bad-version"]);
}

#[test]
fn everything_wrong_is_reported_at_once_with_its_line() {
    check_files(
        BROKEN,
        BROKEN_KIND,
        &[
            "1 bad-id",
            "2 bad-version",
            "3 unsupported-wit",
            "4 unknown-key",
            "5 empty-text",
            "10 missing-asset",
            "14 bad-target",
            "18 unknown-effect",
            "18 reserved-effect",
            "22 missing-key",
            "26 bad-host",
            "26 bad-path",
            "26 unknown-method",
            "31 wrong-type",
            "34 unknown-event",
            "41 bad-default",
            "46 bad-schema",
            "47 unknown-key",
            "kind 2 unknown-type",
            "kind 5 bad-prefix",
            "kind 6 out-of-range",
            "kind 7 unknown-role",
            "kind 17 unknown-category",
            "kind 19 duplicate-state",
            "kind 25 unknown-state",
            "kind 26 unknown-state",
            "kind 28 unknown-field",
            "kind 32 bad-default",
            "kind 36 bad-schema",
            "kind 37 duplicate-role",
            "kind 39 reserved-field",
            "kind 41 wrong-type",
        ],
    );
}

#[test]
fn a_message_says_what_and_what_to_do() {
    let all = read_with(BROKEN, BROKEN_KIND).expect_err("something is wrong");
    let shown: Vec<_> = all.iter().map(ToString::to_string).collect();
    for expected in [
        "plugin.toml:1: `id`: `Incident` is not an id; use up to 64 lower-case letters, digits and hyphens, beginning with a \
         letter, with dots between parts, for example `incident` [bad-id]",
        "plugin.toml:3: the plugin speaks wit 0.9; this host speaks 0.1: build the plugin with an SDK of that version [unsupported-wit]",
        "plugin.toml:14: `tickets:incident` is not a target; write `ticket:<kind>`, `record:<kind>`, `ci`, `person` or `calendar`, \
         with `*` for every kind; did you mean `ticket`? [bad-target]",
        "plugin.toml:22: a grant needs the key `reason`; write the sentence that an administrator reads before consenting [missing-key]",
        "plugin.toml:46: this is not a usable JSON Schema (draft 2020-12): at /type: \"objekt\" is not a type; write string, integer, \
         number, boolean, object, array or null, or a list of these [bad-schema]",
        "plugin.toml:4: the manifest has no key `tilte`; did you mean `title`? [unknown-key]",
        "plugin.toml:10: the plugin has no file `kinds/inciden.toml`; did you mean `kinds/incident.toml`? [missing-asset]",
        "plugin.toml:18: there is no effect `set-feild`; did you mean `set-field`? [unknown-effect]",
        "plugin.toml:18: the effect `request-approval` is reserved: this version of Weft does not carry it out; remove it [reserved-effect]",
        "plugin.toml:31: `order` must be a whole number without quotes, not a text [wrong-type]",
        "kinds/incident.toml:7: `create`: there is no role `requestor`; did you mean `requester`? [unknown-role]",
        "kinds/incident.toml:19: the state `new` is already in line 9; rename or remove one [duplicate-state]",
        "kinds/incident.toml:28: the kind has no field `urgncy`; did you mean `urgency`? [unknown-field]",
    ] {
        assert!(shown.iter().any(|line| line == expected), "missing: {expected}\nfound:\n{}", shown.join("\n"));
    }
    assert!(all.iter().all(|problem| problem.file.is_some() && problem.line.is_some_and(|line| line > 0)));
}

#[test]
fn the_head_of_a_manifest() {
    check("id = \"incident\"\n", "", &["1 missing-key"]);
    check("id = \"incident\"", "id = \"acme.incident\"", &[]);
    check("id = \"incident\"", "id = 7", &["1 wrong-type"]);
    check("version = \"1.0.0\"", "version = \"1.0.0-rc.1\"", &[]);
    check("wit = \"0.1\"", "wit = \"0.2\"", &["3 unsupported-wit"]);
    check("wit = \"0.1\"", "wit = \"0.1\"\nid = \"x\"", &["4 duplicate-key"]);
    check("title = \"Incident management\"", "title = \"\"", &["4 empty-text"]);
    check("title = \"Incident management\"", &format!("title = \"{}\"", "x".repeat(101)), &["4 too-large"]);
    check("[guard]", "[gaurd]", &["10 unknown-key"]);
    check("[guard]", "[colour]", &["10 unknown-key"]);
    check("[guard]", "[[guard]]", &["10 wrong-type"]);
    check("[[kind]]", "[kind]", &["7 wrong-type"]);
}

#[test]
fn kinds_are_found_among_the_assets() {
    check("kinds/incident.toml", "../incident.toml", &["8 bad-path"]);
    check("kinds/incident.toml", "kinds/other.toml", &["7 missing-asset"]);
    check("[guard]", "[[kind]]\nfile = \"kinds/incident.toml\"\n[guard]", &["10 duplicate-kind"]);
    check("file = ", "fiel = ", &["8 unknown-key"]);

    let two = GOOD.replace("[guard]", "[[kind]]\nfile = \"b.toml\"\n[guard]");
    let other = GOOD_KIND.replace("id = \"incident\"", "id = \"other\"");
    for (second, expected) in [(GOOD_KIND, "10 duplicate-kind"), (other.as_str(), "10 duplicate-prefix")] {
        let assets = [(KIND, GOOD_KIND), ("b.toml", second), ("unused.txt", "")];
        let assets = assets.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect();
        assert_eq!(lines(&read(&two, &assets)), [expected]);
    }
    let binary = BTreeMap::from([(KIND.to_owned(), vec![0xff, 0xfe])]);
    assert_eq!(lines(&read(GOOD, &binary)), ["7 not-toml"]);
}

#[test]
fn grants_and_what_they_cover() {
    check("read = \"ticket:incident\"", "read = \"ticket:*\"", &[]);
    check("read = \"ticket:incident\"", "read = \"ticket\"", &["20 bad-target"]);
    check("read = \"ticket:incident\"", "read = \"record:incident\"", &["11 no-read-grant", "16 no-read-grant"]);
    check("read = \"ticket:incident\"", "read = \"ticket:incident\"\non = \"ci\"", &["21 bad-grant"]);
    check("on = \"ci\"", "on = \"person\"", &["30 bad-target"]);
    check("on = \"ci\"", "on = \"ticket:incident\"", &["29 bad-target"]);
    check("on = \"ci\"\n", "", &["28 missing-key"]);
    check("effect = \"upsert-ci\"\non = \"ci\"", "", &["28 bad-grant"]);
    check("effect = \"upsert-ci\"", "effect = \"upsert-ci\"\nread = \"ci\"", &["28 bad-grant"]);
    check("effect = \"upsert-ci\"", "effect = []", &["29 empty-list"]);
    check("effect = \"upsert-ci\"", "effect = [\"request-approval\"]", &["29 reserved-effect"]);
    check("effect = \"upsert-ci\"", "effect = [\"upsert-ci\", 3]", &["29 wrong-type"]);
    check("reason = \"Note outages.\"", "reason = \" \"", &["31 empty-text"]);
    check("reason = \"Note outages.\"", "raeson = \"Note\"", &["31 unknown-key"]);
    check("host = \"idp.example.com\"", "host = \"*.example.com\"", &["34 bad-host"]);
    check("[[setting]]", "[[grant]]\nread = \"ticket:incident\"\nreason = \"x\"\n[[setting]]", &["37 duplicate-grant"]);
}

#[test]
fn guard_and_react() {
    check("[guard]\nkinds = [\"incident\"]", "[guard]\nkinds = [\"*\"]", &["11 no-read-grant"]);
    check("[guard]\nkinds = [\"incident\"]", "[guard]\nkinds = []", &["11 empty-list"]);
    check("[guard]\nkinds = [\"incident\"]", "[guard]", &["10 missing-key"]);
    check("order = 0", "order = 1001", &["12 out-of-range"]);
    check("history = false", "history = \"no\"", &["17 wrong-type"]);
    check("\"supplier.answered\"", "\"answered\"", &["15 unknown-event"]);
    check("\"supplier.answered\"", "\"ticket.create\"", &["15 unknown-event"]);
}

#[test]
fn slm_12_what_a_guard_depends_on_besides_its_ticket() {
    let with = |lines: &str| format!("[revisit]\n{lines}\n[react]");
    check("[react]", &with("calendars = true"), &[]);
    check("[react]", &with("calendars = false"), &["14 empty-list"]);
    check("[react]", &with("records = [\"target\"]"), &["15 no-read-grant"]);
    check("[react]", &with("records = [\"incident\"]"), &["15 not-a-record"]);
    check("[react]", &with("record = [\"target\"]\ncalendars = true"), &["15 unknown-key"]);
}

#[test]
fn settings_and_steps() {
    check("default = 7", "default = 0", &["42 bad-default"]);
    check("default = 7", "", &["37 missing-key"]);
    check("minimum = 1 }", "minimum = \"1\" }", &["41 bad-schema"]);
    check("minimum = 1 }", "Minimum = 1 }", &["41 bad-schema"]);
    check("\"null\"]", "\"nul\"]", &["47 bad-schema"]);
    check("fallback-group", "close-after-days", &["44 duplicate-setting"]);
    check("key = \"fallback-group\"", "key = \"Fallback group\"", &["45 bad-id"]);
    check("type = \"object\"", "type = \"string\"", &["52 bad-schema"]);
    check("id = \"resolve\"", "id = \"re.solve\"", &["50 bad-id"]);
    let large = format!("schema = {{ enum = [\"{}\"] }}", "x".repeat(20_000));
    check("schema = { type = [\"string\", \"null\"] }", &large, &["47 bad-schema"]);
}

#[test]
fn the_head_of_a_kind() {
    check_kind("type = \"ticket\"", "type = \"task\"", &["kind 2 unknown-type"]);
    check_kind("prefix = \"INC\"", "prefix = \"INC-\"", &["kind 5 bad-prefix"]);
    check_kind("digits = 7", "digits = 0", &["kind 6 out-of-range"]);
    check_kind("digits = 7", "digits = 0x7", &[]);
    check_kind("digits = 7\n", "", &["kind 1 missing-key"]);
    check_kind("create = [\"requester\", \"agent\"]", "create = \"agent\"", &[]);
    check_kind("create = [\"requester\", \"agent\"]", "crate = \"agent\"", &["kind 7 unknown-key"]);
    check_kind("[field.urgency]", "[fields.urgency]", &["kind 37 unknown-key"]);
}

#[test]
fn contradictory_lifecycles() {
    check_kind(
        "category = \"closed\"",
        "category = \"resolved\"",
        &["kind 9 dead-end", "kind 14 dead-end", "kind 19 dead-end"],
    );
    check_kind("category = \"new\"", "category = \"closed\"", &["kind 9 dead-end"]);
    check_kind(
        "to = \"closed\"",
        "to = \"new\"",
        &["kind 9 dead-end", "kind 14 dead-end", "kind 19 unreachable-state"],
    );
    check_kind("from = [\"resolved\"]", "from = [\"new\"]", &["kind 14 dead-end"]);
    check_kind("from = [\"resolved\"]", "from = [\"resolvd\"]", &["kind 33 unknown-state"]);
    check_kind(
        "from = [\"resolved\"]",
        "from = []",
        &["kind 9 dead-end", "kind 14 dead-end", "kind 19 unreachable-state", "kind 33 empty-list"],
    );
    check_kind(
        "to = \"closed\"",
        "to = \"closed\"\ntitle = \"X\"\n[[transition]]\nfrom = \"new\"\nto = \"resolved\"",
        &["kind 36 duplicate-transition"],
    );
    check_kind("required = [\"close-code\"]", "required = [\"assignee\"]", &["kind 29 unknown-field"]);
    assert!(
        message(GOOD, &GOOD_KIND.replace("from = [\"resolved\"]", "from = [\"new\"]"), "dead-end")
            .starts_with("the state `resolved` has no transition out of it")
    );
    let record = "id = \"policy\"\ntype = \"record\"\ntitle = \"Policy\"\nplural = \"Policies\"\nprefix = \"POL\"\ndigits = 4\n\
                  [[state]]\nid = \"in-force\"\ntitle = \"In force\"\ncategory = \"active\"\n";
    check_files(GOOD, record, &[]);
    check_files(GOOD, &record.replace("record", "ticket"), &["kind 7 dead-end"]);
    check_files(GOOD, record.split("[[state]]").next().expect("the head"), &["kind 1 missing-key"]);
}

#[test]
fn fields() {
    check_kind("default = 3", "default = 4", &["kind 39 bad-default"]);
    check_kind("[field.urgency]", "[field.Urgency]", &["kind 37 bad-id"]);
    check_kind("[field.urgency]", "[field.requester]", &["kind 37 reserved-field"]);
    check_kind("schema.type = \"string\"", "schema.type = \"text\"", &["kind 47 bad-schema"]);
    check_kind("read = [\"agent\"]", "read = [\"agents\"]", &["kind 45 unknown-role"]);
    check_kind("description = \"How it ended.\"", "description = 3", &["kind 44 wrong-type"]);
    check_kind("description = \"How it ended.\"", "required = 1", &["kind 44 wrong-type"]);
}

#[test]
fn esm_04_a_hold_names_the_states_and_lists_of_a_record() {
    const OWN: &str = "id = \"legal\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Legal\"\nsummary = \"Holds.\"\n[[kind]]\nfile = \"kinds/incident.toml\"\n";
    const KIND_FILE: &str = "id = \"hold\"\ntype = \"record\"\ntitle = \"Hold\"\nplural = \"Holds\"\nprefix = \"LH\"\ndigits = 5\ncreate = [\"agent\"]\n\
        [[state]]\nid = \"active\"\ntitle = \"Active\"\ncategory = \"active\"\n\
        [hold]\nstates = [\"active\"]\npeople = \"people\"\n\
        [field.people]\ntitle = \"People\"\nschema = { type = \"array\", items = { type = \"string\" } }\n\
        [field.count]\ntitle = \"Count\"\nschema = { type = \"integer\" }\n";
    let codes = |old: &str, new: &str| {
        let problems = read_with(OWN, &KIND_FILE.replacen(old, new, 1)).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.code).collect::<Vec<_>>()
    };

    let kind = &read_with(OWN, KIND_FILE).expect("nothing is wrong").kinds[0];
    let hold = kind.hold.as_ref().expect("it holds");
    assert_eq!(
        (hold.states.as_slice(), hold.people.as_deref(), hold.tickets.as_deref()),
        (["active".to_owned()].as_slice(), Some("people"), None)
    );
    assert_eq!(codes("states = [\"active\"]", "states = [\"activ\"]"), ["unknown-state"]);
    assert_eq!(codes("people = \"people\"", "people = \"person\""), ["bad-hold", "unknown-field"]);
    assert_eq!(codes("people = \"people\"", "people = \"count\""), ["bad-hold", "bad-hold"]);
    assert_eq!(codes("people = \"people\"\n", ""), ["bad-hold"]);
}

#[test]
fn what_is_not_toml_is_said_once_for_each_line_and_hides_no_other_problem() {
    check("wit = \"0.1\"", "wit = \"0.1", &["3 not-toml"]);
    check("version = \"1.0.0\"", "version = \"1\"\nwit =", &["2 bad-version", "3 not-toml", "4 duplicate-key"]);
    check_kind("digits = 7", "digits = ", &["kind 6 not-toml"]);
    check_kind("[[state]]", "[[state]", &["kind 9 not-toml"]);
}

#[test]
fn limits() {
    check_files(&format!("{GOOD}\n# {}", "x".repeat(300_000)), GOOD_KIND, &["1 too-large"]);
    check_files(GOOD, &format!("# {}\n{GOOD_KIND}", "x".repeat(300_000)), &["kind 1 too-large"]);
    check_files(&format!("{GOOD}\n{}b = 1", "a.".repeat(100)), GOOD_KIND, &["54 too-deep"]);
    let nested = format!("schema = {{ default = {}{} }}", "[".repeat(40), "]".repeat(40));
    check("schema = { type = [\"string\", \"null\"] }", &nested, &["47 bad-value"]);
    let grant = |n: usize| format!("[[grant]]\nread = \"ticket:a{n}\"\nreason = \"x\"\n");
    check_files(&format!("{GOOD}{}", (0..100).map(grant).collect::<String>()), GOOD_KIND, &["19 too-many"]);
    let kinds: String = (0..64).map(|n| format!("[[kind]]\nfile = \"{n}.toml\"\n")).collect();
    let problems = read_with(&format!("{GOOD}{kinds}"), GOOD_KIND).expect_err("too many");
    assert_eq!(problems.iter().filter(|problem| problem.code == "too-many").count(), 1);
    let states: String =
        (0..200).map(|n| format!("[[state]]\nid = \"s{n}\"\ntitle = \"S\"\ncategory = \"closed\"\n")).collect();
    let problems = read_with(GOOD, &format!("{GOOD_KIND}{states}")).expect_err("too many");
    assert_eq!(problems.iter().filter(|problem| problem.code == "too-many").count(), 1);
    let fields: String = (0..200).map(|n| format!("[field.f{n}]\ntitle = \"F\"\nschema = {{}}\n")).collect();
    let problems = read_with(GOOD, &format!("{GOOD_KIND}{fields}")).expect_err("too many");
    assert_eq!(problems.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["too-many"]);
    let junk: String = (0..2000).map(|n| format!("k{n} = 1\n")).collect();
    let problems = read_with(&junk, GOOD_KIND).expect_err("too many");
    assert_eq!(problems.len(), 501);
    assert_eq!(problems.iter().filter(|problem| problem.code == "too-many-problems").count(), 1);
}

/// Values nested as deep as the limits let the parser build them, on the small stack of a test thread.
#[test]
fn deep_nesting_does_not_overflow() {
    let dots = format!("{}b = ", "a.".repeat(31));
    let deep: String = (0..79).map(|_| format!("{{\n{dots}")).collect();
    let text = format!("x = {deep}1{}\n", "\n}".repeat(79));
    assert!(read_with(&text, GOOD_KIND).is_err());
    assert!(read_with(&format!("x = {}", "[".repeat(100_000)), GOOD_KIND).is_err());
    assert!(read_with(&"[".repeat(100_000), GOOD_KIND).is_err());
    assert!(read_with(&format!("x = {}", "{a=".repeat(80_000)), GOOD_KIND).is_err());
}

/// Cut and garbled texts never panic, and what is not accepted always has a reason.
#[test]
fn random_truncations_never_panic() {
    let seed: u64 = 20_261_122;
    let mut state = seed;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits fit") % below
    };
    let pieces = [
        "[",
        "]",
        "[[",
        "\"",
        "'''",
        "=",
        ".",
        "{",
        "}",
        "\n",
        "\u{0}",
        "ä",
        "💥",
        "#",
        ",",
        "-1",
        "1e999",
        "99999999999999999999",
    ];
    for round in 0..3000 {
        let mut files = [GOOD, GOOD_KIND, BROKEN, BROKEN_KIND].map(str::to_owned);
        for file in &mut files {
            for _ in 0..next(3) {
                let at = file.floor_char_boundary(next(file.len() + 1));
                match next(3) {
                    0 => file.truncate(at),
                    1 => file.insert_str(at, pieces[next(pieces.len())]),
                    _ => {
                        let end = file.floor_char_boundary((at + next(30)).min(file.len()));
                        file.replace_range(at..end, "");
                    }
                }
            }
        }
        let [good, good_kind, broken, broken_kind] = &files;
        for (manifest, kind) in [(good, good_kind), (broken, broken_kind), (good, broken_kind), (broken, good_kind)] {
            if let Err(problems) = read_with(manifest, kind) {
                assert!(!problems.is_empty(), "seed {seed}, round {round}");
                assert!(
                    problems.iter().all(|p| p.code != "bad-manifest"),
                    "seed {seed}, round {round}: {manifest}\n{kind}"
                );
            }
        }
    }
}

#[test]
fn screens_name_fields_of_the_kind() {
    let with = |screen: &str| {
        format!(
            "{GOOD_KIND}\n[field.start]\ntitle = \"Start\"\nschema = {{ type = \"string\", format = \"date-time\" }}\n{screen}"
        )
    };
    let good = with(
        "[screen.calendar]\nfrom = \"start\"\nto = \"start\"\nbands = [\"change-window\"]\n\
         [screen.agenda]\nshow = [\"urgency\"]\n[screen.room]\nwhen = { field = \"urgency\", is = [1] }\n",
    );
    let manifest = read_with(GOOD, &good).expect("nothing is wrong");
    let screen = &manifest.kinds[0].screen;
    assert_eq!(
        screen.calendar.as_ref().map(|calendar| calendar.bands.as_slice()),
        Some(["change-window".to_owned()].as_slice())
    );
    assert_eq!(
        screen.room.as_ref().and_then(|room| room.when.as_ref()).map(|when| when.field.as_str()),
        Some("urgency")
    );
    assert!(read_with(GOOD, GOOD_KIND).expect("nothing is wrong").kinds[0].screen.is_empty());

    let codes = |screen: &str| -> Vec<String> {
        read_with(GOOD, &with(screen))
            .expect_err("something is wrong")
            .into_iter()
            .map(|problem| problem.code)
            .collect()
    };
    assert_eq!(codes("[screen.calendar]\nfrom = \"urgency\"\nto = \"stat\"\n"), ["bad-screen", "unknown-field"]);
    assert_eq!(codes("[screen.calendar]\nfrom = \"start\"\n"), ["missing-key"]);
    assert_eq!(codes("[screen.room]\nwhen = { field = \"major\", is = [true] }\n"), ["unknown-field"]);
    assert_eq!(codes("[screen.board]\nshow = [\"urgency\"]\n"), ["unknown-key"]);
}
