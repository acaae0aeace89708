//! The demo's configuration items: three sites with their buildings, networks, hosts, databases, applications, services and devices, and
//! what depends on what. The first two dozen are by hand, the others follow from what such a company has.

use crate::failure::Failure;
use crate::open::operator;
use app::App;
use domain::effect::{RelateCis, UpsertCi};
use domain::{CiClass, CiId, Effect, SpaceId};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Id, title, parent, abstract.
const CLASSES: [(&str, &str, Option<&str>, bool); 17] = [
    ("item", "Configuration item", None, true),
    ("hardware", "Hardware", Some("item"), true),
    ("server", "Server", Some("hardware"), false),
    ("network-device", "Network device", Some("hardware"), false),
    ("laptop", "Laptop", Some("hardware"), false),
    ("software", "Software", Some("item"), true),
    ("database", "Database", Some("software"), false),
    ("service", "Service", Some("software"), false),
    ("virtual-machine", "Virtual machine", Some("software"), false),
    ("application", "Application", Some("software"), false),
    ("printer", "Printer", Some("hardware"), false),
    ("phone", "Telephone", Some("hardware"), false),
    ("monitor", "Monitor", Some("hardware"), false),
    ("place", "Place", Some("item"), true),
    ("building", "Building", Some("place"), false),
    ("room", "Room", Some("place"), false),
    ("lift", "Lift", Some("place"), false),
];

/// Effects of one command.
const BATCH: usize = 100;

/// Site, what its names begin with, floors.
const SITES: [(&str, &str, usize); 3] = [("Berlin", "ber", 4), ("Lisbon", "lis", 2), ("Chicago", "chi", 3)];

/// Applications, each with a machine and a database of its own, and the service that people know.
const APPLICATIONS: [(&str, &str, &str); 18] = [
    ("time-booking", "Time booking", "hr"),
    ("payroll", "Payroll", "hr"),
    ("recruiting", "Recruiting", "hr"),
    ("learning", "Learning", "hr"),
    ("invoicing", "Invoicing", "finance"),
    ("treasury", "Treasury", "finance"),
    ("expenses", "Travel expenses", "finance"),
    ("sourcing", "Sourcing", "procurement"),
    ("supplier-portal", "Supplier portal", "procurement"),
    ("contract-archive", "Contract archive", "legal"),
    ("matter-files", "Matter files", "legal"),
    ("building-control", "Building control", "facilities"),
    ("access-badges", "Access badges", "facilities"),
    ("warehouse", "Warehouse", "it"),
    ("production-plan", "Production planning", "it"),
    ("web-shop", "Web shop", "it"),
    ("wiki", "Wiki", "it"),
    ("monitoring", "Monitoring", "it"),
];

/// An item that is to be made.
struct Item {
    name: String,
    class: &'static str,
    space: &'static str,
    location: &'static str,
}

/// Name, class, space.
const CIS: [(&str, &str, &str); 25] = [
    ("core-switch-1", "network-device", "it"),
    ("core-switch-2", "network-device", "it"),
    ("access-switch-floor-1", "network-device", "it"),
    ("access-switch-floor-2", "network-device", "it"),
    ("access-switch-floor-3", "network-device", "it"),
    ("wlan-controller", "network-device", "it"),
    ("vpn-gateway", "network-device", "it"),
    ("firewall", "network-device", "it"),
    ("host-01", "server", "it"),
    ("host-02", "server", "it"),
    ("file-server", "server", "it"),
    ("print-server", "server", "it"),
    ("erp-database", "database", "it"),
    ("crm-database", "database", "it"),
    ("hr-database", "database", "hr"),
    ("ERP", "service", "it"),
    ("CRM", "service", "it"),
    ("Mail", "service", "it"),
    ("VPN", "service", "it"),
    ("WLAN", "service", "it"),
    ("Printing", "service", "it"),
    ("HR portal", "service", "hr"),
    ("laptop-erin", "laptop", "it"),
    ("laptop-paul", "laptop", "it"),
    ("laptop-ines", "laptop", "it"),
];

