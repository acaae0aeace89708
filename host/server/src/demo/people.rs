//! The demo's departments, calendars, people, groups and roles.

use crate::failure::Failure;
use crate::open::operator;
use app::{App, GroupChange, PersonChange, SpaceChange};
use domain::{Actor, GroupId, PersonId, Role, SpaceId};
use serde_json::{Value, json};

pub(super) struct Persona {
    pub login: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    summary: &'static str,
    department: &'static str,
    roles: &'static [(&'static str, Role)],
}

/// Whom one can sign in as. Everybody may ask for things in every department.
pub(super) const PERSONAS: [Persona; 8] = [
    Persona {
        login: "erin",
        name: "Erin Novak",
        title: "Employee",
        summary: "Reports what does not work and sees what happens to it.",
        department: "Sales",
        roles: &[],
    },
    Persona {
        login: "ada",
        name: "Ada Berger",
        title: "Service desk agent",
        summary: "Works through the queue of the service desk.",
        department: "IT",
        roles: &[("it", Role::Agent)],
    },
    Persona {
        login: "ben",
        name: "Ben Okafor",
        title: "Network specialist",
        summary: "Takes what the service desk cannot solve about networks.",
        department: "IT",
        roles: &[("it", Role::Agent)],
    },
    Persona {
        login: "mona",
        name: "Mona Lindqvist",
        title: "IT manager",
        summary: "Approves, and looks at how the department is doing.",
        department: "IT",
        roles: &[("it", Role::Manager), ("it", Role::Approver)],
    },
    Persona {
        login: "max",
        name: "Max Weber",
        title: "Platform administrator",
        summary: "Installs plugins and runs the platform; reads nobody's cases.",
        department: "IT",
        roles: &[("*", Role::Administrator)],
    },
    Persona {
        login: "hana",
        name: "Hana Sato",
        title: "HR agent",
        summary: "Works on HR cases that nobody in IT sees.",
        department: "HR",
        roles: &[("hr", Role::Agent)],
    },
    Persona {
        login: "lena",
        name: "Lena Fischer",
        title: "Legal agent",
        summary: "Works on contracts and legal cases.",
        department: "Legal",
        roles: &[("legal", Role::Agent)],
    },
    Persona {
        login: "otto",
        name: "Otto Brandt",
        title: "Auditor",
        summary: "Reads everything that is not restricted, and changes nothing.",
        department: "Audit",
        roles: &[("*", Role::Auditor)],
    },
];

/// Colleagues who report things or work in a group, without a button of their own.
pub(super) const COLLEAGUES: [(&str, &str, &str); 12] = [
    ("paul", "Paul Schmitt", "Sales"),
    ("ines", "Inês Carvalho", "Finance"),
    ("tom", "Tom Hughes", "Warehouse"),
    ("yuki", "Yuki Tanaka", "Design"),
    ("sara", "Sara Haddad", "Marketing"),
    ("jonas", "Jonas Keller", "Production"),
    ("nadia", "Nadia Petrova", "Purchasing"),
    ("liam", "Liam Byrne", "Sales"),
    ("fatou", "Fatou Diop", "Finance"),
    ("cem", "Cem Aydin", "IT"),
    ("rosa", "Rosa Martín", "IT"),
    ("kofi", "Kofi Mensah", "Facilities"),
];

const SPACES: [(&str, &str, bool); 4] = [
    ("it", "IT", false),
    ("hr", "Human resources", true),
    ("facilities", "Facilities", false),
    ("legal", "Legal", true),
];

const GROUPS: [(&str, &str, &str, &[&str]); 16] = [
    ("service-desk", "Service desk", "it", &["ada", "cem"]),
    ("network", "Network", "it", &["ben", "rosa"]),
    ("workplace", "Workplace", "it", &["cem", "rosa"]),
    ("apps", "Business applications", "it", &["rosa"]),
    ("hr-services", "HR services", "hr", &["hana"]),
    ("finance", "Finance", "it", &["fatou", "ines"]),
    ("procurement", "Procurement", "it", &["nadia"]),
    ("reception", "Reception", "facilities", &["kofi"]),
    ("facilities", "Facilities", "facilities", &["kofi"]),
    ("legal", "Legal", "legal", &["lena"]),
    ("legal-head", "Head of legal", "legal", &["lena"]),
    ("management", "Management", "it", &["mona"]),
    ("change-managers", "Change managers", "it", &["mona"]),
    ("change-advisory-board", "Change advisory board", "it", &["mona", "ada", "rosa"]),
    ("emergency-change-board", "Emergency change board", "it", &["mona", "rosa"]),
    ("major-incident-managers", "Major incident managers", "it", &["ada"]),
];

