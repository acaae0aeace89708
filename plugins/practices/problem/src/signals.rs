//! Between incidents and problems: known errors are named where they help, and piling incidents propose a problem.

use serde::Deserialize;
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, UpsertRecord};

#[derive(Debug, Deserialize)]
struct Trend {
    count: u32,
    days: i64,
    fields: Vec<String>,
}

/// An incident came, or is about another item by now.
pub(crate) fn react(host: &impl Host, context: &Context, event: &Event, incident: &Ticket) -> Result<Effects, Fault> {
    let is_new = event.kind == "ticket.created";
    let known = if is_new || event.changed("ci") { name_known_errors(host, incident)? } else { Effects::new() };
    if is_new || event.changed("ci") || event.changed("category") {
        return Ok(known.and(propose(host, context, incident)?));
    }
    Ok(known)
}

fn name_known_errors(host: &impl Host, incident: &Ticket) -> Result<Effects, Fault> {
    let Some(ci) = incident.text("ci") else { return Ok(Effects::new()) };
    let errors = host.find(&Search::of("problem").field("ci", ci).field("known-error", true).open(), 5)?;
    let line = |error: &Ticket| {
        format!("- {} {}: {}", error.number, error.title, error.text("workaround").unwrap_or("no workaround yet"))
    };
    let lines: Vec<String> = errors.iter().map(line).collect();
    Ok(Effects::new().when(!lines.is_empty(), |effects| {
        effects.comment_internal(format!("Known errors on this item:\n\n{}", lines.join("\n")))
    }))
}

/// So many incidents in the window, and no open problem about the same.
fn propose(host: &impl Host, context: &Context, incident: &Ticket) -> Result<Effects, Fault> {
    let trend: Trend = host.setting("trend")?;
    let from = context.now.plus_days(-trend.days);
    for field in trend.fields.iter().filter(|_| trend.count > 0) {
        let Some(value) = incident.text(field) else { continue };
        // Newest first: the window is full if the last of so many still lies within it.
        let newest = host.find(&Search::of("incident").field(field, value), trend.count)?;
        let full = newest.len() >= trend.count as usize && newest.last().is_some_and(|last| last.opened_at >= from);
        if !full || host.find_count(&Search::of("problem").field(field, value).open())? > 0 {
            continue;
        }
        let what = if field == "ci" { host_name(host, value) } else { value.to_owned() };
        let reason = format!("{} incidents within {} days on {field} {what}", trend.count, trend.days);
        let problem = CreateTicket::new("problem", &incident.space, &format!("Recurring incidents: {what}"))
            .field(field, value)
            .field("proposed-because", reason.as_str())
            .field("description", format!("{reason}, the last one {}: {}", incident.number, incident.title));
        return Ok(Effects::new().create_ticket(problem));
    }
    Ok(Effects::new())
}

/// The id serves where the item may not be read.
fn host_name(host: &impl Host, ci: &str) -> String {
    host.ci(ci).ok().flatten().map_or_else(|| ci.to_owned(), |ci| ci.name)
}

