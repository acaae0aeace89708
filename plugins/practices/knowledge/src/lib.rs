//! Knowledge: articles from their draft to their end.
//!
//! A published text stays as it is and is found until its next version, an article of its own that names it, is published.

mod deflection;
mod gap;
mod validity;
mod version;

use std::collections::BTreeMap;
use version::Version;
use weft_sdk::Record;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react, run: run }

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.after.kind == "knowledge-gap" {
        return Ok(Effects::new());
    }
    if change.after.kind == "article-feedback" {
        return if change.is_create() { Ok(complaint(host, &change.after)?) } else { Ok(Effects::new()) };
    }
    published_is_fixed(change)?;
    Ok(count(host, change)?.and(quality(host, change)?))
}

/// Readers rely on what they see: a published text changes by a new version only.
fn published_is_fixed(change: &Change) -> Result<(), Rejection> {
    let before = change.before.as_ref().map(|before| before.state.as_str()).unwrap_or_default();
    let text = ["title", "body", "former"].into_iter().find(|field| change.changed(field));
    match text.filter(|_| !["", "draft", "review"].contains(&before)) {
        Some(field) => {
            let message = format!(
                "an article that is {before} keeps its text: write a new version that names it as its former one"
            );
            Err(Rejection::new(format!("/fields/{field}"), "published", message))
        }
        None => Ok(()),
    }
}

/// Each step is counted, and publishing makes a whole number.
fn count(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, known) = (&change.after, change.before.as_ref().and_then(|before| before.text("edition")));
    let version = match known {
        None => match after.text("former") {
            Some(former) => checked_out(host, former)?.next(),
            None => Version::FIRST,
        },
        Some(_) if !change.changed("state") => return Ok(Effects::new()),
        Some(known) => {
            let version: Version =
                known.parse().map_err(|why: String| Rejection::new("/fields/edition", "invalid-value", why))?;
            match after.state.as_str() {
                "published" if change.left("scheduled") => version.published(),
                "draft" | "review" | "scheduled" => version.next(),
                // The end of an article, or its staying, changes no text.
                _ => return Ok(Effects::new()),
            }
        }
    };
    let text = version.to_string();
    Ok(Effects::new().when(after.text("edition") != Some(&text), |effects| effects.set_field("edition", text)))
}

/// The version of the published article that is checked out. Only one version at a time is made of it.
fn checked_out(host: &impl Host, former: &str) -> Result<Version, Rejection> {
    let wrong = |code: &str, message: &str| Rejection::new("/fields/former", code, message);
    let article = host.record(former)?.filter(|article| article.kind == "article" && article.state == "published");
    let article = article.ok_or_else(|| wrong("not-published", "only a published article has a next version"))?;
    for state in ["draft", "review", "scheduled"] {
        if host.records("article", Some(state))?.iter().any(|other| other.text("former") == Some(former)) {
            return Err(wrong("checked-out", "somebody is writing its next version already"));
        }
    }
    article.text("edition").unwrap_or_default().parse().map_err(|why: String| wrong("invalid-value", &why))
}

/// Percent of the weights of what a reviewer found fulfilled.
fn quality(host: &impl Host, change: &Change) -> Result<Effects, Fault> {
    if !change.changed("checklist") {
        return Ok(Effects::new());
    }
    let weights: BTreeMap<String, i64> = host.setting("checklist")?;
    let met: i64 = change.after.list("checklist").filter_map(|point| weights.get(point)).sum();
    let percent = met * 100 / weights.values().sum::<i64>().max(1);
    Ok(Effects::new()
        .when(change.after.integer("quality") != Some(percent), |effects| effects.set_field("quality", percent)))
}

/// A bad rating is work for the owning group; a good one is only counted.
fn complaint(host: &impl Host, feedback: &Ticket) -> Result<Effects, Fault> {
    let low: i64 = host.setting("low-rating")?;
    if feedback.integer("rating").unwrap_or(0) > low {
        return Ok(Effects::new().set_field("outcome", "rating-only").transition("done"));
    }
    let article = host.record(feedback.text("article").unwrap_or_default())?;
    let group = article.as_ref().and_then(|article| article.text("group"));
    Ok(group.map(|group| Effects::new().assign_group(group)).unwrap_or_default())
}

