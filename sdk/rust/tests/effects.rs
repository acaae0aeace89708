//! The wire form of every effect. The host reads the same file: what a plugin writes is what the host understands.

use weft_sdk::{
    Attach, Call, CreateTicket, Effects, Mail, Notify, SendMessage, StartClock, StartFlow, StopClock, UpsertCi,
    UpsertRecord,
};
use weft_sdk::{Value, json};

#[test]
fn every_effect_has_the_wire_form_of_the_fixtures() {
    let fixtures: Vec<Value> = serde_json::from_str(include_str!("effects.json")).unwrap();

    let built: Vec<Value> = about_another_ticket()
        .and(about_the_subject())
        .iter()
        .map(|effect| serde_json::to_value(effect).unwrap())
        .collect();

    for (built, fixture) in built.iter().zip(&fixtures) {
        assert_eq!(built, fixture);
    }
    assert_eq!(built.len(), fixtures.len());
}

fn about_another_ticket() -> Effects {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let incident =
        CreateTicket::new("incident", "it", "Printer is on fire").requester("bo").group("hardware").assignee("ana");
    let article = UpsertRecord::new("article", "it", "How to extinguish printers").record("R1").state("published");
    let hook = Call::new("POST", "https://hooks.example.com/it")
        .header("content-type", "text/plain")
        .body("A server is down.")
        .timeout_seconds(5)
        .idempotent()
        .backoff("PT10S,PT1M");
    Effects::new()
        .on("T2")
        .set_field("impact", 1)
        .transition("resolved")
        .assign_in_group("network", Some("ana"))
        .comment_internal("Looks like the switch.")
        .create_ticket(incident.parent("T2").restricted().field("impact", 2))
        .link("caused-by", "T3")
        .unlink("caused-by", "T3")
        .set_parent("T1")
        .watch(&["cy"])
        .set_access(&["ana"], &["security"])
        .set_access_because(&[], &["security"], "a policy")
        .grant_access(&["ana"])
        .revoke_access(&["ana"])
        .attach(Attach { name: "log.txt", media_type: "text/plain", size: 12, digest })
        .start_clock(StartClock {
            name: "resolution",
            title: "Resolution",
            started_at: "2026-03-02T09:00:00Z".parse().expect("an instant"),
            due_at: "2026-03-02T13:00:00.5Z".parse().expect("an instant"),
            reason: "4 h of the office calendar",
            data: json!({"target": "p1"}),
        })
        .pause_clock("resolution", "waits for the caller", Value::Null)
        .stop_clock(StopClock {
            name: "resolution",
            at: "2026-03-02T12:00:00Z".parse().expect("an instant"),
            cancelled: false,
            reason: "resolved",
            data: Value::Null,
        })
        .schedule("auto-close", "2026-03-09T09:00:00Z".parse().expect("an instant"), json!({"days": 7}))
        .unschedule("auto-close")
        .notify(Notify { people: &["ana"], groups: &["network"], subject: "Due soon", body: "One hour is left." })
        .call(hook)
        .mail(Mail { people: &["ana"], to: &["partner@example.com"], subject: "Delivery", text: "It is on its way." })
        .start_flow(StartFlow::new("laptop-request").variable("limit", 1500))
        .send_message(SendMessage::new("request.rescinded", "T2").variable("reason", "Not hired."))
        .upsert_record(article.field("audience", "all"))
        .upsert_ci(UpsertCi::new("db01", "server", "it").ci("C1").attribute("ram", 64))
        .relate_cis("C1", "runs-on", "C2")
        .unrelate_cis("C1", "runs-on", "C2")
}

fn about_the_subject() -> Effects {
    Effects::new()
        .unassign()
        .assign_group("network")
        .assign_in_group("network", None)
        .unwatch(&["cy"])
        .clear_parent()
        .clear_field("impact")
        .create_ticket(CreateTicket::new("incident", "it", "Printer is on fire"))
        .start_flow(StartFlow::new("laptop-request"))
        .send_message(SendMessage::new("request.rescinded", "T2"))
        .upsert_record(UpsertRecord::new("article", "it", "How to extinguish printers"))
        .upsert_ci(UpsertCi::new("db01", "server", "it"))
}
