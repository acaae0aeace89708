//! Reports on the command line: the numbers of whoever asks, on the database itself.

use serde_json::Value;
use std::path::Path;
use tokio::process::Command;
use weft_tests::binary::{Server, path};

/// Exit code, standard output, standard error.
async fn weft(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(path()).args(arguments).current_dir(folder).output().await.expect("the binary is built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_02_a_report_is_listed_and_run_on_the_command_line_with_the_rights_of_whoever_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Server::demo(&data).await.stop().await;
    let run = async |arguments: &[&str]| {
        let (code, out, error) = weft(&data, arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {error}");
        out
    };

    let listed: Value = serde_json::from_str(&run(&["report", "list", "--format", "json"]).await).expect("JSON");
    let reports = listed.as_array().expect("a list");
    assert!(reports.iter().any(|one| one["plugin"] == "incident" && one["id"] == "backlog-by-age"), "{listed}");

    let backlog = ["report", "run", "incident/backlog-by-age", "--format"];
    let ada: Value =
        serde_json::from_str(&run(&[&backlog[..], &["json", "--as", "ada"]].concat()).await).expect("JSON");
    let erin: Value =
        serde_json::from_str(&run(&[&backlog[..], &["json", "--as", "erin"]].concat()).await).expect("JSON");
    assert_eq!(ada["report"]["id"], "backlog-by-age");
    let count = |told: &Value| told["total"]["count"].as_u64().expect("a count");
    assert!(count(&ada) > count(&erin), "an agent counts more than somebody who asks for help: {ada} {erin}");
    let rows: u64 = ada["rows"].as_array().expect("rows").iter().filter_map(|row| row["count"].as_u64()).sum();
    assert_eq!(rows, count(&ada), "the rows add up");

    let csv = run(&[&backlog[..], &["csv", "--as", "ada"]].concat()).await;
    assert_eq!(csv.lines().next(), Some("key,title,count,value,p90,met"));
    assert_eq!(csv.lines().count(), ada["rows"].as_array().expect("rows").len() + 1, "{csv}");

    let (code, _, error) = weft(&data, &["report", "run", "incident/backlog-by-age"]).await;
    assert!(code != 0 && error.contains("--as"), "{error}");
    let (code, _, error) = weft(&data, &["report", "run", "incident/none", "--as", "ada"]).await;
    assert!(code != 0 && error.contains("incident/none"), "{error}");

    // A question of one's own: asked, kept, asked of a time before there was anything, and removed.
    let question = folder.path().join("question.toml");
    let text = "title = \"Open by state\"\nkind = \"incident\"\nmeasure = \"count\"\ngroup = \"state\"\n";
    std::fs::write(&question, text).expect("a file");
    let file = question.display().to_string();
    let json = async |arguments: &[&str]| {
        serde_json::from_str::<Value>(&run(&[arguments, &["--format", "json"]].concat()).await).expect("JSON")
    };
    let asked = json(&["report", "ask", &file, "--as", "ada"]).await;
    assert!(count(&asked) >= count(&ada), "{asked}");
    run(&["report", "save", "by-state", &file, "--as", "ada"]).await;
    let listed = json(&["report", "list", "--as", "ada"]).await;
    assert!(listed.as_array().expect("a list").iter().any(|one| one["plugin"] == "saved" && one["id"] == "by-state"));
    let kept = ["report", "run", "saved/by-state", "--as", "ada"];
    assert_eq!(json(&kept).await["rows"], asked["rows"]);
    assert_eq!(count(&json(&[&kept[..], &["--as-of", "2001-01-01T00:00:00Z"]].concat()).await), 0);
    let (code, _, error) = weft(&data, &["report", "run", "saved/by-state", "--as", "erin"]).await;
    assert!(code != 0 && error.contains("by-state"), "{error}");
    std::fs::write(&question, "title = \"T\"\nkind = \"incidnet\"\nmeasure = \"cuont\"\n").expect("a file");
    let (code, _, error) = weft(&data, &["report", "save", "by-state", &file, "--as", "ada"]).await;
    assert!(code != 0 && error.contains("`incident`") && error.contains("`count`"), "everything at once: {error}");
    run(&["report", "remove", "by-state", "--as", "ada"]).await;
    let (code, _, _) = weft(&data, &kept).await;
    assert!(code != 0, "it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn slm_09_clocks_are_repaired_on_the_command_line_by_those_who_manage_the_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Server::demo(&data).await.stop().await;
    let (code, out, error) = weft(&data, &["search", "printer", "--as", "ada", "--json"]).await;
    assert_eq!(code, 0, "{error}");
    let found: Value = serde_json::from_str(&out).expect("JSON");
    let number = found["tickets"][0]["number"].as_str().expect("a ticket").to_owned();
    let repair = ["clocks", "repair", number.as_str()];
    let (code, out, error) = weft(&data, &[&repair[..], &["--as", "mona", "--json"]].concat()).await;
    assert_eq!(code, 0, "{error}");
    let told: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&told["looked_at"], &told["applied"]), (&Value::from(1), &Value::from(false)), "{told}");
    let (code, _, error) = weft(&data, &[&repair[..], &["--as", "erin"]].concat()).await;
    assert!(code != 0, "erin manages nothing: {error}");
    let (code, _, error) = weft(&data, &repair).await;
    assert!(code != 0 && error.contains("--as"), "{error}");
}