/// A known error becomes the draft of an article, unless there is one about this problem already.
pub(crate) fn draft_article(host: &impl Host, problem: &Ticket) -> Result<Effects, Fault> {
    let same_ci = |article: &weft_sdk::Record| {
        article.flag("known_error") && article.text("ci").is_some() && article.text("ci") == problem.text("ci")
    };
    let articles = host.records("article", None)?;
    let own = articles.iter().find(|article| article.text("problem") == Some(&problem.number));
    let alike: Vec<_> = articles.iter().filter(|article| same_ci(article)).map(|one| one.number.as_str()).collect();
    if let Some(article) = own {
        return Ok(Effects::new().comment_internal(format!("Its article is {}.", article.number)));
    }
    let text = |field: &str| problem.text(field).unwrap_or_default();
    let body = format!("## Cause\n\n{}\n\n## Workaround\n\n{}\n", text("cause"), text("workaround"));
    let article = UpsertRecord::new("article", &problem.space, &problem.title)
        .field("body", body)
        .field("problem", problem.number.as_str())
        .field("known_error", true);
    let article = match problem.text("ci") {
        Some(ci) => article.field("ci", ci),
        None => article,
    };
    let effects = Effects::new().upsert_record(article);
    Ok(effects.when(!alike.is_empty(), |effects| {
        let text = format!("There may be an article about the same already: {}.", alike.join(", "));
        effects.comment_internal(text)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, problem};
    use weft_sdk::Record;

    const NOW: &str = "2026-03-10T09:00:00Z";

    fn created(host: &FakeHost, incident: &Ticket) -> Effects {
        let event = Event::about("ticket.created", &incident.id, json!({}));
        crate::react(host, &Context::of_plugin("problem").at(NOW), &event, Some(incident)).unwrap()
    }

    fn on(id: &str, ci: &str, day: i64) -> Ticket {
        let opened_at = NOW.parse::<Instant>().unwrap().plus_days(-day);
        Ticket { opened_at, ..Ticket::new(id, "incident").with("ci", ci) }
    }

    fn trend(count: u32) -> FakeHost {
        let host = host().with_setting("trend", json!({"count": count, "days": 7, "fields": ["ci", "category"]}));
        (0..3).fold(host, |host, n| host.with_ticket(on(&format!("T{n}"), "lift", n * 3)))
    }

    #[test]
    fn prb_05_incidents_that_pile_up_on_an_item_propose_a_problem() {
        let effects = created(&trend(3), &on("T0", "lift", 0));
        assert_eq!(effects.kinds(), ["create-ticket"]);
        let problem = &effects.iter().next().unwrap().data;
        assert_eq!(problem["fields"]["ci"], "lift");
        assert_eq!(problem["fields"]["proposed-because"], "3 incidents within 7 days on ci lift");
    }

    #[test]
    fn prb_05_too_few_too_slow_or_known_already_propose_none() {
        let quiet = |host: FakeHost| assert_eq!(created(&host, &on("T0", "lift", 0)), Effects::new());
        quiet(trend(4));
        quiet(trend(0));
        quiet(trend(3).with_ticket(on("T2", "lift", 8)));
        quiet(trend(3).with_ticket(Ticket::new("P1", "problem").with("ci", "lift")));
    }

    #[test]
    fn prb_04_a_known_error_is_named_on_incidents_of_its_item() {
        let known = problem("root-cause-analysis").with("ci", "lift").with("known-error", true);
        let host = host().with_ticket(known.clone()).with_ticket(Ticket::new("P2", "problem").with("ci", "lift"));
        let text = "Known errors on this item:\n\n- #P1 problem P1: Use the stairs.";
        assert_eq!(created(&host, &on("T1", "lift", 0)), Effects::new().comment_internal(text));
        assert_eq!(created(&host, &on("T1", "door", 0)), Effects::new());
    }

    #[test]
    fn prb_04_a_known_error_becomes_an_article_once() {
        let known = problem("root-cause-analysis").with("ci", "lift").with("cause", "A worn belt.");
        let drafted = draft_article(&host(), &known).unwrap();
        let body = "## Cause\n\nA worn belt.\n\n## Workaround\n\nUse the stairs.\n";
        let article = UpsertRecord::new("article", "it", "problem P1")
            .field("body", body)
            .field("problem", "#P1")
            .field("known_error", true)
            .field("ci", "lift");
        assert_eq!(drafted, Effects::new().upsert_record(article.clone()));

        let own = host().with_record(Record::new("A1", "article", "draft").with("problem", "#P1"));
        assert_eq!(draft_article(&own, &known), Ok(Effects::new().comment_internal("Its article is #A1.")));
        let alike = Record::new("A2", "article", "published").with("ci", "lift").with("known_error", true);
        let text = "There may be an article about the same already: #A2.";
        let both = Effects::new().upsert_record(article).comment_internal(text);
        assert_eq!(draft_article(&host().with_record(alike), &known), Ok(both));
    }
}