const RELATIONS: [(&str, &str, &str); 24] = [
    ("core-switch-1", "connected-to", "core-switch-2"),
    ("access-switch-floor-1", "depends-on", "core-switch-1"),
    ("access-switch-floor-2", "depends-on", "core-switch-1"),
    ("access-switch-floor-3", "depends-on", "core-switch-2"),
    ("firewall", "depends-on", "core-switch-1"),
    ("vpn-gateway", "depends-on", "firewall"),
    ("wlan-controller", "depends-on", "core-switch-2"),
    ("host-01", "depends-on", "core-switch-1"),
    ("host-02", "depends-on", "core-switch-2"),
    ("file-server", "runs-on", "host-01"),
    ("print-server", "runs-on", "host-02"),
    ("erp-database", "runs-on", "host-01"),
    ("crm-database", "runs-on", "host-02"),
    ("hr-database", "runs-on", "host-01"),
    ("ERP", "depends-on", "erp-database"),
    ("CRM", "depends-on", "crm-database"),
    ("HR portal", "depends-on", "hr-database"),
    ("Mail", "runs-on", "host-02"),
    ("VPN", "depends-on", "vpn-gateway"),
    ("WLAN", "depends-on", "wlan-controller"),
    ("Printing", "depends-on", "print-server"),
    ("laptop-erin", "uses", "WLAN"),
    ("laptop-paul", "uses", "VPN"),
    ("laptop-ines", "uses", "ERP"),
];

/// Make the classes, the items and their relations; gives the ids by name.
pub(super) async fn seed(app: &Arc<App>) -> Result<BTreeMap<String, CiId>, Failure> {
    for (id, title, parent, is_abstract) in CLASSES {
        let attributes = match id {
            "item" => {
                json!({ "owner": { "type": "string", "title": "Owner" }, "location": { "type": "string", "title": "Location" },
                    "status": { "type": "string", "title": "Status" } })
            }
            "hardware" => json!({ "serial": { "type": "string", "title": "Serial number" } }),
            "software" => json!({ "version": { "type": "string", "title": "Version" } }),
            "virtual-machine" => json!({ "memory_gib": { "type": "integer", "title": "Memory in GiB" } }),
            _ => json!({}),
        };
        let class = CiClass {
            id: id.to_owned(),
            title: title.to_owned(),
            parent: parent.map(str::to_owned),
            is_abstract,
            attributes: attributes.as_object().cloned().unwrap_or_default(),
            required: Vec::new(),
            version: 0,
        };
        app.ci_class_put(&operator(), class).await?;
    }
    let (items, relations) = plan();
    let mut ids: BTreeMap<String, CiId> = BTreeMap::new();
    for (batch, items) in items.chunks(BATCH).enumerate() {
        let mut command = app.command(&operator());
        let numbered = items.iter().enumerate();
        command.effects = numbered.map(|(place, item)| upsert(batch * BATCH + place, item)).collect();
        let answer = app.submit(command).await?;
        ids.extend(answer.cis.into_iter().map(|ci| (ci.name, ci.id)));
    }
    for relations in relations.chunks(BATCH) {
        let mut command = app.command(&operator());
        let known = |name: &String| {
            ids.get(name).cloned().ok_or_else(|| Failure::new(format!("the demo has no item `{name}`")))
        };
        for (from, relation, to) in relations {
            let (from, to) = (known(from)?, known(to)?);
            command.effects.push(Effect::RelateCis(RelateCis { from, relation_type: (*relation).to_owned(), to }));
        }
        app.submit(command).await?;
    }
    Ok(ids)
}

fn upsert(number: usize, item: &Item) -> Effect {
    let mut attributes = json!({ "location": item.location });
    match item.class {
        "server" | "network-device" | "laptop" | "printer" | "phone" | "monitor" => {
            attributes["serial"] = json!(format!("WF-{:05}", 40_213 + number * 17));
        }
        "virtual-machine" => attributes["memory_gib"] = json!(8 << (number % 3)),
        "application" | "database" => attributes["version"] = json!(format!("{}.{}", 3 + number % 5, number % 10)),
        _ => {}
    }
    Effect::UpsertCi(Box::new(UpsertCi {
        ci: None,
        name: item.name.clone(),
        class: item.class.to_owned(),
        space: SpaceId::from(item.space),
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        handle: None,
        retire: None,
        revive: false,
    }))
}

