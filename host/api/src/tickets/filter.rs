//! What a list or a count of tickets ranges over: parameters to a condition.

use crate::problem::{ApiError, Result};
use crate::state::ApiState;
use app::AppError;
use domain::filter::{Field, Filter};
use domain::kind::StateCategory;
use domain::{Actor, KindId, SpaceId};
use serde_json::Value;

/// Fields of the kind in one question.
const FIELDS_MAX: usize = 10;
/// Values of one parameter.
const VALUES_MAX: usize = 100;
/// Characters of a text search.
const TEXT_MAX: usize = 200;

/// The parameters that lists and counts share. Several values of one are separated by commas.
macro_rules! filter_params {
    ($(#[$meta:meta])* $name:ident { $($(#[$more:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            pub kind: Option<String>,
            pub space: Option<String>,
            pub state: Option<String>,
            /// `open`, or new, active, paused, resolved, closed, cancelled.
            pub category: Option<String>,
            /// Id of a group, or `none`.
            pub group: Option<String>,
            /// Id of a person, `me` or `none`.
            pub assignee: Option<String>,
            /// Id of a person, or `me`.
            pub requester: Option<String>,
            /// Id or number of a ticket.
            pub parent: Option<String>,
            /// Words in number or title.
            pub text: Option<String>,
            $($(#[$more])* pub $field: $type,)*
        }

        impl $name {
            pub(crate) fn filter(&self) -> crate::tickets::filter::Asked<'_> {
                crate::tickets::filter::Asked {
                    kind: self.kind.as_deref(),
                    space: self.space.as_deref(),
                    state: self.state.as_deref(),
                    category: self.category.as_deref(),
                    group: self.group.as_deref(),
                    assignee: self.assignee.as_deref(),
                    requester: self.requester.as_deref(),
                    parent: self.parent.as_deref(),
                    text: self.text.as_deref(),
                }
            }
        }
    };
}
pub(crate) use filter_params;

#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub kind: Option<&'a str>,
    pub space: Option<&'a str>,
    pub state: Option<&'a str>,
    pub category: Option<&'a str>,
    pub group: Option<&'a str>,
    pub assignee: Option<&'a str>,
    pub requester: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub text: Option<&'a str>,
}

/// Split a query into what has a fixed name and `field.<name>=value`.
pub(crate) fn split(query: &str) -> (String, Vec<(String, String)>) {
    let mut fields = Vec::new();
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.strip_prefix("field.") {
            Some(field) => fields.push((field.to_owned(), value.into_owned())),
            None => {
                rest.append_pair(&name, &value);
            }
        }
    }
    (rest.finish(), fields)
}

impl Asked<'_> {
    /// # Errors
    /// A category or a field that does not exist; too many values.
    pub(crate) async fn condition(
        &self,
        state: &ApiState,
        actor: &Actor,
        fields: &[(String, String)],
    ) -> Result<Filter> {
        let mut all = Filter::True;
        for (field, given) in [
            (Field::Kind, self.kind),
            (Field::Space, self.space),
            (Field::State, self.state),
            (Field::Group, self.group),
        ] {
            if let Some(given) = given {
                all = all.and(any_of(field, given, actor)?);
            }
        }
        for (field, given) in [(Field::Assignee, self.assignee), (Field::Requester, self.requester)] {
            if let Some(given) = given {
                all = all.and(any_of(field, given, actor)?);
            }
        }
        if let Some(given) = self.category {
            all = all.and(Filter::In(Field::Category, categories(given)?));
        }
        if let Some(parent) = self.parent {
            let id = match state.app.ticket(actor, parent).await {
                Ok(found) => found.ticket.id.0,
                // Nobody's parent, or one that the caller may not know: no rows either way.
                Err(AppError::NotFound(_)) => return Ok(Filter::False),
                Err(other) => return Err(other.into()),
            };
            all = all.and(Filter::eq(Field::Parent, id));
        }
        if let Some(text) = self.text {
            if text.len() > TEXT_MAX {
                return Err(ApiError::bad_request(
                    "bad-parameter",
                    format!("`text` has at most {TEXT_MAX} characters."),
                ));
            }
            all = all.and(Filter::Text(text.to_owned()));
        }
        if fields.len() > FIELDS_MAX {
            return Err(ApiError::bad_request(
                "bad-parameter",
                format!("A question has at most {FIELDS_MAX} `field.` parameters."),
            ));
        }
        for (name, value) in fields {
            all = all.and(field_filter(state, actor, name, value)?);
        }
        Ok(all)
    }
}

