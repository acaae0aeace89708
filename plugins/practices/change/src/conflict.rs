//! What the window of a change collides with: other changes on the same or related items, blackouts, missing maintenance windows,
//! and an implementer who is busy. Found again whenever items, times or state change.

use crate::window::{self, Span};
use std::collections::{BTreeMap, BTreeSet};
use weft_sdk::prelude::*;
use weft_sdk::{Direction, Record};

/// Conflicts that are kept; the rest would not be read.
const CONFLICTS_MAX: usize = 50;
const ITEMS_MAX: usize = 50;
/// Changes that one answer of the host holds.
const PAGE: u32 = 200;
/// How the open changes are asked for in parts where one answer does not hold them: by state, then by type, then by risk.
const STATES: [&str; 6] = ["new", "assess", "authorize", "scheduled", "implement", "review"];
const PARTS: [(&str, &[&str]); 2] =
    [("type", &["normal", "standard", "emergency", "unauthorised"]), ("risk", &["low", "moderate", "high"])];

/// An item of the change, or one that it depends on or that depends on it.
struct Item {
    ci: String,
    own: bool,
}

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Fault> {
    let after = &change.after;
    let inputs = ["cis", "planned_start", "planned_end", "state", "implementer", "site"];
    if !inputs.into_iter().any(|field| change.changed(field)) {
        return Ok(Effects::new());
    }
    let open = !["review", "closed", "cancelled"].contains(&after.state.as_str());
    let found = match window::span(after).filter(|_| open) {
        Some(span) => conflicts(host, after, span)?,
        None => Vec::new(),
    };
    let known = after.field("conflicts").as_array().cloned().unwrap_or_default();
    Ok(Effects::new().when(found != known, |effects| effects.set_field("conflicts", found)))
}

fn conflicts(host: &impl Host, change: &Ticket, span: Span) -> Result<Vec<Value>, Fault> {
    let items = items(host, change)?;
    let mut found = Vec::new();
    let mut services = Services { host, known: BTreeMap::new() };
    let mut ours = BTreeSet::new();
    for item in items.iter().filter(|item| item.own) {
        ours.extend(services.of(&item.ci)?.iter().cloned());
    }
    let (others, total) = open_changes(host)?;
    if others.len() < total {
        let left = total - others.len();
        found.push(conflict(&format!("{left} open changes are too many to compare with"), "", span));
    }
    for other in others {
        let Some(shared) = window::span(&other).and_then(|other| window::overlap(span, other)) else { continue };
        if other.id == change.id {
            continue;
        }
        let theirs: BTreeSet<&str> = other.list("cis").collect();
        if let Some(item) = items.iter().find(|item| theirs.contains(item.ci.as_str())) {
            let reason = if item.own { "CI already scheduled" } else { "parent or child of the CI already scheduled" };
            found.push(conflict(reason, &other.number, shared));
        } else if let Some(service) = services.shared(&ours, &theirs)? {
            found.push(conflict(&format!("related service {service} already affected"), &other.number, shared));
        }
        if change.text("implementer").is_some() && change.text("implementer") == other.text("implementer") {
            found.push(conflict("assignee already scheduled", &other.number, shared));
        }
    }
    let windows = host.records("change-window", Some("active"))?;
    for item in &items {
        found.extend(blackouts(host, &windows, change, item, span)?);
        found.extend(outside_maintenance(host, &windows, change, item, span)?);
    }
    found.truncate(CONFLICTS_MAX);
    Ok(found)
}

/// The open changes, and how many there are.
pub(crate) fn open_changes(host: &impl Host) -> Result<(Vec<Ticket>, usize), Fault> {
    let all = Search::of("change").open();
    let total = host.find_count(&all)?;
    if total <= PAGE {
        return Ok((host.find(&all, PAGE)?, total as usize));
    }
    let mut found = Vec::new();
    let mut parts: Vec<(Search, usize)> = STATES.iter().map(|state| (all.clone().states(&[state]), 0)).collect();
    while let Some((part, depth)) = parts.pop() {
        match PARTS.get(depth).filter(|_| host.find_count(&part).is_ok_and(|count| count > PAGE)) {
            Some((field, values)) => {
                parts.extend(values.iter().map(|&value| (part.clone().field(field, value), depth + 1)));
            }
            None => found.extend(host.find(&part, PAGE)?),
        }
    }
    Ok((found, total as usize))
}

fn conflict(reason: &str, source: &str, (from, to): Span) -> Value {
    json!({"reason": reason, "source": source, "from": from, "to": to})
}

