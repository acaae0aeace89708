//! The binary `weft` on the command line: what it prints, how it ends, what it keeps.

use std::path::Path;
use tokio::process::Command;
use weft_tests::binary::{Client, Server, free_address, path};

/// Exit code, standard output, standard error.
async fn weft(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(path()).args(arguments).current_dir(folder).output().await.expect("the binary is built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn incident(folder: &Path) -> String {
    let file = folder.join("incident.wasm");
    std::fs::write(&file, bundle::plugin("incident").expect("it is bundled").bytes).expect("written");
    file.to_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_can_be_inspected_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = incident(folder.path());

    let (code, out, _) = weft(folder.path(), &["plugin", "inspect", &file]).await;

    assert_eq!(code, 0);
    for part in [
        "incident",
        bundle::plugin("incident").expect("bundled").digest,
        "May read",
        "weft:host/tickets@0.1.0",
        "weft:practice/guard@0.1.0",
    ] {
        assert!(out.contains(part), "`{part}` is missing:\n{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "not a component").expect("written");

    let (code, _, error) = weft(folder.path(), &["plugin", "inspect", file.to_str().expect("text")]).await;

    assert_ne!(code, 0);
    assert!(error.contains("not a WebAssembly file"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_setting_is_an_error_with_a_suggestion() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("weft.toml"), "[http]\nlisten_on = \"127.0.0.1:1\"\n").expect("written");

    let (code, out, error) = weft(folder.path(), &["config", "show", "--origin"]).await;

    assert_ne!(code, 0, "{out}");
    assert!(error.contains("listen_on") && error.contains("listen"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_what_it_acknowledged_and_stops_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::demo(&folder.path().join("data")).await;
    let mut ada = Client::connect(&server.address).await.expect("it listens");
    ada.sign_in("ada").await;
    let body = br#"{"kind":"incident","space":"it","title":"Kept over a restart"}"#;
    let (status, headers, reply) =
        ada.request("POST", "/api/v1/tickets", &[("Idempotency-Key", "once")], Some(body)).await.expect("answered");
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&reply));
    assert!(headers.iter().any(|(name, value)| name == "etag" && value == "\"1\""), "{headers:?}");
    let ticket: serde_json::Value = serde_json::from_slice(&reply).expect("JSON");
    server.stop().await;

    let server = Server::demo(&folder.path().join("data")).await;
    let mut ada = Client::connect(&server.address).await.expect("it listens");
    ada.sign_in("ada").await;
    let number = ticket["number"].as_str().expect("a number");
    let (status, _, reply) =
        ada.request("GET", &format!("/api/v1/tickets/{number}"), &[], None).await.expect("answered");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&reply));
    let (status, headers, _) =
        ada.request("POST", "/api/v1/tickets", &[("Idempotency-Key", "once")], Some(body)).await.expect("answered");
    assert_eq!(status, 201);
    assert!(headers.iter().any(|(name, _)| name == "idempotency-replayed"), "the same answer again: {headers:?}");
    server.stop().await;
    let report = weft_tests::fsck::sqlite(&folder.path().join("data").join("weft.db")).await;
    weft_tests::fsck::assert_clean(&report);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_in_use_is_not_opened_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::demo(&data).await;

    let second =
        weft(folder.path(), &["demo", "--dir", data.to_str().expect("text"), "--http-listen", &free_address()]).await;

    assert_ne!(second.0, 0);
    assert!(
        second.2.contains("running") || second.2.contains("in use") || second.2.contains("another"),
        "{}",
        second.2
    );
    server.stop().await;
}