fn any_of(field: Field, given: &str, actor: &Actor) -> Result<Filter> {
    let values: Vec<&str> = given.split(',').collect();
    if values.len() > VALUES_MAX {
        return Err(ApiError::bad_request("bad-parameter", format!("A parameter has at most {VALUES_MAX} values.")));
    }
    let person = matches!(field, Field::Assignee | Field::Requester);
    let named = values.iter().filter(|value| **value != "none");
    let named: Vec<String> =
        named.map(|value| if person && *value == "me" { actor.id.clone() } else { (*value).to_owned() }).collect();
    let empty = values.contains(&"none").then_some(Filter::Empty(field));
    Ok(match (empty, named.is_empty()) {
        (Some(empty), true) => empty,
        (Some(empty), false) => Filter::Or(vec![empty, Filter::In(field, named)]),
        (None, _) => Filter::In(field, named),
    })
}

fn categories(given: &str) -> Result<Vec<String>> {
    let mut wanted = Vec::new();
    for word in given.split(',') {
        match (word, StateCategory::parse(word)) {
            ("open", _) => wanted.extend(StateCategory::ALL.into_iter().filter(|category| category.is_open())),
            (_, Some(category)) => wanted.push(category),
            _ => {
                let known: Vec<_> = StateCategory::ALL.iter().map(|category| category.as_str()).collect();
                let detail = format!("There is no category `{word}`; there is open, {}.", known.join(", "));
                return Err(ApiError::bad_request("bad-parameter", detail));
            }
        }
    }
    Ok(wanted.into_iter().map(|category| category.as_str().to_owned()).collect())
}

/// A field of the kind. One that the caller may not see cannot be asked for either: the answer would tell its value.
fn field_filter(state: &ApiState, actor: &Actor, name: &str, value: &str) -> Result<Filter> {
    let registry = state.app.registry();
    let with: Vec<_> = registry.kinds.iter().filter_map(|kind| Some((kind, kind.field(name)?))).collect();
    if with.is_empty() {
        return Err(ApiError::bad_request(
            "unknown-parameter",
            format!("No kind has a field `{name}`; `/api/v1/kinds` lists them."),
        ));
    }
    let text = Filter::FieldEquals(name.to_owned(), Value::from(value));
    // What the address cannot tell apart, the type of the stored value does.
    let equal = match serde_json::from_str::<Value>(value) {
        Ok(scalar @ (Value::Bool(_) | Value::Number(_))) => {
            Filter::Or(vec![text, Filter::FieldEquals(name.to_owned(), scalar)])
        }
        _ => text,
    };
    let limited: Vec<(&KindId, Vec<String>)> = with
        .iter()
        .filter(|(_, rule)| !rule.read.is_empty())
        .map(|(kind, rule)| {
            let sees = |space: &SpaceId| rule.read.iter().any(|role| actor.has_role(space, *role));
            (&kind.id, actor.roles.keys().filter(|space| sees(space)).map(|space| space.0.clone()).collect())
        })
        .collect();
    let mut condition = equal;
    for (kind, spaces) in limited {
        if spaces.iter().any(|space| space == Actor::PLATFORM) {
            continue;
        }
        let other_kind = Filter::Not(Box::new(Filter::eq(Field::Kind, kind.0.clone())));
        condition = condition.and(Filter::Or(vec![other_kind, Filter::In(Field::Space, spaces)]));
    }
    Ok(condition)
}