fn items(host: &impl Host, change: &Ticket) -> Result<Vec<Item>, Fault> {
    let mut items: Vec<Item> = change.list("cis").map(|ci| Item { ci: ci.to_owned(), own: true }).collect();
    items.truncate(ITEMS_MAX);
    for ci in change.list("cis").take(ITEMS_MAX) {
        for relation in host.related(ci)? {
            if items.len() < 2 * ITEMS_MAX && items.iter().all(|item| item.ci != relation.other) {
                items.push(Item { ci: relation.other, own: false });
            }
        }
    }
    Ok(items)
}

/// The services that fail with items, each item asked about once.
struct Services<'a, H> {
    host: &'a H,
    known: BTreeMap<String, BTreeSet<String>>,
}

impl<H: Host> Services<'_, H> {
    fn of(&mut self, ci: &str) -> Result<&BTreeSet<String>, Fault> {
        if !self.known.contains_key(ci) {
            let reached = self.host.impact(ci, Direction::Down)?;
            let services = reached.into_iter().filter(|ci| ci.class == "service").map(|ci| ci.name).collect();
            self.known.insert(ci.to_owned(), services);
        }
        Ok(&self.known[ci])
    }

    /// A service that both changes would take down.
    fn shared(&mut self, ours: &BTreeSet<String>, theirs: &BTreeSet<&str>) -> Result<Option<String>, Fault> {
        if ours.is_empty() {
            return Ok(None);
        }
        for ci in theirs.iter().take(ITEMS_MAX) {
            if let Some(service) = self.of(ci)?.intersection(ours).next() {
                return Ok(Some(service.clone()));
            }
        }
        Ok(None)
    }
}

/// Soft ones only warn; what a freeze does is in [`window::freeze`], and it is named here too.
fn blackouts(
    host: &impl Host,
    windows: &[Record],
    change: &Ticket,
    item: &Item,
    span: Span,
) -> Result<Vec<Value>, Fault> {
    let reason = if item.own { "CI in blackout window" } else { "parent or child in blackout window" };
    let mut found = Vec::new();
    for window in windows.iter().filter(|window| window.text("type") != Some("maintenance")) {
        if window::concerns(host, window, change, Some(&item.ci))?
            && let Some(shared) = window::open_during(host, window, change, span)?
        {
            found.push(conflict(reason, &window.number, shared));
        }
    }
    Ok(found)
}

