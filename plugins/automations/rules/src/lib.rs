//! Rules as data: something happens to a ticket, conditions hold, a rule acts and says why.
//!
//! A guard refuses what cannot be meant (`rule`, `check`); the reaction asks the rules of the ticket's space in their order. A rule that
//! would change nothing does not act, so most loops end by themselves; for the others there is the loop guard of the host.

mod check;
mod condition;
mod rule;

use check::Kinds;
use rule::{Action, On, Rule};
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Notify, Record, StartFlow};

weft_sdk::automation! { guard: guard, react: react }

/// Rules that act on one event: with their actions they stay within what one decision may do.
const FIRED_MAX: usize = 8;
/// What a rule is; a change of these makes a version.
const MEANING: [&str; 6] = ["ticket_kind", "event", "condition", "actions", "order", "stop"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if change.context.is_import() || after.state == "retired" {
        return Ok(Effects::new());
    }
    let record = Record {
        number: after.number.clone(),
        space: after.space.clone(),
        title: after.title.clone(),
        fields: after.fields.clone(),
        ..Record::new(&after.id, "rule", &after.state)
    };
    let rule = Rule::read(&record).map_err(|issues| Rejection { issues })?;
    let mut issues = Vec::new();
    let kinds = Kinds(change.context.extra.get("kinds").unwrap_or(&Value::Null));
    check::alone(&rule, &kinds, &mut issues);
    if issues.is_empty() && after.state == "active" {
        check::together(&rule, &active(host)?, &kinds, &mut issues);
    }
    let known = change.before.as_ref();
    let same = known.is_some_and(|before| MEANING.iter().all(|name| before.field(name) == after.field(name)));
    let version = known.and_then(|before| before.integer("version")).unwrap_or(0);
    Rejection { issues }.or_ok(Effects::new().when(!same, |effects| effects.set_field("version", version + 1)))
}

/// The rules that are switched on, in their order. One that cannot be read any more is left out, with a line in the log.
fn active(host: &impl Host) -> Result<Vec<Rule>, Fault> {
    let mut rules = Vec::new();
    for record in host.records("rule", Some("active"))? {
        match Rule::read(&record) {
            Ok(rule) => rules.push(rule),
            Err(_) => host.log(LogLevel::Warn, &format!("{} cannot be read", record.number)),
        }
    }
    rules.sort_by(|one, two| (one.order, &one.number).cmp(&(two.order, &two.number)));
    Ok(rules)
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else { return Ok(Effects::new()) };
    // What a rule says is no comment that wakes rules: it would wake itself.
    if event.kind == "comment.added" && event.actor == "rules" {
        return Ok(Effects::new());
    }
    let rules: Vec<Rule> = active(host)?.into_iter().filter(|rule| rule.is_for(ticket)).collect();
    let mut run = Run { ticket: ticket.clone(), effects: Effects::new() };
    if event.kind == "timer.fired" {
        let of_timer = |rule: &&Rule| event.is_timer(&timer(rule));
        if let Some(rule) =
            rules.iter().find(of_timer).filter(|rule| at(rule, ticket).as_deref() == event.value("data")["at"].as_str())
        {
            run.ask(rule, event);
        }
        return Ok(run.effects);
    }
    let mut fired = 0;
    for rule in rules.iter().filter(|rule| rule.is_woken_by(event)) {
        if fired == FIRED_MAX {
            host.log(LogLevel::Warn, &format!("{FIRED_MAX} rules acted on {}; the others are left out", ticket.number));
            break;
        }
        if run.ask(rule, event) {
            fired += 1;
            if rule.stop {
                break;
            }
        }
    }
    let timed =
        rules.iter().filter(|_| event.kind != "comment.added").filter(|rule| matches!(rule.on, On::Time { .. }));
    Ok(timed.fold(run.effects, |effects, rule| wind(effects, context, rule, ticket)))
}

fn timer(rule: &Rule) -> String {
    format!("rule {}", rule.id)
}

/// When a rule for a time is due for a ticket; a date is its first instant in UTC.
fn at(rule: &Rule, ticket: &Ticket) -> Option<String> {
    let On::Time { field, minutes } = &rule.on else { return None };
    let value = condition::value_of(ticket, field);
    let text = value.as_str()?;
    let at: Instant = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()?;
    Some(at.plus_minutes(*minutes).to_string())
}

/// Each change winds the timer again, so that a rule finds tickets that are older than itself, and a date that moved. What is past is past.
fn wind(effects: Effects, context: &Context, rule: &Rule, ticket: &Ticket) -> Effects {
    let due = at(rule, ticket).and_then(|at| Some((at.parse::<Instant>().ok()?, at)));
    match due.filter(|(due, _)| *due > context.now) {
        Some((due, at)) => effects.schedule(&timer(rule), due, json!({"at": at})),
        None => effects,
    }
}

