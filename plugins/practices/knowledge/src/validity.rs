//! Articles have a last day: their owners are reminded before it, and after it they leave the search.

use weft_sdk::Notify;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

/// Articles of one night: what is left is done in the next.
const ARTICLES_MAX: usize = 60;

pub(crate) fn nightly(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let now = call.context.now;
    let day = |at: Instant| at.to_string().chars().take(10).collect::<String>();
    let (today, soon) = (day(now), day(now.plus_days(host.setting("remind-days")?)));
    let (mut effects, mut outdated, mut reminded) = (Effects::new(), 0, 0);
    for article in &host.records("article", Some("published"))? {
        let Some(last) = article.text("valid_to") else { continue };
        if outdated + reminded == ARTICLES_MAX {
            break;
        }
        // Dates of ISO 8601 sort as text.
        if last < today.as_str() {
            effects = effects.upsert_record(article.change().state("outdated"));
            outdated += 1;
        } else if last <= soon.as_str() && !article.flag("reminded") {
            effects = effects.upsert_record(article.change().field("reminded", true)).and(remind(article, last));
            reminded += 1;
        }
    }
    let (gaps, noted) = crate::gap::nightly(host, now)?;
    Ok(Outcome::done(json!({"outdated": outdated, "reminded": reminded, "gaps": gaps}), effects.and(noted)))
}

fn remind(article: &weft_sdk::Record, last: &str) -> Effects {
    let people: Vec<&str> = article.text("owner").into_iter().collect();
    let groups: Vec<&str> = article.text("group").into_iter().filter(|_| people.is_empty()).collect();
    let subject = format!("{} is valid until {last}", article.number);
    let body = format!(
        "\u{201c}{}\u{201d} leaves the search after {last}. Extend it, or publish a new version.",
        article.title
    );
    let told = !people.is_empty() || !groups.is_empty();
    Effects::new().when(told, |effects| {
        effects.notify(Notify { people: &people, groups: &groups, subject: &subject, body: &body })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;
    use weft_sdk::Record;

    fn valid_to(id: &str, day: &str) -> Record {
        Record::new(id, "article", "published").with("valid_to", day).with("owner", "ana")
    }

    #[test]
    fn knw_02_after_its_last_day_an_article_leaves_the_search_and_owners_hear_of_it_ahead() {
        let host = host()
            .with_record(valid_to("K1", "2026-03-01"))
            .with_record(valid_to("K2", "2026-03-02"))
            .with_record(valid_to("K3", "2026-04-15"))
            .with_record(valid_to("K4", "2026-03-20").with("reminded", true))
            .with_record(Record::new("K5", "article", "published"));
        let mut call = StepCall::new("nightly", json!({}));
        call.context = call.context.at("2026-03-02T02:00:00Z");
        let Ok(Outcome::Done { outputs, effects }) = crate::run(&host, &call) else { panic!("it is done") };
        assert_eq!(outputs, json!({"outdated": 1, "reminded": 1, "gaps": 0}));
        assert_eq!(effects.kinds(), ["upsert-record", "upsert-record", "notify"]);
        let first = effects.iter().next().unwrap();
        assert_eq!(
            (first.text("record"), first.text("state")),
            (Some("K1"), Some("outdated")),
            "the day after the last"
        );
        assert_eq!(effects.iter().last().unwrap().text("subject"), Some("#K2 is valid until 2026-03-02"));
    }
}
