//! What an administrator learns of another version of a plugin before it replaces the one that runs.

use serde_json::json;
use weft_tests::app::TestApp;
use weft_tests::guests::{self, Function, Guest};

fn greeter(version: &str, manifest: &str) -> Vec<u8> {
    let head = format!(
        "id = \"greeter\"\nversion = \"{version}\"\nwit = \"0.1\"\ntitle = \"Greeter\"\nsummary = \"Says hello.\"\n\
         [react]\nevents = [\"ticket.created\"]\nkinds = [\"incident\"]\nhistory = false\n{manifest}"
    );
    guests::returning(Guest::new("greeter").manifest(Some(&head)), Function::React, &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_told_by_what_is_new_what_is_as_before_and_what_is_gone() {
    let app = TestApp::new().await;
    let max = app.caller("max").await;
    let person = "[[grant]]\nread = \"person\"\nreason = \"Names.\"\n";
    let says = "[[grant]]\neffect = [\"comment\"]\non = \"ticket:incident\"\nreason = \"Say hello.\"\n";
    let sees = "[[grant]]\nread = \"ticket:incident\"\nreason = \"Whom.\"\n";
    let tells = "[[grant]]\neffect = [\"notify\"]\non = \"ticket:incident\"\nreason = \"Tell the group.\"\n";
    let setting =
        "[[setting]]\nkey = \"greeting\"\ntitle = \"Greeting\"\ndefault = \"Hello\"\nschema = { type = \"string\" }\n";
    let inspect = async |wasm: Vec<u8>| {
        max.send("POST", "/plugins?inspect=true", Some("application/wasm"), wasm).await.expect(200).value()
    };

    let first = greeter("1.0.0", &[sees, person, says, setting].concat());
    let alone = inspect(first.clone()).await;
    assert_eq!(alone.get("replaces"), None, "nothing is there yet");
    assert!(alone["grants"].as_array().expect("grants").iter().all(|grant| grant["granted"] == false));

    max.send("POST", "/plugins", Some("application/wasm"), first.clone()).await.expect(201);
    max.post("/plugins/greeter/enable", json!({ "grants": "all" })).await.expect(200);
    let other = inspect(greeter("1.1.0", &[sees, says, tells].concat())).await;
    let granted: Vec<_> = other["grants"].as_array().expect("grants").iter().map(|grant| &grant["granted"]).collect();
    assert_eq!(granted, [&json!(true), &json!(true), &json!(false)], "{other}");
    let replaces = &other["replaces"];
    assert_eq!((&replaces["version"], &replaces["settings"]), (&json!("1.0.0"), &json!(["greeting"])));
    let gone = replaces["grants"].as_array().expect("grants");
    assert_eq!((gone.len(), &gone[0]["reason"]), (1, &json!("Names.")), "{other}");
    assert_eq!(inspect(first).await["replaces"]["digest"], alone["digest"], "the same file again");
    assert_eq!(max.get("/plugins/greeter").await.expect(200).value()["version"], "1.0.0", "looking changes nothing");
}
