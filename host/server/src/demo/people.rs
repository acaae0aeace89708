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
pub(super) const PERSONAS: [Persona; 14] = [
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
        login: "vera",
        name: "Vera Sommer",
        title: "Head of sales",
        summary: "Approves what her team orders, and works in no queue.",
        department: "Sales",
        roles: &[],
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
        login: "kofi",
        name: "Kofi Mensah",
        title: "Facilities agent",
        summary: "Sees to it that what breaks in the buildings is repaired.",
        department: "Facilities",
        roles: &[("facilities", Role::Agent)],
    },
    Persona {
        login: "fatou",
        name: "Fatou Diop",
        title: "Accountant",
        summary: "Checks claims and invoices, and closes the months.",
        department: "Finance",
        roles: &[("finance", Role::Agent)],
    },
    Persona {
        login: "pavel",
        name: "Pavel Novotny",
        title: "Buyer",
        summary: "Collects quotes, orders, and gets to know suppliers.",
        department: "Procurement",
        roles: &[("procurement", Role::Agent)],
    },
    Persona {
        login: "liam",
        name: "Liam Byrne",
        title: "Customer service agent",
        summary: "Helps customers by what their contract says.",
        department: "Sales",
        roles: &[("customer-service", Role::Agent)],
    },
    Persona {
        login: "elif",
        name: "Elif Demir",
        title: "Security officer",
        summary: "Works on security incidents that nobody else sees.",
        department: "IT",
        roles: &[("it", Role::Agent), ("security", Role::Agent), ("security", Role::Manager)],
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

/// Somebody without a button of their own.
struct Colleague {
    login: &'static str,
    name: &'static str,
    department: &'static str,
    /// In which they write, and where their clock is.
    locale: &'static str,
    zone: &'static str,
    roles: &'static [(&'static str, Role)],
}

const fn colleague(
    login: &'static str,
    name: &'static str,
    department: &'static str,
    (locale, zone): (&'static str, &'static str),
    roles: &'static [(&'static str, Role)],
) -> Colleague {
    Colleague { login, name, department, locale, zone, roles }
}

const BERLIN: (&str, &str) = ("de", "Europe/Berlin");
const LISBON: (&str, &str) = ("pt", "Europe/Lisbon");
const CHICAGO: (&str, &str) = ("en", "America/Chicago");

/// Colleagues who report things, work in a group or lead one.
const COLLEAGUES: [Colleague; 26] = [
    colleague("paul", "Paul Schmitt", "Sales", BERLIN, &[]),
    colleague("ines", "Inês Carvalho", "Finance", LISBON, &[("finance", Role::Agent)]),
    colleague("tom", "Tom Hughes", "Warehouse", CHICAGO, &[]),
    colleague("yuki", "Yuki Tanaka", "Design", ("ja", "Asia/Tokyo"), &[]),
    colleague("sara", "Sara Haddad", "Marketing", ("fr", "Europe/Paris"), &[]),
    colleague("jonas", "Jonas Keller", "Production", BERLIN, &[]),
    colleague("nadia", "Nadia Petrova", "Procurement", BERLIN, &[("procurement", Role::Manager)]),
    colleague("cem", "Cem Aydin", "IT", ("tr", "Europe/Berlin"), &[("it", Role::Agent)]),
    colleague("rosa", "Rosa Martín", "IT", ("es", "Europe/Berlin"), &[("it", Role::Agent)]),
    colleague("dora", "Dora Lang", "Management", BERLIN, &[("hr", Role::Approver), ("legal", Role::Approver)]),
    colleague("frank", "Frank Vogel", "Finance", BERLIN, &[("finance", Role::Manager)]),
    colleague("greta", "Greta Holm", "HR", ("sv", "Europe/Stockholm"), &[("hr", Role::Manager)]),
    colleague("hugo", "Hugo Lefèvre", "HR", ("fr", "Europe/Paris"), &[("hr", Role::Agent)]),
    colleague("wim", "Wim de Boer", "Works council", ("nl", "Europe/Amsterdam"), &[("hr", Role::Agent)]),
    colleague("gil", "Gil Ferreira", "Data protection", LISBON, &[("hr", Role::Agent), ("legal", Role::Approver)]),
    colleague("livia", "Livia Conti", "Legal", ("it", "Europe/Rome"), &[("legal", Role::Manager)]),
    colleague("felix", "Felix Braun", "Facilities", BERLIN, &[("facilities", Role::Agent)]),
    colleague("fiona", "Fiona Walsh", "Facilities", ("en", "Europe/Dublin"), &[("facilities", Role::Manager)]),
    colleague("rita", "Rita Alves", "Facilities", LISBON, &[("facilities", Role::Agent)]),
    colleague("uma", "Uma Patel", "Warehouse", CHICAGO, &[]),
    colleague("anton", "Anton Lindner", "Production", BERLIN, &[]),
    colleague("bela", "Béla Kovács", "Production", ("hu", "Europe/Budapest"), &[]),
    colleague("dario", "Dario Ricci", "IT", ("it", "Europe/Rome"), &[("it", Role::Agent), ("security", Role::Agent)]),
    colleague("noor", "Noor Rahman", "IT", ("en", "Europe/Berlin"), &[("it", Role::Agent)]),
    colleague("olga", "Olga Marek", "Marketing", ("pl", "Europe/Warsaw"), &[("customer-service", Role::Manager)]),
    colleague("kim", "Kim Larsen", "Design", ("da", "Europe/Copenhagen"), &[("customer-service", Role::Agent)]),
];