/// The ticket as the rules so far made it, and what they did.
struct Run {
    ticket: Ticket,
    effects: Effects,
}

impl Run {
    /// Whether the rule acted.
    fn ask(&mut self, rule: &Rule, event: &Event) -> bool {
        let mut why = Vec::new();
        if !rule.condition.holds(&self.ticket, event, &mut why) {
            return false;
        }
        let before = self.effects.iter().count();
        for action in &rule.actions {
            self.act(rule, action);
        }
        let acted = self.effects.iter().count() > before;
        if acted {
            let cause = match &rule.on {
                On::Created => "it was created".to_owned(),
                On::Changed => "it was changed".to_owned(),
                On::Comment => "something was said".to_owned(),
                On::Time { field, minutes: 0 } => format!("`{field}` is now"),
                On::Time { field, minutes } if *minutes < 0 => format!("`{field}` is in {} minutes", -minutes),
                On::Time { field, minutes } => format!("`{field}` was {minutes} minutes ago"),
            };
            why.insert(0, cause);
            let text = format!(
                "Rule {} v{} \"{}\" acted because {}.",
                rule.number,
                rule.version,
                rule.title,
                why.join(" and ")
            );
            self.effects = std::mem::take(&mut self.effects).comment_internal(text);
        }
        acted
    }

    fn act(&mut self, rule: &Rule, action: &Action) {
        let effects = std::mem::take(&mut self.effects);
        let ticket = &mut self.ticket;
        self.effects = match action {
            Action::Set { field, to } if ticket.value(field) != *to => {
                let effects = effects.set_field(field, to.clone());
                *ticket = with(ticket, field, to);
                effects
            }
            Action::MoveTo(state) if ticket.state != *state => {
                ticket.state.clone_from(state);
                effects.transition(state)
            }
            Action::AssignGroup(group) if ticket.group.as_ref() != Some(group) => {
                ticket.group = Some(group.clone());
                effects.assign_group(group)
            }
            Action::AssignPerson(person) if ticket.assignee.as_ref() != Some(person) => {
                ticket.assignee = Some(person.clone());
                effects.assign(person)
            }
            Action::Comment(text) => effects.comment_public(filled(text, ticket)),
            Action::Note(text) => effects.comment_internal(filled(text, ticket)),
            Action::Notify { people, groups, subject, body } => {
                let named = |person: &String| match person.as_str() {
                    "@requester" => ticket.requester.clone(),
                    "@assignee" => ticket.assignee.clone(),
                    _ => Some(person.clone()),
                };
                let people: Vec<String> = people.iter().filter_map(named).collect();
                let people: Vec<&str> = people.iter().map(String::as_str).collect();
                let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
                let (subject, body) = (filled(subject, ticket), filled(body, ticket));
                let somebody = !people.is_empty() || !groups.is_empty();
                effects.when(somebody, |effects| {
                    effects.notify(Notify { people: &people, groups: &groups, subject: &subject, body: &body })
                })
            }
            Action::Create { kind, title, group, fields } => {
                let made = CreateTicket::new(kind, &rule.space, &filled(title, ticket)).parent(&ticket.id);
                let made = match group {
                    Some(group) => made.group(group),
                    None => made,
                };
                // What comes of a ticket that few may see is not for all to see.
                let made = if ticket.restricted { made.restricted() } else { made };
                effects.create_ticket(fields.iter().fold(made, |made, (name, value)| made.field(name, value.clone())))
            }
            Action::StartFlow { process, variables } => {
                effects.start_flow(StartFlow::new(process).variables(variables.clone()))
            }
            _ => effects,
        };
    }
}

fn with(ticket: &Ticket, field: &str, to: &Value) -> Ticket {
    let text = || to.as_str().map(str::to_owned);
    match field {
        "title" => Ticket { title: text().unwrap_or_default(), ..ticket.clone() },
        "requester" => Ticket { requester: text(), ..ticket.clone() },
        "restricted" => Ticket { restricted: *to == true, ..ticket.clone() },
        field => ticket.clone().with(field, to.clone()),
    }
}

/// A text with the values of the ticket in the places that `{name}` keeps for them.
fn filled(text: &str, ticket: &Ticket) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, left)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match (name, condition::value_of(ticket, name)) {
            ("number", _) => filled.push_str(&ticket.number),
            (_, Value::String(value)) => filled.push_str(&value),
            (_, Value::Null) => {}
            (_, value) => filled.push_str(&value.to_string()),
        }
        rest = left;
    }
    filled + rest
}

#[cfg(test)]
mod tests;
