//! Gaps: incidents about the same that no published article is about. What is the same is decided by the words of their titles, in each
//! space by itself, and never from what is restricted.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertRecord};

/// Incidents that are looked at, the newest ones.
const TICKETS_MAX: u32 = 200;
/// Gaps that are noted in one night: what is left is noted in the next.
const GAPS_MAX: usize = 30;
/// Numbers that are kept with a gap.
const NUMBERS_MAX: usize = 50;
/// Words that are kept with a gap.
const WORDS_MAX: usize = 20;
/// Words that are shorter say little.
const LETTERS_MIN: usize = 4;
/// One word in common is chance.
const SHARED_MIN: usize = 2;

#[derive(Debug, Deserialize)]
struct Rule {
    /// So many incidents are a gap; none ever when 0.
    tickets: usize,
    days: i64,
}

/// Incidents about the same.
struct Cluster {
    space: String,
    numbers: Vec<String>,
    /// In how many of the titles each word is.
    words: BTreeMap<String, usize>,
}

/// What the night notes: gaps that are new or have grown, and those that an article covers by now.
pub(crate) fn nightly(host: &impl Host, now: Instant) -> Result<(i64, Effects), Fault> {
    let rule: Rule = host.setting("gaps")?;
    if rule.tickets == 0 {
        return Ok((0, Effects::new()));
    }
    let since = now.plus_days(-rule.days);
    let mut incidents = host.find(&Search::of("incident"), TICKETS_MAX)?;
    incidents.retain(|incident| !incident.restricted && incident.opened_at >= since && incident.state != "cancelled");
    incidents.sort_by(|one, other| one.number.cmp(&other.number));
    let articles = host.records("article", Some("published"))?;
    let articles: Vec<(&Record, BTreeSet<String>)> = articles.iter().map(|article| (article, said(article))).collect();
    let known = host.records("knowledge-gap", None)?;
    let (mut effects, mut found) = (Effects::new(), 0);
    for cluster in
        clusters(&incidents).into_iter().filter(|cluster| cluster.numbers.len() >= rule.tickets).take(GAPS_MAX)
    {
        let words = cluster.common();
        let about = |gap: &&Record| {
            gap.space == cluster.space && shared(&gap.list("words").map(str::to_owned).collect(), &words) >= SHARED_MIN
        };
        let gap = known.iter().find(about);
        let article = articles.iter().find(|(_, said)| shared(said, &words) >= SHARED_MIN.max(words.len().div_ceil(2)));
        if let Some(effect) = note(gap, article.map(|(article, _)| *article), &cluster, &words) {
            found += i64::from(article.is_none());
            effects = effects.upsert_record(effect);
        }
    }
    Ok((found, effects))
}

/// Nothing where nothing is new, or where people said that no article is needed.
fn note(
    gap: Option<&Record>,
    article: Option<&Record>,
    cluster: &Cluster,
    words: &BTreeSet<String>,
) -> Option<UpsertRecord> {
    let count = cluster.numbers.len();
    match (gap, article) {
        (Some(gap), _) if gap.state == "dismissed" => None,
        (Some(gap), Some(article)) if gap.state != "covered" => {
            Some(gap.change().state("covered").field("article", article.number.as_str()))
        }
        (_, Some(_)) => None,
        // An article that covered it was outdated or retired.
        (Some(gap), None) if gap.state == "covered" => Some(counted(gap.change().state("open"), cluster)),
        (Some(gap), None) if gap.integer("count") != i64::try_from(count).ok() => Some(counted(gap.change(), cluster)),
        (Some(_), None) => None,
        (None, None) => {
            let title = words.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            Some(counted(UpsertRecord::new("knowledge-gap", &cluster.space, &title).field("words", words), cluster))
        }
    }
}

fn counted(change: UpsertRecord, cluster: &Cluster) -> UpsertRecord {
    let last = cluster.numbers.iter().rev().take(NUMBERS_MAX).map(String::as_str).collect::<Vec<_>>();
    change.field("count", cluster.numbers.len()).field("tickets", last)
}

/// Each incident goes to those with which it has most in common, the earliest of equals, or stands for itself.
fn clusters(incidents: &[Ticket]) -> Vec<Cluster> {
    let everywhere = everywhere(incidents);
    let mut all: Vec<Cluster> = Vec::new();
    for incident in incidents {
        let mut said = words(&incident.title);
        said.retain(|word| !everywhere.contains(word));
        let fits =
            |cluster: &Cluster| if cluster.space == incident.space { shared(&cluster.common(), &said) } else { 0 };
        let best = all.iter_mut().map(|cluster| (fits(cluster), cluster)).rev().max_by_key(|(fits, _)| *fits);
        match best.filter(|(fits, _)| *fits >= SHARED_MIN) {
            Some((_, cluster)) => cluster.add(incident, said),
            None => {
                let mut cluster =
                    Cluster { space: incident.space.clone(), numbers: Vec::new(), words: BTreeMap::new() };
                cluster.add(incident, said);
                all.push(cluster);
            }
        }
    }
    all
}