/// Of those who ask for things and work in no department of the platform: nine of the first days, and everybody.
pub(super) const REPORTERS: [&str; 9] = ["paul", "ines", "tom", "yuki", "sara", "jonas", "nadia", "liam", "fatou"];
pub(super) const EVERYBODY: [&str; 22] = [
    "erin", "paul", "ines", "tom", "yuki", "sara", "jonas", "nadia", "liam", "fatou", "vera", "frank", "pavel", "hugo",
    "livia", "felix", "uma", "anton", "bela", "olga", "kim", "kofi",
];

const SPACES: [(&str, &str, bool); 8] = [
    ("it", "IT", false),
    ("hr", "Human resources", true),
    ("facilities", "Facilities", false),
    ("legal", "Legal", true),
    ("finance", "Finance", false),
    ("procurement", "Procurement", false),
    ("customer-service", "Customer service", false),
    ("security", "Information security", true),
];

const GROUPS: [(&str, &str, &str, &[&str]); 31] = [
    ("service-desk", "Service desk", "it", &["ada", "cem", "noor"]),
    ("network", "Network", "it", &["ben", "rosa"]),
    ("workplace", "Workplace", "it", &["cem", "rosa"]),
    ("apps", "Business applications", "it", &["rosa", "dario"]),
    ("security", "Information security", "it", &["elif", "dario"]),
    ("security-heads", "Heads of information security", "security", &["elif"]),
    ("customer-service", "Customer service", "customer-service", &["liam", "kim"]),
    ("customer-service-heads", "Head of customer service", "customer-service", &["olga"]),
    ("hr-services", "HR services", "hr", &["hana", "hugo"]),
    ("hr-grievances", "Grievances", "hr", &["hana", "hugo"]),
    ("works-council", "Works council", "hr", &["wim"]),
    ("confidentiality", "Confidentiality", "hr", &["gil", "wim"]),
    ("finance", "Finance", "finance", &["fatou", "ines"]),
    ("accounting", "Accounting", "finance", &["fatou", "ines"]),
    ("controllers", "Controlling", "finance", &["frank"]),
    ("payments", "Payments", "finance", &["ines", "frank", "dora"]),
    ("compliance", "Compliance", "legal", &["gil", "livia"]),
    ("data-protection", "Data protection", "legal", &["gil"]),
    ("procurement", "Procurement", "procurement", &["nadia", "pavel"]),
    ("procurement-heads", "Head of procurement", "procurement", &["nadia"]),
    ("reception", "Reception", "facilities", &["kofi", "rita"]),
    ("facilities", "Facilities", "facilities", &["kofi", "felix"]),
    ("facilities-chicago", "Facilities in Chicago", "facilities", &["felix"]),
    ("legal", "Legal", "legal", &["lena"]),
    ("legal-head", "Head of legal", "legal", &["lena", "livia"]),
    ("management", "Management", "it", &["mona", "dora"]),
    ("change-managers", "Change managers", "it", &["mona"]),
    ("change-advisory-board", "Change advisory board", "it", &["mona", "ada", "rosa"]),
    ("emergency-change-board", "Emergency change board", "it", &["mona", "rosa"]),
    ("major-incident-managers", "Major incident managers", "it", &["ada"]),
    ("communications", "Communications", "it", &["noor", "olga"]),
];