/// An item that has maintenance windows is changed in one of them, from beginning to end.
fn outside_maintenance(
    host: &impl Host,
    windows: &[Record],
    change: &Ticket,
    item: &Item,
    span: Span,
) -> Result<Option<Value>, Fault> {
    let reason = if item.own { "CI not in maintenance window" } else { "parent or child not in maintenance window" };
    let mut own = Vec::new();
    for window in windows.iter().filter(|window| window.text("type") == Some("maintenance")) {
        if window::concerns(host, window, change, Some(&item.ci))? {
            if window::holds(host, window, change, span)? {
                return Ok(None);
            }
            own.push(window.number.as_str());
        }
    }
    Ok((!own.is_empty()).then(|| conflict(reason, &own.join(", "), span)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};
    use weft_sdk::Ci;

    fn on(id: &str, cis: &[&str]) -> Ticket {
        let ticket = of_type("normal", "new").with("cis", json!(cis)).with("implementer", Value::Null);
        Ticket { id: id.to_owned(), number: format!("#{id}"), ..ticket }
    }

    /// `erp` runs on `db`, `crm` runs on `db`; both services.
    fn company() -> FakeHost {
        let service = |id: &str| Ci::new(id, "service");
        let host = host().with_ci(Ci::new("db", "database")).with_ci(Ci::new("host", "server")).with_ci(service("erp"));
        host.with_relation("db", "runs-on", "host").with_relation("erp", "depends-on", "db")
    }

    fn reasons(host: &FakeHost, ticket: Ticket) -> Vec<(String, String)> {
        let effects = decide(host, &Change::creating(ticket)).unwrap();
        let list = effects.iter().next().map(|effect| effect.data["value"].clone()).unwrap_or_default();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        list.as_array().into_iter().flatten().map(|one| (text(one, "reason"), text(one, "source"))).collect()
    }

    fn is(found: &[(String, String)], expected: &[(&str, &str)]) {
        let found: Vec<_> = found.iter().map(|(reason, source)| (reason.as_str(), source.as_str())).collect();
        assert_eq!(found, expected);
    }

    fn window(kind: &str, from: &str, to: &str) -> Record {
        Record::new("W1", "change-window", "active").with("type", kind).with("start", from).with("end", to)
    }

    #[test]
    fn chg_07_the_same_item_and_its_parents_and_children() {
        let host = company().with_ticket(on("C2", &["db"]));
        is(&reasons(&host, on("C1", &["db"])), &[("CI already scheduled", "#C2")]);
        is(&reasons(&host, on("C1", &["host"])), &[("parent or child of the CI already scheduled", "#C2")]);
        is(&reasons(&host, on("C1", &["erp"])), &[("parent or child of the CI already scheduled", "#C2")]);
        is(&reasons(&host, on("C2", &["db"])), &[]);
        let later =
            on("C1", &["db"]).with("planned_start", "2026-03-07T23:00:00Z").with("planned_end", "2026-03-07T23:30:00Z");
        is(&reasons(&host, later), &[]);
    }

    #[test]
    fn chg_07_a_conflict_is_found_among_any_number_of_open_changes() {
        let kinds = |index: usize| (STATES[index % 6], PARTS[0].1[index % 4], PARTS[1].1[index % 3]);
        let elsewhere = |index: usize| {
            let (state, of, risk) = kinds(index);
            on(&format!("X{index:04}"), &["other"]).in_state(state).with("type", of).with("risk", risk)
        };
        let crowd = || (0..1500).fold(company(), |host, index| host.with_ticket(elsewhere(index)));
        let with =
            |host: FakeHost, state: &str| host.with_ticket(on("A1", &["db"]).in_state(state).with("risk", "low"));
        for state in STATES {
            is(&reasons(&with(crowd(), state), on("C1", &["db"])), &[("CI already scheduled", "#A1")]);
        }
        // More of one sort than can be told apart: what was not looked at is said.
        let alike = (0..260)
            .fold(company(), |host, index| host.with_ticket(on(&format!("Y{index}"), &["other"]).with("risk", "low")));
        is(&reasons(&alike, on("C1", &["db"])), &[("60 open changes are too many to compare with", "")]);
    }

    #[test]
    fn chg_07_the_parts_are_those_of_the_kind() {
        let kind = include_str!("../kinds/change.toml");
        for name in STATES.into_iter().chain(PARTS.iter().flat_map(|(_, values)| values.iter().copied())) {
            assert!(kind.contains(&format!("\"{name}\"")), "{name}");
        }
        assert_eq!(
            kind.matches("category = \"new\"").count() + kind.matches("category = \"active\"").count(),
            STATES.len()
        );
    }

    #[test]
    fn chg_07_a_busy_assignee_and_a_shared_service() {
        let theirs = on("C2", &["other"]).with("implementer", "ben");
        is(
            &reasons(&company().with_ticket(theirs), on("C1", &["db"]).with("implementer", "ben")),
            &[("assignee already scheduled", "#C2")],
        );
        let host = company().with_ci(Ci::new("cache", "server")).with_relation("erp", "depends-on", "cache");
        let found = reasons(&host.with_ticket(on("C2", &["cache"])), on("C1", &["host"]));
        is(&found, &[("related service erp already affected", "#C2")]);
    }

    #[test]
    fn chg_07_blackouts_and_maintenance_windows() {
        let evening = ("2026-03-07T19:00:00Z", "2026-03-07T22:00:00Z");
        let of_db = |kind: &str, (from, to): (&str, &str)| {
            company().with_record(window(kind, from, to).with("cis", json!(["db"])))
        };
        let blackout = of_db("blackout", evening);
        is(&reasons(&blackout, on("C1", &["db"])), &[("CI in blackout window", "#W1")]);
        is(&reasons(&blackout, on("C1", &["host"])), &[("parent or child in blackout window", "#W1")]);
        let short = of_db("maintenance", evening);
        is(&reasons(&short, on("C1", &["db"])), &[("CI not in maintenance window", "#W1")]);
        is(&reasons(&short, on("C1", &["host"])), &[("parent or child not in maintenance window", "#W1")]);
        let long = of_db("maintenance", ("2026-03-07T19:00:00Z", "2026-03-08T02:00:00Z"));
        is(&reasons(&long, on("C1", &["db"])), &[]);
    }

    #[test]
    fn chg_07_is_done_again_on_change_of_items_times_or_state() {
        let host = company().with_ticket(on("C2", &["db"]));
        let (before, after) = (on("C1", &["mail"]), on("C1", &["db"]));
        let again = |before: &Ticket, after: Ticket| decide(&host, &Change::of(before, after)).unwrap();
        let noted = again(&before, after.clone());
        let conflicts = noted.iter().next().unwrap().data["value"].clone();
        assert_eq!(conflicts[0]["from"], "2026-03-07T20:00:00Z");
        let known = after.clone().with("conflicts", conflicts);
        assert_eq!(again(&known, known.clone().with("justification", "It is old.")), Effects::new());
        let cleared = Effects::new().set_field("conflicts", json!([]));
        assert_eq!(again(&known, known.clone().in_state("cancelled")), cleared);
        let moved = known.clone().with("planned_end", "2026-03-07T20:30:00Z");
        assert_eq!(again(&known, moved).iter().next().unwrap().data["value"][0]["to"], "2026-03-07T20:30:00Z");
    }
}