impl Cluster {
    fn add(&mut self, incident: &Ticket, said: BTreeSet<String>) {
        self.numbers.push(incident.number.clone());
        for word in said {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// The words of at least half of them.
    fn common(&self) -> BTreeSet<String> {
        let half = self.numbers.len().div_ceil(2);
        let often = self.words.iter().filter(|(_, count)| **count >= half);
        often.map(|(word, _)| word.clone()).take(WORDS_MAX).collect()
    }
}

/// Words that most of many titles have tell none of them apart.
fn everywhere(incidents: &[Ticket]) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in incidents.iter().flat_map(|incident| words(&incident.title)) {
        *counts.entry(word).or_default() += 1;
    }
    let most = incidents.len() / 2;
    counts.into_iter().filter(|(_, count)| incidents.len() >= 20 && *count > most).map(|(word, _)| word).collect()
}

fn said(article: &Record) -> BTreeSet<String> {
    let keywords: Vec<&str> = article.list("keywords").collect();
    words(&format!("{} {} {}", article.title, keywords.join(" "), article.text("body").unwrap_or_default()))
}

fn shared(one: &BTreeSet<String>, other: &BTreeSet<String>) -> usize {
    one.intersection(other).count()
}

fn words(text: &str) -> BTreeSet<String> {
    let long = |word: &&str| word.chars().count() >= LETTERS_MIN;
    text.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).filter(long).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    const NOW: &str = "2026-03-20T02:00:00Z";

    fn incident(id: &str, title: &str) -> Ticket {
        let opened_at = "2026-03-10T09:00:00Z".parse().unwrap();
        Ticket { title: title.into(), opened_at, ..Ticket::new(id, "incident") }
    }

    fn told() -> FakeHost {
        let titles = [
            "Scanner loses its network folder",
            "The scanner does not see the folder",
            "Folder of the scanner is gone",
            "Scanner: folder missing",
            "Screen is dark",
            "Scanner wakes nobody",
        ];
        titles.iter().zip(1..).fold(host(), |host, (title, id)| host.with_ticket(incident(&format!("T{id}"), title)))
    }

    fn night(host: &FakeHost) -> Vec<Value> {
        let (_, effects) = nightly(host, NOW.parse().unwrap()).unwrap();
        effects.into_iter().map(|effect| Value::Object(effect.data)).collect()
    }

    #[test]
    fn knw_06_incidents_about_the_same_without_an_article_are_a_gap() {
        let gaps = night(&told());
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!((&gaps[0]["title"], &gaps[0]["fields"]["count"]), (&json!("folder, scanner"), &json!(4)));
        assert_eq!(gaps[0]["fields"]["tickets"], json!(["#T4", "#T3", "#T2", "#T1"]));
        let article =
            |state: &str| Record { title: "The folder of a scanner".into(), ..Record::new("K1", "article", state) };
        assert_eq!(night(&told().with_record(article("published"))), Vec::<Value>::new(), "it is covered");
        assert_eq!(night(&told().with_record(article("draft"))).len(), 1);
        let few = told().with_setting("gaps", json!({"tickets": 5, "days": 90}));
        assert_eq!(night(&few), Vec::<Value>::new());
    }

    #[test]
    fn knw_06_what_is_restricted_old_or_of_another_space_is_no_part_of_a_gap() {
        let hidden = Ticket { restricted: true, ..incident("T1", "Scanner loses its network folder") };
        assert_eq!(night(&told().with_ticket(hidden)), Vec::<Value>::new());
        let elsewhere = Ticket { space: "hr".into(), ..incident("T1", "Scanner loses its network folder") };
        assert_eq!(night(&told().with_ticket(elsewhere)), Vec::<Value>::new());
        let old = Ticket { opened_at: "2025-03-10T09:00:00Z".parse().unwrap(), ..incident("T1", "Scanner folder") };
        assert_eq!(night(&told().with_ticket(old)), Vec::<Value>::new());
    }

    #[test]
    fn knw_06_a_gap_grows_is_covered_and_opens_again() {
        let gap = |state: &str, count: i64| {
            Record::new("G1", "knowledge-gap", state).with("words", json!(["folder", "scanner"])).with("count", count)
        };
        let article = Record { title: "The folder of a scanner".into(), ..Record::new("K1", "article", "published") };
        assert_eq!(night(&told().with_record(gap("open", 4))), Vec::<Value>::new(), "it is known");
        assert_eq!(night(&told().with_record(gap("open", 3)))[0]["fields"]["count"], 4);
        let covered = night(&told().with_record(gap("writing", 4)).with_record(article.clone()));
        assert_eq!((&covered[0]["state"], &covered[0]["fields"]["article"]), (&json!("covered"), &json!("#K1")));
        assert_eq!(night(&told().with_record(gap("covered", 4)).with_record(article)), Vec::<Value>::new());
        assert_eq!(night(&told().with_record(gap("covered", 4)))[0]["state"], "open");
        assert_eq!(night(&told().with_record(gap("dismissed", 1))), Vec::<Value>::new(), "people said so");
    }
}
