//! Problem management: the cause behind incidents, and what its end means for them.
//!
//! Incidents name their problem by its number (`problem`), or are linked to it.

mod incidents;
mod signals;

use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

const OPEN: [&str; 4] = ["new", "assess", "root-cause-analysis", "fix-in-progress"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    let (after, mut refused) = (&change.after, Rejection::none());
    let mut needs = |field: &str, why: &str| {
        if after.text(field).is_none() {
            refused.add(format!("/fields/{field}"), "required", why);
        }
    };
    if after.flag("communicate-workaround") && change.changed("communicate-workaround") {
        needs("workaround", "there is no workaround to communicate");
    }
    if after.flag("known-error") && change.changed("known-error") {
        needs("workaround", "a known error has a workaround");
        needs("cause", "a known error has a known cause");
    }
    if change.entered("resolved") {
        match after.text("resolution-code") {
            Some("fix-applied") => {
                needs("cause", "say what the cause was");
                needs("fix", "say what was done about it");
                if change.state_before() != Some("fix-in-progress") {
                    refused.add("/state", "not-fixed", "a fix is applied in Fix in Progress: go there first");
                }
            }
            Some("risk-accepted") => needs("risk-reason", "say why the risk is accepted; those concerned read it"),
            Some("duplicate") => survivor(host, after, &mut refused)?,
            _ => {}
        }
    }
    refused.or_ok(Effects::new())
}

/// A duplicate names a problem that goes on, so that what moves there does not move again.
fn survivor(host: &impl Host, problem: &Ticket, refused: &mut Rejection) -> Result<(), Fault> {
    let pointer = "/fields/duplicate-of";
    let other = match problem.text("duplicate-of") {
        Some(id) if id != problem.id => host.ticket(id)?.filter(|other| other.kind == "problem"),
        _ => None,
    };
    match other {
        None => refused.add(pointer, "required", "name the other problem that goes on"),
        Some(other) if !OPEN.contains(&other.state.as_str()) => {
            refused.add(pointer, "ended", format!("{} is {}: name one that goes on", other.label(), other.state));
        }
        Some(_) => {}
    }
    Ok(())
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else { return Ok(Effects::new()) };
    if ticket.kind == "incident" {
        return signals::react(host, context, event, ticket);
    }
    let ended = event.entered(&ticket.state) || event.is_timer(incidents::TIMER);
    let sends = event.changed("communicate-workaround") || event.is_timer(incidents::TIMER);
    let effects = match (ticket.state.as_str(), ticket.text("resolution-code")) {
        _ if sends && ticket.flag("communicate-workaround") => incidents::tell_workaround(host, context, ticket)?,
        ("closed", Some("fix-applied")) if ended => incidents::resolve(host, context, ticket)?,
        ("closed", Some("risk-accepted")) if ended => incidents::say_why(host, ticket)?,
        ("resolved", Some("duplicate")) if ended => incidents::move_on(host, context, ticket)?,
        ("resolved", Some("cancelled")) if ended => cancel_tasks(host, ticket)?,
        _ => Effects::new(),
    };
    if event.changed("known-error") && ticket.flag("known-error") {
        return Ok(effects.and(signals::draft_article(host, ticket)?));
    }
    Ok(effects)
}

