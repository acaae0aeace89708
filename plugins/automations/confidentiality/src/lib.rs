//! Policies of access: who sees and who changes tickets with certain fields. A policy that comes into force is asked about everything that
//! is open, because the guard is revisited when one changes.
//!
//! The host enforces who sees a ticket; here is which tickets are restricted, and to whom. Those it is for, who opened it and who watches
//! it go on seeing it: that is the host's rule for every restricted ticket.

mod policy;

use policy::{Keeps, Policies, Policy};
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard }

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.after.kind == policy::KIND {
        return policy::check(host, change);
    }
    let policies = Policies::read(host)?;
    kept_from_others(host, change, &policies)?;
    match policies.first(&change.after, &[Keeps::Read]) {
        Some(policy) => restrict(change, policy),
        None => Ok(Effects::new()),
    }
}

/// What is open becomes restricted, whoever changes it; nobody opens it again while the policy holds. A list that was made by hand stays.
fn restrict(change: &Change, policy: &Policy) -> Result<Effects, Rejection> {
    let was_restricted = change.before.as_ref().is_some_and(|before| before.restricted);
    if was_restricted && !change.after.restricted {
        let message = format!("{} restricts it: change the fields that the policy names, or the policy", policy.name());
        return Err(Rejection::new("/restricted", "restricted-by-policy", message));
    }
    if was_restricted {
        return Ok(Effects::new());
    }
    let listed = change.command_effects("set-access").next().is_some();
    Ok(Effects::new()
        .when(!change.after.restricted, |effects| effects.set_field("restricted", true))
        .when(!listed, |effects| effects.set_access_because(&[], &policy.groups(), &policy.name()))
        .comment_internal(format!("Restricted by {}.", policy.name())))
}

/// A person outside the groups changes nothing of what was theirs before the change, so nobody talks their way out of a policy by changing
/// the fields that it names. What plugins and flows do is theirs to do by their grants.
fn kept_from_others(host: &impl Host, change: &Change, policies: &Policies) -> Result<(), Rejection> {
    let Some(before) = &change.before else { return Ok(()) };
    if change.is_revisit() || !change.context.is_person() {
        return Ok(());
    }
    let talks = change.effects.iter().all(|effect| matches!(&*effect.kind, "comment" | "watch" | "unwatch"));
    let sorts: &[Keeps] = if talks { &[Keeps::Lock] } else { &[Keeps::Write, Keeps::Lock] };
    let Some(policy) = policies.first(before, sorts) else { return Ok(()) };
    for group in policy.groups() {
        if host.is_member(&change.context.actor, group)? {
            return Ok(());
        }
    }
    let groups = policy.groups().join(", ");
    let message = format!("{} leaves this to {groups}: ask somebody there", policy.name());
    Err(Rejection::new("", "kept-by-policy", message))
}

#[cfg(test)]
mod tests;
