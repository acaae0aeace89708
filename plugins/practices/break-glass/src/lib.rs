//! Break-glass: two others approve, the access ends at a written time, and the team of the case sees who came in, why and until when.
//!
//! Nobody learns from a request whether a case exists: that is looked up after the second approval, by the plugin and not by whoever asks.

use weft_sdk::Notify;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

/// The timer that ends the access.
const END: &str = "end";
/// What was approved.
const CONTENT: [&str; 3] = ["case", "reason", "hours"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, context) = (&change.after, &change.context);
    if change.is_create() {
        return open(host, change);
    }
    let mut refused = Rejection::none();
    for field in CONTENT.into_iter().filter(|field| change.changed(field)) {
        refused.add(
            format!("/fields/{field}"),
            "fixed",
            format!("`{field}` is what is approved: withdraw it and ask anew"),
        );
    }
    if !after.restricted {
        refused.add("/restricted", "locked", "a request stays among those who decide about it");
    }
    if change.changed("requester") || change.command_effects("set-access").next().is_some() {
        refused.add("/requester", "fixed", "whom it is for and who decides stays as it was");
    }
    let decided = ["seconded", "granted", "refused"].into_iter().any(|state| change.entered(state));
    if !decided || !refused.issues.is_empty() {
        return refused.or_ok(Effects::new());
    }
    let approvers: String = host.setting("approvers")?;
    if !context.is_person() || !host.is_member(&context.actor, &approvers)? {
        let message = format!("members of `{approvers}` decide about it");
        return Err(Rejection::new("/state", "not-an-approver", message));
    }
    if beneficiary(after) == Some(&context.actor) || after.opened_by.as_deref() == Some(&context.actor) {
        return Err(Rejection::new("/state", "self-approval", "you ask for it: two others decide"));
    }
    if change.entered("seconded") {
        return Ok(Effects::new().set_field("first_approver", context.actor.as_str()));
    }
    if change.entered("refused") {
        return Ok(Effects::new());
    }
    if after.text("first_approver") == Some(&context.actor) {
        return Err(Rejection::new("/state", "two-people", "you approved already: another one is needed"));
    }
    let until = context.now.plus_hours(after.integer("hours").unwrap_or(1));
    let approved = Effects::new().set_field("second_approver", context.actor.as_str());
    Ok(approved.set_field("until", until.to_string()).schedule(END, until, Value::Null))
}

fn open(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (request, context) = (&change.after, &change.context);
    if context.is_person() && beneficiary(request) != Some(&context.actor) {
        return Err(Rejection::new("/requester", "for-yourself", "everybody asks for themselves"));
    }
    // Asked on behalf of the person: what they cannot see and what does not exist is the same.
    let seen = request.text("case").map_or(Ok(None), |case| host.ticket(case))?;
    if context.is_person() && seen.is_some() {
        return Err(Rejection::new("/fields/case", "visible", "you can see it already"));
    }
    let hours_max: i64 = host.setting("hours-max")?;
    if request.integer("hours").is_some_and(|hours| hours > hours_max) {
        return Err(Rejection::new("/fields/hours", "too-long", format!("at most {hours_max} hours")));
    }
    let approvers: String = host.setting("approvers")?;
    let subject = format!("Break-glass: {}", request.title);
    let body = request.text("reason").unwrap_or_default();
    Ok(Effects::new()
        .when(!request.restricted, |effects| effects.set_field("restricted", true))
        .set_access(&[], &[&approvers])
        .assign_in_group(&approvers, None)
        .notify(Notify { people: &[], groups: &[&approvers], subject: &subject, body }))
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(request) = subject else { return Ok(Effects::new()) };
    if event.is_timer(END) {
        return Ok(Effects::new().when(request.state == "granted", |effects| effects.transition("ended")));
    }
    let (came, went) = (event.entered("granted"), event.entered("ended"));
    let Some(person) = beneficiary(request).filter(|_| came || went) else { return Ok(Effects::new()) };
    let case = request.text("case").map_or(Ok(None), |case| host.ticket(case))?;
    let Some(case) = case else {
        // The end of an access to nothing needs no word.
        let nothing = |effects: Effects| effects.comment_public("There is no such case.").transition("ended");
        return Ok(Effects::new().when(came && request.state == "granted", nothing));
    };
    let on_case = Effects::new().on(&case.id);
    if went {
        let text = format!("{person} cannot see this case any more ({}).", request.number);
        return Ok(tell(on_case.revoke_access(&[person]), &case, &text));
    }
    if request.instant("until").is_none_or(|until| until <= context.now) {
        return Ok(Effects::new());
    }
    let said = |field: &str| request.text(field).unwrap_or_default().to_owned();
    let text = format!(
        "{person} may see this case until {} because: {} Approved by {} and {} ({}).",
        said("until"),
        said("reason"),
        said("first_approver"),
        said("second_approver"),
        request.number
    );
    Ok(tell(on_case.grant_access(&[person]), &case, &text))
}

/// To everybody who works on the case, and where it is read later.
fn tell(effects: Effects, case: &Ticket, text: &str) -> Effects {
    let subject = format!("{}: break-glass", case.number);
    let people: Vec<&str> = case.assignee.as_deref().into_iter().collect();
    let groups: Vec<&str> = case.group.as_deref().into_iter().collect();
    let told = !people.is_empty() || !groups.is_empty();
    effects.comment_internal(text).when(told, |effects| {
        effects.notify(Notify { people: &people, groups: &groups, subject: &subject, body: text })
    })
}

/// Whoever gets to see the case.
fn beneficiary(request: &Ticket) -> Option<&str> {
    request.requester.as_deref().or(request.opened_by.as_deref())
}

#[cfg(test)]
mod tests;
