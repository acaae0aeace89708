//! Suggested articles: what an incident and an article have in common, by words and by the item they are about.

use std::collections::BTreeSet;
use weft_sdk::Record;
use weft_sdk::prelude::*;

weft_sdk::automation! { react: react }

/// Words that are shorter say little.
const LETTERS_MIN: usize = 4;
/// A word of the title or a keyword counts more than one of the text, and the same item most of all.
const TITLE: u32 = 3;
const TEXT: u32 = 1;
const ITEM: u32 = 6;
/// Below this, what they share is chance.
const SCORE_MIN: u32 = 5;

fn react(host: &impl Host, _context: &Context, _event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let most: usize = host.setting("articles")?;
    let Some(incident) = subject.filter(|_| most > 0) else { return Ok(Effects::new()) };
    let asked = words(&format!("{} {}", incident.title, incident.text("description").unwrap_or_default()));
    let articles = host.records("article", Some("published"))?;
    let mut found: Vec<(u32, &Record)> = articles
        .iter()
        .map(|article| (score(incident, &asked, article), article))
        .filter(|(score, _)| *score >= SCORE_MIN)
        .collect();
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.number.cmp(&other.number)));
    let lines: Vec<String> =
        found.iter().take(most).map(|(_, one)| format!("- {} {}", one.number, one.title)).collect();
    let text = format!("These articles may help:\n\n{}", lines.join("\n"));
    Ok(Effects::new().when(!lines.is_empty(), |effects| effects.comment_internal(text)))
}

fn score(incident: &Ticket, asked: &BTreeSet<String>, article: &Record) -> u32 {
    let keywords: Vec<&str> = article.list("keywords").collect();
    let title = words(&format!("{} {}", article.title, keywords.join(" ")));
    let body = words(article.text("body").unwrap_or_default());
    let shared = |other: &BTreeSet<String>| asked.intersection(other).count() as u32;
    let item = incident.text("ci").is_some() && incident.text("ci") == article.text("ci");
    TITLE * shared(&title) + TEXT * shared(&body) + if item { ITEM } else { 0 }
}

fn words(text: &str) -> BTreeSet<String> {
    let word = |word: &str| word.chars().count() >= LETTERS_MIN;
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|one| word(one)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> FakeHost {
        let article = |id: &str, state: &str, title: &str, body: &str| Record {
            title: title.into(),
            ..Record::new(id, "article", state).with("body", body)
        };
        FakeHost::of_manifest(include_str!("../plugin.toml"))
            .with_record(article("K1", "published", "Printer shows a paper jam", "Open the back of the printer."))
            .with_record(article("K2", "published", "Password forgotten", "Use the link under the fields."))
            .with_record(article("K3", "draft", "Printer on fire", "Leave the printer."))
            .with_record(article("K4", "published", "Printer drivers", "For Windows.").with("ci", "P9"))
    }

    fn suggested(host: &FakeHost, title: &str, ci: &str) -> Vec<String> {
        let incident = Ticket { title: title.into(), ..Ticket::new("T1", "incident").with("ci", ci) };
        let event = Event::about("ticket.created", "T1", json!({}));
        let effects = react(host, &Context::of_plugin("knowledge-suggestion"), &event, Some(&incident)).unwrap();
        let body = effects.iter().next().and_then(|effect| effect.text("body")).unwrap_or_default().to_owned();
        body.lines().filter_map(|line| line.strip_prefix("- #")).map(|line| line[..2].to_owned()).collect()
    }

    #[test]
    fn knw_05_published_articles_about_the_same_are_named_best_first() {
        assert_eq!(suggested(&host(), "The printer has a paper jam", ""), ["K1"]);
        assert_eq!(suggested(&host(), "The printer is stuck", "P9"), ["K4"], "one word is chance, the item is not");
        assert_eq!(suggested(&host(), "Printer drivers, paper jam", "P9"), ["K4", "K1"]);
        assert!(suggested(&host(), "The coffee is cold", "").is_empty());
        assert!(suggested(&host().with_setting("articles", 0), "Paper jam in the printer", "").is_empty());
    }
}