/// A new version was published: the former one is outdated, and so are translations of it until somebody looks at them.
fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    if let Some(feedback) = subject {
        return deflection::react(host, context, event, feedback);
    }
    if event.change("state").is_none_or(|change| change.from != "scheduled" || change.to != "published") {
        return Ok(Effects::new());
    }
    let Some(article) = host.record(&event.subject)? else { return Ok(Effects::new()) };
    let Some(former) = article.text("former") else { return Ok(Effects::new()) };
    let published = host.records("article", Some("published"))?;
    let outdate = |effects: Effects, other: &Record| match other.text("translation_of") {
        _ if other.id == former => effects.upsert_record(other.change().state("outdated")),
        Some(original) if original == former => effects.upsert_record(
            other.change().field("translation_of", article.id.as_str()).field("translation_outdated", true),
        ),
        _ => effects,
    };
    Ok(published.iter().fold(Effects::new(), outdate))
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "nightly" => validity::nightly(host, call),
        other => Err(Fault::Permanent(format!("`knowledge` has no step `{other}`"))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use weft_sdk::fake::KindFile;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn article(state: &str) -> Ticket {
        Ticket::new("K1", "article").in_state(state).with("body", "Turn it off and on.")
    }

    fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").codes().into_iter().map(str::to_owned).collect()
    }

    /// The version after a step, if the step is counted.
    fn counted(host: &FakeHost, change: &Change) -> Option<String> {
        let effects = guard(host, change).unwrap();
        effects.iter().find(|effect| effect.text("field") == Some("edition"))?.text("value").map(str::to_owned)
    }

    #[test]
    fn knw_01_states() {
        let kind = KindFile::read(include_str!("../kinds/article.toml"));
        assert_eq!(
            kind.states(),
            ["draft", "review", "scheduled", "published", "outdated", "pending-retirement", "retired"]
        );
        assert_eq!(kind.legal("review"), ["draft", "scheduled"]);
        assert_eq!(kind.legal("published"), ["outdated", "pending-retirement"]);
        assert!(kind.legal("retired").is_empty());
    }

    #[test]
    fn knw_01_version_numbers_follow_the_published_sequence() {
        let mut now = article("draft");
        assert_eq!(counted(&host(), &Change::creating(now.clone())).as_deref(), Some("0.01"));
        now = now.with("edition", "0.01");
        let steps = [
            ("draft", None),
            ("review", Some("0.02")),
            ("draft", Some("0.03")),
            ("review", Some("0.04")),
            ("draft", Some("0.05")),
            ("review", Some("0.06")),
            ("scheduled", Some("0.07")),
            ("published", Some("1.0")),
        ];
        for (state, expected) in steps {
            let edited = if state == "draft" { "Edited." } else { "" };
            let after = now.clone().in_state(state).with("keywords", json!([edited]));
            assert_eq!(counted(&host(), &Change::of(&now, after.clone())).as_deref(), expected, "{state}");
            let edition = expected.map_or_else(|| now.text("edition").unwrap().to_owned(), str::to_owned);
            now = after.with("edition", edition);
        }

        let published = Record::new("K1", "article", "published").with("edition", "1.0");
        let host = host().with_record(published);
        let next = Ticket::new("K2", "article").in_state("draft").with("former", "K1");
        assert_eq!(counted(&host, &Change::creating(next)).as_deref(), Some("1.01"));
        let scheduled = article("scheduled").with("edition", "1.03");
        let change = Change::of(&scheduled, scheduled.clone().in_state("published"));
        assert_eq!(counted(&host, &change).as_deref(), Some("2.0"));
    }

    #[test]
    fn knw_01_one_next_version_at_a_time_of_what_is_published() {
        let next = || Change::creating(Ticket::new("K3", "article").in_state("draft").with("former", "K1"));
        let with = |state: &str| host().with_record(Record::new("K1", "article", state).with("edition", "1.0"));
        assert_eq!(codes(guard(&with("draft"), &next())), ["not-published"]);
        let taken = with("published").with_record(Record::new("K2", "article", "review").with("former", "K1"));
        assert_eq!(codes(guard(&taken, &next())), ["checked-out"]);
    }

    #[test]
    fn knw_01_a_published_text_is_fixed() {
        for state in ["scheduled", "published", "outdated", "pending-retirement", "retired"] {
            let before = article(state).with("edition", "1.0");
            let change = Change::of(&before, before.clone().with("body", "Nothing."));
            assert_eq!(codes(guard(&host(), &change)), ["published"], "{state}");
        }
    }

    #[test]
    fn knw_01_publishing_makes_the_former_version_and_translations_outdated() {
        let host = host()
            .with_record(Record::new("K1", "article", "published"))
            .with_record(Record::new("K2", "article", "published").with("former", "K1"))
            .with_record(Record::new("K3", "article", "published").with("translation_of", "K1"));
        let change = json!({"changes": [{"field": "state", "from": "scheduled", "to": "published"}]});
        let event = Event::of_record("record.changed", "K2", change);
        let effects = react(&host, &Context::of_plugin("knowledge"), &event, None).unwrap();
        let of = |id: &str| Record::new(id, "article", "published").change();
        let told = of("K3").field("translation_of", "K2").field("translation_outdated", true);
        assert_eq!(effects, Effects::new().upsert_record(of("K1").state("outdated")).upsert_record(told));
    }

    #[test]
    fn knw_03_a_bad_rating_is_work_for_the_owning_group() {
        let host = host().with_record(Record::new("K1", "article", "published").with("group", "network"));
        let rate = |rating: i64| {
            let feedback = Ticket::new("F1", "article-feedback").with("article", "K1").with("rating", rating);
            guard(&host, &Change::creating(feedback)).unwrap()
        };
        assert_eq!(rate(1), Effects::new().assign_group("network"));
        assert_eq!(rate(4), Effects::new().set_field("outcome", "rating-only").transition("done"));
        let kind = KindFile::read(include_str!("../kinds/article-feedback.toml"));
        assert_eq!(
            (kind.legal("new"), kind.required("done")),
            (vec!["in-progress", "done", "rejected"], vec!["outcome"])
        );
    }

    #[test]
    fn knw_06_quality_is_the_weighted_checklist() {
        let draft = article("draft").with("edition", "0.01");
        let percent = |points: Value| {
            let change = Change::of(&draft, draft.clone().with("checklist", points));
            guard(&host(), &change).unwrap().iter().next().map(|effect| effect.data["value"].clone())
        };
        assert_eq!(percent(json!(["solves-it", "well-written"])), Some(json!(57)), "4 of 7");
        assert_eq!(percent(json!(["solves-it", "easy-to-find", "right-audience", "well-written"])), Some(json!(100)));
    }
}