/// Whose manager Mona is.
const MONAS: [&str; 4] = ["ada", "ben", "cem", "rosa"];

/// The id of a person of the demo: the same every time, so that an address can be kept.
pub(super) fn id(login: &str) -> PersonId {
    PersonId(format!("person-{login}"))
}

pub(super) async fn seed(app: &App) -> Result<(), Failure> {
    let by = operator();
    for (key, definition) in calendars() {
        app.calendar_put(&by, key, &definition).await?;
    }
    for (space, title, confidential) in SPACES {
        let change = SpaceChange {
            id: SpaceId::from(space),
            title: title.to_owned(),
            confidential,
            calendar: Some("office-hours".to_owned()),
        };
        app.space_put(&by, change).await?;
    }
    let personas = PERSONAS.iter().enumerate().map(|(order, persona)| {
        let attributes = json!({ "title": persona.title, "department": persona.department, "persona": persona.summary, "persona_order": order });
        (persona.login, persona.name, persona.roles, attributes)
    });
    let colleagues = COLLEAGUES.map(|(login, name, department)| {
        let roles: &[(&str, Role)] = match department {
            "IT" => &[("it", Role::Agent)],
            "Facilities" => &[("facilities", Role::Agent)],
            _ => &[],
        };
        (login, name, roles, json!({ "title": "Colleague", "department": department }))
    });
    for (login, name, roles, attributes) in personas.chain(colleagues) {
        person(app, &by, login, name, roles, attributes).await?;
    }
    for login in MONAS {
        let change = PersonChange { manager: Some(id("mona")), ..PersonChange::default() };
        app.person_put(&by, Some(&id(login)), change).await?;
    }
    for (group, title, space, members) in GROUPS {
        let members = members.iter().map(|login| id(login)).collect();
        let change = GroupChange { title: title.to_owned(), space: SpaceId::from(space), members, active: true };
        app.group_put(&by, &GroupId::from(group), change).await?;
    }
    Ok(())
}

async fn person(
    app: &App,
    by: &Actor,
    login: &str,
    name: &str,
    roles: &[(&str, Role)],
    attributes: Value,
) -> Result<(), Failure> {
    let change = PersonChange {
        login: Some(login.to_owned()),
        name: Some(name.to_owned()),
        email: Some(format!("{login}@example.com")),
        zone: Some("Europe/Berlin".to_owned()),
        attributes: attributes.as_object().cloned(),
        ..PersonChange::default()
    };
    app.person_put(by, Some(&id(login)), change).await?;
    let mut held = SPACES.map(|(space, _, _)| (SpaceId::from(space), Role::Requester)).to_vec();
    held.extend(roles.iter().map(|(space, role)| (SpaceId::from(*space), *role)));
    Ok(app.roles_put(by, &id(login), held).await?)
}

fn calendars() -> [(&'static str, Value); 2] {
    let day = json!([["09:00", "17:00"]]);
    let office = json!({
        "title": "Office hours", "zone": "Europe/Berlin",
        "hours": { "mon": day, "tue": day, "wed": day, "thu": day, "fri": day },
        "holidays": [
            { "date": "--01-01", "title": "New Year" }, { "date": "--05-01", "title": "Labour Day" }, { "date": "--10-03", "title": "German Unity Day" },
            { "date": "--12-25", "title": "Christmas Day" }, { "date": "--12-26", "title": "Boxing Day" },
        ],
    });
    [("office-hours", office), ("24x7", json!({ "title": "Around the clock", "zone": "UTC", "hours": "always" }))]
}