fn cancel_tasks(host: &impl Host, problem: &Ticket) -> Result<Effects, Fault> {
    let tasks = host.tickets(&TicketFilter::new().kind("problem-task").parent(&problem.id).open(), 200)?;
    Ok(tasks.iter().fold(Effects::new(), |effects, task| effects.on(&task.id).transition("cancelled")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::fake::KindFile;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    pub(crate) fn problem(state: &str) -> Ticket {
        Ticket::new("P1", "problem").in_state(state).with("workaround", "Use the stairs.")
    }

    pub(crate) fn incident(id: &str, state: &str) -> Ticket {
        Ticket::new(id, "incident").in_state(state).for_requester("erin").with("problem", "#P1")
    }

    /// What the practice does when a problem came into a state.
    pub(crate) fn ended(host: &FakeHost, problem: &Ticket) -> Effects {
        let event = Event::state_change("P1", "fix-in-progress", &problem.state);
        react(host, &Context::of_plugin("problem"), &event, Some(problem)).unwrap()
    }

    fn resolve(from: &str, after: Ticket) -> Result<Effects, Vec<String>> {
        let host = host()
            .with_ticket(Ticket::new("P2", "problem").in_state("assess"))
            .with_ticket(Ticket::new("P3", "problem").in_state("closed"));
        let change = Change::of(&problem(from), after.in_state("resolved"));
        guard(&host, &change).map_err(|refused| refused.codes().into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn prb_01_states_and_transitions() {
        let kind = KindFile::read(include_str!("../kinds/problem.toml"));
        assert_eq!(kind.states(), [&OPEN[..], &["resolved", "closed"]].concat());
        assert_eq!(kind.legal("new"), ["assess", "resolved"]);
        assert_eq!(kind.legal("assess"), ["root-cause-analysis", "resolved"]);
        assert_eq!(kind.legal("root-cause-analysis"), ["fix-in-progress", "resolved"]);
        assert_eq!(kind.legal("fix-in-progress"), ["resolved"]);
        assert_eq!(kind.legal("resolved"), ["fix-in-progress", "closed"]);
        assert!(kind.legal("closed").is_empty());
        assert_eq!(kind.required("resolved"), ["resolution-code"]);
    }

    #[test]
    fn prb_01_each_resolution_code_says_what_it_needs() {
        let code = |code: &str| problem("new").with("resolution-code", code);
        let fixed = code("fix-applied").with("cause", "A worn belt.").with("fix", "CHG0000007");
        assert_eq!(resolve("fix-in-progress", fixed.clone()), Ok(Effects::new()));
        assert_eq!(resolve("assess", fixed), Err(vec!["not-fixed".into()]));
        assert_eq!(resolve("fix-in-progress", code("fix-applied")), Err(vec!["required".into(), "required".into()]));
        assert_eq!(resolve("assess", code("risk-accepted")), Err(vec!["required".into()]));
        assert_eq!(resolve("assess", code("risk-accepted").with("risk-reason", "Twice a year.")), Ok(Effects::new()));
        assert_eq!(resolve("new", code("cancelled")), Ok(Effects::new()));
    }

    #[test]
    fn prb_01_a_duplicate_names_a_problem_that_goes_on() {
        let of = |other: &str| problem("new").with("resolution-code", "duplicate").with("duplicate-of", other);
        assert_eq!(resolve("assess", of("P2")), Ok(Effects::new()));
        assert_eq!(resolve("assess", of("P3")), Err(vec!["ended".into()]));
        for other in ["P1", "P9", ""] {
            assert_eq!(resolve("assess", of(other)), Err(vec!["required".into()]), "`{other}`");
        }
    }

    #[test]
    fn prb_01_cancelling_cancels_the_open_tasks() {
        let task = |id: &str, state: &str| Ticket::new(id, "problem-task").in_state(state).child_of("P1");
        let host = host().with_ticket(task("K1", "new")).with_ticket(task("K2", "closed"));
        let cancelled = ended(&host, &problem("resolved").with("resolution-code", "cancelled"));
        assert_eq!(cancelled, Effects::new().on("K1").transition("cancelled"));
    }

    #[test]
    fn prb_02_nothing_is_communicated_without_a_workaround() {
        let before = Ticket::new("P1", "problem");
        let change = Change::of(&before, before.clone().with("communicate-workaround", true));
        assert_eq!(guard(&host(), &change).unwrap_err().codes(), ["required"]);
        let known = Change::of(&before, before.clone().with("known-error", true));
        assert_eq!(guard(&host(), &known).unwrap_err().codes(), ["required", "required"]);
    }
}
