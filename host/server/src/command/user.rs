//! `weft user`: on the database when no server runs; all but `token` also through a server's API.

use crate::cli::UserCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use crate::remote::Client;
use app::{App, PersonChange};
use domain::{Actor, Role, SpaceId};
use serde_json::{Value, json};
use std::sync::Arc;

use super::serve::new_password;

/// People in one listing.
const PAGE: u32 = 200;

pub(super) async fn run(command: UserCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    if let Some(client) = client {
        return there(command, &client).await;
    }
    let app = open(&settings, false, Durability::Full).await?;
    let outcome = here(command, &app).await;
    app.store().close().await;
    outcome
}

async fn here(command: UserCommand, app: &Arc<App>) -> Result<(), Failure> {
    let by = operator();
    match command {
        UserCommand::Add { login, name, email, admin } => {
            let change = PersonChange {
                name: Some(name.unwrap_or_else(|| login.clone())),
                login: Some(login.clone()),
                email: Some(email),
                ..PersonChange::default()
            };
            let person = app.person_put(&by, None, change).await?;
            let role = if admin { Role::Administrator } else { Role::Requester };
            app.roles_put(&by, &person.id, vec![(SpaceId::from(Actor::PLATFORM), role)]).await?;
            let password = new_password();
            app.password_put(&by, &person.id, Some(&password)).await?;
            out::note(&format!("`{login}` can sign in with this password, which is not shown again:"));
            out::line(&password);
        }
        UserCommand::List { json } => {
            let mut people = Vec::new();
            let mut after = None;
            loop {
                let page = app.person_list("", after.as_deref(), PAGE).await?;
                people.extend(page.items.into_iter().map(|person| json!(person)));
                match page.next {
                    Some(next) => after = Some(next.id),
                    None => break,
                }
            }
            print(&people, json);
        }
        UserCommand::Password { login } => {
            let person = app.person_by_login(&login).await?;
            let password = new_password();
            app.password_put(&by, &person.id, Some(&password)).await?;
            out::note(&format!(
                "`{login}` can sign in with this password, which is not shown again; every session has ended:"
            ));
            out::line(&password);
        }
        UserCommand::Role { login, roles } => {
            let person = app.person_by_login(&login).await?;
            let roles = roles.iter().map(|text| role(text)).collect::<Result<_, _>>()?;
            app.roles_put(&by, &person.id, roles).await?;
            out::line(&format!("The roles of `{login}` are replaced."));
        }
        UserCommand::Erase { login, dry_run } => {
            let person = app.person_by_login(&login).await?;
            if dry_run {
                let told = app.person_erasure(&by, &person.id).await?;
                would_erase(&login, &told.goes, &told.held_by);
            } else {
                app.person_erase(&by, &person.id).await?;
                out::line(&format!("`{login}` is erased; tickets name {} from now on.", person.id));
            }
        }
        UserCommand::Token { login, name, days } => {
            let actor = app.actor_by_login(&login).await?;
            let token = app.token_create(&actor, &name, days).await?;
            out::note(&format!("A token of `{login}` until {}, which is not shown again:", token.expires_at));
            out::line(&token.token);
        }
    }
    Ok(())
}

async fn there(command: UserCommand, client: &Client) -> Result<(), Failure> {
    match command {
        UserCommand::Add { login, name, email, admin } => {
            let person = client
                .send(
                    "POST",
                    "/people",
                    &json!({ "login": login, "name": name.unwrap_or_else(|| login.clone()), "email": email }),
                )
                .await?;
            let id = person["id"].as_str().unwrap_or_default();
            let role = if admin { "administrator" } else { "requester" };
            client
                .send("PUT", &format!("/people/{id}/roles"), &json!({ "roles": [{ "space": "*", "role": role }] }))
                .await?;
            let password = new_password();
            client.send("PUT", &format!("/people/{id}/password"), &json!({ "password": password })).await?;
            out::note(&format!("`{login}` can sign in with this password, which is not shown again:"));
            out::line(&password);
        }
        UserCommand::List { json } => {
            let page = client.get(&format!("/people?limit={PAGE}")).await?;
            print(page["items"].as_array().map(Vec::as_slice).unwrap_or_default(), json);
        }
        UserCommand::Role { login, roles } => {
            let id = person_id(client, &login).await?;
            let roles = roles.iter().map(|text| role(text)).collect::<Result<Vec<_>, _>>()?;
            let roles: Vec<_> =
                roles.into_iter().map(|(space, role)| json!({ "space": space, "role": role })).collect();
            client.send("PUT", &format!("/people/{id}/roles"), &json!({ "roles": roles })).await?;
            out::line(&format!("The roles of `{login}` are replaced."));
        }
        UserCommand::Password { login } => {
            let id = person_id(client, &login).await?;
            let password = new_password();
            client.send("PUT", &format!("/people/{id}/password"), &json!({ "password": password })).await?;
            out::note(&format!(
                "`{login}` can sign in with this password, which is not shown again; every session has ended:"
            ));
            out::line(&password);
        }
        UserCommand::Erase { login, dry_run } => {
            let id = person_id(client, &login).await?;
            let path = format!("/people/{id}/erasure");
            if dry_run {
                let told = client.get(&path).await?;
                let list = |name: &str| told[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let (goes, held_by): (Vec<&str>, Vec<&str>) = (list("goes"), list("held_by"));
                would_erase(&login, &goes, &held_by);
            } else {
                client.send("POST", &path, &json!({})).await?;
                out::line(&format!("`{login}` is erased; tickets name {id} from now on."));
            }
        }
        UserCommand::Token { .. } => {
            return Err(Failure::new(
                "a token is made by whoever it is for: sign in and use the page of your account, or stop the server and run this on its database",
            ));
        }
    }
    Ok(())
}

fn would_erase(login: &str, goes: &[&str], held_by: &[impl AsRef<str>]) {
    out::line(&format!("Of `{login}` would go: {}.", goes.join(", ")));
    let held_by: Vec<&str> = held_by.iter().map(AsRef::as_ref).collect();
    if !held_by.is_empty() {
        out::line(&format!("It is kept by {}: have that released first.", held_by.join(", ")));
    }
}

async fn person_id(client: &Client, login: &str) -> Result<String, Failure> {
    let page = client.get(&format!("/people?limit={PAGE}&text={login}")).await?;
    let found = page["items"].as_array().into_iter().flatten().find(|person| person["login"] == login);
    found
        .and_then(|person| person["id"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("there is no person `{login}`")))
}

fn role(text: &str) -> Result<(SpaceId, Role), Failure> {
    let parsed = text.split_once(':').and_then(|(space, role)| Some((SpaceId::from(space), Role::parse(role)?)));
    parsed.ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Failure::new(format!("`{text}` is not SPACE:ROLE; roles are {}", known.join(", ")))
    })
}

fn print(people: &[Value], as_json: bool) {
    if as_json {
        return out::json(&Value::Array(people.to_vec()));
    }
    let mut rows = vec![["LOGIN", "NAME", "E-MAIL", "ACTIVE"].map(str::to_owned).to_vec()];
    let text =
        |person: &Value, name: &str| person[name].as_str().map_or_else(|| person[name].to_string(), str::to_owned);
    rows.extend(
        people.iter().map(|person| ["login", "name", "email", "active"].map(|name| text(person, name)).to_vec()),
    );
    out::table(&rows);
}
