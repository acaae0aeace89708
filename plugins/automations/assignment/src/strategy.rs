//! Which member of a group gets a ticket. Always the same one for the same snapshot: ties go to the lowest id.

use serde::Deserialize;
use weft_sdk::Person;
use weft_sdk::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strategy {
    /// Somebody takes it.
    #[default]
    None,
    RoundRobin,
    LeastLoaded,
    /// On to the group of its category.
    ByCategory,
}

#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) group: String,
    pub(crate) person: Option<Person>,
    /// The end of a sentence, for people.
    pub(crate) reason: String,
}

/// How far back the last assigned ticket of a group is looked for.
const TICKETS_MAX: u32 = 50;
/// Members whose load is counted: each is a question to the host.
const COUNTED_MAX: usize = 100;

pub(crate) fn choose(host: &impl Host, ticket: &Ticket, group: String, strategy: Strategy) -> Result<Choice, Fault> {
    let chosen = match strategy {
        Strategy::None | Strategy::ByCategory => None,
        Strategy::RoundRobin => round_robin(host, ticket, &group)?,
        Strategy::LeastLoaded => least_loaded(host, &group)?,
    };
    let (person, reason) = match chosen {
        Some((person, reason)) => (Some(person), reason),
        None => (None, format!("{group} decides who takes it")),
    };
    Ok(Choice { group, person, reason })
}

/// The next member by id after whoever has the newest ticket of the group. That person may have left meanwhile.
fn round_robin(host: &impl Host, ticket: &Ticket, group: &str) -> Result<Option<(Person, String)>, Fault> {
    let newest = host.tickets(&TicketFilter::new().group(group), TICKETS_MAX)?;
    let last = newest.into_iter().filter(|other| other.id != ticket.id).find_map(|other| other.assignee);
    let members = host.members(group)?;
    let next = members.iter().find(|member| last.as_ref().is_some_and(|last| member.id > *last)).or(members.first());
    let after = last.map_or_else(|| ", the first".to_owned(), |last| format!(", after {last}"));
    Ok(next.map(|next| (next.clone(), format!("it is {}'s turn in {group}{after}", next.name))))
}

fn least_loaded(host: &impl Host, group: &str) -> Result<Option<(Person, String)>, Fault> {
    let mut least: Option<(u32, Person)> = None;
    for member in host.members(group)?.into_iter().take(COUNTED_MAX) {
        let open = host.ticket_count(&TicketFilter::new().assignee(&member.id).open())?;
        if least.as_ref().is_none_or(|(fewest, _)| open < *fewest) {
            least = Some((open, member));
        }
    }
    Ok(least.map(|(open, person)| {
        let reason = format!("{} has the fewest open tickets of {group} ({open})", person.name);
        (person, reason)
    }))
}