/// Who leads whom. Dora leads the company.
const TEAMS: [(&str, &[&str]); 10] = [
    ("dora", &["mona", "vera", "frank", "nadia", "greta", "livia", "fiona", "jonas", "olga", "otto", "gil"]),
    ("mona", &["ada", "ben", "cem", "rosa", "dario", "elif", "noor", "max"]),
    ("vera", &["erin", "paul", "liam"]),
    ("frank", &["ines", "fatou"]),
    ("nadia", &["pavel"]),
    ("greta", &["hana", "hugo", "wim"]),
    ("livia", &["lena"]),
    ("fiona", &["kofi", "felix", "rita"]),
    ("jonas", &["tom", "uma", "anton", "bela"]),
    ("olga", &["sara", "kim", "yuki"]),
];

/// The id of a person of the demo: the same every time, so that an address can be kept.
pub(super) fn id(login: &str) -> PersonId {
    PersonId(format!("person-{login}"))
}

/// Everybody, by login.
pub(super) fn logins() -> impl Iterator<Item = &'static str> {
    PERSONAS.iter().map(|one| one.login).chain(COLLEAGUES.iter().map(|one| one.login))
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
    for (order, persona) in PERSONAS.iter().enumerate() {
        let attributes = json!({ "title": persona.title, "department": persona.department, "persona": persona.summary, "persona_order": order });
        person(app, &by, (persona.login, persona.name), ("en", "Europe/Berlin"), persona.roles, attributes).await?;
    }
    for one in COLLEAGUES {
        let attributes = json!({ "title": "Colleague", "department": one.department });
        person(app, &by, (one.login, one.name), (one.locale, one.zone), one.roles, attributes).await?;
    }
    for (manager, team) in TEAMS {
        for login in team {
            let change = PersonChange { manager: Some(id(manager)), ..PersonChange::default() };
            app.person_put(&by, Some(&id(login)), change).await?;
        }
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
    (login, name): (&str, &str),
    (locale, zone): (&str, &str),
    roles: &[(&str, Role)],
    attributes: Value,
) -> Result<(), Failure> {
    let change = PersonChange {
        login: Some(login.to_owned()),
        name: Some(name.to_owned()),
        email: Some(format!("{login}@example.com")),
        locale: Some(locale.to_owned()),
        zone: Some(zone.to_owned()),
        attributes: attributes.as_object().cloned(),
        ..PersonChange::default()
    };
    app.person_put(by, Some(&id(login)), change).await?;
    let mut held = SPACES.map(|(space, _, _)| (SpaceId::from(space), Role::Requester)).to_vec();
    held.extend(roles.iter().map(|(space, role)| (SpaceId::from(*space), *role)));
    Ok(app.roles_put(by, &id(login), held).await?)
}

fn calendars() -> [(&'static str, Value); 6] {
    let week = |from: &str, to: &str| {
        let day = json!([[from, to]]);
        json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day })
    };
    let minute = json!([["09:00", "09:01"]]);
    let office = json!({
        "title": "Office hours", "zone": "Europe/Berlin",
        "hours": week("09:00", "17:00"),
        "holidays": [
            { "date": "--01-01", "title": "New Year" }, { "date": "--05-01", "title": "Labour Day" }, { "date": "--10-03", "title": "German Unity Day" },
            { "date": "--12-25", "title": "Christmas Day" }, { "date": "--12-26", "title": "Boxing Day" },
        ],
    });
    let chicago = json!({
        "title": "Office hours in Chicago", "zone": "America/Chicago", "hours": week("08:00", "17:00"),
        "holidays": [{ "date": "--01-01", "title": "New Year" }, { "date": "--07-04", "title": "Independence Day" }, { "date": "--12-25", "title": "Christmas Day" }],
    });
    [
        ("office-hours", office),
        ("24x7", json!({ "title": "Around the clock", "zone": "UTC", "hours": "always" })),
        (
            "lisbon-hours",
            json!({ "title": "Office hours in Lisbon", "zone": "Europe/Lisbon", "hours": week("09:00", "18:00") }),
        ),
        ("chicago-hours", chicago),
        (
            "lift-support",
            json!({ "title": "Support hours of the lifts", "zone": "Europe/Berlin", "hours": week("06:00", "22:00") }),
        ),
        (
            "hand-overs",
            json!({ "title": "Hand-over of the duty", "zone": "Europe/Berlin", "hours": { "mon": minute } }),
        ),
    ]
}
