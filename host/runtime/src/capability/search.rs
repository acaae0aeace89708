//! `weft:search/tickets`: tickets of the snapshot by what their kind defines.

use super::{answer, list};
use crate::bindings::weft::search::tickets::{Criteria, Host};
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use app::port::plugins::Fault;
use domain::Problem;
use domain::filter::{Field, Filter};
use domain::kind::StateCategory;

/// The most tickets of one answer, as the contract says.
const LIMIT_MAX: u32 = 200;
const FIELDS_MAX: usize = 8;

impl Host for State {
    async fn find(
        &mut self,
        criteria: Criteria,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<types::Ticket>, types::Fault>> {
        let reader = self.ask()?;
        let found = match condition(criteria) {
            Ok(filter) => reader.tickets(&filter, limit.min(LIMIT_MAX)).await,
            Err(fault) => Err(fault),
        };
        list(found, convert::ticket)
    }

    async fn count(&mut self, criteria: Criteria) -> wasmtime::Result<Result<u32, types::Fault>> {
        let reader = self.ask()?;
        let count = match condition(criteria) {
            Ok(filter) => reader.ticket_count(&filter).await,
            Err(fault) => Err(fault),
        };
        answer(count, |count| count)
    }
}

/// The condition that a guest asks for.
///
/// # Errors
/// A field is compared with something that is not a JSON scalar, or there are too many.
fn condition(from: Criteria) -> Result<Filter, Fault> {
    if from.fields.len() > FIELDS_MAX {
        return Err(invalid("too-many-fields", format!("a search compares at most {FIELDS_MAX} fields")));
    }
    let mut all = vec![Filter::eq(Field::Kind, from.kind)];
    if !from.states.is_empty() {
        all.push(Filter::In(Field::State, from.states));
    }
    if from.open_only {
        let open = StateCategory::ALL.into_iter().filter(|category| category.is_open());
        all.push(Filter::In(Field::Category, open.map(|category| category.as_str().to_owned()).collect()));
    }
    for field in from.fields {
        let value: serde_json::Value = serde_json::from_str(&field.value)
            .map_err(|error| invalid("not-json", format!("the value of `{}` is not JSON: {error}", field.name)))?;
        if value.is_array() || value.is_object() || value.is_null() {
            return Err(invalid("not-a-scalar", format!("`{}` is compared with text, a number or a flag", field.name)));
        }
        all.push(Filter::FieldEquals(field.name, value));
    }
    Ok(Filter::And(all))
}

fn invalid(code: &str, message: String) -> Fault {
    Fault::Invalid(vec![Problem::new("/criteria/fields", code, message)])
}