type Relation = (String, &'static str, String);

/// Everything that there is. What hangs on the first core switch is by hand, so that what falls with it fits a page.
fn plan() -> (Vec<Item>, Vec<Relation>) {
    let mut items: Vec<Item> = CIS
        .into_iter()
        .map(|(name, class, space)| Item { name: name.to_owned(), class, space, location: "Berlin" })
        .collect();
    let mut relations: Vec<Relation> =
        RELATIONS.into_iter().map(|(from, relation, to)| (from.to_owned(), relation, to.to_owned())).collect();
    for (site, short, floors) in SITES {
        sites(&mut items, &mut relations, site, short, floors);
    }
    for number in 3..=8 {
        items.push(Item { name: format!("host-{number:02}"), class: "server", space: "it", location: "Berlin" });
        relations.push((format!("host-{number:02}"), "depends-on", "core-switch-2".to_owned()));
    }
    for (place, (name, service, space)) in APPLICATIONS.into_iter().enumerate() {
        let host = format!("host-{:02}", 3 + place % 6);
        let item = |name: String, class| Item { name, class, space, location: "Berlin" };
        items.push(item(format!("{name}-vm"), "virtual-machine"));
        items.push(item(format!("{name}-db"), "database"));
        items.push(item(name.to_owned(), "application"));
        items.push(item(service.to_owned(), "service"));
        relations.push((format!("{name}-vm"), "runs-on", host.clone()));
        relations.push((format!("{name}-db"), "runs-on", host));
        relations.push((name.to_owned(), "runs-on", format!("{name}-vm")));
        relations.push((name.to_owned(), "depends-on", format!("{name}-db")));
        relations.push((service.to_owned(), "depends-on", name.to_owned()));
    }
    for login in super::people::logins() {
        let mut device = |class: &'static str| {
            let name = format!("{class}-{login}");
            if !CIS.iter().any(|(known, _, _)| *known == name) {
                items.push(Item { name: name.clone(), class, space: "it", location: "Berlin" });
                relations.push((name, "uses", "WLAN".to_owned()));
            }
        };
        device("laptop");
        device("phone");
    }
    for number in 1..=54 {
        items.push(Item { name: format!("monitor-{number:03}"), class: "monitor", space: "it", location: "Berlin" });
    }
    (items, relations)
}

/// The building of a site, its floors with their switches and printers, and its way to the others.
fn sites(items: &mut Vec<Item>, relations: &mut Vec<Relation>, site: &'static str, short: &str, floors: usize) {
    let mut add = |name: String, class, space| items.push(Item { name, class, space, location: site });
    let building = format!("{site} building");
    add(building.clone(), "building", "facilities");
    add(format!("{site} lift"), "lift", "facilities");
    relations.push((format!("{site} lift"), "member-of", building.clone()));
    let core = format!("{short}-core");
    let router = format!("{short}-router");
    add(core.clone(), "network-device", "it");
    add(router.clone(), "network-device", "it");
    relations.push((core.clone(), "depends-on", router));
    for floor in 1..=floors {
        for (room, name) in ["meeting room", "open space", "kitchen"].into_iter().enumerate() {
            let room = format!("{site} {floor}.{} {name}", room + 1);
            add(room.clone(), "room", "facilities");
            relations.push((room, "member-of", building.clone()));
        }
        for (what, class) in [("floor", "network-device"), ("radio", "network-device"), ("printer", "printer")] {
            let name = format!("{short}-{what}-{floor}");
            add(name.clone(), class, "it");
            let to = if what == "floor" { core.clone() } else { format!("{short}-floor-{floor}") };
            relations.push((name, "depends-on", to));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_estate_has_three_hundred_items_with_names_of_their_own_and_relations_that_lead_somewhere() {
        let (items, relations) = plan();
        let names: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names.len(), items.len(), "a name stands for one item");
        assert!((280..=320).contains(&items.len()), "{}", items.len());
        for (from, relation, to) in &relations {
            assert!(names.contains(from.as_str()) && names.contains(to.as_str()), "{from} {relation} {to}");
        }
        let related: BTreeSet<&str> = relations.iter().flat_map(|(from, _, to)| [from.as_str(), to.as_str()]).collect();
        assert!(related.len() > 200, "{} are related to something", related.len());
    }
}
