//! Facilities: a fault goes to the team of its site, and a vendor's time counts in the hours of that site.

use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::prelude::*;
use weft_sdk::{Notify, StartClock, StopClock};

weft_sdk::practice! { guard: guard }

/// What the vendor promised: an underpinning contract.
const CLOCK: &str = "vendor";

#[derive(Debug, Deserialize)]
struct Site {
    group: String,
    calendar: String,
}

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    let fault = &change.after;
    let site =
        fault.text("site").map(|name| Ok::<_, Fault>(host.setting::<BTreeMap<String, Site>>("sites")?.remove(name)));
    let site = site.transpose()?.flatten();
    if let Some(name) = fault.text("site").filter(|_| site.is_none() && change.changed("site")) {
        return Err(Rejection::new(
            "/fields/site",
            "unknown-site",
            format!("there is no site `{name}`; leave it out for all other places"),
        ));
    }
    let mut effects = Effects::new();
    if change.is_create() {
        let group = site.as_ref().map_or_else(|| host.setting("group"), |site| Ok(site.group.clone()))?;
        effects = effects.when(fault.group.is_none(), |effects| effects.assign_group(&group));
        if fault.flag("danger") {
            let subject = format!("Danger: {} ({})", fault.title, fault.text("location").unwrap_or_default());
            let body = fault.text("description").unwrap_or(&fault.title);
            effects = effects.notify(Notify { people: &[], groups: &[&group], subject: &subject, body });
        }
    }
    if change.entered("with-vendor") {
        let calendar = site.map_or_else(|| host.setting("calendar"), |site| Ok(site.calendar))?;
        effects = effects.and(measure(host, change, &calendar)?);
    } else if change.left("with-vendor") {
        let cancelled = fault.state == "cancelled";
        let reason = if cancelled { "cancelled" } else { "the vendor was here" };
        effects =
            effects.stop_clock(StopClock { name: CLOCK, at: change.context.now, cancelled, reason, data: Value::Null });
    }
    Ok(effects)
}

fn measure(host: &impl Host, change: &Change, calendar: &str) -> Result<Effects, Fault> {
    let (now, vendor) = (change.context.now, change.after.text("vendor").unwrap_or_default());
    let promised: BTreeMap<String, u32> = host.setting("vendor-hours")?;
    let Some(hours) = promised.get(vendor).or_else(|| promised.get("*")) else { return Ok(Effects::new()) };
    let due_at = host.calendar_add(calendar, now, hours * 3600, None)?;
    let reason = format!("{vendor} repairs within {hours} hours of {calendar}");
    let clock = StartClock {
        name: CLOCK,
        title: "Repair by the vendor",
        started_at: now,
        due_at,
        reason: &reason,
        data: Value::Null,
    };
    Ok(Effects::new().start_clock(clock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::fake::FakeCalendar;

    fn host() -> FakeHost {
        let sites = json!({"Tower": {"group": "tower", "calendar": "tower-hours"}});
        let hours = FakeCalendar::new(|at| at.weekday() < 5 && (8 * 3600..16 * 3600).contains(&at.second_of_day()));
        FakeHost::of_manifest(include_str!("../plugin.toml"))
            .with_setting("sites", sites)
            .with_setting("vendor-hours", json!({"Lifts Ltd": 4, "*": 16}))
            .with_calendar("tower-hours", hours)
    }

    fn fault(state: &str) -> Ticket {
        Ticket::new("F1", "facility-fault")
            .in_state(state)
            .with("site", "Tower")
            .with("location", "Floor 3")
            .with("vendor", "Lifts Ltd")
    }

    fn friday() -> Context {
        Context::of_person("felix", &["agent"]).at("2026-03-06T14:00:00Z")
    }

    #[test]
    fn esm_01_a_fault_goes_to_the_team_of_its_site() {
        let create = |ticket: Ticket| guard(&host(), &Change::creating(ticket).within(friday()));
        assert_eq!(create(fault("new")), Ok(Effects::new().assign_group("tower")));
        assert_eq!(create(fault("new").with("site", Value::Null)), Ok(Effects::new().assign_group("facilities")));
        assert_eq!(create(fault("new").with("site", "Moon")).unwrap_err().codes(), ["unknown-site"]);
        assert_eq!(create(fault("new").with("danger", true)).unwrap().kinds(), ["assign", "notify"]);
    }

    #[test]
    fn slm_01_the_vendor_is_measured_in_the_hours_of_the_site() {
        let given = guard(&host(), &Change::of(&fault("in-progress"), fault("with-vendor")).within(friday())).unwrap();
        let clock = &given.iter().next().unwrap().data;
        assert_eq!(clock["due_at"], "2026-03-09T10:00:00Z", "two hours on Friday, two on Monday");
        assert_eq!(clock["reason"], "Lifts Ltd repairs within 4 hours of tower-hours");
        let back = guard(&host(), &Change::of(&fault("with-vendor"), fault("repaired")).within(friday())).unwrap();
        assert_eq!((back.kinds(), &back.iter().next().unwrap().data["cancelled"]), (vec!["stop-clock"], &json!(false)));
    }
}
