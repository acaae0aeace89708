//! The demo's configuration items: a small company's network, servers, services and laptops, and what depends on what.

use crate::failure::Failure;
use crate::open::operator;
use app::App;
use domain::effect::{RelateCis, UpsertCi};
use domain::{CiClass, CiId, Effect, SpaceId};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Id, title, parent, abstract.
const CLASSES: [(&str, &str, Option<&str>, bool); 8] = [
    ("item", "Configuration item", None, true),
    ("hardware", "Hardware", Some("item"), true),
    ("server", "Server", Some("hardware"), false),
    ("network-device", "Network device", Some("hardware"), false),
    ("laptop", "Laptop", Some("hardware"), false),
    ("software", "Software", Some("item"), true),
    ("database", "Database", Some("software"), false),
    ("service", "Service", Some("software"), false),
];

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

pub(super) async fn seed(app: &Arc<App>) -> Result<(), Failure> {
    for (id, title, parent, is_abstract) in CLASSES {
        let attributes = match id {
            "item" => {
                json!({ "owner": { "type": "string", "title": "Owner" }, "location": { "type": "string", "title": "Location" } })
            }
            "hardware" => json!({ "serial": { "type": "string", "title": "Serial number" } }),
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
    let mut ids: BTreeMap<&str, CiId> = BTreeMap::new();
    for (number, (name, class, space)) in CIS.into_iter().enumerate() {
        let mut attributes = json!({ "location": "Berlin" });
        if matches!(class, "server" | "network-device" | "laptop") {
            attributes["serial"] = json!(format!("WF-{:05}", 40_213 + number * 17));
        }
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        let upsert = UpsertCi {
            ci: None,
            name: name.to_owned(),
            class: class.to_owned(),
            space: SpaceId::from(space),
            attributes,
        };
        let mut command = app.command(&operator());
        command.effects = vec![Effect::UpsertCi(Box::new(upsert))];
        let answer = app.submit(command).await?;
        ids.extend(answer.cis.into_iter().next().map(|ci| (name, ci.id)));
    }
    let mut command = app.command(&operator());
    for (from, relation, to) in RELATIONS {
        if let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) {
            command.effects.push(Effect::RelateCis(RelateCis {
                from: from.clone(),
                relation_type: relation.to_owned(),
                to: to.clone(),
            }));
        }
    }
    app.submit(command).await?;
    Ok(())
}
