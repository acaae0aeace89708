//! Replaying a real audit log through the door, from a small file of our own and from the shared one.

use app::import::{ImportOptions, Progress};
use app::{AppError, Result};
use domain::filter::{Field, Filter};
use jiff::tz::TimeZone;
use serde_json::json;
use std::io::{Cursor, Read};
use weft_tests::world::World;

const HEADER: &str = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at";

fn row(number: &str, state: &str, count: u32, minute: u32, urgency: &str, priority: &str, assignee: &str) -> String {
    format!(
        "{number},{state},true,0,0,{count},true,Caller 1,Opened by 8,1/3/2016 08:00,?,?,Updated by 2,1/3/2016 09:{minute:02},Phone,Location 1,Category 55,Subcategory 1,Symptom 7,?,2 - Medium,{urgency},{priority},Group 56,{assignee},true,false,Do Not Notify,?,?,?,?,code 5,?,?,?"
    )
}

fn log() -> String {
    [
        HEADER.to_owned(),
        row("INC0000045", "New", 0, 1, "2 - Medium", "3 - Moderate", "?"),
        row("INC0000045", "Active", 1, 2, "1 - High", "2 - High", "Resolver 1"),
        row("INC0000047", "Active", 0, 3, "3 - Low", "4 - Low", "Resolver 2"),
        row("INC0000045", "-100", 2, 4, "1 - High", "2 - High", "Resolver 1"),
        row("INC0000045", "Awaiting User Info", 3, 5, "1 - High", "2 - High", "Resolver 1"),
        row("INC0000047", "Closed", 1, 6, "3 - Low", "4 - Low", "Resolver 2"),
        row("INC0000047", "Active", 2, 7, "3 - Low", "4 - Low", "Resolver 1"),
        row("INC0000047", "Active", 2, 7, "3 - Low", "4 - Low", "Resolver 1"),
    ]
    .join("\n")
}

async fn import(world: &World, text: &str) -> Result<app::import::servicenow_audit::Report> {
    let options = ImportOptions { space: "it".into(), zone: TimeZone::UTC, learn_matrix: true };
    let text = text.to_owned();
    let open =
        move || -> std::io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(text.clone().into_bytes()))) };
    world.app.import_servicenow_audit(open, options, |_: Progress| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_replayed_once_however_often() {
    let world = World::new().await;

    let first = import(&world, &log()).await.expect("imported");
    let head = world.app.publisher().head();
    let second = import(&world, &log()).await.expect("imported again");

    assert_eq!((first.rows_read, first.applied, first.duplicates, first.unusable), (8, 6, 1, 1), "{}", first.text());
    assert_eq!((first.priority_mismatch_count, first.final_mismatch_count), (0, 0), "{}", first.text());
    assert_eq!((second.applied, second.already_imported, second.final_mismatch_count), (0, 6, 0), "{}", second.text());
    assert_eq!(world.app.publisher().head(), head, "the second time changes nothing");
    let ada = world.actor("ada").await;
    let held = world.app.ticket(&ada, "INC0000045").await.expect("it is there");
    assert_eq!(
        (held.ticket.state.as_str(), &held.ticket.fields["pending-reason"]),
        ("on-hold", &json!("awaiting-caller"))
    );
    assert_eq!(held.ticket.updated_at.to_string(), "2016-03-01T09:05:00Z", "each event's time is its now");
    let reopened = world.app.ticket(&ada, "INC0000047").await.expect("it is there");
    assert_eq!(reopened.ticket.state, "in-progress", "a fact of history, though our lifecycle forbids it");
    assert_eq!(
        world.incident("erin", json!({})).await.number,
        "INC0000048",
        "new numbers come after the imported ones"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_off_is_taken_up_again() {
    let world = World::new().await;
    let cut: String = log().lines().take(4).collect::<Vec<_>>().join("\n");
    import(&world, &cut).await.expect("the part is imported");
    let world = world.restart().await;

    let rest = import(&world, &log()).await.expect("the rest is imported");

    assert_eq!((rest.already_imported, rest.applied, rest.final_mismatch_count), (3, 3, 0), "{}", rest.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_file_is_refused_whole() {
    let world = World::new().await;

    let refused = import(&world, "name,age\nAda,36\n").await.expect_err("these are other columns");

    let AppError::Invalid(problems) = refused else { panic!("{refused}") };
    assert!(problems[0].message.contains("incident_state"), "{}", problems[0].message);
    assert_eq!(world.app.store().ticket_count(&world.app.config.org, &Filter::True).await.expect("counted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_of_the_real_log_end_as_it_says() {
    let Some(file) = weft_tests::shared("incident_event_log.csv.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).expect("it is there"))
        .read_to_string(&mut text)
        .expect("it is text");
    let part: String = text.lines().take(1001).collect::<Vec<_>>().join("\n");
    let world = World::new().await;

    let report = import(&world, &part).await.expect("imported");

    assert_eq!(
        (report.unusable, report.priority_mismatch_count, report.final_mismatch_count),
        (0, 0, 0),
        "{}",
        report.text()
    );
    assert_eq!(report.applied + report.unchanged + report.duplicates, 1000);
    let filter = Filter::eq(Field::Kind, "incident");
    let stored = world.app.store().ticket_count(&world.app.config.org, &filter).await.expect("counted");
    assert_eq!(stored, report.incidents);
    world.app.store().verify_journal(&world.app.config.org).await.expect("no chain is broken");
}
